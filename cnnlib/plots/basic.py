"""The style of all figures, and those for any data: bars, intervals, lines."""

import functools
import io
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ParamSpec, TypeVar

import lazy_loader
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage, BboxImage
from matplotlib.ticker import MaxNLocator
from PIL import Image

from ..data import CLASS_NAMES
from . import given

P = ParamSpec("P")
T = TypeVar("T")

sns = lazy_loader.load("seaborn")  # imported when first used: it takes a second and more

STYLE = mpl.rc_params_from_file(
    Path(__file__).with_name("workbook.mplstyle"), use_default_template=False
)
PALETTE = tuple(STYLE["axes.prop_cycle"].by_key()["color"])  # ten colours, as "#0173b2"
DPI = int(STYLE["figure.dpi"])  # of a figure as it is read: pixels of the page to an inch
SHARP = 2  # pixels of the picture to one of the page: screens of today have as many


def style() -> AbstractContextManager[None]:
    """The style of this book, for the figures made in a ``with`` block; nothing else changes."""
    return mpl.rc_context(STYLE)


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """A function that draws in this book's style, and leaves a student's own settings alone."""

    @functools.wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> T:
        with style():
            return draw(*args, **kwargs)

    return inside


def show(
    drawn: Axes | Figure, alt: str | None = None, *, more: Mapping[str, str] | None = None
) -> None:
    """Display a figure as PNG with its text alternative, then close it.

    With it goes how wide it is, and whether it is a drawing or has pictures of garments.

    ``alt`` replaces the text that the plotting function wrote. ``more`` holds other forms of the
    figure, by their MIME types. Raises ValueError if there is no text: a picture without words is
    lost on readers who cannot see it.
    """
    kind = "pictures" if _has_pictures(figure_of(drawn)) else "drawing"
    picture, alt = rendered(drawn, alt)
    shown = {"alt": alt, "width": wide(picture), "kind": kind}
    display(
        {"image/png": picture, "text/plain": f"[figure: {alt}]"} | dict(more or {}),
        metadata={"image/png": shown},
        raw=True,
    )


def dots() -> int:
    """Pixels per inch: 220, or ``$CNNLIB_DPI``, which a report on paper sets higher."""
    return int(os.environ.get("CNNLIB_DPI") or SHARP * DPI)


def _has_pictures(figure: Figure) -> bool:
    """Does it show grey images? The book's dark pages leave those as they are."""
    shown = [*figure.findobj(AxesImage), *figure.findobj(BboxImage)]
    return any(one.get_cmap().name == "gray" for one in shown)


def wide(picture: bytes, dpi: int | None = None) -> int:
    """How many pixels of a page a PNG is to be wide: bytes 16 to 19 are its own."""
    return round(int.from_bytes(picture[16:20], "big") * DPI / (dpi or dots()))


@styled
def rendered(
    drawn: Axes | Figure, alt: str | None = None, *, dpi: int | None = None
) -> tuple[bytes, str]:
    """The bytes of a figure's PNG and its text alternative, as for ``show``; closes it.

    ``dpi``: other pixels per inch than ``dots()``.
    """
    figure = figure_of(drawn)
    alt = alt or getattr(figure, "alt_text", None)
    if not alt:
        raise ValueError("this figure has no text alternative; give one with show(…, alt=…)")
    drawn_at, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn_at, format="png", dpi=dpi or dots(), bbox_inches="tight")
    plt.close(figure)
    # 256 colours, chosen for each figure, are as many as one sees in it, and a third of the bytes
    picture = Image.open(drawn_at).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(small, "png", optimize=True)
    return small.getvalue(), alt


