"""Facts about the report: its tables against what was recomputed, and what it shows."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cnnlib.analysis.evidence import accuracy_interval
from cnnlib.exercises.fields import PROMPT, REQUIRED, written
from cnnlib.experiment import Experiment, diff
from cnnlib.models import count_parameters

from .gate import shown
from .numbers import ACC, LOSS, agrees, percent
from .reading import StoredTable, is_number
from .recompute import Figures, ModelError, skeleton
from .results import Fact, Outcome, judged
from .submission import Model, Submission, own_words

NOT_CHECKED = "not checked: it is what run.json says; --quick leaves the training images out"
DASH, SHAPE = "–", "output shape"


class Expected(NamedTuple):
    """A figure that a table should show; ``value`` None when it could not be recomputed.

    ``quick``: it is what run.json says, and was not recomputed.
    """

    value: float | None
    tolerance: float
    shown: str
    quick: bool = False


NOTHING = Expected(None, 0, DASH)


def compared(
    part: str, row: str, table: StoredTable, expected: dict[str, Expected]
) -> Iterator[Fact]:
    """A fact for each figure in a row of a table."""
    for column, value in expected.items():
        printed = table.column(column).get(row)
        name = f"report, {shown(row)}: {column}"
        if printed is None:
            yield Fact(
                part, name, DASH, value.shown, Outcome.MISSING, "the table lacks it", row, column
            )
        elif value.value is None:
            why = "nothing could be recomputed for this model"
            yield Fact(part, name, shown(printed), DASH, Outcome.UNCHECKED, why, row, column)
        else:
            same = agrees(printed, value.value, value.tolerance)
            verdict, why = judged(same, "it is another figure")
            if same and value.quick:
                verdict, why = Outcome.JUDGE, NOT_CHECKED
            yield Fact(part, name, shown(printed), value.shown, verdict, why, row, column)


def of_row(tables: Sequence[StoredTable], row: str) -> Sequence[StoredTable]:
    """The tables that have this row; if none has, one that lacks it."""
    return [table for table in tables if row in table.rows] or tables[-1:]


def acc_of(fraction: float) -> Expected:
    """An accuracy, printed in per cent."""
    return Expected(100 * fraction, 100 * ACC, percent(fraction))


def loss_of(loss: float) -> Expected:
    """A loss in nats."""
    return Expected(loss, LOSS, f"{loss:.4f}")


# Tables --------------------------------------------------------------------------------------


def of_differences(made: Submission) -> Iterator[Fact]:
    """What each model changes, and how many parameters it has, as the report says."""
    tables = made.tables("what changes")
    if not tables:
        why = "mine.differences() is not displayed in the report"
        yield Fact("models", "report: table of the models", DASH, DASH, Outcome.MISSING, why)
    parents = {child.name: parent for parent, child in made.pairs}
    for model in made.models:
        for table in of_row(tables, model.name):
            if model.experiment is None:
                break
            printed, parent = table.column("what changes").get(model.name), parents.get(model.name)
            if parent and parent.experiment:
                found = diff(parent.experiment, model.experiment)
                verdict = judged(printed == found, "the declarations differ otherwise")
                name = f"report, {model.name}: what changes"
                yield Fact(
                    "models", name, shown(printed or DASH), found, *verdict, model=model.name
                )
            size = {"parameters": _own_size(model) or _size(model.experiment)}
            yield from compared("models", model.name, table, size)


def _own_size(model: Model) -> Expected | None:
    """Of a network of the student's own: what run.json says, which its weights are held against."""
    stated = model.record.metrics.get("parameters") if model.record else None
    if model.experiment and model.experiment.model and is_number(stated):
        return Expected(stated, -0.5, f"{stated:,}")
    return None


def _size(experiment: Experiment) -> Expected:
    try:
        count = count_parameters(skeleton(experiment))
    except ModelError:
        return NOTHING
    return Expected(count, -0.5, f"{count:,}")  # a count is right or wrong


def of_layers(made: Submission) -> Iterator[Fact]:
    """A layer table for each model, its total recomputed."""
    # each has its model's name in the corner: those of other tries are passed over
    shown_ones = [one for kind in (False, True) for one in made.displayed(SHAPE, report=kind)]
    tables = {table.header[0]: table for table in shown_ones}
    for model in made.models:
        name, table = f"report, {model.name}: layer table", tables.get(model.name)
        if table is None:
            why = "it is not displayed"
            yield Fact("report", name, DASH, DASH, Outcome.MISSING, why, model.name, "layer table")
        elif model.experiment and (size := _size(model.experiment)).value is not None:
            printed = table.column("parameters").get("total", DASH)
            same = judged(agrees(printed, size.value, size.tolerance), "the total is another")
            yield Fact(
                "report", name, shown(printed), size.shown, *same,
                model=model.name, check="layer table",
            )  # fmt: skip


