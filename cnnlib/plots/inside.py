"""Figures of what goes on inside a network: windows, feature maps, maps of images, sliders."""

import base64
import html
import inspect
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Rectangle

from ..data import CLASS_NAMES
from ..support.progress import sliders_are_off
from . import given
from .basic import PALETTE, describe, figure_of, images, rendered, show, styled

MARKERS = "os^vDPX*<>"  # a shape for each class, for those who see no colours
# The palette's colours in another order: the shirt, which is mixed up most, has the strongest, and
# T-shirt, pullover, dress and coat, which lie around it, are far from it and from one another.
CLASS_COLOURS = tuple(PALETTE[i] for i in (0, 5, 2, 4, 9, 7, 3, 6, 8, 1))


def sliders(draw: Callable[..., Axes | Figure], **choices: Sequence[Any]) -> None:
    """Show the figure ``draw(**chosen)``, and draw it anew when a slider or a menu is moved.

    Each of ``choices`` is an argument of ``draw``: a range of integers makes a slider, any
    other sequence a menu of its values. They start at the defaults of ``draw``, else at the
    first value. With ``CNNLIB_SLIDERS=off`` (rendered pages, tests) there is nobody to choose:
    then only the figure of the start is shown. Raises ValueError if a start is not among
    the values.
    """
    parameters = inspect.signature(draw).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    start = {name: defaults.get(name, next(iter(v), None)) for name, v in choices.items()}
    for name, values in choices.items():
        if not len(values):
            raise ValueError(f"{name} has no values to choose from")
        if start[name] not in values:
            raise ValueError(
                f"{name} starts at {start[name]!r}; expected one of its {len(values)} values"
            )
    if sliders_are_off():
        show(draw(**start))
        return
    controls = {name: _control(name, values, start[name]) for name, values in choices.items()}
    # no Output widget, as interact has one: those can stall where a notebook is executed whole.
    # HTML, because ipywidgets' Image has no text alternative
    place = ipywidgets.HTML(_as_html(draw(**start)))

    def redraw(change: Any) -> None:
        try:
            place.value = _as_html(draw(**{name: one.value for name, one in controls.items()}))
        except Exception:  # an error that is raised here is shown nowhere
            place.value = f'<pre role="alert">{html.escape(traceback.format_exc())}</pre>'

    for control in controls.values():
        control.observe(redraw, names="value")
    display(ipywidgets.VBox([*controls.values(), place]))


def _control(name: str, values: Sequence[Any], start: Any) -> ipywidgets.ValueWidget:
    """A slider for a range of integers, a menu for all else."""
    look = dict(description=name, style=dict(description_width="5em"), layout=dict(width="28em"))
    if not isinstance(values, range):
        return ipywidgets.Dropdown(options=list(values), value=start, **look)
    ends = dict(min=values[0], max=values[-1], step=values.step)
    return ipywidgets.IntSlider(start, **ends, continuous_update=False, **look)


def _as_html(drawn: Axes | Figure) -> str:
    """The picture in one <img>, no wider than its place, with its text alternative."""
    picture, alt = rendered(drawn)
    data = base64.b64encode(picture).decode()
    alt = html.escape(alt)
    return f'<img src="data:image/png;base64,{data}" alt="{alt}" style="max-width: 100%">'


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
def feature_maps(maps: Mapping[str, Any], *, columns: int = 8, shared: bool = True) -> Figure:
    """All maps of a layer, (channels, side, side), for each name in ``maps``, on one scale.

    ``shared=False`` gives each map a grey scale of its own. Raises ValueError for no maps, and for
    numbers that are not finite.
    """
    for name, some in given.named(maps, "maps").items():
        given.finite(some, f"the maps of {name!r}", dimensions=3)
    pictures = [np.asarray(one) for some in maps.values() for one in some]
    titles = [f"{name} {i}" for name, some in maps.items() for i in range(1, len(some) + 1)]
    columns = min(columns, *(len(some) for some in maps.values()))
    figure = images(pictures, titles, columns=columns, size=1.15, shared=shared)
    listed = "; ".join(
        f"{name}, {len(some)} maps of {some[0].shape[0]}×{some[0].shape[1]}, "
        f"{sum(not np.asarray(one).any() for one in some)} of them all zero, values from "
        f"{float(some.min()):.2g} to {float(some.max()):.2g}"
        for name, some in maps.items()
    )
    scale = "one grey scale" if shared else "a grey scale for each map"
    return describe(figure, f"Feature maps on {scale}: {listed}.")


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


