"""The living network: trained models that compute in the page, from files beside it or inside it.

A script of our own, because no library fits: onnxruntime-web fetches its WebAssembly, which a page
opened from a folder may not, and gives a model's end without its layers; TensorFlow.js is larger
than all else on the page. The five kinds of layers are a loop each, in ``pages/forward.js``.
"""

import base64
import functools
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..catalogue import CATALOGUE
from ..data import CLASS_NAMES, LabelledImages, load
from ..experiment import diff
from ..runs import Run, run
from .embedded import PAGES, Embedded, declaring, display_embedded

#: The models of the page: each differs from another in something that one can see.
LIVING = (
    *("baseline", "maxpool", "convolution", "lenet5-var4-mended"),
    *("capstone-moved", "capstone-stack"),
)
STEPS = 2**23 - 1  # a weight is one of so many steps up or down: 24 bits
EACH = 4  # garments of a class
NETWORK = Embedded(
    kind="living-network",
    title="The living network",
    data="living-data.js",
    scripts=(
        *("forward.js", "explain.js", "picture.js", "drawing.js", "values.js"),
        *("column.js", "input.js", "controls.js"),
    ),
    styles=("living.css",),
)


def living(left: str = "baseline", right: str = "maxpool") -> None:
    """Show two of the shipped networks side by side, computing in the page what one gives them.

    Choose a garment, draw, move or turn one; point at a value to see how it came about. With
    ``CNNLIB_SLIDERS=off`` the place alone is put out, which the rendered page fills. Raises
    ValueError for a model that is not among ``LIVING``.
    """
    for name in (left, right):
        if name not in LIVING:
            raise ValueError(f"{name!r} is not on the page; expected one of {', '.join(LIVING)}")
    display_embedded(NETWORK, living_data, (left, right), left=left, right=right)


@functools.cache
def living_data() -> str:
    """The models, as they are stored with seed 0, and 40 garments: a script that declares them."""
    some = garments_to_choose()
    declared = {
        "classes": CLASS_NAMES,
        "models": [exported(run(name, train=False, verbose=False)) for name in LIVING],
        "garments": {"labels": some.labels.tolist(), "pixels": base64_of(some.images.numpy())},
    }
    return declaring("data", declared)


def garments_to_choose() -> LabelledImages:
    """Of each class the first validation images: three right ones for ``baseline``, one wrong."""
    val = load().val
    wrong = run("baseline", train=False, verbose=False).val_predictions() != val.labels
    chosen: list[int] = []
    for label in range(len(CLASS_NAMES)):
        of_class = val.labels == label
        chosen += (of_class & ~wrong).nonzero()[: EACH - 1, 0].tolist()
        chosen += (of_class & wrong).nonzero()[:1, 0].tolist()
    return val[torch.tensor(chosen)]


def exported(trained: Run) -> dict[str, Any]:
    """What the page has to know of a trained model: its words, its layers and their numbers.

    Raises ValueError for a layer of a kind that the page does not compute.
    """
    experiment = trained.experiment
    return {
        "name": experiment.name,
        "difference": diff(CATALOGUE[experiment.parent], experiment) if experiment.parent else "",
        "parent": experiment.parent or "",
        "why": experiment.why,
        "accuracy": trained.metrics["val_acc"],
        "mean": experiment.data.mean,
        "std": experiment.data.std,
        "layers": list(_layers(trained.model())),
    }


def _layers(model: nn.Module) -> Iterator[dict[str, Any]]:
    """Each layer that computes something in eval mode, in the order in which they run."""
    for name, layer in model.named_modules():
        if list(layer.children()) or isinstance(layer, nn.Dropout):
            continue
        yield {"name": name, **_layer(name, layer)}


def _layer(name: str, layer: nn.Module) -> dict[str, Any]:
    match layer:
        case nn.Conv2d():
            size = {"kernel": layer.kernel_size[0], "padding": int(layer.padding[0])}
            return {"kind": "conv", **size, **_weights(layer)}
        case nn.BatchNorm2d():
            assert layer.running_mean is not None and layer.running_var is not None
            vectors = {"mean": layer.running_mean, "variance": layer.running_var}
            vectors |= {"weight": layer.weight, "bias": layer.bias}
            return {"kind": "norm", "eps": layer.eps, **{k: _plain(v) for k, v in vectors.items()}}
        case nn.ReLU() | nn.LeakyReLU():
            return {"kind": "act", "slope": getattr(layer, "negative_slope", 0)}
        case nn.MaxPool2d() | nn.AvgPool2d() if layer.kernel_size == layer.stride == 2:
            return {"kind": "pool", "how": "max" if isinstance(layer, nn.MaxPool2d) else "avg"}
        case nn.Linear():
            return {"kind": "linear", **_weights(layer)}
    raise ValueError(
        f"{name} is a {type(layer).__name__}, which the page does not compute; expected a "
        "convolution, batch norm, ReLU or LeakyReLU, 2×2 pooling, dropout or a linear layer"
    )


def _weights(layer: nn.Conv2d | nn.Linear) -> dict[str, Any]:
    """The weights as 24-bit whole numbers, times a step: 16 bits would shift logits by 2e-3."""
    assert layer.bias is not None
    values = layer.weight.detach().double().numpy()
    step = float(abs(values).max()) / STEPS or 1.0
    whole = np.round(values / step).astype("<i4")
    three = whole.reshape(-1, 1).view(np.uint8)[:, :3]  # of four bytes, the upper one says nothing
    shape = {"inputs": values.shape[1], "outputs": values.shape[0]}
    return {**shape, "step": step, "weight": base64_of(three), "bias": _plain(layer.bias)}


def _plain(vector: Tensor) -> list[float]:
    """The numbers as float32 has them, without the digits that only float64 needs."""
    return [float(f"{value:.9g}") for value in vector.tolist()]


def base64_of(values: np.ndarray) -> str:
    """The bytes of an array, as text that a script can hold."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def living_source(kind: str) -> str:
    """The lines of ``pages/forward.js`` that compute one kind of layer, such as ``"conv"``.

    Raises ValueError, with the kinds there are, for another one.
    """
    script = (PAGES / "forward.js").read_text("utf-8")
    found = re.finditer(r"^  (\w+)\(\[values.*?^  \},$", script, re.M | re.S)
    sources = {one[1]: textwrap.dedent(one[0]) for one in found}
    if kind not in sources:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(sources)}")
    return sources[kind]
