"""What a model computes on the way, and what it looks at: layers by name, covered images."""

import contextlib
import functools
import hashlib
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch
from numpy.typing import ArrayLike
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits
from torch import Tensor, nn
from tqdm.auto import tqdm

from ..data import check_images
from ..experiment import Data
from ..network import device_of
from ..support.files import write_whole
from ..support.folders import named_folder
from ..support.progress import bar
from ..support.values import nearest, several, wrong
from ..training import predict_logits


def activations(
    model: nn.Module, images: Tensor, layers: Sequence[str], data: Data
) -> dict[str, Tensor]:
    """Outputs of the named layers for uint8 images (N, 1, 28, 28), in eval mode.

    ``layers`` are dotted names such as ``features.block1.pool``. Each output keeps the layer's
    own shape, (N, channels, side, side) or (N, units), on the CPU. Works for any model; the
    hooks are removed whatever happens. Raises LookupError for a layer that is not there, that does
    not run exactly once for each image, or that gives other things than one tensor; and ValueError
    as ``predict_logits`` does.
    """
    return _recorded(model, images, layers, data, lambda inputs, output: output)


def _recorded(
    model: nn.Module,
    images: Tensor,
    layers: Sequence[str],
    data: Data,
    chosen: Callable[[tuple, Any], Any],
) -> dict[str, Tensor]:
    """What is ``chosen`` of the inputs and the output of each layer; as ``activations``."""
    device_of(model)  # which refuses what is no model
    known = dict(model.named_modules())
    for name in several("layers", layers, '("conv1", "conv2")'):
        if not isinstance(name, str):
            raise wrong("a layer", name, "its name, such as 'conv1'")
        if name not in known or not name:
            raise LookupError(f"the model has no layer {name!r}; {nearest(name, list(known)[1:])}")
    found: dict[str, list[Tensor]] = {name: [] for name in layers}
    others: dict[str, str] = {}  # layers that do not give one tensor, and what they give

    def keep(name: str, inputs: tuple, by_name: dict[str, Any], output: Any) -> None:
        value = chosen((*inputs, *by_name.values()), output)
        if isinstance(value, Tensor):
            # a copy: the next layer may write into the output (ReLU(inplace=True))
            found[name].append(value.to("cpu", copy=True))
        else:
            others[name] = type(value).__name__

    hooks = []
    try:
        for name in layers:
            hook = functools.partial(lambda name, module, *io: keep(name, *io), name)
            hooks.append(known[name].register_forward_hook(hook, with_kwargs=True))
        predict_logits(model, images, data)
    finally:
        for hook in hooks:
            hook.remove()
    for name, kind in others.items():
        raise LookupError(
            f"layer {name!r} gives or takes {kind}, not one tensor; name a layer inside it or "
            "after it"
        )
    for name, parts in found.items():
        if (outputs := sum(map(len, parts))) != len(images):
            raise LookupError(
                f"layer {name!r} gives {outputs} outputs for {len(images)} images; "
                "name a layer that runs once for each image"
            )
    return {name: torch.cat(parts) for name, parts in found.items()}


# The learned representation, and maps of it --------------------------------------------------


def embed(model: nn.Module, images: Tensor, data: Data) -> Tensor:
    """What a model hands to its last layer, in eval mode: float32 (N, 84) for LeNet-5.

    The images are uint8 (N, 1, 28, 28). The last layer is the one with parameters that runs last;
    what it is given is flattened to one vector per image. Raises LookupError where no layer has
    parameters, or where the last one runs more than once; ValueError as ``predict_logits`` does.
    """
    check_images(images)  # all of them, before the first goes to look for the layer
    device_of(model)
    layer = _last_layer(model, images[:1], data)
    given = _recorded(model, images, [layer], data, lambda inputs, output: inputs[0])
    return given[layer].flatten(start_dim=1)


def _last_layer(model: nn.Module, images: Tensor, data: Data) -> str:
    """Name of the layer with parameters of its own that runs last."""
    ran: list[str] = []
    owners = [
        (name, layer)
        for name, layer in model.named_modules()
        if name and any(True for _ in layer.parameters(recurse=False))
    ]
    hooks = [
        layer.register_forward_hook(lambda *_, name=name: ran.append(name))
        for name, layer in owners
    ]
    try:
        predict_logits(model, images, data)
    finally:
        for hook in hooks:
            hook.remove()
    if not ran:
        raise LookupError(
            f"{type(model).__name__} has no layer with parameters, whose input could be taken; "
            "build its last step from a layer, such as nn.Linear"
        )
    return ran[-1]


STEPS = 1000  # of t-SNE


class _Steps(io.TextIOBase):
    """Moves a bar by what scikit-learn's TSNE prints, a line each 50 steps: it has no callback."""

    def __init__(self, progress: tqdm) -> None:
        self.progress = progress

    def write(self, text: str) -> int:
        if step := re.match(r"\[t-SNE\] Iteration (\d+): error", text):
            self.progress.update(int(step[1]) - self.progress.n)
        return len(text)


