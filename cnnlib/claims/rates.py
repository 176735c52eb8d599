"""Runs that get stuck, runs that jump, and figures of a report as one more run of ours.

A rate is a number of runs out of all runs of one model. Models are never added up: with the same
seed they share the order of the images and mostly the first weights.
"""

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binomtest, t

from ..analysis.probes import never_predicted
from ..parallel.sweeps import fold_experiments
from ..reported import REPORTED, REPORTED_FOLDS
from ..runs import Run, run
from .claims import EXPLORATION, latest, seeds_of
from .figures import figures_now
from .protocol import ENTRIES

SECOND_DRAW = Path(__file__).parent / "second_draw.json"
STRATIFIED, PLAIN = "stratified", "plain"
RISE, LATE = 0.04, 6  # a jump, and the first epoch in which it is a late one
BACK = 120  # of the 1,200 validation images of a class
SHORT = ("convolution", "lr-0.01")
NEAR = 0.01  # how near a stuck run must come to the printed accuracy


class Rate(NamedTuple):
    """``stuck`` of ``runs``, with the exact 95 % interval (Clopper and Pearson 1934)."""

    stuck: int
    runs: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.stuck} of {self.runs} ({self.low:.2f} to {self.high:.2f})"


def rate(stuck: int, runs: int) -> Rate:
    """A rate with its exact interval."""
    exact = binomtest(stuck, runs).proportion_ci(0.95, method="exact")
    return Rate(stuck, runs, float(exact.low), float(exact.high))


def late_jumps(one: Run) -> list[tuple[int, float, str]]:
    """Each late jump of a run: its epoch, its rise, and what the counts of classes say of it.

    ``"back"``: a class came back in that epoch or in one beside it; ``"not back"``: none did;
    ``""``: the run has no counts, so it is called a jump and nothing else.
    """
    found = []
    for before, after in pairwise(one.history):
        rise, epoch = after["val_acc"] - before["val_acc"], after["epoch"]
        if rise > RISE and epoch >= LATE:
            counts = [e.get("val_predicted") for e in one.history]
            said = "" if None in counts else _back(np.array(counts), epoch)
            found.append((epoch, rise, said))
    return found


def _back(counts: np.ndarray, epoch: int) -> str:
    """Did a class come back about ``epoch``? ``counts`` are (epochs, 10)."""
    for column in counts.T:
        missing = np.flatnonzero(column == 0)
        if len(missing):
            later = np.flatnonzero(column[missing[0] :] >= BACK)
            if len(later) and abs(missing[0] + later[0] + 1 - epoch) <= 1:
                return "back"
    return "not back"


