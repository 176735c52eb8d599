"""The 70 + 30 points: what facts give mechanically, and what is left to a human.

A machine can say that a model is declared by the rules, that a figure is the one its weights
give, and that a table is there. It cannot say whether a choice is reasoned, an explanation holds
or a text is the student's own: those points stay open. A weak accuracy costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .facts_pairs import COUNTS
from .facts_testing import ALONE, CHOICES
from .results import Fact, Line, Outcome

MOST_CHOICE = 30  # points for all choice tasks together


@dataclass(frozen=True)
class Points:
    """Points for facts of a ``part`` whose ``check`` is one of these: none of them may fail.

    What could not be checked leaves them to the human; ``asks``: what is to be judged as well.
    """

    points: int
    part: str
    checks: tuple[str, ...]
    asks: bool = False


class Rated(Protocol):
    """A model, as far as points go."""

    name: str
    problem: str

    @property
    def declared(self) -> bool: ...

    @property
    def found(self) -> Any: ...


class Handed(Protocol):
    """A submission, as far as points go."""

    @property
    def models(self) -> Sequence[Rated]: ...


# For each of the five models: points, where none of its facts of the part fails.
PER_MODEL = {"models": 2, "training": 3}
TEST = (
    Points(1, "test", ("the two best",)),
    Points(
        3, "test",
        ("test figures", "val top-1 (%)", "test top-1 (%)", "test loss", "test 95 % interval",
         ALONE, "McNemar's p"),
    ),
    Points(1, "test", ("opened last",), asks=True),
)  # fmt: skip
REPORT = (
    Points(2, "report", ("layer table",)),
    Points(2, "report", ("graphs of the losses",), asks=True),
    Points(
        2, "training",
        ("train top-1 (%)", "val top-1 (%)", "val 95 % interval", "train loss", "val loss"),
    ),
    Points(2, "report", ("table of pairs", "points", *COUNTS, "McNemar's p")),
    Points(1, "report", ("text",)),
    Points(1, "report", ("link to the weights",)),
)  # fmt: skip


# An open hand-in: its tables are compared, its report is read by a human.
OPEN_TEST = (
    Points(1, "test", ("the two best",)),
    Points(3, "test", ("test top-1 (%)",)),
    Points(1, "test", ("routine",), asks=True),
)
OPEN_REPORT = (
    Points(7, "report", ("routine",), asks=True),
    Points(2, "training", ("train top-1 (%)", "val top-1 (%)")),
    Points(1, "report", ("link to the weights",)),
)
COMPARED = (
    "2 each for the layer tables, the graphs of the losses, a right table of results and a "
    "right table of pairs; 1 each for texts in all fields and a link"
)
READ = "2 for right accuracies, 1 for all networks; what the report shows is read by you"


def rubric(made: Handed, facts: list[Fact]) -> list[Line]:
    """The lines of the rubric with the points that the facts give."""
    return [
        _models(made, facts), _training(made, facts), _test(facts), _report(facts),
        *_choices(facts),
    ]  # fmt: skip


def open_rubric(made: Handed, facts: list[Fact]) -> list[Line]:
    """The same for an open hand-in; its choice tasks are in its report."""
    test, report = _test(facts, OPEN_TEST), _report(facts, OPEN_REPORT, READ)
    choices = f"choice tasks (at most {MOST_CHOICE})"
    left = Line(choices, MOST_CHOICE, 0, MOST_CHOICE, "yours: which of them does the report hold?")
    return [_models(made, facts), _training(made, facts), test, report, left]


def _right(facts: list[Fact]) -> bool:
    """Are there such facts, and does none of them fail?"""
    return bool(facts) and not any(fact.fails for fact in facts)


def _sum(table: Sequence[Points], facts: list[Fact]) -> tuple[int, int]:
    """The points of a table's rows that are earned, and those that are left to a human."""
    given = left = 0
    for row in table:
        own = _counting(row, facts)
        verdicts = {fact.verdict for fact in own}
        if _right(own) and not (row.asks and Outcome.JUDGE in verdicts):
            given += row.points
        elif own and not verdicts & {Outcome.WRONG, Outcome.MISSING}:
            left += row.points
    return given, left