@styled
def signed(
    pictures: Any,
    titles: Sequence[str],
    *,
    label: str,
    outlines: Any = None,
    columns: int = 6,
    size: float = 1.5,
    alt: str = "Maps",
) -> Figure:
    """A grid of maps (N, rows, columns) with values of both signs; 0 is white, one scale for all.

    ``label`` names the values and their unit. ``outlines``: grey images of the same size as the
    maps, 0 to 255, of which the outline is drawn. Raises ValueError for no maps, for another number
    of titles, and for numbers that are not finite.
    """
    pictures = given.pictures(pictures)
    if len(titles) != len(pictures):
        raise ValueError(f"there are {len(pictures)} maps and {len(titles)} titles")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(columns * size + 0.8, rows * (size + 0.3)),
        squeeze=False,
        layout="constrained",
    )
    reach = max(abs(picture).max() for picture in pictures)
    for ax in grid.flat:
        ax.set_axis_off()
    for i, (ax, picture, title) in enumerate(zip(grid.flat, pictures, titles, strict=False)):
        drawn = ax.imshow(picture, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
        ax.set_title(title, fontsize=8)
        if outlines is not None:
            outline = np.asarray(outlines[i]).squeeze()
            ax.contour(outline, levels=[40], colors="black", linewidths=0.6)
    figure.colorbar(drawn, ax=grid, label=label, shrink=0.9)
    listed = "; ".join(
        f"{title.replace(chr(10), ', ')}: {_signed(picture.min())} to {_signed(picture.max())}"
        for title, picture in zip(titles, pictures, strict=True)
    )
    return describe(figure, f"{alt}, {label}. {listed}.")


def _signed(value: float) -> str:
    """Two decimals and a sign; what rounds to 0 is +0.00, whichever side it comes from."""
    return f"{round(float(value), 2) + 0.0:+.2f}"


@styled
def scatter(
    points: Any,
    labels: Any,
    wrong: Any = None,
    *,
    names: Sequence[str] = CLASS_NAMES,
    title: str = "",
    legend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """A map: points (N, 2), with a colour and a marker for each class in ``labels`` (N,).

    ``wrong``, bool (N,), marks some with a black ring. The axes have no numbers, because
    those of a map mean nothing; both have one scale. Raises ValueError for no points, for those
    that are not finite, and for labels that do not fit.
    """
    points, labels = given.points(points, beside=labels), given.classes(labels, names)
    if wrong is not None:
        given.points(points, beside=wrong, what="marks")
    ax = ax or plt.subplots(figsize=(8.5, 6.5))[1]
    classes = np.unique(labels)
    for k in classes:
        ax.scatter(
            *_across_down(points[labels == k]),
            s=20 if len(points) > 500 else 28,
            color=CLASS_COLOURS[k],
            marker=MARKERS[k],
            zorder=3 if names[k] == "shirt" else 2,  # on top of those it is mixed up with
            edgecolors="0.2",
            linewidths=0.2,
            label=names[k],
        )
    alt = f"Scatter plot of {len(points):,} points"
    alt += f", {title}" if title else ""
    alt += f", coloured by class: {', '.join(names[k] for k in classes)}."
    alt += _rings(ax, points, wrong, size=34)
    _map_axes(ax, title)
    if legend:
        place: dict[str, Any] = dict(loc="center left", bbox_to_anchor=(1, 0.5))
        ax.legend(**place, fontsize=9, frameon=False, markerscale=1.6)
    describe(figure_of(ax), alt)
    return ax


@styled
def scatters(
    maps: Mapping[str, Any],
    labels: Any,
    *,
    names: Sequence[str] = CLASS_NAMES,
    columns: int = 3,
    size: float = 3.1,
) -> Figure:
    """Several maps side by side, by title; ``labels`` (N,) hold for all, as in ``scatter``."""
    for points in given.named(maps, "maps").values():
        given.points(points, beside=labels)
    columns = min(columns, len(maps))
    rows = -(-len(maps) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(columns * size, rows * size + 0.6), squeeze=False
    )
    for ax in grid.flat[len(maps) :]:
        ax.set_axis_off()
    for ax, (title, points) in zip(grid.flat, maps.items(), strict=False):
        scatter(points, labels, names=names, title=title, legend=False, ax=ax)
    keys = dict(ncols=min(5, len(np.unique(labels))), fontsize=9, frameon=False, markerscale=2)
    figure.legend(
        *ax.get_legend_handles_labels(), loc="upper center", bbox_to_anchor=(0.5, 0), **keys
    )
    figure.tight_layout()
    shown = ", ".join(names[k] for k in np.unique(labels))
    alt = f"{len(maps)} scatter plots of the same {len(labels):,} points, coloured by class"
    return describe(figure, f"{alt} ({shown}): {'; '.join(maps)}.")


@styled
def scatter_wrong(points: Any, labels: Any, wrong: Any) -> Figure:
    """A map twice: all points (N, 2), and beside it only those that are ``wrong``, bool (N,).

    Rings on a crowded map hide what they mark. In the panel of the wrong ones, the others are
    pale grey, so that one sees where on the map they are.
    """
    points = given.points(points, beside=labels)
    given.points(points, beside=wrong, what="marks")
    labels, wrong = np.asarray(labels), np.asarray(wrong, dtype=bool)
    figure, (whole, alone) = plt.subplots(1, 2, figsize=(10.5, 5.2))
    scatter(points, labels, title=f"all {len(points):,} images", legend=False, ax=whole)
    alone.scatter(*_across_down(points[~wrong]), s=5, color="0.86", linewidths=0)
    title = f"the {wrong.sum():,} that the network gets wrong"
    if wrong.any():
        scatter(points[wrong], labels[wrong], title=title, legend=False, ax=alone)
    keys: dict[str, Any] = dict(loc="upper center", bbox_to_anchor=(0.5, 0.02), frameon=False)
    figure.legend(*whole.get_legend_handles_labels(), ncols=5, fontsize=9, markerscale=2, **keys)
    figure.tight_layout()
    shown = ", ".join(CLASS_NAMES[k] for k in np.unique(labels))
    return describe(
        figure,
        f"Two scatter plots of a map, coloured by class ({shown}): all {len(points):,} points, and "
        f"the {wrong.sum():,} at which the network is wrong, with the others in pale grey.",
    )


@styled
def garments(points: Any, pictures: Any, *, cells: int = 12, ax: Axes | None = None) -> Axes:
    """A map of points (N, 2) with some of the images (N, side, side) drawn at their places.

    The map is cut into ``cells`` × ``cells`` squares; from each that is not empty comes the
    image nearest to its middle.
    """
    points = given.points(points, beside=pictures, what="pictures")
    ax = ax or plt.subplots(figsize=(8.5, 8.5))[1]
    low, high = points.min(axis=0), points.max(axis=0)
    scaled = (points - low) / np.where(high > low, high - low, 1) * cells
    square = np.minimum(scaled.astype(int), cells - 1)
    by_distance = np.linalg.norm(scaled - square - 0.5, axis=1).argsort()
    first = np.unique(square[by_distance], axis=0, return_index=True)[1]
    ax.scatter(*_across_down(points), s=4, color="0.75", linewidths=0)
    for i in by_distance[first]:
        picture = OffsetImage(np.asarray(pictures[i]).squeeze(), cmap="gray", zoom=0.85)
        ax.add_artist(AnnotationBbox(picture, points[i], frameon=False, pad=0))
    _map_axes(ax)
    alt = f"A map of {len(points):,} images as grey points; every here and there the image itself"
    describe(figure_of(ax), f"{alt} is drawn at its place, so that regions show their garments.")
    return ax


def _across_down(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two columns of points (N, 2)."""
    return points[:, 0], points[:, 1]


@styled
def neighbourhood(
    points: Any,
    pictures: Any,
    index: int,
    near: Sequence[int],
    names: Sequence[str],
    wrong: Any = None,
) -> Figure:
    """One image on a map of points (N, 2), and its nearest neighbours: where they are, and they.

    ``near`` holds the positions of the neighbours, nearest first (ten are drawn), and
    ``names`` (N,) says what each of the ``pictures`` (N, side, side) is. ``wrong``, bool (N,),
    marks some with a black ring, as in ``scatter``.
    """
    points = given.points(points, beside=pictures, what="pictures")
    near = given.finite(near, "the neighbours", dimensions=1)[:10].tolist()
    if not all(0 <= i < len(points) for i in (index, *near)):
        raise ValueError(
            f"expected positions from 0 to {len(points) - 1:,}, found {index} and {near}"
        )
    figure = plt.figure(figsize=(10, 4.6))
    halves: Any = figure.subfigures(1, 2, width_ratios=(1.1, 1))
    place, beside = halves
    ax = place.subplots()
    ax.scatter(*_across_down(points), s=6, color="0.75", linewidths=0)
    rings = _rings(ax, points, wrong, size=16)
    blue, orange = PALETTE[:2]
    ax.scatter(*_across_down(points[near]), s=45, color=blue, marker="x", label="its ten nearest")
    ax.scatter(*_across_down(points[[index]]), s=110, color=orange, marker="*", label="the image")
    _map_axes(ax)
    ax.legend(fontsize=9, loc="upper left", bbox_to_anchor=(0, 0), ncols=3, frameon=False)
    for one, i in zip(
        beside.subplots(3, 5).flat, [index, None, None, None, None, *near], strict=False
    ):
        one.set_axis_off()
        if i is not None:
            one.imshow(np.asarray(pictures[i]).squeeze(), cmap="gray", vmin=0, vmax=255)
            one.set_title(names[i], fontsize=8)
    alt = f"A map of {len(points):,} images. Image {index}, {names[index]}, is marked with a star"
    return describe(figure, f"{alt}, its ten nearest with crosses; beside it, these images.{rings}")


def _rings(ax: Axes, points: np.ndarray, wrong: Any, size: float) -> str:
    """Ring the wrong ones of points (N, 2), if any are told; gives the sentence that says so."""
    if wrong is None:
        return ""
    ringed = points[np.asarray(wrong, dtype=bool)]
    ring: dict[str, Any] = dict(facecolors="none", edgecolors="black", linewidths=0.8, zorder=4)
    ax.scatter(*_across_down(ringed), s=size, label="network is wrong", **ring)
    return f" {len(ringed):,} points are ringed: there the network is wrong."


def _map_axes(ax: Axes, title: str = "") -> None:
    ax.set(xticks=[], yticks=[])
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_title(title, fontsize=10)
    for spine in ax.spines.values():
        spine.set(visible=True, color="0.85")
