"""Facts about the test set and the choice tasks."""

from collections.abc import Iterator
from dataclasses import replace

from cnnlib import data
from cnnlib.analysis.evidence import paired

from .facts_pairs import of_agreement, p_of
from .facts_report import (
    DASH,
    NOTHING,
    Expected,
    acc_of,
    compared,
    interval_of,
    loss_of,
    of_row,
    texts,
)
from .numbers import ACC, IMAGES
from .reading import StoredTable
from .recompute import Figures, ModelError
from .results import Fact, Outcome, judged
from .submission import Model, Submission

ALONE = "only it is right"
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
    found = {model.name: one for model in chosen if (one := _tested(model))}
    for name in sorted(tested):
        for table in of_row(tables, name):
            yield from _row(name, table, found, accs)
    for table in tables:
        if len(table.rows) == 2:
            rows, alone = list(table.rows), table.column(ALONE)
            printed = table.column("test top-1 (%)")
            counts, percents = ([c.get(name, "") for name in rows] for c in (alone, printed))
            images = len(data.load().test)
            for fact in of_agreement("test", rows[0], "", counts, percents, images):
                yield replace(fact, check=ALONE)


def _tested(model: Model) -> Figures | None:
    """Its figures on the test images; None where its weights give none."""
    try:
        return model.found.test() if model.found else None
    except ModelError:
        return None


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