def _counting(row: Points, facts: list[Fact]) -> list[Fact]:
    """The facts that a row asks for."""
    return [fact for fact in facts if fact.part == row.part and fact.check in row.checks]


def _good(made: Handed, facts: list[Fact], part: str) -> list[bool]:
    """For each of the first five models: are its facts of this part right?"""
    own = [fact for fact in facts if fact.part == part]
    return [_right([f for f in own if f.model == model.name]) for model in made.models[:5]]


def _models(made: Handed, facts: list[Fact]) -> Line:
    right = zip(made.models, _good(made, facts, "models"), strict=False)
    good = sum(model.declared and one for model, one in right)
    points = PER_MODEL["models"]
    why = (
        f"{points} for each of five models that keeps the rules ({good} do); "
        "yours: are the choices motivated, the baseline sensible?"
    )
    return Line("five CNNs", 15, points * good, 15 - 5 * points, why)


def _training(made: Handed, facts: list[Fact]) -> Line:
    copied = {fact.model for fact in facts if fact.check == "copied"}
    models = list(zip(made.models, _good(made, facts, "training"), strict=False))
    good = [model for model, one in models if model.found and one]
    asked = sum(model.name in copied for model in good)
    unchecked = sum(not m.found and not m.problem for m in made.models[:5]) + asked
    points = PER_MODEL["training"]
    given = len(good) - asked
    why = (
        f"{points} for each of five models whose weights give the figures claimed and whose "
        f"history agrees ({given}); yours: is the split motivated, is the training described?"
    )
    if unchecked:
        why += f" {unchecked} could not be checked, or are alike: their points are yours to give"
    left = 20 - 5 * points + points * unchecked
    return Line("train and validate", 20, points * given, left, why)


def _test(facts: list[Fact], table: Sequence[Points] = TEST) -> Line:
    given, left = _sum(table, facts)
    why = "1 for the two best and no others, 3 for right figures, 1 for opening the set last"
    return Line("test", 5, given, left, why + _open(left))


def _report(
    facts: list[Fact], table: Sequence[Points] = REPORT, words: str = COMPARED
) -> Line:  # fmt: skip
    given, left = _sum(table, facts)
    why = f"{words}; yours: the reasoning, pair by pair (10), the test comparison (5), clarity (5)"
    return Line("report", 30, given, 20 + left, why + _open(left))


def _open(left: int) -> str:
    return f"; {left} of these could not be told: they are yours to give" if left else ""


def _choices(facts: list[Fact]) -> list[Line]:
    """Four tenths for a task that is there; whether it is good is for a human."""
    lines = []
    for choice, points in CHOICES.items():
        if found := _counting(Points(points, "choice", (choice,)), facts):
            given = points * 4 // 10 if _right(found) else 0
            why = f"{points * 4 // 10} for what is displayed and written; yours: is it right?"
            left = points - points * 4 // 10
            lines.append(Line(f"choice task: {choice}", points, given, left, why))
    return lines


def given(lines: Sequence[Line]) -> int:
    """Points given mechanically, of the choice tasks 30 at most."""
    choice = sum(line.given for line in lines if line.part.startswith("choice"))
    return sum(line.given for line in lines if not line.part.startswith("choice")) + min(
        choice, MOST_CHOICE
    )


def reachable(lines: Sequence[Line]) -> int:
    """The most that a human can make of it: given and left, of the choice tasks 30 at most."""
    choice = sum(line.given + line.left for line in lines if line.part.startswith("choice"))
    fixed = sum(line.given + line.left for line in lines if not line.part.startswith("choice"))
    return fixed + min(choice, MOST_CHOICE)
