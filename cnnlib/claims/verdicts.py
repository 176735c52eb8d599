"""Ways to decide a claim about the models, from the declarations and the stored runs."""

from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from ..analysis.evidence import OverSeeds, over_seeds, per_class_accuracy, standard_error
from ..analysis.tables import accuracies, difference
from ..augment import shift
from ..catalogue import CATALOGUE, SEEDS
from ..data import CLASS_NAMES, load
from ..experiment import changes
from ..models import build, count_parameters
from ..reported import REPORTED
from ..runs import run
from ..training import predict_logits

SHIRT = CLASS_NAMES.index("shirt")
SIMILAR = [CLASS_NAMES.index(name) for name in ("T-shirt/top", "pullover", "coat", "shirt")]


class Verdict(StrEnum):
    """What five seeds can say about a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    OPEN = "cannot tell"


class Evidence(NamedTuple):
    """A verdict, and the figures it rests on, in words."""

    verdict: Verdict
    figures: str


def fact(true: bool, figures: str) -> Evidence:
    """What a computation settles without any luck in it."""
    return Evidence(Verdict.HOLDS if true else Verdict.FAILS, figures)


def above_zero(found: OverSeeds, what: str) -> Evidence:
    """A figure above 0: the whole 95 % interval over seeds must lie on one side of it."""
    verdict = {1: Verdict.HOLDS, -1: Verdict.FAILS, 0: Verdict.OPEN}[found.sign]
    return Evidence(verdict, f"{what}: {found}")


# Accuracies and losses over the seeds --------------------------------------------------------


def better(child: str, parent: str, metric: str = "val_acc") -> Evidence:
    """Is ``child`` above ``parent`` in a figure of ``Run.metrics``? Paired seed by seed."""
    return above_zero(difference(child, parent, metric), f"{metric}, {child} minus {parent}")


def smaller_gap(child: str, parent: str) -> Evidence:
    """Is training minus validation accuracy, both in eval mode, smaller in ``child``?"""
    gap = accuracies([child, parent], "train_acc") - accuracies([child, parent], "val_acc")
    return above_zero(over_seeds(gap[parent] - gap[child]), f"gap of {parent} minus {child}'s")


def loss_rises(name: str, first: int = 12) -> Evidence:
    """Is the validation loss after the last epoch above that of epoch ``first``?"""
    losses = np.array([_epochs(name, seed, "val_loss") for seed in SEEDS])
    rise = over_seeds(losses[:, -1] - losses[:, first - 1])
    return above_zero(rise, f"validation loss of {name}, last epoch minus epoch {first}")


def more_erratic(child: str, parent: str, after: int = 5) -> Evidence:
    """Does the validation accuracy change more from epoch to epoch, after epoch ``after``?"""
    changes_in = {
        name: [np.abs(np.diff(_epochs(name, seed, "val_acc")[after:])).mean() for seed in SEEDS]
        for name in (child, parent)
    }
    found = over_seeds(np.subtract(changes_in[child], changes_in[parent]))
    return above_zero(found, f"mean change from epoch to epoch, {child} minus {parent}")


def slower(child: str, parent: str) -> Evidence:
    """Does an epoch of ``child`` take longer, by the logarithm of the ratio?

    From the fastest epoch of each run: other work on the machine can only slow an epoch down.
    The stored runs come from a shared machine and were made over days, while the code became
    faster: only a large ratio means anything.
    """
    fastest = {
        name: [min(_epochs(name, seed, "seconds")) for seed in SEEDS] for name in (child, parent)
    }
    found = over_seeds(np.log(np.divide(fastest[child], fastest[parent])))
    ratio, low, high = np.exp([found.mean, found.low, found.high])
    said = f"time of an epoch, {child} over {parent}: {ratio:.2f} ({low:.2f} to {high:.2f})"
    return above_zero(found, said)._replace(figures=said)


def steady_rise(*chain: str) -> Evidence:
    """Is every model of the chain better than the one before?"""
    steps = [difference(child, parent) for parent, child in pairwise(chain)]
    signs = [step.sign for step in steps]
    verdict = Verdict.OPEN
    if -1 in signs:
        verdict = Verdict.FAILS
    elif all(sign == 1 for sign in signs):
        verdict = Verdict.HOLDS
    said = [f"{name} {step.mean:+.4f}" for name, step in zip(chain[1:], steps, strict=True)]
    return Evidence(verdict, f"mean step of each: {', '.join(said)}")


def best_two(first: str, second: str, *others: str) -> Evidence:
    """Is the weaker of two models better than the best of the others, seed by seed?"""
    accs = accuracies([first, second, *others])
    lead = accs[[first, second]].min(axis=1) - accs[list(others)].max(axis=1)
    return above_zero(over_seeds(lead), f"the weaker of {first} and {second} minus the best other")


def _epochs(name: str, seed: int, figure: str) -> list[float]:
    return [epoch[figure] for epoch in run(name, seed, train=False).history]


# Classes -------------------------------------------------------------------------------------


def _recall(name: str) -> np.ndarray:
    """Recall of every class on the validation images: (seeds, 10)."""
    labels, runs = load().val.labels, [run(name, seed, train=False) for seed in SEEDS]
    return np.array([per_class_accuracy(labels, one.val_predictions()) for one in runs])


def similar_gain() -> Evidence:
    """Shirts, T-shirts, pullovers and coats: mean gain of max pooling."""
    gain = (_recall("maxpool") - _recall("baseline"))[:, SIMILAR].mean(axis=1)
    return above_zero(over_seeds(gain), "recall of the four, maxpool minus baseline")


def shirts_gain() -> Evidence:
    """Shirts alone."""
    gain = (_recall("maxpool") - _recall("baseline"))[:, SHIRT]
    return above_zero(over_seeds(gain), "recall of shirts, maxpool minus baseline")


def others_lose() -> Evidence:
    """The six other classes: mean loss of max pooling."""
    others = [k for k in range(len(CLASS_NAMES)) if k not in SIMILAR]
    loss = (_recall("baseline") - _recall("maxpool"))[:, others].mean(axis=1)
    return above_zero(over_seeds(loss), "recall of the six others, baseline minus maxpool")


def shirts_are_worst() -> Evidence:
    """Recall of the worst other class minus that of shirts, mean of both models, over seeds."""
    recall = np.stack([_recall(name) for name in ("baseline", "maxpool")])  # (2, seeds, 10)
    shirts, others = recall[:, :, SHIRT], np.delete(recall, SHIRT, axis=2).min(axis=2)
    said = f"shirts are last in {(shirts < others).sum()} of {shirts.size} runs; lead of the next"
    return above_zero(over_seeds((others - shirts).mean(axis=0)), said)


def anywhere(name: str = "maxpool", pixels: int = 4) -> Evidence:
    """Is a garment recognised as often when it is moved to the right? (Seed 0.)"""
    one, val = run(name, train=False), load().val
    guesses = predict_logits(one.model(), shift(val.images, right=pixels), one.experiment.data)
    moved = (guesses.argmax(dim=1) == val.labels).double().mean().item()
    acc = one.metrics["val_acc"]
    said = f"accuracy {acc:.2f}, and {moved:.2f} when moved by {pixels} pixels (seed 0)"
    return fact(acc - moved < 2 * 2**0.5 * standard_error(acc, len(val)), said)


# Facts ---------------------------------------------------------------------------------------


def growth(name: str, expected: int, digits: int) -> Evidence:
    """How much more parameters than the baseline, in per cent, to 10**digits?"""
    count, before = (count_parameters(build(one)) for one in (name, "baseline"))
    found = 100 * (count / before - 1)
    said = f"{count:,} against {before:,}: {found:+.0f} %"
    return fact(round(found, -digits) == expected, said)


def one_change(child: str) -> Evidence:
    """Does the variant differ from its parent in one property?"""
    variant = CATALOGUE[child]
    names = [name for name, *_ in changes(CATALOGUE[str(variant.parent)], variant)]
    return fact(len(names) == 1, f"changed: {', '.join(names)}")


def adam_without_schedule() -> Evidence:
    """Was no model trained with Adam and several learning rates?"""
    rates = sorted(set(_epochs("adam-halved", 0, "lr")), reverse=True)
    said = f"adam-halved was trained with the rates {', '.join(f'{rate:g}' for rate in rates)}"
    return fact(len(rates) == 1, said)


def sorted_by_both() -> Evidence:
    """Do report 1's training and validation accuracies give the same order?"""
    names = [name for name, figures in REPORTED.items() if figures.report == 1]
    by_train = sorted(names, key=lambda name: REPORTED[name].train_acc or 0, reverse=True)
    by_val = sorted(names, key=lambda name: REPORTED[name].val_acc or 0, reverse=True)
    moved = [name for name, other in zip(by_train, by_val, strict=True) if name != other]
    return fact(not moved, f"by validation these change places: {', '.join(moved)}")


