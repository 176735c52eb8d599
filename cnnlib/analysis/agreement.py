"""Does a training of one's own go as the stored one went?"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.stats import t

from ..catalogue import CATALOGUE, SEEDS
from ..data import CLASS_NAMES
from ..experiment import Experiment, changes, diff
from ..records import History
from ..runs import Run, run, stored_seeds

FIGURES = ("train_acc", "val_acc")
CONFIDENCE = 0.99
FEWEST = 3  # seeds, from which a spread is taken


def agree(history: History, stored: Run) -> None:
    """Print whether a training, as ``fit`` returns it, goes as the stored run of its seed went.

    Both have the same declaration, seed, images and, epoch by epoch, learning rate. Machines
    round differently, and the differences grow as training goes on, at most to those between
    seeds: so each epoch's accuracies are compared within ``tolerances``. Raises ValueError where
    the two are not the same training, and AssertionError where the accuracies are too far apart.
    If a class is never predicted by then, the training got stuck: a finding, which is printed.
    """
    if problem := _incomparable(history, stored):
        raise ValueError(f"these trainings cannot be compared: {problem}")
    draws = _draws(stored.experiment)
    allowed = tolerances(draws, len(history))
    for i, (mine, theirs) in enumerate(zip(history, stored.history, strict=False)):
        for figure in FIGURES:
            if (gap := abs(mine[figure] - theirs[figure])) > allowed[figure][i]:
                told = (
                    f"epoch {mine['epoch']}: {figure} is {mine[figure]:.4f} here and "
                    f"{theirs[figure]:.4f} in the stored run, {gap:.4f} apart"
                )
                if stuck := ", ".join(_stuck(mine, theirs)):
                    print(f"A finding: {told}, for {stuck}. It is stuck: see chapter 10.")
                    return
                raise AssertionError(
                    f"{told}, where the seeds allow {allowed[figure][i]:.4f}; are the model and "
                    "the images those of the experiment?"
                )
    limits = ", ".join(f"{figure} within {_ends(allowed[figure])}" for figure in FIGURES)
    print(
        f"Your training agrees with the stored run: {limits}, by the spread of {len(draws)} seeds."
    )


def tolerances(draws: Sequence[Run], epochs: int) -> dict[str, list[float]]:
    """How far apart two draws may be in each of the first ``epochs``, in each of ``FIGURES``.

    Prediction limits for a difference of two draws (Meeker, Hahn and Escobar 2017, *Statistical
    intervals*, chapter 4): Student's t times √2 times the standard deviation over the seeds
    (``draws``), with 1 % for all comparisons together, an equal share each (Bonferroni). A few
    seeds tell a deviation badly, so that of an epoch is pooled with those beside it. No two seeds
    of an experiment of the catalogue are farther apart, in any of 15 epochs (tested).
    """
    last, found = min(len(draw.history) for draw in draws), {}
    share = (1 - CONFIDENCE) / (len(FIGURES) * epochs)
    for figure in FIGURES:
        accs = [[epoch[figure] for epoch in draw.history[:last]] for draw in draws]
        variances = np.var(accs, axis=0, ddof=1)  # (epochs,)
        pools = [variances[max(e - 1, 0) : e + 2] for e in np.minimum(range(epochs), last - 1)]
        found[figure] = [
            float(t.isf(share / 2, len(pool) * (len(draws) - 1)) * math.sqrt(2 * pool.mean()))
            for pool in pools
        ]
    return found


def _incomparable(history: History, stored: Run) -> str:
    """Why the two are not the same training, in words."""
    if not isinstance(stored, Run):
        return f"the second is a {type(stored).__name__}; expected a run, as cnnlib.run gives it"
    if not isinstance(history, History):
        kind = type(history).__name__
        return f"the first is a {kind}; expected what cnnlib.fit returned, which knows its recipe"
    if not history:
        return "the history is empty; train at least one epoch"
    if changes(stored.experiment, history.experiment):
        differs = diff(stored.experiment, history.experiment)
        return f"the declarations differ, stored → yours: {differs}"
    if history.seed != stored.seed:
        return f"your seed is {history.seed}, that of the stored run {stored.seed}"
    facts = stored.provenance
    images = round(facts["images_per_second"] * facts["seconds"] / len(stored.history))
    if history.images != images:
        return f"yours saw {history.images:,} images, the stored run {images:,}"
    for mine, theirs in zip(history, stored.history, strict=False):
        if not math.isclose(mine["lr"], theirs["lr"], rel_tol=1e-12):  # cos rounds its last digit
            return (
                f"epoch {mine['epoch']} has the learning rate {mine['lr']:g} here and "
                f"{theirs['lr']:g} in the stored run"
            )
    return ""


def _draws(experiment: Experiment) -> list[Run]:
    """The stored runs of an experiment's seeds; where they are too few, its parent's."""
    known = [name for name in (experiment.parent, "baseline") if name and name in CATALOGUE]
    for one in (experiment, *(CATALOGUE[name] for name in known)):
        seeds = [seed for seed in stored_seeds(one) if seed in SEEDS]
        if len(seeds) >= FEWEST:
            return [run(one, seed, train=False) for seed in seeds]
    raise LookupError(
        f"fewer than {FEWEST} seeds of {experiment.name!r} are stored, and of its parent, so that "
        f"nothing says how far apart trainings may be; train some, with cnnlib.sweep"
    )


def _stuck(mine: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    """Which of the two never predicts some class, in words."""
    for who, epoch in (("yours", mine), ("the stored run", theirs)):
        counts = epoch.get("val_predicted", [])  # older runs do not say
        if classes := [CLASS_NAMES[k] for k, count in enumerate(counts) if count == 0]:
            yield f"{who} never predicts {', '.join(classes)}"


def _ends(limits: Sequence[float]) -> str:
    first, last = f"{limits[0]:.3f}", f"{limits[-1]:.3f}"
    return first if len(limits) == 1 else f"{first} to {last}"
