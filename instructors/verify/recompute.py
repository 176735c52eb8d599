"""A handed-in model, built from its declaration, given its weights, and evaluated again."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from cnnlib import data
from cnnlib.experiment import Experiment
from cnnlib.models import LeNet, count_parameters
from cnnlib.runs import NETWORK
from cnnlib.support.limits import NETWORK_BYTES, PARAMETERS
from cnnlib.support.onnx_session import OnnxError
from cnnlib.training import penalty, predict_logits

from .gate import shown
from .jail import Jailed

LAYERS, VALUES = 20, 500_000  # more than these, and than PARAMETERS, is not computed here
BATCH = 500  # images at a time: 1 GB for the largest feature map allowed


class ModelError(ValueError):
    """The weights or the declaration cannot be a model; the message says why."""


@dataclass(frozen=True)
class Figures:
    """Mean cross-entropy in nats per image, accuracy, and the predicted classes, int64 (N,)."""

    loss: float
    acc: float
    predicted: Tensor


@dataclass(frozen=True)
class Recomputed:
    """A model, and its figures in eval mode on the validation (and, if asked, train) images."""

    model: nn.Module
    experiment: Experiment
    penalty: float | None  # None where the layers cannot be seen: a network of the student's own
    val: Figures
    train: Figures | None

    def test(self) -> Figures:
        """The same on the 10,000 test images."""
        return figures(self.model, data.load().test, self.experiment)


def skeleton(experiment: Experiment) -> LeNet:
    """The model without memory for its weights; ModelError if it is too large to be computed."""
    if own := experiment.model:
        raise ModelError(f"{shown(str(own))} is a network of the student's own, which is not built")
    arch = experiment.arch
    if max(len(arch.convs), len(arch.hidden)) > LAYERS:
        raise ModelError(f"it declares more than {LAYERS} layers of a kind")
    sides = [28, *arch.sides()]
    for conv, side in zip(arch.convs, sides, strict=False):
        values = conv.filters * (side + 2 * conv.padding - conv.kernel + 1) ** 2
        if max(values, (side + 2 * conv.padding) ** 2) > VALUES:
            raise ModelError(f"{conv} makes more than {VALUES:,} values of an image")
    try:
        with torch.device("meta"):
            model = LeNet(arch)
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        words = str(error).splitlines() or [type(error).__name__]
        raise ModelError(f"it cannot be built ({shown(words[0])})") from None
    if count_parameters(model) > PARAMETERS:
        raise ModelError(f"it has more than {PARAMETERS:,} parameters")
    return model


def model_of(experiment: Experiment, weights: bytes) -> LeNet:
    """The model with these weights; ModelError if they are not finite or do not fit it."""
    expected = skeleton(experiment).state_dict()
    found = tensors(weights, "weights.safetensors")
    if set(found) != set(expected):
        odd = sorted(set(found) ^ set(expected))
        raise ModelError(f"its weights and its declaration differ in {shown(', '.join(odd))}")
    for name, tensor in found.items():
        shapes = [tuple(one.shape) for one in (tensor, expected[name])]
        if shapes[0] != shapes[1] or tensor.dtype != expected[name].dtype:
            raise ModelError(
                f"{name} is {tensor.dtype} {shapes[0]}; by its declaration it is "
                f"{expected[name].dtype} {shapes[1]}"
            )
        if not torch.isfinite(tensor).all():
            raise ModelError(f"{name} holds numbers that are not finite")
    model = LeNet(experiment.arch)
    model.load_state_dict(found)
    return model.eval()


def own_network(content: bytes | None) -> Jailed:
    """The network of an ONNX file: computed without the code that made it, which is never run."""
    if content is None:
        raise ModelError(f"it is a network of the student's own, and {NETWORK} is not handed in")
    if len(content) > NETWORK_BYTES:
        raise ModelError(f"{NETWORK} has more than {NETWORK_BYTES:,} bytes")
    try:
        return Jailed(content)
    except OnnxError as error:
        raise ModelError(f"{NETWORK} cannot be computed: {shown(str(error))}") from None


def own_parameters(weights: bytes) -> int:
    """How many numbers a network's weights hold, batch norm's running statistics left out."""
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    found = tensors(weights, "weights.safetensors")
    return sum(one.numel() for name, one in found.items() if not name.endswith(statistics))


def tensors(content: bytes, name: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file; ModelError for what is none, or not whole."""
    try:
        return load(content)
    # the latter three: numbers of a type or a shape that torch does not have
    except (SafetensorError, KeyError, TypeError, RuntimeError) as error:
        words = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{name} is not a whole safetensors file ({shown(words)})") from None


def figures(model: nn.Module, part: data.LabelledImages, experiment: Experiment) -> Figures:
    """Evaluate in eval mode. ModelError when the loss is not a number."""
    logits = predict_logits(model, part.images, experiment.data, BATCH)
    loss, predicted = F.cross_entropy(logits, part.labels).item(), logits.argmax(dim=1)
    if not torch.isfinite(logits).all():
        raise ModelError("its weights give outputs that are not finite")
    return Figures(loss, (predicted == part.labels).double().mean().item(), predicted)


def recompute(
    experiment: Experiment, weights: bytes, network: bytes | None = None, train: bool = False
) -> Recomputed:
    """Evaluate a model again on our own images, from its declaration and weights.

    A network of the student's own is evaluated from its ONNX file.
    """
    own, images = experiment.model is not None, data.load()
    model = own_network(network) if own else model_of(experiment, weights)
    return Recomputed(
        model=model,
        experiment=experiment,
        penalty=None if own else penalty(model, experiment.recipe),
        val=figures(model, images.val, experiment),
        train=figures(model, images.train, experiment) if train else None,
    )
