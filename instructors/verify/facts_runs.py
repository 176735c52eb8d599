"""Facts about the runs: the declarations keep the rules, and the weights give the figures."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from cnnlib import data
from cnnlib.exercises.assignment import (
    LARGEST_BATCH,
    MODELS,
    MOST_EPOCHS,
    SMALLEST_BATCH,
    properties,
)
from cnnlib.experiment import HOLDOUT, Experiment, Recipe, diff
from cnnlib.models import count_parameters
from cnnlib.records import identity
from cnnlib.runs import NETWORK, PREDICTIONS, WEIGHTS
from cnnlib.training import lr_schedule

from .gate import shown
from .numbers import ACC, IMAGES, LOSS
from .reading import Record, is_number
from .recompute import ModelError, Recomputed, own_parameters, skeleton, tensors
from .results import Fact, Outcome, judged
from .submission import Model, Submission

EPOCH = ("epoch", "lr", "train_loss", "train_acc", "val_loss", "val_acc", "seconds")
MOST_COMPARED = 1000  # epochs: more are refuted by their number alone
DASH = "–"


def of_models(made: Submission) -> Iterator[Fact]:
    """Five different models, by the rule of the star or the chain."""
    count = len(made.models)
    why = f"the assignment wants {MODELS}" if count else (
        f"no table of the report says which of the {len(made.records)} runs are meant"
    )  # fmt: skip
    verdict = judged(count == MODELS, why) if count else (Outcome.MISSING, why)
    yield Fact("models", "five models", DASH, str(count), *verdict)
    known = [model for model in made.models if model.experiment]
    names = {identity(one.experiment): one.name for one in reversed(known) if one.experiment}
    different = len(names) == len(known) == len({model.name for model in known})
    why = "two of them declare the same, or have the same name"
    yield Fact("models", "all different", DASH, f"{len(names)}", *judged(different, why))
    for parent, child in made.pairs:
        yield _step(parent, child, made.rule)


def _step(parent: Model, child: Model, rule: str) -> Fact:
    name, claimed = f"{parent.name} → {child.name}", f"one property ({rule})"
    if not (parent.experiment and child.experiment):
        why = "a declaration is not there"
        return Fact("models", name, claimed, DASH, Outcome.UNCHECKED, why, child.name, "step")
    found = properties(parent.experiment, child.experiment)
    why = f"{len(found)} properties are changed: {', '.join(found) or 'none'}"
    changed = diff(parent.experiment, child.experiment)
    verdict, why = judged(len(found) == 1, why)
    return Fact("models", name, claimed, changed, verdict, why, child.name, "step")


def of_model(model: Model) -> Iterator[Fact]:
    """Everything about one model's run that can be recomputed or must agree with itself."""
    if model.record is None:
        yield Fact("training", model.name, "a run", DASH, Outcome.MISSING, model.absent)
        return
    if model.experiment:
        yield from _declared(model.name, model.record, model.experiment)
        yield from _history(model.name, model.record, model.experiment.recipe)
    else:
        name, why = f"{model.name}: declaration", model.record.problem
        yield Fact("models", name, DASH, DASH, Outcome.WRONG, why)
    yield from _weights(model, model.record)
    if model.found:
        yield from _evaluated(model.name, model.record, model.found)


def _declared(name: str, record: Record, experiment: Experiment) -> Iterator[Fact]:
    recipe = experiment.recipe
    yield Fact(
        "models", f"{name}: epochs", str(recipe.epochs), f"at most {MOST_EPOCHS}",
        *judged(recipe.epochs <= MOST_EPOCHS, f"it trains for more than {MOST_EPOCHS} epochs"),
    )  # fmt: skip
    allowed = f"{SMALLEST_BATCH} to {LARGEST_BATCH}"
    fits = SMALLEST_BATCH <= recipe.batch_size <= LARGEST_BATCH
    why = f"batches have {allowed} images"
    yield Fact("models", f"{name}: batch size", str(recipe.batch_size), allowed, *judged(fits, why))
    fits = experiment.data.split == "holdout" and record.split == HOLDOUT
    stated, why = shown(f"{experiment.data.split}, {record.split}"), "it was validated on others"
    yield Fact("models", f"{name}: split", stated, f"holdout, {HOLDOUT}", *judged(fits, why))
    yield _size(name, record, experiment)
    yield _identity(f"{name}: identity", record, experiment)


