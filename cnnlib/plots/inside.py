"""Drawings of what a layer does: a window that steps, and a network by its shapes."""

import re
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from . import given
from .basic import PALETTE, describe, styled


@styled
def window(image: Any, kernel: Any, step: int = 0, *, stride: int = 1, padding: int = 0) -> Figure:
    """How one number of a map is made: image and window, kernel, and the map as far as it is.

    ``image`` (rows, columns) and ``kernel`` (k, k) hold few numbers, which are written into their
    cells; ``padding`` puts a pale frame of zeros around the image. ``step`` counts the windows
    from 0, row by row, ``stride`` cells apart. Raises ValueError if there is no such step, and for
    a kernel that does not fit.
    """
    image = given.finite(image, "the image", dimensions=2)
    kernel = given.finite(kernel, "the kernel", dimensions=2)
    padded = np.pad(image, padding)
    if kernel.shape != (k := len(kernel), k) or k > min(padded.shape):
        raise ValueError(
            f"the kernel has the shape {kernel.shape}; expected a square one that fits into the "
            f"image, {padded.shape[0]} by {padded.shape[1]}"
        )
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k))[::stride, ::stride]
    mapped = (windows * kernel).sum(axis=(2, 3))
    if not 0 <= step < mapped.size:
        raise ValueError(
            f"step is {step}; this map has {mapped.size} numbers, 0 to {mapped.size - 1}"
        )
    row, column = divmod(step, mapped.shape[1])
    sides = [one.shape[1] for one in (padded, kernel, mapped)]
    figure, ax = plt.subplots(figsize=(0.5 * sum(sides) + 1.2, 0.5 * len(padded) + 0.8))
    frame = np.pad(np.zeros(image.shape, bool), padding, constant_values=True)
    later = (np.arange(mapped.size) > step).reshape(mapped.shape)
    title = "image in its frame" if padding else "image"
    _grid(ax, 0, padded, title, (row * stride, column * stride, k), pale=frame)
    _grid(ax, sides[0] + 1, kernel, "kernel", (0, 0, k))
    _grid(ax, sides[0] + k + 2, mapped, "map", (row, column, 1), empty=later)
    products = zip(windows[row, column].flat, kernel.flat, strict=True)
    terms = [f"{_short(pixel)}·{_short(weight)}" for pixel, weight in products]
    total = re.sub(r"·(−[\d.]+)", r"·(\1)", " + ".join(terms)) + f" = {_short(mapped[row, column])}"
    ax.text((sum(sides) + 2) / 2, len(padded) + 0.5, total, ha="center", va="center", fontsize=11)
    ax.set(xlim=(-0.1, sum(sides) + 2.1), ylim=(len(padded) + 0.8, -0.8), aspect="equal")
    ax.set_axis_off()
    return describe(
        figure,
        f"An image of {image.shape[0]} by {image.shape[1]} numbers"
        f"{f' in a frame of zeros {padding} wide' if padding else ''}, a kernel of {k} by {k}, "
        f"and their map of {mapped.shape[0]} by {mapped.shape[1]}. Outlined: the window at step "
        f"{step}, stride {stride}, and its number in row {row + 1}, column {column + 1} of the "
        f"map. {total}.",
    )


def _grid(
    ax: Axes,
    left: int,
    numbers: np.ndarray,
    title: str,
    outlined: tuple[int, int, int],  # row, column and side of the square
    *,
    pale: Any = False,
    empty: Any = False,
) -> None:
    """A square for each number, from ``left`` on; in ``empty`` ones it is not written yet."""
    pale, empty = (np.broadcast_to(where, numbers.shape) for where in (pale, empty))
    for (row, column), number in np.ndenumerate(numbers):
        shade, grey = ("white", "0.55") if pale[row, column] else ("0.93", "black")
        ax.add_patch(Rectangle((left + column, row), 1, 1, fc=shade, ec="0.7", lw=0.8))
        if not empty[row, column]:
            middle = (left + column + 0.5, row + 0.5)
            ax.text(*middle, _short(number), ha="center", va="center", color=grey)
    ax.text(left + numbers.shape[1] / 2, -0.2, title, ha="center", va="bottom", fontsize=11)
    row, column, side = outlined
    orange = PALETTE[3]
    ax.add_patch(Rectangle((left + column, row), side, side, fill=False, ec=orange, lw=3))


def _short(number: Any) -> str:
    return f"{number:g}".replace("-", "−")


@styled
def flow(stages: Sequence[tuple[str, Sequence[int]]]) -> Figure:
    """A network drawn by its shapes: stacks of maps, then bars for lists of numbers.

    ``stages`` are pairs of a layer's name and of the shape that it gives for one image,
    (channels, rows, columns) or (numbers,). A layer that keeps the shape is named with the one
    before it. Raises ValueError for a shape of another kind, and for no shapes.
    """
    stages = given.some(stages, "shapes")
    if odd := [shape for _, shape in stages if len(shape) not in (1, 3) or min(shape) < 1]:
        raise ValueError(
            f"a shape is {tuple(odd[0])}; expected (channels, rows, columns) or (numbers,) of one "
            "image: leave out the number of images"
        )
    drawn: list[tuple[str, Sequence[int]]] = []
    for name, shape in stages:
        if drawn and tuple(drawn[-1][1]) == tuple(shape):
            drawn[-1] = (f"{drawn[-1][0]}\n{name}", shape)
        else:
            drawn.append((name, shape))
    figure, ax = plt.subplots(figsize=(10, 3))
    largest = max(max(shape[1:], default=0) for _, shape in drawn) or 1
    longest = max((shape[0] for _, shape in drawn if len(shape) == 1), default=1)
    blue, orange = PALETTE[:2]
    left = 0.0
    for name, shape in drawn:
        if len(shape) == 3:
            count, (height, width) = shape[0], (side / largest for side in shape[1:])
            step = 0.5 / max(count, 12)  # maps stand one behind the other
        else:
            count, width, step = 1, 0.12, 0.0
            height = 1.5 * (shape[0] / longest) ** 0.5  # by the root: 10 can be seen beside 400
        whole = width + step * (count - 1)
        room = max(whole, 0.75)
        start, bottom = left + (room - whole) / 2, 0.75 - (height + step * (count - 1)) / 2
        for i in reversed(range(count)):  # the one behind first
            at = (start + i * step, bottom + i * step)
            look: dict[str, Any] = dict(facecolor=blue if len(shape) == 3 else orange)
            ax.add_patch(Rectangle(at, width, height, edgecolor="white", linewidth=0.5, **look))
        ax.text(left + room / 2, 1.75, name, ha="center", va="bottom", fontsize=9)
        ax.text(left + room / 2, -0.12, _as_shape(shape), ha="center", va="top", fontsize=9)
        left += room + 0.25
    ax.set(xlim=(0, left - 0.25), ylim=(-0.3, 2.2), aspect="equal")
    ax.axis("off")
    listed = "; ".join(f"{name.replace(chr(10), ', ')} {_as_shape(s)}" for name, s in drawn)
    return describe(figure, f"Drawing of a network by its shapes, from left to right: {listed}.")


def _as_shape(shape: Sequence[int]) -> str:
    channels, *sides = shape
    return f"{channels} of {sides[0]}×{sides[1]}" if sides else str(channels)
