"""Figures of runs: curves over the epochs, and confusion matrices."""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator
from numpy.typing import ArrayLike

from ..data import CLASS_NAMES
from ..runs import Run
from . import given
from .basic import PALETTE, describe, figure_of, sns, styled


@styled
def curves(runs: Sequence[Run]) -> Figure:
    """Loss and accuracy against the epoch: validation solid, training dashed.

    Several seeds of one experiment share a line, their mean, in a band from the lowest to the
    highest of them. Raises ValueError for no runs, and for losses that are not finite.
    """
    runs = given.runs(runs)
    table = pd.concat([_by_epoch(run) for run in runs], ignore_index=True)
    colours = sns.color_palette(PALETTE, table.experiment.nunique())
    figure, panels = plt.subplots(1, 2, figsize=(9.5, 3.6))
    labels = {"loss": "loss (nats per image)", "acc": "accuracy (fraction)"}
    for ax, (kind, label) in zip(panels, labels.items(), strict=True):
        sns.lineplot(
            table,
            x="epoch",
            y=kind,
            hue="experiment",
            style="images",
            errorbar=("pi", 100),
            palette=colours,
            legend=ax is panels[0],
            ax=ax,
        )
        ax.set(ylabel=label)
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    panels[0].legend(fontsize=8)
    sns.despine(figure)
    figure.tight_layout()
    epochs = table.epoch.max()
    listed = ". ".join(
        _told_curve(name, rows) for name, rows in table.groupby("experiment", sort=False)
    )
    start = f"Two line plots, loss and accuracy against the epoch, 1 to {epochs}."
    return describe(figure, f"{start} {listed}.")


@styled
def losses(runs: Sequence[Run]) -> Figure:
    """A panel per run, on one scale: training (dashed) and validation loss against the epoch.

    Training loss as training saw it, validation loss in eval mode, in nats per image. Raises
    ValueError for no runs, and for losses that are not finite.
    """
    runs = given.runs(runs)
    columns = min(3, len(runs))
    rows = -(-len(runs) // columns)
    size: dict[str, Any] = dict(figsize=(3.2 * columns, 2.3 * rows + 0.2), layout="constrained")
    figure, grid = plt.subplots(rows, columns, sharey=True, squeeze=False, **size)
    listed, (blue, orange) = [], PALETTE[:2]
    for ax, one in zip(grid.flat, runs, strict=False):
        history = pd.DataFrame(one.history)
        ax.plot(history.epoch, history.train_loss, "--", color=orange, label="training")
        ax.plot(history.epoch, history.val_loss, color=blue, label="validation")
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.set_title(one.name, fontsize=10)
        listed.append(
            f"{one.name}: training from {history.train_loss.iloc[0]:.3f} to "
            f"{history.train_loss.iloc[-1]:.3f}, validation from {history.val_loss.iloc[0]:.3f} "
            f"to {history.val_loss.iloc[-1]:.3f}, lowest {history.val_loss.min():.3f} in epoch "
            f"{history.epoch[history.val_loss.idxmin()]}"
        )
    grid[0, 0].legend(fontsize=9)
    figure.supxlabel("epoch", fontsize=10)
    figure.supylabel("loss (nats per image)", fontsize=10)
    for ax in grid.flat[len(runs) :]:
        ax.set_axis_off()
    sns.despine(figure)
    start = f"{len(runs)} line plots of the loss against the epoch, on one scale"
    return describe(figure, f"{start}. {'; '.join(listed)}.")


@styled
def frontier(costs: pd.DataFrame, reached: pd.Series, *, ylabel: str) -> Figure:
    """A panel for each column of ``costs``: what each model, a row, reached against its cost.

    The *frontier* is a line of steps through the models that no cheaper one equals; the legend
    names these. Costs are on a logarithmic scale. Raises ValueError unless all are finite, the
    costs are above 0, and both tell of the same models.
    """
    given.finite(costs, "the costs", dimensions=2)
    given.finite(reached, "what was reached", dimensions=1)
    if (costs <= 0).any(axis=None) or sorted(costs.index) != sorted(reached.index):
        raise ValueError("costs, reached: expected costs above 0, and the same models in both")
    figure, panels = plt.subplots(1, costs.shape[1], figsize=(9.5, 4), sharey=True, squeeze=False)
    colours, markers = itertools.cycle(sns.color_palette(PALETTE)), itertools.cycle("osD^vP")
    looks: dict[Any, dict[str, Any]] = defaultdict(  # a model looks the same in all panels
        lambda: {"color": next(colours), "marker": next(markers)}
    )
    told = []
    for ax, (bill, cost) in zip(panels[0], costs.items(), strict=True):
        table = pd.DataFrame({"cost": cost, "y": reached}).sort_values(["cost", "y"])
        best = table[table.y > table.y.cummax().shift(fill_value=-np.inf)]
        best = best.groupby("cost", as_index=False).tail(1)
        ax.plot(table.cost, table.y, "o", color="0.7", markersize=4)
        ax.margins(y=0.08)
        ax.step(best.cost, best.y, where="post", color="0.4", linewidth=1)
        for name, row in best.iterrows():
            ax.plot(row.cost, row.y, **looks[name], linestyle="", markersize=7, label=name)
        ax.set(xscale="log", xlabel=bill, ylabel=ylabel if ax is panels[0][0] else "")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))
        ax.xaxis.set_minor_formatter("")
        ax.legend(fontsize=8, loc="lower right")
        listed = "; ".join(f"{n} {row.y:.4f} at {row.cost:,.0f}" for n, row in best.iterrows())
        told.append(f"Against {bill}, the frontier is {listed}.")
    sns.despine(figure)
    figure.tight_layout()
    return describe(figure, f"{ylabel} of {len(costs)} models against cost. {' '.join(told)}")


