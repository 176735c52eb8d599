"""Facts about an open hand-in: what its networks give on our own images, and what its tables say.

Whether one property changes between two networks is not in the files: their layers and numbers of
parameters are set beside each other, and a human judges. Losses are compared leniently: other
frameworks add a penalty to those they print.
"""

import hashlib
import math
from collections.abc import Iterator

from cnnlib.data import load
from cnnlib.exercises.assignment import LARGEST_BATCH, MODELS, MOST_EPOCHS, SMALLEST_BATCH
from cnnlib.exercises.hand_in import MODELS_FILE
from cnnlib.support.onnx_session import steps

from .gate import shown
from .numbers import ACC, LOSS, agrees, percent
from .open_figures import Evaluated, figures
from .open_reading import OpenHandIn, OpenModel, number
from .results import Fact, Outcome, judged

DASH = "–"
FEW = 0.0011  # a figure that is printed more coarsely says nothing
TRAIN, VAL, TEST = "train top-1 (%)", "val top-1 (%)", "test top-1 (%)"  # as the rubric calls them


# The models ----------------------------------------------------------------------------------


def of_models(made: OpenHandIn) -> Iterator[Fact]:
    """Five different networks, each compared by the rule of the star or the chain."""
    count = len(made.models)
    why = made.problem or f"the assignment wants {MODELS}"
    yield Fact("models", "five models", DASH, str(count), *judged(count == MODELS, why))
    if not made.models:
        return
    names = {model.row.get("name") for model in made.models}
    files = {hashlib.sha256(one.content).digest() for one in made.models if one.content}
    known = sum(one.content is not None for one in made.models)
    why = "two of them have the same name, or are one network"
    different = len(names) == count and len(files) == known
    yield Fact("models", "all different", DASH, str(len(files)), *judged(different, why))
    validated = "holdout" if made.validation is None else f"{len(made.validation):,} of its own"
    why = "" if made.validation is None else "it chose its validation images itself: is it said why"
    verdict = Outcome.JUDGE if why else Outcome.RIGHT
    yield Fact("models", "validation images", validated, DASH, verdict, why)
    for parent, child in made.pairs:
        told = child.row.get("compared with", "")
        why = f"by the rule of the {made.rule}, which fits most of them, it is another"
        one = judged(told == parent.row.get("name"), why)
        name, words = f"{child.name}: compared with", shown(told) or DASH
        yield Fact("models", name, words, parent.name, *one, model=child.name)
        yield _step(parent, child)


def _step(parent: OpenModel, child: OpenModel) -> Fact:
    """What is said to change, beside what the files show of it."""
    name, claimed = f"{parent.name} → {child.name}", child.row.get("what changes", "")
    if not claimed:
        why = f"{MODELS_FILE} does not say what changes"
        return Fact("models", name, DASH, DASH, Outcome.MISSING, why, child.name, "step")
    if not (parent.network and child.network):
        why = "a network is not there"
        return Fact("models", name, shown(claimed), DASH, Outcome.UNCHECKED, why, child.name)
    one, two = (model.network.inside for model in (parent, child) if model.network)
    layers = [steps(tuple(inside["operators"])) for inside in (one, two)]
    seen = "the same layers" if layers[0] == layers[1] else f"{layers[0]} → {layers[1]}"
    recipe = [
        f"{key} {parent.row[key]} → {child.row[key]}" for key in ("epochs", "batch", "mean", "std")
        if parent.row.get(key) != child.row.get(key)
    ]  # fmt: skip
    seen = shown(
        "; ".join([f"{one['numbers']:,} → {two['numbers']:,} numbers", *recipe, seen]), 400
    )
    why = "is this one property? What an optimiser or dropout changed is not in the files"
    return Fact(
        "models", name, shown(claimed), seen, Outcome.JUDGE, why, child.name, "routine"
    )  # fmt: skip


def of_row(model: OpenModel) -> Iterator[Fact]:
    """What a row of the table declares, against the rules and the file."""
    allowed = f"{SMALLEST_BATCH} to {LARGEST_BATCH}"
    for key, low, high, words in (
        ("epochs", 1, MOST_EPOCHS, f"at most {MOST_EPOCHS}"),
        ("batch", SMALLEST_BATCH, LARGEST_BATCH, allowed),
    ):
        value = number(model.row.get(key, ""))
        verdict = judged(low <= value <= high and value == int(value), f"expected {words}")
        claimed = shown(model.row.get(key, "") or DASH, 40)
        yield Fact("models", f"{model.name}: {key}", claimed, words, *verdict)
    yield _parameters(model)


