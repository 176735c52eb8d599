"""Exercises of part VI, chapters 22 to 25."""

from functools import cache
from typing import Any

import pandas as pd

from ..analysis.evidence import standard_error
from ..analysis.tables import against_parents
from ..catalogue import CATALOGUE
from ..models import build, count_parameters
from .assignment import properties
from .judging import Exercise, choice, number


def _confounded() -> str:
    """The one variant of a star of four that changes more than one property."""
    star, baseline = ("maxpool", "filters", "dropout", "lr-0.1"), CATALOGUE["baseline"]
    (name,) = (name for name in star if len(properties(baseline, CATALOGUE[name])) > 1)
    return name


@cache
def _gains() -> pd.DataFrame:
    return against_parents([name for name in CATALOGUE if name.startswith("capstone")])


def _trusted_steps() -> list[str]:
    """The capstone's steps whose gain five seeds can tell from 0, all questions counted."""
    return [name for name, row in _gains().iterrows() if row.value > 0 and row.p_all < 0.05]


def _judge_steps(answer: Any) -> str | None:
    """Judge of 24.3: names in any order."""
    gains = _gains()
    small = gains[gains.p_all < 0.05]
    right = choice(
        _trusted_steps,
        "a list of names: those with a positive value and p_all below 0.05.",
        mistakes=[
            (list(small.index), "a small p_all may belong to a *fall*; look at the values too."),
            (list(gains.index), "not all of them: look at p_all, and at the sign of the value."),
        ],
        ordered=False,
    )
    return right(answer)


EXERCISES: dict[str, Exercise] = {
    "22.1": Exercise(
        hint="Which of the seven figures did the student look at before choosing?",
        solution="7",
        wrong="1",
        judge=number(
            lambda: 7,
            "the best is found by looking at all of them.",
            mistakes={0: "to report the *best* of them is to choose by the test set."},
        ),
    ),
    "22.2": Exercise(
        hint="standard_error(p, n) from cnnlib.evidence, or √(p (1 - p) / n).",
        solution="(0.9 * 0.1 / 10_000) ** 0.5",
        wrong="cnnlib.evidence.standard_error(0.9, 12_000)",
        judge=number(
            lambda: standard_error(0.9, 10_000),
            "the square root of p (1 - p) / n, for p = 0.9 and n = 10,000.",
            tolerance=5e-6,
            mistakes={
                standard_error(0.9, 12_000): "is the test set as large as that?",
                0.9 * 0.1 / 10_000: "that is the variance; take its square root.",
                0.3: "that is the spread of one image; there are 10,000.",
            },
        ),
    ),
    "22.3": Exercise(
        hint="The envelope is opened when nothing is left to decide or to train.",
        solution='["d", "b", "c", "a"]',
        wrong='["a", "b", "c", "d"]',
        judge=choice(
            lambda: ["d", "b", "c", "a"],
            "a list of the four letters: what has to be known before the next step can be taken?",
            mistakes=[
                (["d", "b", "a", "c"], "train on everything *before* you open the test set."),
                (["b", "d", "c", "a"], "compare before you choose."),
                (["c", "d", "b", "a"], "a model cannot be compared on images it was trained on."),
                (["a", "d", "b", "c"], "the test set is opened when nothing is left to decide."),
                (["a", "b", "c", "d"], "the test set is opened when nothing is left to decide."),
                (["a", "c", "b", "d"], "that is the order from its end."),
            ],
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
    "24.1": Exercise(
        hint="A filter has one 3×3 kernel for each map that comes in, and one bias.",
        solution="16 * (3 * 3 * 16 + 1)",
        wrong="16 * (3 * 3 + 1)",
        judge=number(
            lambda: count_parameters(build("capstone-stack").get_submodule("features.block2.conv")),
            "one kernel for each of the maps that come in, and a bias for each filter.",
            mistakes={
                16 * (3 * 3 + 1): "one kernel for *each* of the maps that come in.",
                16 * 16 * 3 * 3: "each filter has a bias as well.",
                16 * 16 * (3 * 3 + 1): "a filter has one bias, not one for each of its kernels.",
                16 * (3 * 3 * 16 + 1) + 32: "without batch norm, please.",
                32 * (3 * 3 * 16 + 1): "that is the next convolution, which makes 32 maps.",
            },
        ),
    ),
    "24.2": Exercise(
        hint="One convolution sees 3 pixels, two see 5. What does each one add on either side?",
        solution="3 + 2 + 2",
        wrong="9",
        judge=number(
            lambda: 7,
            "begin with 3 pixels; what does each further convolution add on either side?",
            mistakes={
                9: "the windows overlap: each further one adds a pixel a side.",
                27: "the windows overlap: each further one adds a pixel a side.",
                5: "that is what two of them see.",
                49: "that is the area; how many pixels *across*?",
                6: "each further one adds a pixel on *either* side.",
            },
        ),
    ),
    "24.3": Exercise(
        hint="Look at p_all in the table of gains; gains.index holds the names.",
        solution="cnnlib.against_parents([name for name in cnnlib.CATALOGUE if name.startswith("
        "'capstone')]).query('value > 0 and p_all < 0.05').index.tolist()",
        wrong="[name for name in cnnlib.CATALOGUE if name.startswith('capstone')]",
        judge=_judge_steps,
    ),
    "25.1": Exercise(
        hint="A filter of 3×3 reads all 16 maps and has one bias; there are 16 of them, twice.",
        solution="2 * 16 * (3 * 3 * 16 + 1)",
        wrong="2 * 16 * 3 * 3 * 16",
        judge=number(
            lambda: 4640,
            "count the weights of two convolutions from 16 maps to 16, and their biases.",
            mistakes={
                4608: "each filter has a bias as well.",
                2320: "that is one of its two convolutions.",
                320: "each filter reads all 16 maps, not one.",
            },
        ),
    ),
    "25.2": Exercise(
        hint="The derivative of x + f(x) is 1 + f'(x); ten in a row are multiplied.",
        solution="1.1**10",
        wrong="0.1**10",
        judge=number(
            lambda: 1.1**10,
            "multiply the ten derivatives, each with the 1 of its shortcut.",
            1e-2,
            mistakes={
                0.1**10: "that is without the shortcuts.",
                11: "the derivatives are multiplied, not added.",
                2: "the derivatives are multiplied, not added.",
            },
        ),
    ),
}
