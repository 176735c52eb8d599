"""Accuracies that lie apart as those of no honest run: was something tuned on what judges it?

Weights that were trained on validation or test images give the figures that are claimed for them;
only the distance between the three accuracies is odd. It is compared with that of the book's own
runs, of all seeds: so a question, no verdict. Who tunes a little is not found.
"""

import functools
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from safetensors.torch import load_file

from book.notebooks import ROOT
from cnnlib import data
from cnnlib.analysis.finals import TEST
from cnnlib.runs import RECORD

from .numbers import parse_number, percent
from .results import Fact, Outcome
from .submission import Model

PART, DASH = "compared", "–"
ERRORS = 2  # standard errors beyond the outermost honest run


@functools.cache
def honest(folder: Path = ROOT / "runs") -> tuple[list[float], list[float]]:
    """Of the book's runs: training less validation accuracy, and validation less test, sorted."""
    train, test = [], []
    for record in sorted(folder.glob(f"*/{RECORD}")):
        run = json.loads(record.read_bytes())
        metrics = run["metrics"]
        if run["experiment"]["data"].get("split", "holdout") != "holdout":
            continue
        train.append(metrics["train_acc"] - metrics["val_acc"])
        if (stored := record.with_name(TEST)).is_file():
            test.append(metrics["val_acc"] - load_file(stored)["loss_and_acc"][1].item())
    return sorted(train), sorted(test)


def of_gaps(models: Sequence[Model], facts: Sequence[Fact]) -> Iterator[Fact]:
    """A question for each model whose accuracies lie apart as no honest run's do."""
    tests = {
        fact.model: number for fact in facts
        if fact.part == "test" and fact.check == "test top-1 (%)"
        and (number := parse_number(fact.recomputed)) is not None
    }  # fmt: skip
    odd: list[Fact] = []
    count = 0
    for model in models:
        if model.found:
            count += 1
            val, train = model.found.val.acc, model.found.train
            test = float(tests[model.name]) / 100 if model.name in tests else None
            odd += _odd(model.name, train.acc if train else None, val, test)
    yield from odd
    if count and not odd:
        name = "distances between the accuracies"
        yield Fact(PART, name, DASH, f"of {count} models", Outcome.RIGHT)


def _odd(name: str, train: float | None, val: float, test: float | None) -> Iterator[Fact]:
    images = len(data.load().val), len(data.load().test)
    error = math.sqrt(val * (1 - val) / images[0])
    both = math.sqrt(val * (1 - val) * sum(1 / count for count in images))
    trained, tested = honest()
    if train is not None and train - val < min(0, trained[0] - ERRORS * error):
        yield _ask(name, "training", train, "validation", val, "validation", trained[0])
    if test is not None and val - test > tested[-1] + ERRORS * both:
        yield _ask(name, "validation", val, "test", test, "validation", tested[-1])
    if test is not None and val - test < tested[0] - ERRORS * both:
        yield _ask(name, "validation", val, "test", test, "test", tested[0])


def _ask(
    model: str, one: str, first: float, two: str, second: float, tuned: str, outermost: float
) -> Fact:
    told = f"{one} {percent(first)}, {two} {percent(second)}"
    why = (
        f"{one} less {two} is {100 * (first - second):+.2f} points, and {100 * outermost:+.2f} at "
        f"the outermost in the book's runs: was it trained on the {tuned} images?"
    )
    name = f"{model}: distance between {one} and {two}"
    return Fact(PART, name, DASH, told, Outcome.JUDGE, why, model, check="distance")
