"""Entries that no luck decides: by a computation, a declaration, or the reports' own figures."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import nn

from ..analysis.evidence import standard_error
from ..augment import shift
from ..catalogue import CATALOGUE
from ..data import load
from ..experiment import changes
from ..models import build, count_parameters, layer_table
from ..runs import run
from ..training import predict_logits
from .protocol import ENTRIES, Entry

CHAIN = ("lenet5", "lenet5-var1", "lenet5-var2", "lenet5-var3", "lenet5-var4")


class Settled(NamedTuple):
    """A verdict without luck in it, and the figures that it rests on, in words."""

    verdict: str
    figures: str


def _fact(true: bool, figures: str) -> Settled:
    return Settled("holds" if true else "does not hold", figures)


# By a computation or a declaration ---------------------------------------------------------------


def _pooling_stride() -> Settled:
    sides = {s: nn.AvgPool2d(2, stride=s)(torch.zeros(1, 28, 28)).shape[-1] for s in (1, 2)}
    return _fact(sides[1] == 14, f"stride 1 makes {sides[1]} of 28, stride 2 makes {sides[2]}")


def _c5_is_pooling() -> Settled:
    pool, conv = count_parameters(nn.AvgPool2d(5)), count_parameters(nn.Conv2d(16, 120, 5))
    linear = count_parameters(build("baseline").get_submodule("head.fc1"))
    said = f"pooling has {pool} parameters, such a convolution {conv:,}, and fc1 {linear:,}"
    return _fact(pool == conv, said)


def _adam_no_schedule() -> Settled:
    rates = sorted({epoch["lr"] for epoch in run("adam-halved", train=False).history}, reverse=True)
    said = f"adam-halved was trained with the rates {', '.join(f'{rate:g}' for rate in rates)}"
    return _fact(len(rates) == 1, said)


def _same_parameters(*names: str) -> Callable[[], Settled]:
    def settled() -> Settled:
        counts = [count_parameters(build(name)) for name in (*names, "baseline")]
        said = ", ".join(
            f"{name} {n:,}" for name, n in zip((*names, "baseline"), counts, strict=True)
        )
        return _fact(len(set(counts)) == 1, said)

    return settled


def _filters_parameters() -> Settled:
    count, before = (count_parameters(build(one)) for one in ("filters", "baseline"))
    growth = 100 * (count / before - 1)
    return _fact(round(growth, -2) == 300, f"{count:,} against {before:,}: {growth:+.0f} %")


def _convolution_parameters() -> Settled:
    """What the third convolution may have been: the report names neither number nor size."""
    before, said = count_parameters(build("baseline")), []
    for kernel, padding in ((3, 0), (3, 1), (5, 2)):
        for filters in (8, 16, 32, 64):
            side = (5 + 2 * padding - kernel + 1) // 2
            count = 156 + 2416 + (16 * kernel**2 + 1) * filters
            count += (filters * side**2 + 1) * 120 + 10164 + 850
            said.append(f"{filters} of {kernel}×{kernel}, padding {padding}: {count:,}")
            said[-1] += f" ({100 * (count / before - 1):+.0f} %)"
    return Settled("not decided", "; ".join(said))


def _only_optimiser() -> Settled:
    variant = CATALOGUE["lr-0.1"]
    names = [name for name, *_ in changes(CATALOGUE[str(variant.parent)], variant)]
    return _fact(len(names) == 1, f"changed: {', '.join(names)}")


def _kaiming_zero() -> Settled:
    weights = [p for name, p in build("lenet5", seed=0).named_parameters() if "weight" in name]
    zeros, total = sum(int((p == 0).sum()) for p in weights), sum(p.numel() for p in weights)
    return _fact(zeros == total, f"{zeros} of {total:,} weights start at 0")


def _two_sizes() -> Settled:
    found = [count_parameters(build(name)) for name in CHAIN]
    said = ", ".join(f"{name} {count:,}" for name, count in zip(CHAIN, found, strict=True))
    return _fact(found == [61_706] * 2 + [61_750] * 3, said)


def _layers() -> Settled:
    models = [build(name) for name in ("lenet5", "lenet5-var4")]
    found = [sum(not list(part.children()) for part in model.modules()) for model in models]
    count = sum(p.numel() for p in models[1].parameters() if p.requires_grad)
    said = f"lenet5 {found[0]} layers; lenet5-var4 {found[1]}, {count:,} trainable parameters"
    return _fact(found == [12, 15] and count == count_parameters(models[1]) == 61_750, said)


def _size() -> Settled:
    sizes = [
        float(layer_table(build(name)).loc["size (MB)", "parameters"])
        for name in ("lenet5", "lenet5-var4")
    ]
    said = f"lenet5 {sizes[0]:.2f} MB, lenet5-var4 {sizes[1]:.2f} MB (torchsummary)"
    return _fact(sizes == [0.35, 0.40], said)


def _position(name: str = "maxpool", pixels: int = 4) -> Settled:
    """One model (seed 0), on images moved to the right; its verdict has three ways out."""
    one, val = run(name, train=False), load().val
    guesses = predict_logits(one.model(), shift(val.images, right=pixels), one.experiment.data)
    moved = (guesses.argmax(dim=1) == val.labels).double().mean().item()
    acc = one.metrics["val_acc"]
    said = f"accuracy {acc:.2f}, and {moved:.2f} when moved by {pixels} pixels (one model, seed 0)"
    said += f"; standard error {standard_error(acc, len(val)):.3f}"
    fall = acc - moved
    verdict = "holds" if fall < 0.005 else "does not hold" if fall > 0.05 else "cannot tell"
    return Settled(verdict, said)


# By the reports' own figures ----------------------------------------------------------------------


def _by_columns(answers: dict[str, bool], figures: str) -> Settled:
    said = ", ".join(f"{column} {'yes' if true else 'no'}" for column, true in answers.items())
    verdict = "holds" if all(answers.values()) else "does not hold by its own figures"
    return Settled(verdict, f"{said}; {figures}")


def _rising(values: Sequence[float]) -> bool:
    return all(before < after for before, after in pairwise(values))


def _table_8_sorted(entry: Entry) -> Settled:
    columns = {"training": entry.reported["train_acc"], "validation": entry.reported["val_acc"]}
    answers = {name: _rising(values[::-1]) for name, values in columns.items()}
    return _by_columns(answers, f"validation: {_list(columns['validation'])}")


def _steady_rise(entry: Entry) -> Settled:
    columns = {"training": entry.reported["train_acc"], "validation": entry.reported["val_acc"]}
    answers = {name: _rising(values) for name, values in columns.items()}
    return _by_columns(answers, f"validation: {_list(columns['validation'])}")


def _best_two(entry: Entry) -> Settled:
    answers = {}
    for name, column in (("training", "train_acc"), ("validation", "val_acc")):
        values = dict(zip(CHAIN, entry.reported[column], strict=True))
        answers[name] = set(sorted(CHAIN, key=lambda one: -values[one])[:2]) == set(CHAIN[3:])
    return _by_columns(answers, f"validation: {_list(entry.reported['val_acc'])}")


def _average_generalises(entry: Entry) -> Settled:
    falls = {
        name: entry.reported[f"{name}_train_acc"] - entry.reported[f"{name}_test_acc"]
        for name in ("var3", "var4")
    }
    said = ", ".join(f"{name} {fall:.4f}" for name, fall in falls.items())
    return _by_columns({"smaller": falls["var4"] < falls["var3"]}, f"training minus test: {said}")


def _folds_which_model(entry: Entry) -> Settled:
    said = "one sentence names the baseline, the next paragraph the best model; both are shown"
    return Settled("does not hold by its own figures", said)


def _list(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)


BY_COMPUTATION: dict[str, Callable[[], Settled]] = {
    "r1-pooling-stride": _pooling_stride,
    "r1-c5-is-pooling": _c5_is_pooling,
    "r1-adam-no-schedule": _adam_no_schedule,
    "r1-maxpool-parameters": _same_parameters("maxpool"),
    "r1-filters-parameters": _filters_parameters,
    "r1-convolution-parameters": _convolution_parameters,
    "r1-lr-parameters": _same_parameters("lr-0.1", "lr-0.01"),
    "r1-lr-only-optimiser": _only_optimiser,
    "r1-dropout-parameters": _same_parameters("dropout"),
    "r1-position": _position,
    "r2-kaiming-zero": _kaiming_zero,
    "r2-two-sizes": _two_sizes,
    "r2-layers": _layers,
    "r2-size": _size,
}
BY_FIGURES: dict[str, Callable[[Entry], Settled]] = {
    "r1-table-8-sorted": _table_8_sorted,
    "r2-steady-rise": _steady_rise,
    "r2-best-two": _best_two,
    "r2-average-generalises": _average_generalises,
    "r2-folds-which-model": _folds_which_model,
}


def settled(name: str) -> Settled | None:
    """The verdict on the entry of this id, if no run of several seeds is asked; else None."""
    if name in BY_COMPUTATION:
        return BY_COMPUTATION[name]()
    return BY_FIGURES[name](ENTRIES[name]) if name in BY_FIGURES else None
