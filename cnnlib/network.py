"""A network that a reader writes: a class of ``torch.nn.Module`` in the place of an ``Arch``.

It takes images (N, 1, 28, 28), float32 and normalised as ``Data`` says, and gives logits (N, 10):
one number for each class, no softmax. Its constructor needs no arguments.
"""

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from .support.written import essence, whole_source

CLASSES = 10


@dataclass(frozen=True)
class Network:
    """The class (or function) that makes a network, with its source; compared by what that does.

    ``make`` is None where a stored run was read: the code that made it is kept to be read, and
    never run. Comments and layout do not count when two networks are compared.
    """

    name: str = field(compare=False)
    source: str = field(compare=False, repr=False)
    make: Callable[[], nn.Module] | None = field(default=None, compare=False, repr=False)
    digest: str = field(init=False)  #: SHA-256 of the source's essence

    def __post_init__(self) -> None:
        digest = hashlib.sha256(essence(self.source).encode()).hexdigest()
        object.__setattr__(self, "digest", digest)

    def __str__(self) -> str:
        return self.name


def network(written: Any) -> Network:
    """The network that a class, or a function without arguments, makes.

    Raises ValueError, in one sentence, for anything else, for a constructor that needs arguments,
    and for source that cannot be read.
    """
    if isinstance(written, Network):
        return written
    if isinstance(written, nn.Module):
        kind = type(written).__name__
        raise ValueError(
            f"model is a {kind} that is built already; give the class itself, model={kind}, so "
            "that each seed starts with weights of its own"
        )
    if not (inspect.isfunction(written) or inspect.isclass(written)):
        raise ValueError(
            f"model is {written!r}, of the kind {type(written).__name__}; expected a class of "
            "torch.nn.Module, or a function that makes one"
        )
    name = written.__name__
    if inspect.isclass(written) and not issubclass(written, nn.Module):
        raise ValueError(f"{name} is no torch.nn.Module; write class {name}(torch.nn.Module)")
    if name == "<lambda>":
        raise ValueError("model is a lambda; give it a name, with def, or write a class")
    parameters = inspect.signature(written).parameters.values()
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in variable]
    if needed:
        raise ValueError(
            f"{name} needs {', '.join(needed)} to be built; give each a default value, such as "
            f"{needed[0]}=32"
        )
    try:
        source = whole_source(written)
    except OSError:
        raise ValueError(
            f"the source of {name}, or of something it uses, cannot be read, so that a stored run "
            "could not tell when it changed; write it in a notebook's cell or in a file"
        ) from None
    return Network(name, source, written)


def built(written: Network) -> nn.Module:
    """A new model of a reader's network, after a first try with two images.

    Raises ValueError, in one sentence, where it does not take images and give logits (see above).
    """
    if written.make is None:
        raise ValueError(
            f"the code of {written.name} is stored, but not run; to train or change it, declare "
            f"the experiment again, with model={written.name}"
        )
    try:
        model = written.make()
    except Exception as error:  # a reader's code: whatever it raises is told
        hint = (
            "; its __init__ must begin with super().__init__()"
            if "before Module.__init__() call" in str(error)
            else ""
        )
        raise ValueError(f"{written.name} cannot be built ({_told(error)}){hint}") from error
    if not isinstance(model, nn.Module):
        raise ValueError(
            f"{written.name} gives {type(model).__name__}; expected a torch.nn.Module: is a "
            "return missing?"
        )
    _try(model, written.name)
    return model


def _try(model: nn.Module, name: str) -> None:
    images = torch.rand(2, 1, 28, 28)
    was_training = model.training
    model.eval()  # batch norm's running statistics stay as they are
    try:
        with torch.no_grad():
            logits = model(images)  # a lazy layer finds its size here
            alone = model(images[:1])
    except Exception as error:  # as above
        raise ValueError(
            f"{name} stops on images of shape (2, 1, 28, 28) or (1, 1, 28, 28): {_told(error)}"
        ) from error
    model.train(was_training)
    if not any(p.requires_grad for p in model.parameters()):
        raise ValueError(f"{name} has no parameters, so there is nothing to train; add a layer")
    if not isinstance(logits, Tensor):
        raise ValueError(f"{name} gives {type(logits).__name__}; expected one tensor of logits")
    if tuple(logits.shape) != (2, CLASSES) or tuple(alone.shape) != (1, CLASSES):
        raise ValueError(
            f"{name} gives the shape {tuple(logits.shape)} for 2 images and "
            f"{tuple(alone.shape)} for 1; expected (2, {CLASSES}) and (1, {CLASSES}), the logits"
        )
    if not torch.isfinite(logits).all():
        raise ValueError(f"{name} gives NaN or infinity with its first weights; expected numbers")
    if (logits >= 0).all() and torch.allclose(logits.sum(dim=1), torch.ones(2), atol=1e-4):
        raise ValueError(
            f"{name} gives probabilities; expected logits: leave the softmax out, cross-entropy "
            "applies it itself"
        )
    if not torch.allclose(logits[:1], alone, rtol=1e-3, atol=1e-4):
        raise ValueError(
            f"{name} gives other logits for an image alone than for the same image beside another; "
            "expected each image by itself: flatten with flatten(start_dim=1), and apply nothing "
            "along dim 0"
        )


def device_of(model: Any, *, to_train: bool = False) -> torch.device:
    """Where a module's parameters are; the CPU where it has none.

    Raises ValueError, in one sentence, for what is no module that is built, and for one without
    parameters ``to_train``.
    """
    if not isinstance(model, nn.Module):
        if inspect.isclass(model):
            raise ValueError(f"the model is a class; expected {model.__name__}(), which builds it")
        kind = type(model).__name__
        ways = {"str": "cnnlib.run(…).model() or cnnlib.build(…)", "Run": "run.model()"}
        raise ValueError(f"the model is a {kind}; expected {ways.get(kind, 'a torch.nn.Module')}")
    first = next((p for p in model.parameters() if p.requires_grad or not to_train), None)
    if to_train and first is None:
        raise ValueError(f"{type(model).__name__} has no parameters to train; add a layer")
    return torch.device("cpu") if first is None else first.device


def output_of(model: nn.Module, images: Tensor) -> Tensor:
    """What a module gives for images (N, 1, 28, 28), one tensor (N, …); else ValueError."""
    kind, shape = type(model).__name__, tuple(images.shape)
    try:
        output = model(images)
    except MemoryError:  # the machine's, not the code's
        raise
    except Exception as error:  # a reader's code, as above
        raise ValueError(f"{kind} stops on images of the shape {shape}: {_told(error)}") from error
    if not isinstance(output, Tensor):
        raise ValueError(f"{kind} gives {type(output).__name__}; expected one tensor of logits")
    if output.shape[:1] != images.shape[:1]:
        raise ValueError(
            f"{kind} gives the shape {tuple(output.shape)} for {len(images)} images; expected a "
            "row of logits for each"
        )
    return output


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
