"""Exercises of part VI, chapters 22 to 24."""

from ..assignment import properties
from ..catalogue import CATALOGUE
from ..evidence import standard_error
from .judging import Exercise, choice, number


def _confounded() -> str:
    """The one variant of a star of four that changes more than one property."""
    star, baseline = ("maxpool", "filters", "dropout", "lr-0.1"), CATALOGUE["baseline"]
    (name,) = (name for name in star if len(properties(baseline, CATALOGUE[name])) > 1)
    return name


EXERCISES: dict[str, Exercise] = {
    "22.1": Exercise(
        hint="Which of the seven figures did the student look at before choosing?",
        solution="7",
        wrong="1",
        judge=number(lambda: 7, "the best is found by looking at all of them."),
    ),
    "22.2": Exercise(
        hint="standard_error(p, n) from cnnlib.evidence, or √(p (1 - p) / n).",
        solution="(0.9 * 0.1 / 10_000) ** 0.5",
        wrong="cnnlib.evidence.standard_error(0.9, 12_000)",
        judge=number(
            lambda: standard_error(0.9, 10_000), "is the test set as large as that?", 5e-6
        ),
    ),
    "22.3": Exercise(
        hint="The envelope is opened when nothing is left to decide or to train.",
        solution='["d", "b", "c", "a"]',
        wrong='["a", "b", "c", "d"]',
        judge=choice(
            lambda: ["d", "b", "c", "a"],
            "compare before you choose; train on everything before you open the test set.",
        ),
    ),
    "23.1": Exercise(
        hint="standard_error(0.9, 12_000) from cnnlib.evidence, times the factor.",
        solution="1.163 * cnnlib.evidence.standard_error(0.9, 12_000)",
        wrong="cnnlib.evidence.standard_error(0.9, 12_000)",
        judge=number(
            lambda: 1.163 * standard_error(0.9, 12_000),
            "one standard error is √(p (1 - p) / n); the best of five lies further out.",
            5e-5,
        ),
    ),
    "23.2": Exercise(
        hint="properties(baseline, variant) lists what differs, as in the cell with lenet5.",
        solution="next(name for name in ('maxpool', 'filters', 'dropout', 'lr-0.1') if len("
        "cnnlib.assignment.properties(cnnlib.CATALOGUE['baseline'], cnnlib.CATALOGUE[name])) > 1)",
        wrong="'dropout'",
        judge=choice(
            _confounded, "two fields of the same kind, such as dropout in two places, are one."
        ),
    ),
}