def pooling_side() -> Evidence:
    """What does 2×2 pooling with stride 1 make of a side of 28?"""
    sides = {s: nn.AvgPool2d(2, stride=s)(torch.zeros(1, 28, 28)).shape[-1] for s in (1, 2)}
    return fact(sides[1] == 14, f"stride 1 makes {sides[1]} of 28, stride 2 makes {sides[2]}")


def c5_is_pooling() -> Evidence:
    """Is the layer with 120 filters of 5×5 a pooling layer?"""
    pool, conv = count_parameters(nn.AvgPool2d(5)), count_parameters(nn.Conv2d(16, 120, 5))
    linear = count_parameters(build("baseline").get_submodule("head.fc1"))
    said = f"pooling has {pool} parameters, such a convolution {conv:,}, and fc1 {linear:,}"
    return fact(pool == linear, said)


def weights_start_at_zero() -> Evidence:
    """Does Kaiming's initialisation set weights to 0?"""
    weights = [p for name, p in build("lenet5", seed=0).named_parameters() if "weight" in name]
    zeros, total = sum(int((p == 0).sum()) for p in weights), sum(p.numel() for p in weights)
    return fact(zeros == total, f"{zeros} of {total:,} weights start at 0; all biases do")


def layers_are(first: int, last: int) -> Evidence:
    """Have report 2's first and last model so many layers (modules without children)?"""
    models = [build(name) for name in ("lenet5", "lenet5-var4")]
    found = [sum(not list(part.children()) for part in model.modules()) for model in models]
    return fact(found == [first, last], f"lenet5 {found[0]}, lenet5-var4 {found[1]}")


def two_sizes(*names: str) -> Evidence:
    """Have the first two models 61,706 parameters and the others 61,750?"""
    found = [count_parameters(build(name)) for name in names]
    said = ", ".join(f"{name} {count:,}" for name, count in zip(names, found, strict=True))
    return fact(found == [61_706] * 2 + [61_750] * (len(names) - 2), said)
