"""Grids of pictures, and images in grey."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import given
from .basic import describe, styled

SMALL = 8  # points: titles of small pictures
LINE, AIR, GAP = 0.14, 0.14, 0.07  # inches: of such a title, around it, and between pictures


@styled
def images(
    pictures: Any,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 8,
    size: float = 1.3,
    shared: bool = True,
    alt: str | None = None,
) -> Figure:
    """A grid of grey images: any array or tensor (N, side, side) or (N, 1, side, side).

    ``size`` is inches per picture. With ``shared`` all pictures use one grey scale. ``alt`` says
    what the pictures are; the titles are added to it. Raises ValueError for no pictures, and for
    numbers that are not finite.
    """
    pictures = given.pictures(pictures)
    titles = list(titles) if titles is not None else [""] * len(pictures)
    above = [*titles, *[""] * (len(pictures) - len(titles))][: len(pictures)]
    figure, grid = tiles(above, columns, size)
    low = min(p.min() for p in pictures) if shared else None
    high = max(p.max() for p in pictures) if shared else None
    for ax, picture, title in zip(grid, pictures, above, strict=True):
        ax.imshow(picture, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        ax.set_title(title, fontsize=SMALL, pad=3)
    named = "; ".join(title.replace("\n", ", ") for title in titles if title)
    start = alt or f"{len(pictures)} grey images"
    return describe(figure, f"{start}: {named}." if named else f"{start}.")


def tiles(
    titles: Sequence[str], columns: int, size: float, *, left: float = 0, right: float = 0
) -> tuple[Figure, list[Axes]]:
    """A figure and square Axes without frames, one for each title, row by row.

    ``size`` is inches per picture; ``left`` and ``right`` are inches beside the grid. A title has
    room of its own above its picture, so that it never touches the one above; "" takes none.
    """
    columns = min(columns, len(titles))
    rows = [titles[i : i + columns] for i in range(0, len(titles), columns)]
    lines = [max(title.count("\n") + 1 if title else 0 for title in row) for row in rows]
    above = [LINE * count + AIR if count else GAP for count in lines]
    wide = left + columns * (size + GAP) - GAP + right
    high = len(rows) * size + sum(above)
    figure = plt.figure(figsize=(wide, high))
    grid, top = [], high
    for row, room in zip(rows, above, strict=True):
        top -= room + size
        for i in range(len(row)):
            x = left + i * (size + GAP)
            ax = figure.add_axes((x / wide, top / high, size / wide, size / high))
            ax.set_axis_off()
            grid.append(ax)
    return figure, grid
