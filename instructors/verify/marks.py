"""Marks by which two runs are told to be the same: of weights, of predictions, of a history."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cnnlib.records import identity

from .open_reading import OpenHandIn
from .reading import is_number
from .results import Fact, Mark, Outcome
from .submission import Model, Submission

DASH = "–"
CURVES = ("train_loss", "train_acc", "val_loss", "val_acc")


def marks(made: Submission) -> tuple[Mark, ...]:
    """The marks of a submission's models that are handed in."""
    return tuple(_mark(model) for model in made.models if model.record)


def open_marks(made: OpenHandIn) -> tuple[Mark, ...]:
    """The same of an open hand-in."""
    own = made.validation is not None  # then predictions are of other images
    return tuple(
        Mark(
            model.name,
            weights=hashlib.sha256(model.content).hexdigest() if model.content else "",
            predictions=of_predictions(
                model.found.predicted.numpy() if model.found and not own else None
            ),
            history=of_history(model.history),
        )
        for model in made.models
    )


def _mark(model: Model) -> Mark:
    record = model.record
    assert record is not None
    try:
        known = identity(model.experiment, record.seed) if model.experiment else ""
    except ValueError:  # a seed that the library does not take
        known = ""
    return Mark(
        model.name,
        known,
        hashlib.sha256(record.weights).hexdigest() if record.weights else "",
        of_predictions(model.found.val.predicted.numpy() if model.found else None),
        of_history(record.history),
    )


def of_predictions(classes: np.ndarray | None) -> str:
    """The mark of predicted classes (N,), whatever integers they are."""
    return "" if classes is None else hashlib.sha256(classes.astype(np.uint8).tobytes()).hexdigest()


def of_history(history: list[Any]) -> str:
    """The mark of the curves, to the last digit; none of one that is not whole, or too short."""
    rows = [[epoch.get(key) for key in CURVES] for epoch in history if isinstance(epoch, dict)]
    if len(rows) < 2 or not all(is_number(value) for row in rows for value in row):
        return ""
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def of_alike(made: Submission) -> Iterator[Fact]:
    """Questions about two models of one submission whose runs are the same."""
    yield from alike(marks(made))


def alike(known: Sequence[Mark]) -> Iterator[Fact]:
    """The same, of their marks."""
    for i, one in enumerate(known):
        for other in known[:i]:
            same = [kind for kind, value in one.kinds() if value == getattr(other, kind)]
            if same:
                name = f"{one.model} and {other.model}: the same {' and '.join(same)}"
                why = "two trainings do not end alike to the last bit: was each trained?"
                for model in (one.model, other.model):
                    yield Fact(
                        "compared", name, DASH, DASH, Outcome.JUDGE, why, model, check="copied"
                    )


def of_seeds(made: Submission) -> Iterator[Fact]:
    """One seed for all five, named."""
    seeds = {model.name: repr(model.record.seed) for model in made.models if model.record}
    if not seeds:
        return
    told = ", ".join(dict.fromkeys(seeds.values()))[:80]
    if len(set(seeds.values())) == 1:
        yield Fact("models", "one seed for all", told, DASH, Outcome.RIGHT)
        return
    why = "models of several seeds are compared: was one of them chosen for its luck?"
    each = "; ".join(f"{name}: {seed}" for name, seed in seeds.items())
    yield Fact("models", "one seed for all", told, DASH, Outcome.JUDGE, f"{why} ({each[:200]})")
