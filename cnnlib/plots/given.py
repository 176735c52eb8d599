"""What a plotting function was given: one sentence each for nothing, for NaN, for other shapes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..runs import Run
from ..support.values import several

ODD = "NaN or infinite, as after a training that diverged, or from 0/0"


def some(values: Any, what: str) -> list[Any]:
    """``values`` as a list; ValueError where there are none, or only one that is no list."""
    if isinstance(values, Mapping):
        raise ValueError(f"the {what} are a dict; expected a list or an array")
    if not (found := several(f"the {what}", values, "[first, second]")):
        raise ValueError(f"there is nothing to draw: no {what} were given")
    return found


def named(values: Any, what: str) -> dict[str, Any]:
    """``values`` as a dict of ``what`` by name; ValueError where it is none, or empty."""
    if not isinstance(values, Mapping):
        kind = type(values).__name__
        raise ValueError(f"the {what} are a {kind}; expected a dict, as {{'a name': …}}")
    if not values:
        raise ValueError(f"there is nothing to draw: no {what} were given")
    return dict(values)


def finite(values: Any, what: str, *, dimensions: int | None = None) -> np.ndarray:
    """``values`` as an array; ValueError unless it holds numbers, all finite, and at least one."""
    found = np.asarray(values)
    if found.size == 0:
        raise ValueError(f"there is nothing to draw in {what}, of the shape {found.shape}")
    if dimensions is not None and found.ndim != dimensions:
        raise ValueError(
            f"the shape of {what} is {found.shape}; expected {dimensions} dimension"
            f"{'' if dimensions == 1 else 's'}"
        )
    if found.dtype.kind not in "biuf":
        raise ValueError(f"the type of {what} is {found.dtype}; expected numbers")
    if odd := int((~np.isfinite(found)).sum()):
        raise ValueError(f"{odd:,} of {found.size:,} numbers of {what} are {ODD}")
    return found


def gaps(values: Any, what: str) -> np.ndarray:
    """``values`` (N,) as floats, where NaN is a gap; ValueError unless one of them is finite."""
    found = np.asarray(values, dtype=float)
    if not np.isfinite(found).any():
        told = f"all {found.size} are {ODD}" if found.size else "there are none"
        raise ValueError(f"there is nothing to draw in {what}: {told}")
    return found


def pictures(given: Any) -> list[np.ndarray]:
    """Pictures (rows, columns), from several of them; each may have further sides of length 1."""
    found = []
    for i, one in enumerate(some(given, "pictures"), start=1):
        picture = np.asarray(one)
        while picture.ndim > 2 and 1 in (picture.shape[0], picture.shape[-1]):
            picture = picture.squeeze(0 if picture.shape[0] == 1 else -1)
        if picture.ndim == 1:
            raise ValueError("this is one picture; give several, as pictures[None] does")
        found.append(finite(picture, f"picture {i}", dimensions=2))
    return found


def points(given: Any, *, beside: Any = None, what: str = "labels") -> np.ndarray:
    """Points (N, 2), all finite; where ``beside`` is given, it has to have N entries."""
    found = finite(given, "the map", dimensions=2)
    if found.shape[1] != 2:
        raise ValueError(f"the shape of the map is {found.shape}; expected (N, 2)")
    if beside is not None and len(beside) != len(found):
        raise ValueError(f"there are {len(found):,} points and {len(beside):,} {what}")
    return found


def classes(labels: Any, known: Sequence[str]) -> np.ndarray:
    """Class numbers (N,), each with a name in ``known``."""
    found = finite(labels, "labels", dimensions=1)
    if found.dtype.kind not in "iu" or not 0 <= found.min() <= found.max() < len(known):
        raise ValueError(
            f"the labels are {found.dtype} from {found.min()} to {found.max()}; expected whole "
            f"numbers from 0 to {len(known) - 1}"
        )
    return found


def runs(given: Any) -> list[Run]:
    """Runs; ValueError for one that is not in a list, and where the losses are no numbers."""
    if isinstance(given, Run):
        raise ValueError(f"this is one run, of {given.name!r}; give a list, as [run]")
    found = some(given, "runs")
    for one in found:
        if not hasattr(one, "history"):  # a name, say; what has a course of losses can be drawn
            raise ValueError(f"{one!r} is no run; expected what cnnlib.run gives")
        losses = [epoch[f"{part}_loss"] for part in ("train", "val") for epoch in one.history]
        seed = f", seed {one.seed}" if hasattr(one, "seed") else ""
        finite(losses, f"the losses of {one.name}{seed}")
    return found