def _by_epoch(run: Run) -> pd.DataFrame:
    """A history as one row per epoch and kind of images: experiment, seed, epoch, loss, acc."""
    history = pd.DataFrame(run.history)
    parts = {"validation": "val", "training": "train"}
    return pd.concat(
        history[["epoch"]].assign(
            experiment=run.name,
            seed=run.seed,
            images=images,
            loss=history[f"{part}_loss"],
            acc=history[f"{part}_acc"],
        )
        for images, part in parts.items()
    )


def _told_curve(name: str, rows: pd.DataFrame) -> str:
    mean = rows.groupby(["images", "epoch"])[["loss", "acc"]].mean()
    val, train = mean.loc["validation"], mean.loc["training"]
    last = rows[(rows.images == "validation") & (rows.epoch == rows.epoch.max())].acc
    seeds = f", mean of {len(last)} seeds" if len(last) > 1 else ""
    spread = f" ({last.min():.3f} to {last.max():.3f})" if seeds else ""
    return (
        f"{name}{seeds}: validation loss from {val.loss.iloc[0]:.3f} to {val.loss.iloc[-1]:.3f}, "
        f"accuracy from {val.acc.iloc[0]:.3f} to {val.acc.iloc[-1]:.3f}{spread}; "
        f"training accuracy ends at {train.acc.iloc[-1]:.3f}"
    )


@styled
def confusion(
    matrix: ArrayLike,
    names: Sequence[str] = CLASS_NAMES,
    *,
    title: str = "",
    number: str = "{:.0f}",
    most: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A confusion matrix, or the difference of two: a row per label, a column per predicted class.

    ``matrix`` is (classes, classes), counts or shares. Colours run up to the largest cell off
    the diagonal, or to ``most``, and what is above it is grey; a cell that would read 0 is left
    empty. With negative cells it is a difference, and the colours run both ways from 0. The text
    is added to that of other matrices in the figure. Raises ValueError when ``names`` does not fit,
    and for cells that are not finite, such as the shares of a class without images.
    """
    matrix = given.finite(matrix, "the matrix").astype(float)
    if matrix.shape != (len(names), len(names)):
        raise ValueError(
            f"matrix has shape {matrix.shape}; expected a row and a column for each "
            f"of the {len(names)} names"
        )
    ax = ax or plt.subplots(figsize=(0.62 * len(names) + 1.4, 0.58 * len(names) + 1.2))[1]
    off = matrix * (1 - np.eye(len(names)))
    most = most or _darkest(matrix)
    if matrix.min() < 0:
        kind, colours = "Difference of two confusion matrices", dict(cmap="PuOr_r", vmin=-most)
    else:
        blues = sns.color_palette("Blues", as_cmap=True).with_extremes(over="0.85")
        kind, colours = "Confusion matrix", dict(cmap=blues, vmin=0)
    written = [[number.format(value) for value in row] for row in matrix]
    blanked = [[text if text.strip("+-0.%") else "" for text in row] for row in written]
    sns.heatmap(
        matrix,
        annot=np.array(blanked),
        fmt="",
        annot_kws={"fontsize": 8},
        linewidths=0.5,
        cbar=False,
        xticklabels=names,
        yticklabels=names,
        ax=ax,
        vmax=most,
        **colours,
    )
    ax.set_xticks(ax.get_xticks(), names, rotation=45, ha="right", fontsize=9)
    ax.set_yticks(ax.get_yticks(), names, rotation=0, fontsize=9)
    ax.set(xlabel="predicted", ylabel="label", title=title)
    ax.grid(visible=False)
    first_five = np.argsort(-abs(off), axis=None, kind="stable")[:5]
    rows, columns = np.unravel_index(first_five, off.shape)
    largest = "; ".join(
        f"{names[i]} taken for {names[j]} {written[i][j]}"
        for i, j in zip(rows, columns, strict=True)
        if i != j and blanked[i][j]
    )
    diagonal = "; ".join(f"{name} {written[i][i]}" for i, name in enumerate(names))
    figure, start = figure_of(ax), f"{kind}, {title}" if title else kind
    text = f"{start}. Largest off the diagonal: {largest or 'none'}. On the diagonal: {diagonal}."
    describe(figure, f"{getattr(figure, 'alt_text', '')} {text}".strip())
    return ax


def _darkest(matrix: np.ndarray) -> float:
    """The value with the darkest colour: of a difference any cell's, else one off the diagonal."""
    counted = abs(matrix) if matrix.min() < 0 else matrix * (1 - np.eye(len(matrix)))
    return float(counted.max()) or 1.0


@styled
def confusions(
    matrices: Mapping[str, ArrayLike],
    names: Sequence[str] = CLASS_NAMES,
    *,
    number: str = "{:.0f}",
) -> Figure:
    """Confusion matrices, or differences of two, side by side by title, all on one scale.

    Raises ValueError for none, and where ``confusion`` does.
    """
    found = {
        title: given.finite(one, f"the matrix {title!r}", dimensions=2).astype(float)
        for title, one in given.named(matrices, "matrices").items()
    }
    side = 0.36 * len(names) + 1.2
    size: Any = dict(figsize=(side * len(found), side + 0.2), layout="constrained")
    figure, panels = plt.subplots(1, len(found), squeeze=False, **size)
    most = max(_darkest(one) for one in found.values())
    for ax, (title, one) in zip(panels.flat, found.items(), strict=True):
        confusion(one, names, title=title, number=number, most=most, ax=ax)
    for ax in panels.flat[1:]:
        ax.set(yticklabels=[], ylabel="")
    return figure