def _parameters(model: OpenModel) -> Fact:
    """The number of parameters: of the file, with what an exporter may have folded.

    Counted are the numbers in tensors of floats, without batch norm's running statistics. Batch
    norm has two for each channel, which exporters put into the convolution before it.
    """
    name, text = f"{model.name}: parameters", model.row.get("parameters", "")
    claimed, folded = number(text.replace(",", "")), number(model.row.get("folded") or "0")
    if model.network is None:
        why = "its network could not be looked into"
        return Fact("models", name, shown(text or DASH, 40), DASH, Outcome.UNCHECKED, why)
    inside = model.network.inside
    most = 2 * inside["channels"]
    found = f"{inside['numbers']:,}" + (f" and {folded:.0f} folded" if folded > 0 else "")
    rest = claimed - inside["numbers"] - (folded if 0 <= folded <= most else 0)
    if 0 <= rest <= inside["single"]:  # a tensor of one number may be a weight, or not
        return Fact("models", name, shown(text, 40), found, Outcome.RIGHT)
    if 0 < rest <= most:
        why = "its exporter may have folded batch norm: then “folded” says how many of them"
        return Fact("models", name, shown(text, 40), found, Outcome.JUDGE, why)
    why = "its file holds another number"
    return Fact("models", name, shown(text or DASH, 40), found, Outcome.WRONG, why)


# Training and validation ---------------------------------------------------------------------


def of_model(model: OpenModel) -> Iterator[Fact]:
    """The figures that its network gives, and its history."""
    if model.problem:
        verdict = Outcome.MISSING if model.content is None else Outcome.WRONG
        name = f"{model.name}: network"
        yield Fact("training", name, DASH, DASH, verdict, shown(model.problem, 300))
    if model.found:
        yield _claimed("training", model, "val", model.found.acc, VAL)
        if model.train:
            yield _claimed("training", model, "train", model.train.acc, TRAIN)
        else:
            why = "not checked: --quick leaves the training images out"
            claimed = shown(model.row.get("train acc", "") or DASH, 40)
            name = f"{model.name}: train acc"
            yield Fact("training", name, claimed, DASH, Outcome.JUDGE, why, check=TRAIN)
    yield from _history(model)


def _claimed(part: str, model: OpenModel, key: str, acc: float, check: str) -> Fact:
    """An accuracy of the table, a fraction or in per cent, against the one recomputed."""
    name, text = f"{model.name}: {key} acc", model.row.get(f"{key} acc", "")
    plain = text.removesuffix("%").strip().replace("−", "-")
    value = number(text)
    if math.isnan(value):
        why = f"{MODELS_FILE} does not say it"
        return Fact(part, name, shown(text or DASH, 40), percent(acc), Outcome.MISSING, why,
                    model.name, check)  # fmt: skip
    scale = 100.0 if value > 1 or text.endswith("%") else 1.0
    digits = len(plain.partition(".")[2])
    same = agrees(plain, scale * acc, scale * ACC) or abs(value - scale * acc) <= scale * ACC
    if same and 10.0**-digits > scale * FEW and plain not in ("0", "1"):
        why = "it has too few digits to be checked: give four"
        return Fact(part, name, shown(text, 40), percent(acc), Outcome.JUDGE, why, model.name, key)
    last = model.history[-1].get(f"{key}_acc", math.nan) if model.history else math.nan
    if not same and key == "train" and abs(last - value / scale) <= ACC:
        why = "it is the history's, as training saw it; expected that of the network after it"
        return Fact(part, name, shown(text, 40), percent(acc), Outcome.JUDGE, why, model.name, key)
    verdict = judged(same, "its network gives another figure on these images")
    return Fact(part, name, shown(text, 40), percent(acc), *verdict, model.name, check)


def _history(model: OpenModel) -> Iterator[Fact]:
    """Its epochs are whole, and end in the figures that its network gives."""
    name, claimed = f"{model.name}: history", shown(model.row.get("epochs", "") or DASH, 40)
    if model.history_problem:
        yield Fact("training", name, claimed, DASH, Outcome.MISSING, model.history_problem)
        return
    epochs = model.history
    same = number(model.row.get("epochs", "")) == len(epochs)
    why = "its table does not have as many epochs as are declared"
    yield Fact("training", name, claimed, f"{len(epochs)} epochs", *judged(same, why))
    keys = ("train_loss", "train_acc", "val_loss", "val_acc")
    name = f"{model.name}: figures of the epochs"
    lacking = [k for k in keys if not all(math.isfinite(one.get(k, math.nan)) for one in epochs)]
    if lacking:
        why = f"{', '.join(lacking)} is not a number in every epoch"
        yield Fact("training", name, DASH, DASH, Outcome.WRONG, why)
        return
    outside = any(not 0 <= one[key] <= 1 for one in epochs for key in ("train_acc", "val_acc"))
    yield Fact("training", name, DASH, DASH, *judged(not outside, "an accuracy is no fraction"))
    odd = _odd(epochs)
    if odd:
        yield Fact("training", name, DASH, DASH, Outcome.JUDGE, odd)
    if model.found:
        yield from _end(model, epochs, model.found)


