"""Maps of images: points by class, the wrong ones, the garments themselves, neighbours."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from ..data import CLASS_NAMES
from . import given
from .basic import PALETTE, describe, figure_of, styled

MARKERS = "os^vDPX*<>"  # a shape for each class, for those who see no colours
# The palette's colours in another order: the shirt, which is mixed up most, has the strongest, and
# T-shirt, pullover, dress and coat, which lie around it, are far from it and from one another.
CLASS_COLOURS = tuple(PALETTE[i] for i in (0, 5, 2, 4, 9, 7, 3, 6, 8, 1))


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
    low, high = points.min(axis=0), points.max(axis=0)
    wide, tall = np.where(high > low, high - low, 1)
    # as tall as the map is for its width: empty paper would leave the garments no room
    ax = ax or plt.subplots(figsize=(8.5, 8.5 * np.clip(tall / wide, 0.5, 1.3)))[1]
    scaled = (points - low) / np.where(high > low, high - low, 1) * cells
    square = np.minimum(scaled.astype(int), cells - 1)
    by_distance = np.linalg.norm(scaled - square - 0.5, axis=1).argsort()
    first = np.unique(square[by_distance], axis=0, return_index=True)[1]
    ax.scatter(*_across_down(points), s=4, color="0.75", linewidths=0)
    for i in by_distance[first]:
        picture = OffsetImage(np.asarray(pictures[i]).squeeze(), cmap="gray", zoom=0.8)
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
    top: dict[str, Any] = dict(zorder=5)  # over the rings
    ax.scatter(
        *_across_down(points[near]), s=45, color=blue, marker="x", label="its ten nearest", **top
    )
    ax.scatter(
        *_across_down(points[[index]]), s=160, color=orange, marker="*", label="the image", **top
    )
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
