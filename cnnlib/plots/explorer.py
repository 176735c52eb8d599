"""Maps of images to explore in the page: point, click, filter, switch from one map to another.

A script of our own: Bokeh would be 1.5 MB of library for three controls, and its hover shows
pictures only from addresses, one file or data URI for each of 1,500 images.
"""

import base64
import functools
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from PIL import Image
from torch import Tensor

from ..data import CLASS_NAMES, load
from .embedded import Embedded, declaring, display_embedded
from .scattered import CLASS_COLOURS, MARKERS

ACROSS = 30  # images side by side on the sheet
SHIRT = CLASS_NAMES.index("shirt")  # which the story is about: drawn last, on top
EXPLORER = Embedded(
    kind="map-explorer",
    title="A map to explore",
    data="explorer-data.js",
    scripts=("drawing.js", "explorer-map.js", "explorer.js"),
    styles=("explorer.css",),
)


def first_of_each_class(count: int = 150) -> Tensor:
    """Positions of the first validation images of each class: int64 (10 · ``count``,)."""
    labels = load().val.labels
    return torch.cat([(labels == k).nonzero()[:count, 0] for k in range(len(CLASS_NAMES))])


def explore(
    maps: Mapping[str, ArrayLike], near: ArrayLike, chosen: Tensor, predicted: Tensor
) -> None:
    """Show maps of the same validation images, to be explored; the last one comes first.

    ``maps``: points (N, 2) by title; ``near`` (N, k): positions among the N of each one's nearest;
    ``chosen`` (N,): the images, as positions in the validation images, of which the book's pages
    have ``first_of_each_class()``; ``predicted`` (N,): classes. Raises ValueError for a length
    that is another than that of ``chosen``.
    """
    near = np.asarray(near)
    for what, some in {**maps, "near": near, "predicted": predicted}.items():
        if len(np.asarray(some)) != len(chosen):
            raise ValueError(f"{what} has {len(np.asarray(some))} rows; expected {len(chosen)}")
    display_embedded(
        EXPLORER,
        functools.partial(explorer_data, chosen),
        list(maps),
        maps=json.dumps(list(maps)),
        points=_packed(np.stack([_scaled(np.asarray(one)) for one in maps.values()]), "<u2"),
        near=_packed(near, "<u2"),
        positions=_packed(chosen, "<u2"),
        labels=_packed(load().val.labels[chosen], "u1"),
        says=_packed(predicted, "u1"),
    )


def explorer_data(chosen: Tensor | None = None) -> str:
    """The images, and how the classes look: a script that declares them."""
    chosen = first_of_each_class() if chosen is None else chosen
    colours = list(CLASS_COLOURS)
    declared = {
        "classes": CLASS_NAMES,
        "colours": colours,
        "markers": MARKERS,
        "top": SHIRT,
        "positions": _packed(chosen, "<u2"),
        "sheet": "data:image/png;base64," + _sheet(load().val.images[chosen]),
        "across": ACROSS,
    }
    return declaring("explorer", declared)


def _sheet(images: Tensor) -> str:
    """Images uint8 (N, 1, 28, 28) as one PNG in base64, ``ACROSS`` side by side, in rows."""
    missing = -len(images) % ACROSS
    rows = torch.cat([images[:, 0], images.new_zeros(missing, 28, 28)]).unflatten(0, (-1, ACROSS))
    whole = rows.transpose(1, 2).reshape(-1, 28 * ACROSS)  # (rows · 28, ACROSS · 28)
    buffer = io.BytesIO()
    Image.fromarray(whole.numpy()).save(buffer, "png", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def _scaled(points: np.ndarray) -> np.ndarray:
    """From 0 to 65,535 in the middle of a square, with one scale for both directions."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = np.ptp(points, axis=0).max() or 1.0
    return np.round(((points - middle) / reach + 0.5) * 65535)


def _packed(values: Any, kind: str) -> str:
    """Whole numbers as base64, of the kind that the page reads."""
    return base64.b64encode(np.asarray(values).astype(kind).tobytes()).decode()