def _identity(name: str, record: Record, experiment: Experiment) -> Fact:
    stated = re.search(r"-([0-9a-f]{12})$", record.folder)
    claimed = stated[1] if stated else shown(record.folder)
    try:
        actual = identity(experiment, record.seed)
    except ValueError as error:  # a seed that the library does not take
        return Fact("models", name, claimed, DASH, Outcome.WRONG, shown(str(error)))
    if not stated:
        why = "its folder's name does not end in an identity: was the declaration edited?"
        return Fact("models", name, claimed, actual, Outcome.JUDGE, why)
    why = "the declaration is not the one that the folder is named after: it was edited"
    return Fact("models", name, claimed, actual, *judged(claimed == actual, why))


def _size(model: str, record: Record, experiment: Experiment) -> Fact:
    stated, name = record.metrics.get("parameters"), f"{model}: parameters in run.json"
    try:
        if experiment.model:
            return _own_size(name, stated, record)
        count = count_parameters(skeleton(experiment))
    except ModelError as error:
        return Fact("models", name, shown(str(stated)), DASH, Outcome.WRONG, str(error))
    why = "the declaration gives another number"
    return Fact("models", name, shown(str(stated)), str(count), *judged(stated == count, why))


def _own_size(name: str, stated: Any, record: Record) -> Fact:
    """Of a network of the student's own, whose code is not run: counted in its weights."""
    count = own_parameters(record.weights) if record.weights else None
    if count is not None and count == stated:
        return Fact("models", name, shown(str(stated)), f"{count}", Outcome.RIGHT)
    found = DASH if count is None else f"{count} in its weights"
    why = "what of a network of the student's own is trained, its code says, which is not run"
    return Fact("models", name, shown(str(stated)), found, Outcome.JUDGE, why)


def _weights(model: Model, record: Record) -> Iterator[Fact]:
    name = f"{model.name}: weights"
    if record.weights is None:
        yield Fact("training", name, WEIGHTS, DASH, Outcome.UNCHECKED, model.absent)
        return
    if model.absent:
        yield Fact("training", name, WEIGHTS, DASH, Outcome.UNCHECKED, model.absent)
    elif model.problem and model.experiment:
        yield Fact("training", name, WEIGHTS, DASH, Outcome.WRONG, model.problem)
    stated, found = record.sha256.get(WEIGHTS), hashlib.sha256(record.weights).hexdigest()
    why = "the file is not the one that this run wrote"
    same = judged(stated == found, why)
    yield Fact("training", f"{name}, SHA-256", shown(str(stated), 17), shown(found, 17), *same)
    if record.network:
        why = "that this network holds those weights is not checked; its figures are recomputed"
        name = f"{model.name}: {NETWORK}"
        yield Fact("training", name, DASH, DASH, Outcome.JUDGE, why, check="routine")


# The history ---------------------------------------------------------------------------------


def _history(name: str, record: Record, recipe: Recipe) -> Iterator[Fact]:
    """The epochs agree with the declaration, with the counts of images and with the end."""
    epochs = [epoch for epoch in record.history if isinstance(epoch, dict)]
    stored = f"{len(record.history)} epochs"
    right = recipe.epochs <= MOST_COMPARED and (
        [epoch.get("epoch") for epoch in epochs] == [*range(1, recipe.epochs + 1)]
    )
    why = "the epochs are not numbered from 1 to the declared last one"
    yield Fact(
        "training", f"{name}: history", stored, f"{recipe.epochs} epochs", *judged(right, why)
    )
    whole = len(epochs) == len(record.history) > 0 and all(
        is_number(epoch.get(key)) for epoch in epochs for key in EPOCH
    )
    why = "an epoch lacks a figure, or has one that is no finite number"
    yield Fact("training", f"{name}: figures of the epochs", DASH, DASH, *judged(whole, why))
    if not (whole and right):
        return
    rates, wanted = [epoch["lr"] for epoch in epochs], lr_schedule(recipe)
    same = all(abs(a - b) <= 1e-9 * abs(b) for a, b in zip(rates, wanted, strict=True))
    why = "the learning rates are not those of the declared schedule"
    claimed, right_ones = (f"{one[0]:g} … {one[-1]:g}" for one in (rates, wanted))
    yield Fact("training", f"{name}: learning rates", claimed, right_ones, *judged(same, why))
    for problem in _impossible(epochs):
        figures = f"{name}: figures of the epochs"
        yield Fact("training", figures, DASH, DASH, Outcome.WRONG, problem)
    yield from _end(name, record, epochs[-1])