def tsne(
    vectors: ArrayLike, perplexity: float = 30, seed: int = 0, init: str = "pca"
) -> np.ndarray:
    """A map of vectors (N, dimensions): float32 (N, 2), by scikit-learn's TSNE.

    van der Maaten and Hinton (2008). ``init="pca"`` starts from the two widest directions,
    ``"random"`` from noise. The same input gives the same map on one machine, whatever the
    number of threads, but not on another: small differences in rounding grow. A map is kept
    in ``cache_folder()`` and taken from there; a damaged file is computed anew. A bar counts the
    1,000 steps, once the nearest neighbours are found. Raises
    ValueError where there is nothing to map: numbers that are not finite, equal vectors, or
    too few.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or min(vectors.shape) < 2:
        raise ValueError(
            f"the vectors have the shape {vectors.shape}; expected (N, dimensions), both above 1"
        )
    if not np.isfinite(vectors).all():
        raise ValueError("the vectors hold NaN or infinite numbers: was the model trained?")
    if (vectors == vectors[:1]).all():
        raise ValueError(
            f"all {len(vectors):,} vectors are the same, so there is nothing to map: the model "
            "gives one answer to every image, as a dead network does (chapter 13)"
        )
    settings = {
        "perplexity": perplexity,
        "random_state": seed,
        "init": init,
        "learning_rate": "auto",
        "max_iter": STEPS,
    }
    content = repr((sklearn.__version__, settings, vectors.shape)).encode() + vectors.tobytes()
    file = cache_folder() / f"tsne-{hashlib.sha256(content).hexdigest()[:24]}"
    points = _from_cache(file)
    if points is None:
        with (
            threadpool_limits(1),  # several threads would add up in another order each time
            bar(STEPS, "t-SNE", "step") as progress,
            contextlib.redirect_stdout(_Steps(progress)),
        ):
            points = TSNE(**settings, verbose=2).fit_transform(vectors)
        _to_cache(file, points)
    return points


def cache_folder() -> Path:
    """``$CNNLIB_CACHE``, or the usual place; all in it can be made again."""
    return named_folder("CNNLIB_CACHE")


def _from_cache(file: Path) -> np.ndarray | None:
    """The points in a file: their SHA-256 (32 bytes), then float32 pairs. None if damaged."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, body = content[:32], content[32:]
    if hashlib.sha256(body).digest() != digest:
        return None
    return np.frombuffer(body, dtype="<f4").reshape(-1, 2).copy()


def _to_cache(file: Path, points: np.ndarray) -> None:
    body = points.astype("<f4").tobytes()
    with contextlib.suppress(OSError):  # in a read-only folder, the map is computed each time
        write_whole(file, hashlib.sha256(body).digest() + body)


def neighbours(vectors: ArrayLike, k: int = 10) -> np.ndarray:
    """For each of the vectors (N, dimensions) the ``k`` nearest others: positions (N, k).

    Nearest first, by Euclidean distance; a vector is no neighbour of itself.
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    return NearestNeighbors(n_neighbors=k).fit(vectors).kneighbors(return_distance=False)


def neighbours_kept(vectors: ArrayLike, points: ArrayLike, k: int = 10) -> float:
    """Of each vector's ``k`` nearest, the share that is among the ``k`` nearest in ``points`` too.

    The mean over all N; 1 when every neighbourhood is kept, about k/(N - 1) for a random map.
    """
    pairs = zip(neighbours(vectors, k), neighbours(points, k), strict=True)
    return float(np.mean([len(np.intersect1d(a, b)) / k for a, b in pairs]))


# What the maps show, and what the model looks at ---------------------------------------------


def sharpness(maps: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring values, over the mean absolute value: (C,).

    ``maps`` (N, C, height, width); one figure per map, over all N images and over neighbours
    across and down. It has no unit, and a map that is brighter by a factor is as sharp as
    before. NaN for a map of zeros.
    """
    across, down = maps.diff(dim=3).abs().flatten(2), maps.diff(dim=2).abs().flatten(2)
    return torch.cat([across, down], dim=2).mean(dim=(0, 2)) / maps.abs().mean(dim=(0, 2, 3))


def occlusion(
    model: nn.Module,
    image: Tensor,
    data: Data,
    *,
    size: int = 7,
    stride: int = 1,
    grey: int = 0,
) -> Tensor:
    """Outputs for one image with a square patch over one place after another.

    ``image`` uint8 (1, H, W). The patch has ``size`` × ``size`` pixels (odd) of ``grey``, 0 to
    255, and its middle goes to every ``stride``-th row and column, so at the rim a part of it
    lies outside. Returns (rows, columns, classes); with stride 1, (H, W, classes). After Zeiler
    and Fergus (2014). Raises ValueError for an even size, a stride below 1 or several images.
    """
    check_images(image[None])
    if size < 1 or size % 2 == 0 or stride < 1:
        raise ValueError(f"size is {size} and stride {stride}; expected an odd size, both above 0")
    height, width = torch.arange(image.shape[-2]), torch.arange(image.shape[-1])
    near_row = (height[::stride, None] - height).abs() <= size // 2  # (rows, H)
    near_column = (width[::stride, None] - width).abs() <= size // 2  # (columns, W)
    covered = near_row[:, None, :, None] & near_column[None, :, None, :]  # (rows, columns, H, W)
    images = image.where(~covered.flatten(0, 1)[:, None], image.new_tensor(grey))
    return predict_logits(model, images, data).unflatten(0, covered.shape[:2])