def of_results(made: Submission) -> Iterator[Fact]:
    """Top-1 accuracies and losses of each model, and the interval."""
    tables = made.tables("train top-1 (%)")
    if not tables:
        why = "mine.results() is not displayed in the report"
        yield Fact("training", "report: table of results", DASH, DASH, Outcome.MISSING, why)
    for model in made.models:
        for table in of_row(tables, model.name):
            yield from compared("training", model.name, table, _results(model))
            if model.found:
                column = "val 95 % interval"
                yield interval_of("training", model.name, table, column, model.found.val)


def _results(model: Model) -> dict[str, Expected]:
    found, metrics = model.found, model.record.metrics if model.record else {}
    names = ("train top-1 (%)", "val top-1 (%)", "train loss", "val loss")
    if found is None:
        return dict.fromkeys(names, NOTHING)
    acc: Any = found.train.acc if found.train else metrics.get("train_acc")
    loss: Any = found.train.loss if found.train else metrics.get("train_loss")
    quick = found.train is None
    train = [
        make(value)._replace(quick=quick) if is_number(value) else NOTHING
        for make, value in ((acc_of, acc), (loss_of, loss))
    ]
    figures = (train[0], acc_of(found.val.acc), train[1], loss_of(found.val.loss))
    return dict(zip(names, figures, strict=True))


def interval_of(part: str, row: str, table: StoredTable, column: str, found: Figures) -> Fact:
    ends = accuracy_interval(found.acc, len(found.predicted))
    printed, name = table.column(column).get(row, ""), f"report, {shown(row)}: {column}"
    words = printed.split(" to ")
    pairs = zip(words, ends, strict=False)
    same = len(words) == 2 and all(agrees(text, 100 * end, 100 * ACC) for text, end in pairs)
    right = " to ".join(percent(end) for end in ends)
    verdict, why = judged(same, "it is another interval")
    return Fact(part, name, shown(printed) or DASH, right, verdict, why, row, column)


def of_weights(made: Submission) -> Iterator[Fact]:
    """The start of each file's checksum, as the table of weights shows it."""
    for table in made.tables("file in runs/"):
        for model in made.models:
            if model.record and model.record.weights:
                printed = table.column("SHA-256").get(model.name, "")
                found = hashlib.sha256(model.record.weights).hexdigest()
                same = len(printed) >= 16 and found.startswith(printed)
                verdict = judged(same, "the report was made with another file of weights")
                name = f"report, {model.name}: SHA-256 of its weights"
                yield Fact("report", name, shown(printed, 17), shown(found, 17), *verdict)


# What is shown -------------------------------------------------------------------------------


def of_contents(made: Submission) -> Iterator[Fact]:
    """Texts and the link to the weights."""
    fields = texts(made)
    lost = (Outcome.UNCHECKED, "its tags are lost: cannot tell which text it is")
    for field in REQUIRED:
        there = field in fields
        verdict, why = (Outcome.RIGHT, "") if there else (Outcome.MISSING, "it is not written")
        verdict, why = (verdict, why) if made.tagged or not fields else lost
        name = f"report: text “{field}”"
        yield Fact("report", name, DASH, DASH, verdict, why, check="text")
    yield _link(fields.get("weights", "") if made.tagged else "\n".join(fields.values()))
    if made.pickles:
        shows, why = f"{len(made.pickles)} files", "a pickle runs code when it is loaded"
        name = f"not opened: {', '.join(made.pickles[:5])}"
        yield Fact("report", shown(name), shows, DASH, Outcome.JUDGE, why, check="routine")


def _link(text: str) -> Fact:
    link = re.search(r"https?://[^\s)>\]]+", text)
    verdict = Outcome.JUDGE if link else Outcome.MISSING
    why = "open it: are these the five files?" if link else "there is no link"
    shows, name = shown(link[0]) if link else DASH, "report: link to the weights"
    return Fact("report", name, shows, DASH, verdict, why, check="link to the weights")


def texts(made: Submission) -> dict[str, str]:
    """What the student wrote, by field; fields that are not written are left out.

    Of a field with several cells, all of them. Where the tags are lost, every text that the
    chapter does not have, by the number of its cell.
    """
    if not made.tagged:
        return {f"cell {number}": text for number, text in own_words(made.cells).items()}
    found: dict[str, list[str]] = {}
    for cell in made.cells:
        for field in [] if cell.code or not written(cell.source) else cell.named("field-"):
            found.setdefault(field, []).append(PROMPT.sub("", cell.source).strip())
    return {field: "\n\n".join(parts) for field, parts in found.items()}