def _impossible(epochs: list[dict[str, Any]]) -> Iterator[str]:
    """What no training gives: parts of an image, negative times, negative losses."""
    images = {"train_acc": len(data.load().train), "val_acc": len(data.load().val)}
    for key, count in images.items():
        for epoch in epochs:
            correct = epoch[key] * count
            if not 0 <= epoch[key] <= 1 or abs(correct - round(correct)) > 0.01:
                yield f"{key} of epoch {epoch['epoch']} is no whole number of {count:,} images"
                break
    if any(epoch["seconds"] <= 0 for epoch in epochs):
        yield "an epoch took no time"
    if any(epoch[key] < 0 for epoch in epochs for key in ("train_loss", "val_loss")):
        yield "a loss is negative"
    curve = [(epoch["train_loss"], epoch["val_loss"]) for epoch in epochs]
    if len(set(curve)) < len(curve):
        yield "two epochs have the same losses to the last digit"


def _end(name: str, record: Record, last: dict[str, Any]) -> Iterator[Fact]:
    """The last epoch's validation figures are the run's."""
    for key, tolerance in (("val_acc", ACC), ("val_loss", LOSS)):
        stated = record.metrics.get(key)
        same = is_number(stated) and abs(stated - last[key]) <= tolerance
        why = "the last epoch of the history gives another figure"
        values = _show(stated), _show(last[key])
        yield Fact("training", f"{name}: {key} in the end", *values, *judged(same, why))


# The figures ---------------------------------------------------------------------------------


def _evaluated(name: str, record: Record, found: Recomputed) -> Iterator[Fact]:
    """The run's figures are those that its weights give."""
    figures: list[tuple[str, float, float]] = [
        ("val_acc", found.val.acc, ACC),
        ("val_loss", found.val.loss, LOSS),
    ]
    if found.penalty is not None:
        figures.append(("penalty", found.penalty, LOSS))
    if found.train:
        figures += [
            ("train_acc", found.train.acc, ACC),
            ("train_loss", found.train.loss, LOSS),
        ]
    for key, value, tolerance in figures:
        stated = record.metrics.get(key)
        same = is_number(stated) and abs(stated - value) <= tolerance
        why = "the weights give another figure"
        row = f"{name}: {key} in run.json"
        yield Fact("training", row, _show(stated), _show(value), *judged(same, why))
    yield _predictions(name, record, found)


def _predictions(model: str, record: Record, found: Recomputed) -> Fact:
    name, content = f"{model}: stored predictions", record.predictions
    if content is None:
        why = f"{PREDICTIONS} is not handed in; the weights give the same"
        return Fact("training", name, DASH, DASH, Outcome.JUDGE, why, check="routine")
    try:
        stored = tensors(content, PREDICTIONS).get("val")
    except ModelError as error:
        return Fact("training", name, DASH, DASH, Outcome.WRONG, str(error))
    computed = found.val.predicted
    if stored is None or stored.shape != computed.shape:
        why = f"they are not {len(computed):,} classes"
        return Fact("training", name, DASH, DASH, Outcome.WRONG, why)
    others = int((stored.long() != computed).sum())
    why = "the weights predict other classes"
    differing = f"{others} of {len(computed):,} differ"
    return Fact("training", name, DASH, differing, *judged(others <= IMAGES, why))


def _show(value: Any) -> str:
    return f"{value:.4f}" if is_number(value) else shown(str(value), 40)