@styled
def bars(
    values: Mapping[str, float],
    *,
    xlabel: str,
    number: str = "{:,.0f}",
    highlight: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Horizontal bars with their values written beside them; ``highlight`` names some.

    What is not a number has no bar. Raises ValueError where that is all of them, or there are none.
    """
    values = given.named(values, "bars")
    lengths = given.gaps(list(values.values()), "the bars")
    written = [number.format(v) if np.isfinite(v) else "no value" for v in lengths]
    ax = ax or plt.subplots(figsize=(7, 0.36 * len(values) + 0.8))[1]
    plain, strong = PALETTE[0], PALETTE[1]
    colours = [strong if name in highlight else plain for name in values]
    drawn = ax.barh(list(values), np.where(np.isfinite(lengths), lengths, 0), color=colours)
    ax.bar_label(drawn, written, padding=3, fontsize=9)
    ax.invert_yaxis()
    ax.margins(x=0.15)
    ax.xaxis.set_major_locator(MaxNLocator(6))  # long numbers need room
    if np.nanmax(np.abs(lengths)) >= 10_000:
        ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set_xlabel(xlabel)
    ax.grid(visible=False, axis="y")
    sns.despine(ax=ax)
    listed = "; ".join(f"{name} {text}" for name, text in zip(values, written, strict=True))
    describe(figure_of(ax), f"Bar chart of {xlabel}. {listed}.")
    return ax


@styled
def class_bars(values: Sequence[float], *, xlabel: str, number: str = "{:+.3f}") -> Axes:
    """``bars`` with one bar for each of the ten classes; ValueError for another number of them."""
    if len(values) != len(CLASS_NAMES):
        raise ValueError(f"there are {len(values)} values; expected one for each of ten classes")
    return bars(dict(zip(CLASS_NAMES, values, strict=True)), xlabel=xlabel, number=number)


@styled
def intervals(table: pd.DataFrame, *, xlabel: str, ax: Axes | None = None) -> Axes:
    """Points with intervals, one row per model, in the table's order.

    ``table`` has the model names as index and the columns ``value``, ``low``, ``high`` and,
    where there is one, ``reported`` (drawn as a cross). One seed has no interval: where ``low`` and
    ``high`` are NaN, the point stands alone. Raises ValueError where there is no point at all.
    """
    if missing := {"value", "low", "high"} - set(table):
        raise ValueError(f"the table has no column {', '.join(sorted(missing))}")
    given.gaps(table.value, "the values")
    ax = ax or plt.subplots(figsize=(7.5, 0.36 * len(table) + 1))[1]
    blue, orange = PALETTE[:2]
    errors = [table.value - table.low, table.high - table.value]
    ax.errorbar(table.value, table.index, xerr=errors, fmt="o", color=blue, label="here", capsize=3)
    if "reported" in table:
        ax.plot(table.reported, table.index, "X", color=orange, label="in the report", markersize=8)
    if table.low.min() < 0 < table.high.max():  # differences: which side of 0?
        ax.axvline(0, color="grey", linewidth=1)
    ax.margins(y=0.1)
    ax.invert_yaxis()
    ax.set_xlabel(xlabel)
    if "reported" in table:  # otherwise there is one kind of point, and the label names it
        ax.legend(fontsize=9)
    sns.despine(ax=ax)
    listed = [
        f"{name} {row.value:.4f} "
        + (f"({row.low:.4f} to {row.high:.4f})" if pd.notna(row.low) else "(no interval)")
        + (f", reported {row.reported:.4f}" if pd.notna(row.get("reported")) else "")
        for name, row in table.iterrows()
    ]
    ranking = ", best first" if table.value.is_monotonic_decreasing else ""
    describe(figure_of(ax), f"Dot plot of {xlabel}{ranking}. {'; '.join(listed)}.")
    return ax


@styled
def lines(
    series: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    x: Sequence[float] | None = None,
    log: bool = False,
    steps: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """One line for each series, over ``x``, or over the positions 1, 2, 3, …

    ``log=True`` gives the horizontal axis a logarithmic scale. ``steps=True`` keeps each value
    level around its position: nothing lies in between. What is not finite leaves a gap. Raises
    ValueError where nothing is left, and for a series of another length than ``x``.
    """
    given.gaps(np.concatenate(list(given.named(series, "series").values())), "the series")
    for name, values in series.items():
        if not len(values):
            raise ValueError(f"there is nothing to draw in the series {name!r}: it is empty")
        if x is not None and len(x) != len(values):
            raise ValueError(f"the series {name!r} has {len(values)} values for {len(x)} places")
    drawn = "steps-mid" if steps else "default"
    ax = ax or plt.subplots(figsize=(7, 3.4))[1]
    styles = itertools.cycle(["-", "--", "-.", ":"])  # some colours are close to one another
    for (name, values), style in zip(series.items(), styles, strict=False):
        places = range(1, len(values) + 1) if x is None else x
        ax.plot(places, values, label=name, ls=style, ds=drawn)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if log:
        ax.set_xscale("log")
    elif x is None or np.equal(np.mod(x, 1), 0).all():  # epochs, pixels, filters: none has a half
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    ax.legend(fontsize=9)
    sns.despine(ax=ax)
    ends = {name: (_told(v[0]), _told(v[-1])) for name, v in series.items()}
    listed = "; ".join(f"{name} from {first} to {last}" for name, (first, last) in ends.items())
    describe(figure_of(ax), f"Line plot of {ylabel} against {xlabel}. {listed}.")
    return ax


def _told(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "no value"


@styled
def path(
    height: Callable[[np.ndarray], np.ndarray],
    visited: Sequence[float],
    *,
    xlabel: str,
    ylabel: str,
    ends: tuple[float, float],
    ax: Axes | None = None,
) -> Axes:
    """A curve, ``height`` over its positions, and the positions ``visited`` on it, in order.

    The curve is drawn from the first of ``ends`` to the second, and farther where the path goes.
    Raises ValueError for a path of no points, or of some that are not finite.
    """
    places = given.finite(visited, "the path", dimensions=1)
    ax = ax or plt.subplots(figsize=(5.5, 3.4))[1]
    curve = np.linspace(min(ends[0], places.min()), max(ends[1], places.max()), 201)
    ax.plot(curve, height(curve), color="grey", linewidth=1.5)
    ax.plot(places, height(places), "o-", markersize=5, linewidth=1)
    ax.plot(places[:1], height(places[:1]), "s", markersize=9, label="start")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(fontsize=9)
    sns.despine(ax=ax)
    listed = ", ".join(f"{place:.3g}" for place in places)
    told = f"A curve, {ylabel} against {xlabel}, and a path of {len(places)} points on it, at"
    describe(figure_of(ax), f"{told} {listed}.")
    return ax


def describe(figure: Figure, text: str) -> Figure:
    """Give a figure its text alternative; hands the figure back."""
    vars(figure)["alt_text"] = text  # where ``rendered`` looks for it
    return figure


def figure_of(drawn: Axes | Figure) -> Figure:
    """The whole figure to which Axes belong; a Figure as it is. ValueError if there is none."""
    if isinstance(drawn, Figure):
        return drawn
    if not isinstance(drawn, Axes):
        kind = type(drawn).__name__
        raise ValueError(f"this is a {kind}; expected what a plotting function gives, or Axes")
    if not isinstance(figure := drawn.get_figure(root=True), Figure):
        raise ValueError("these Axes were taken out of their figure; draw them anew")
    return figure