def stuck_rates(
    names: Sequence[str] = ENTRIES["q-stuck-rates"].models, seeds: Sequence[int] | None = None
) -> pd.DataFrame:
    """A row for each model: stuck runs and runs with a late jump, with exact intervals.

    ``seeds`` are those of the ``latest()`` analysis unless given.
    """
    figures, rows = figures_now(), {}
    for name in names:
        runs = [figures.run(name, seed) for seed in seeds or _latest_seeds()]
        stuck = sum(bool(never_predicted(one)) for one in runs)
        jumps = sum(bool(late_jumps(one)) for one in runs)
        rows[name] = (str(rate(stuck, len(runs))), str(rate(jumps, len(runs))))
    columns = ["stuck at the end", "with a late jump"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def stuck_seeds(
    names: Sequence[str] = ENTRIES["q-stuck-rates"].models, seeds: Sequence[int] | None = None
) -> pd.DataFrame:
    """Which class each run gave up: a row for each seed, a column for each model with one."""
    figures, seeds = figures_now(), seeds or _latest_seeds()
    table = pd.DataFrame(
        {n: [", ".join(never_predicted(figures.run(n, seed))) for seed in seeds] for n in names},
        index=pd.Index(seeds, name="seed"),
    )
    return table.loc[:, table.ne("").any()]


def _latest_seeds() -> Sequence[int]:
    return seeds_of(ENTRIES["q-stuck-rates"], latest())


def second_draw() -> dict[str, Any]:
    """The record (`run.json`) of `lenet5`, seed 0, trained again with another torch version."""
    return json.loads(SECOND_DRAW.read_text("utf-8"))


def two_stuck(seeds: Sequence[int] | None = None) -> pd.Series:
    """The chance that two or more of five runs are stuck, one run of each model of report 2.

    ``estimate`` takes each model's rate as (stuck + 1/2) / (runs + 1), so that none is 0; ``low``
    and ``high`` take the ends of all five exact intervals, which is a range, not an interval.
    """
    figures, seeds = figures_now(), seeds or _latest_seeds()
    found = []
    for name in ENTRIES["q-two-stuck"].models:
        lost = [bool(never_predicted(figures.run(name, seed))) for seed in seeds]
        found.append(rate(sum(lost), len(lost)))
    chances = {
        "estimate": two_or_more([(one.stuck + 0.5) / (one.runs + 1) for one in found]),
        "low": two_or_more([one.low for one in found]),
        "high": two_or_more([one.high for one in found]),
    }
    return pd.Series(chances, name="chance of two or more stuck")


def two_or_more(rates: Sequence[float]) -> float:
    """The chance of two or more hits, of independent tries with these chances."""
    none = float(np.prod([1 - one for one in rates]))
    one = sum(none / (1 - each) * each for each in rates if each < 1)
    return max(0.0, 1 - none - one)  # rounding may leave a little less than 0


def reproduction_table(which: str = EXPLORATION) -> pd.DataFrame:
    """Each printed validation accuracy beside a 95 % interval for one new run of ours.

    Mean ± t · s · √(1 + 1/n). ``nearest`` is the nearest run, which says more where some runs
    are stuck and the spread is no bell curve. A model without all its runs is left out.
    """
    figures, rows = figures_now(), {}
    for name in ENTRIES["q-reproduction"].models:
        # two of the models have runs for the short list of seeds alone
        like = "r1-convolution-accuracy" if name in SHORT else "r1-maxpool-accuracy"
        seeds = seeds_of(ENTRIES[like], which)
        if not figures.has(name, seeds):
            continue
        accs = np.array([figures.one(name, seed, "val_acc") for seed in seeds])
        printed = REPORTED[name].val_acc or math.nan
        low, high = prediction_interval(accs)
        nearest = accs[np.abs(accs - printed).argmin()]
        inside = "agrees" if low <= printed <= high else "differs"
        rows[name] = (printed, low, high, nearest, len(accs), inside)
    columns = ["reported", "low", "high", "nearest", "runs", "one more run?"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def reproduced(which: str = EXPLORATION) -> pd.DataFrame:
    """Stuck runs of `lenet5` that end within 0.01 of the 0.8235 that report 2 printed.

    A row for each; the entry `q-lenet5-reproduced` is answered yes where there is one.
    """
    entry, figures, rows = ENTRIES["q-lenet5-reproduced"], figures_now(), {}
    printed = entry.reported["lenet5_val_acc"]
    for seed in seeds_of(entry, which):
        one = figures.run("lenet5", seed)
        if (lost := never_predicted(one)) and abs(one.metrics["val_acc"] - printed) <= NEAR:
            rows[seed] = (one.metrics["val_acc"], ", ".join(lost))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["val acc", "never predicted"])
    return table.rename_axis("seed")


def folds_table() -> pd.DataFrame:
    """Report 2's mean of five best epochs beside ours, for the two models that it may speak of.

    The 95 % interval over our folds uses Nadeau and Bengio's factor and four degrees of freedom;
    it is widened by √2, because the report's folds are five draws too.
    """
    printed, rows = np.mean([acc for acc, _ in REPORTED_FOLDS]), {}
    for name, kind in (("lenet5", STRATIFIED), ("lenet5-var4", STRATIFIED), ("lenet5-var4", PLAIN)):
        runs = [run(one, train=False) for one in fold_experiments(name, kind)]
        best = np.array([max(epoch["val_acc"] for epoch in one.history) for one in runs])
        half = t.ppf(0.975, 4) * best.std(ddof=1) * (1 / 5 + 1 / 4) ** 0.5 * 2**0.5
        low, high = best.mean() - half, best.mean() + half
        said = "agrees" if low <= printed <= high else "differs"
        rows[f"{name}, {kind}"] = (printed, best.mean(), low, high, said)
    columns = ["reported", "ours", "low", "high", "verdict"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def prediction_interval(values: np.ndarray) -> tuple[float, float]:
    """95 % interval for one new value like ``values`` (n,), n at least 2 (Student's t)."""
    n = len(values)
    half = t.ppf(0.975, n - 1) * values.std(ddof=1) * (1 + 1 / n) ** 0.5
    return float(values.mean() - half), float(values.mean() + half)
