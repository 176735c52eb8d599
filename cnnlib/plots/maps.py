"""Values of both signs as pictures: red above 0, blue below, 0 white, with the scale beside."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from . import given
from .basic import describe, styled
from .pictures import SMALL, tiles

SIGNED = "RdBu_r"
BAR = 0.75  # inches for a colour bar and its numbers


@styled
def feature_maps(
    maps: Mapping[str, Any],
    *,
    image: Any = None,
    label: str = "image",
    columns: int = 8,
    size: float = 0.95,
    shared: bool = True,
) -> Figure:
    """All maps of a layer, (channels, side, side), for each name in ``maps``, on one scale.

    Red is above 0, blue below, white is 0. ``image`` (side, side), grey, and its ``label`` are
    drawn beside them; ``size`` is inches per map. ``shared=False`` gives each map a scale of its
    own, which its title says. Raises ValueError for no maps, and for numbers that are not finite.
    """
    layers = {
        name: given.finite(some, f"the maps of {name!r}", dimensions=3)
        for name, some in given.named(maps, "maps").items()
    }
    pictures = [one.astype(float) for some in layers.values() for one in some]
    titles = [
        f"{name} {i}" if len(some) > 1 else name
        for name, some in layers.items()
        for i in range(1, len(some) + 1)
    ]
    if not shared:
        titles = [f"{t}\n±{abs(p).max():.2g}" for t, p in zip(titles, pictures, strict=True)]
    columns = min(columns, *(len(some) for some in layers.values()))
    beside = 0.0 if image is None else max(1.4, size) + 0.2
    figure, grid = tiles(titles, columns, size, left=beside, right=BAR if shared else 0)
    _signed(grid, pictures, titles, "value" if shared else None, own=not shared)
    seen = "" if image is None else f"Beside the image ({label}): "
    if image is not None:
        _beside(figure, grid[0], image, label, beside - 0.2)
    listed = "; ".join(
        f"{name}, {len(some)} maps of {some[0].shape[0]}×{some[0].shape[1]}, "
        f"{sum(not one.any() for one in some)} of them all zero, values from "
        f"{float(some.min()):.2g} to {float(some.max()):.2g}"
        for name, some in layers.items()
    )
    scale = "one scale, white at 0" if shared else "a scale for each map, white at 0"
    return describe(figure, f"{seen}Feature maps on {scale}: {listed}.")


def _beside(figure: Figure, first: Axes, image: Any, label: str, side: float) -> None:
    """The grey image at the left edge, its upper edge at that of the first map."""
    wide, high = figure.get_size_inches()
    top = first.get_position().y1
    ax = figure.add_axes((0, top - side / high, side / wide, side / high))
    (picture,) = given.pictures(np.asarray(image)[None])
    ax.imshow(picture, cmap="gray", interpolation="nearest")
    ax.set_title(label, fontsize=SMALL, pad=3)
    ax.set_axis_off()


@styled
def signed(
    pictures: Any,
    titles: Sequence[str] | None = None,
    *,
    label: str,
    over: Any = None,
    columns: int = 6,
    size: float = 1.5,
    alt: str = "Maps",
) -> Figure:
    """A grid of maps (N, rows, columns) with values of both signs; 0 is white, one scale for all.

    ``label`` names the values and their unit. ``over``: grey images of the same size as the maps,
    0 to 255, which lie faded under them. Raises ValueError for no maps, for another number of
    titles or images, and for numbers that are not finite.
    """
    pictures = given.pictures(pictures)
    titles = [""] * len(pictures) if titles is None else list(titles)
    if len(titles) != len(pictures):
        raise ValueError(f"there are {len(pictures)} maps and {len(titles)} titles")
    if over is not None and len(over) != len(pictures):
        raise ValueError(f"there are {len(pictures)} maps over {len(over)} images")
    figure, grid = tiles(titles, columns, size, right=BAR)
    _signed(grid, pictures, titles, label, over=over)
    listed = "; ".join(
        f"{title or i}".replace("\n", ", ") + f": {_sign(picture.min())} to {_sign(picture.max())}"
        for i, (title, picture) in enumerate(zip(titles, pictures, strict=True), start=1)
    )
    return describe(figure, f"{alt}, {label}. {listed}.")


def _signed(
    grid: Sequence[Axes],
    pictures: Sequence[np.ndarray],
    titles: Sequence[str],
    label: str | None,
    *,
    own: bool = False,
    over: Any = None,
) -> None:
    """Draw the pictures on one scale around 0 (``own``: one each), and with a label its bar."""
    reach = max(abs(picture).max() for picture in pictures) or 1.0
    for i, (ax, picture, title) in enumerate(zip(grid, pictures, titles, strict=True)):
        most = (abs(picture).max() or 1.0) if own else reach
        look: dict[str, Any] = dict(cmap=SIGNED, vmin=-most, vmax=most, interpolation="nearest")
        if over is not None:  # a garment like a pencil drawing; what is 0 lets all of it through
            pencil = np.asarray(over[i]).squeeze()
            ax.imshow(pencil, cmap="Greys", vmin=0, vmax=550, interpolation="nearest")
            look["alpha"] = np.clip(2 * abs(picture) / most, 0, 0.9)
        ax.imshow(picture, **look)
        ax.set_title(title, fontsize=SMALL, pad=3)
        # white maps on white paper have an edge, too
        ax.add_patch(_edge(picture.shape))
    if label is not None:
        low, high = min(p.min() for p in pictures), max(p.max() for p in pictures)
        _bar(grid, reach, (min(low, 0.0), max(high, 0.0)), label)


def _edge(shape: tuple[int, ...]) -> Rectangle:
    """A thin line around a picture (rows, columns)."""
    rows, columns = shape
    return Rectangle((-0.5, -0.5), columns, rows, fill=False, ec="0.75", lw=0.8, clip_on=False)


def _bar(grid: Sequence[Axes], reach: float, ends: tuple[float, float], label: str) -> None:
    """The colour bar at the right of the grid, from the lowest value to the highest, 0 marked."""
    figure: Any = grid[0].figure
    wide, high = figure.get_size_inches()
    top = grid[0].get_position().y1
    right = max(ax.get_position().x1 for ax in grid)
    tall = min(top - grid[-1].get_position().y0, 3.2 / high)
    cax = figure.add_axes((right + 0.12 / wide, top - tall, 0.13 / wide, tall))
    bar = figure.colorbar(ScalarMappable(Normalize(-reach, reach), SIGNED), cax=cax)
    low, high = ends if ends[0] < ends[1] else (-reach, reach)
    cax.set_ylim(low, high)
    ticks = [t for t in MaxNLocator(5).tick_values(low, high) if low <= t <= high]
    bar.set_ticks(sorted({*ticks, 0.0}))
    cax.axhline(0, color="black", linewidth=1.5)
    cax.tick_params(labelsize=SMALL)
    bar.set_label(label, fontsize=SMALL + 1)


def _sign(value: float) -> str:
    """Two decimals and a sign; what rounds to 0 is +0.00, whichever side it comes from."""
    return f"{round(float(value), 2) + 0.0:+.2f}"