def _odd(epochs: list[dict[str, float]]) -> str:
    """What trainings do not do by themselves; empty if nothing is odd."""
    if any(one[key] < 0 for one in epochs for key in ("train_loss", "val_loss")):
        return "a loss is negative: which loss is it?"
    pairs = [(one["train_loss"], one["val_loss"]) for one in epochs]
    return "two epochs have the same losses to the last digit" if len({*pairs}) < len(pairs) else ""


def _end(model: OpenModel, epochs: list[dict[str, float]], found: Evaluated) -> Iterator[Fact]:
    last, name = epochs[-1], f"{model.name}: val_acc in the end"
    values = f"{last['val_acc']:.4f}", f"{found.acc:.4f}"
    verdict, why = Outcome.RIGHT, ""
    if abs(last["val_acc"] - found.acc) > 2 * ACC:
        near = [i for i, one in enumerate(epochs, 1) if abs(one["val_acc"] - found.acc) <= 2 * ACC]
        verdict, why = Outcome.WRONG, "no epoch of its history has what its network gives"
        if near:
            verdict, why = Outcome.JUDGE, f"it is that of epoch {near[-1]}: was the best one kept?"
    yield Fact("training", name, *values, verdict, why)
    nearest = min(found.losses, key=lambda loss: abs(last["val_loss"] - loss))
    same = abs(last["val_loss"] - nearest) <= 2 * LOSS
    values = f"{last['val_loss']:.4f}", f"{nearest if same else found.loss:.4f}"
    why = "" if same else "another than the mean cross-entropy: is a penalty in it?"
    verdict = Outcome.RIGHT if same else Outcome.JUDGE
    name = f"{model.name}: val_loss in the end"
    yield Fact("training", name, *values, verdict, why, check="routine")


# Test and report -----------------------------------------------------------------------------


def of_test(made: OpenHandIn) -> Iterator[Fact]:
    """The two best by validation, and no others, with the figures that their networks give."""
    tested = [one for one in made.models if one.row.get("test acc")]
    if not tested:
        why = f"{MODELS_FILE} has no test accuracies"
        yield Fact("test", "test accuracies", DASH, DASH, Outcome.MISSING, why, check=TEST)
        return
    accs = sorted((one.found.acc for one in made.models if one.found), reverse=True)
    told, name = ", ".join(one.name for one in tested)[:120], "the two best, and no others"
    if len(accs) < len(made.models) or len(accs) < 2:
        why = "not every network could be evaluated"
        verdict: tuple[Outcome, str] = (Outcome.UNCHECKED, why)
    else:
        good = len(tested) == 2 and all(
            one.found and one.found.acc >= accs[1] - ACC for one in tested
        )
        verdict = judged(good, "others are best by validation")
    best = ", ".join(one.name for one in made.models if one.found and one.found.acc >= accs[:2][-1])
    yield Fact("test", name, told, best or DASH, *verdict, check="the two best")
    why = "when it was opened is not in the files: does the report say it was the last step?"
    yield Fact("test", "test set opened last", DASH, DASH, Outcome.JUDGE, why, check="routine")
    for model in tested:
        if model.found:
            yield _claimed("test", model, "test", figures(model, load().test).acc, TEST)


def of_report(made: OpenHandIn) -> Iterator[Fact]:
    """A report that a human reads, and the networks themselves."""
    names = ", ".join([*made.pages, *map(shown, made.report.notebooks)])[:200]
    why = "read it: nothing in it is compared with what is recomputed here"
    verdict = Outcome.JUDGE
    if not names:
        why, verdict = "neither a PDF nor a notebook is handed in", Outcome.MISSING
    yield Fact("report", "report", names or DASH, DASH, verdict, why, check="routine")
    count = sum(one.content is not None for one in made.models)
    verdict, why = Outcome.RIGHT, ""
    if count < len(made.models) or not count:
        verdict, why = Outcome.MISSING, "not all networks are handed in"
    check = "link to the weights"
    yield Fact("report", "weights", f"{count} ONNX files", DASH, verdict, why, check=check)
