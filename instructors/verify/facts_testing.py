"""Facts about the test set and the choice tasks."""

import re
from collections.abc import Iterator

from cnnlib import data
from cnnlib.analysis.evidence import paired

from .facts_report import (
    DASH,
    NOTHING,
    Expected,
    acc_of,
    compared,
    interval_of,
    loss_of,
    p_of,
    texts,
)
from .numbers import ACC, IMAGES
from .reading import StoredTable
from .recompute import Figures
from .results import Fact, Outcome, judged
from .submission import Model, Submission

ALONE = "only it is right"
OPENS = re.compile(
    r"\.test\s*\(|(?<!plots)\.confusion\s*\(|\bdata\.test\b|load\(\)\.test\b|\bfinal\s*\("
    r"|\.predict\s*\(\s*['\"]test['\"]"
)
TRAINS = re.compile(r"\.train\s*\(|\bcnnlib\.(run|fit|sweep|cross_validate)\s*\(|\bAssignment\s*\(")
OPENED = "The test set is opened"
CHOICES = {
    "confusion": 10,
    "halving": 10,
    "folds": 10,
    "layers": 20,
    "augmentation": 10,
    "tsne": 10,
}


def of_test(made: Submission) -> Iterator[Fact]:
    """The two best by validation, and no others, with the figures that their weights give."""
    tables = made.tables("test top-1 (%)")
    if not tables:
        why = "mine.test() is not displayed in the report"
        yield Fact("test", "report: table of the test set", DASH, DASH, Outcome.MISSING, why)
        return
    accs = {model.name: model.found.val.acc for model in made.models if model.found}
    known = [model for model in made.models if model.name in accs]
    best = sorted(known, key=lambda model: -accs[model.name])[:2]
    tested = {name for table in tables for name in table.rows}
    chosen = [model for model in made.models if model.name in tested]
    yield _chosen(made, best, tested, accs)
    found = {model.name: model.found.test() for model in chosen if model.found}
    for table in tables:
        for name in sorted(tested):
            yield from _row(name, table, found, accs)


def _chosen(made: Submission, best: list[Model], tested: set[str], accs: dict[str, float]) -> Fact:
    """Are these the two best? Ties within another machine's rounding count as either."""
    name, opened_for = "the two best, and no others", ", ".join(sorted(tested))[:120]
    right = ", ".join(sorted(model.name for model in best))
    if len(best) < 2 or not all(model.found for model in made.models):
        why = "not every model could be evaluated"
        return Fact(
            "test", name, opened_for, right or DASH, Outcome.UNCHECKED, why, check="the two best"
        )
    least = min(accs[model.name] for model in best) - ACC
    good = {name for name, acc in accs.items() if acc >= least}
    same = len(tested) == 2 and tested <= good
    verdict, why = judged(same, "others are best by validation")
    return Fact("test", name, opened_for, right, verdict, why, check="the two best")


def _row(
    name: str, table: StoredTable, found: dict[str, Figures], accs: dict[str, float]
) -> Iterator[Fact]:
    if name not in found:
        why = "no weights of this model could be evaluated"
        words = f"report, {name[:80]}: test figures"
        yield Fact("test", words, DASH, DASH, Outcome.UNCHECKED, why, name, "test figures")
        return
    figures, others = found[name], [one for other, one in found.items() if other != name]
    expected = {
        "val top-1 (%)": acc_of(accs[name]),
        "test top-1 (%)": acc_of(figures.acc),
        "test loss": loss_of(figures.loss),
    }
    both = (
        paired(data.load().test.labels, figures.predicted, others[0].predicted) if others else None
    )
    expected[ALONE] = Expected(both.only_first, IMAGES, str(both.only_first)) if both else NOTHING
    yield from compared("test", name, table, expected)
    yield interval_of("test", name, table, "test 95 % interval", figures)
    column = table.column(ALONE)
    counts = [column.get(name, ""), *(text for row, text in column.items() if row != name)]
    yield p_of("test", name, table, [*counts, ""][:2], both)


def of_order(made: Submission) -> Iterator[Fact]:
    """The notebook ran from top to bottom, and opens the test set after the last training.

    A look at the text of the cells, not more: whoever hides an opening is not found out here.
    Choice tasks may train after it.
    """
    counts = [cell.count for cell in made.cells if cell.code and cell.source.strip()]
    ran = [count for count in counts if count is not None]
    if not ran:
        why = "it was handed in without being executed"
        yield Fact("test", "notebook executed", DASH, DASH, Outcome.MISSING, why)
        return
    straight = counts == [*range(1, len(counts) + 1)]
    why = "" if straight else "cells were run in another order, or not at all"
    verdict = Outcome.RIGHT if straight else Outcome.JUDGE
    yield Fact("test", "executed from top to bottom", DASH, f"{len(ran)} cells", verdict, why)
    plain = [
        (i, re.sub(r"#.*", "", cell.source), cell.printed) for i, cell in enumerate(made.cells)
        if cell.code and not cell.named("choice-")
    ]  # fmt: skip
    opens = [i for i, source, said in plain if OPENS.search(source) or OPENED in said]
    trains = [i for i, source, _ in plain if TRAINS.search(source)]
    name = "test set opened after training (by the text of the cells)"
    if not opens:
        why = "no cell opens the test set"
        yield Fact("test", name, DASH, DASH, Outcome.MISSING, why, check="opened last")
        return
    last = max(trains, default=-1)
    cells = f"opened in cell {opens[0] + 1}, last training in cell {last + 1}"
    why = "the test set was open while models could still be changed"
    verdict, why = judged(opens[0] > last, why)
    yield Fact("test", name, DASH, cells, verdict, why, check="opened last")
    openings = sum(cell.printed.count(OPENED) for cell in made.cells)
    verdict = Outcome.RIGHT if openings <= 1 else Outcome.JUDGE
    why = "" if openings <= 1 else "it was opened more than once: what for?"
    yield Fact("test", "openings that were printed", DASH, str(openings), verdict, why)


def of_choices(made: Submission) -> Iterator[Fact]:
    """Choice tasks that are there: something displayed, and a text."""
    fields = texts(made)
    for choice in CHOICES:
        cells = [cell for cell in made.cells if cell.code and choice in cell.named("choice-")]
        shows = sum(bool(cell.pictures or cell.tables) for cell in cells)
        if not shows and choice not in fields:
            continue  # not chosen, which is allowed
        name, state = f"choice task: {choice}", "shown" if shows else "not shown"
        done = bool(shows) and choice in fields
        why = "" if done else ("it is not written" if shows else "no picture or table is displayed")
        verdict = Outcome.RIGHT if done else Outcome.MISSING
        yield Fact("choice", name, DASH, state, verdict, why, check=choice)
