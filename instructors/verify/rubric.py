"""The 70 + 30 points: what facts give mechanically, and what is left to a human.

A machine can say that a model is declared by the rules, that a figure is the one its weights
give, and that a table is there. It cannot say whether a choice is reasoned, an explanation holds
or a text is the student's own: those points stay open. A weak accuracy costs nothing.
"""

import re
from collections.abc import Sequence

from .facts_testing import CHOICES
from .results import Fact, Line, Outcome
from .submission import Submission

MOST_CHOICE = 30  # points for all choice tasks together


def rubric(made: Submission, facts: list[Fact]) -> list[Line]:
    """The lines of the rubric with the points that the facts give."""
    return [
        _models(made, facts), _training(made, facts), _test(facts), _report(facts),
        *_choices(facts),
    ]  # fmt: skip


def _about(facts: list[Fact], part: str, words: str = "") -> list[Fact]:
    return [fact for fact in facts if fact.part == part and words in fact.name]


def _right(facts: list[Fact]) -> bool:
    """Are there such facts, and does none of them fail?"""
    return bool(facts) and not any(fact.fails for fact in facts)


def _of(facts: list[Fact], model: str) -> list[Fact]:
    """The facts with this model's name in theirs, as a whole word."""
    word = re.compile(rf"(?<![\w.-]){re.escape(model)}(?![\w.-])")
    return [fact for fact in facts if word.search(fact.name)]


def _models(made: Submission, facts: list[Fact]) -> Line:
    part = _about(facts, "models")
    steps = {child.name: f"{parent.name} → {child.name}" for parent, child in made.pairs}
    good = 0
    for model in made.models[:5]:
        own = [fact for fact in _of(part, model.name) if "→" not in fact.name]
        own += [fact for fact in part if fact.name == steps.get(model.name)]
        good += model.experiment is not None and _right(own)
    why = (
        f"2 for each of five models that keeps the rules ({good} do); "
        "yours: are the choices motivated, the baseline sensible?"
    )
    return Line("five CNNs", 15, 2 * good, 5, why)


def _training(made: Submission, facts: list[Fact]) -> Line:
    part = _about(facts, "training")
    good = sum(bool(m.found) and _right(_of(part, m.name)) for m in made.models[:5])
    unchecked = sum(not m.found and not m.problem for m in made.models[:5])
    why = (
        f"3 for each of five models whose weights give the figures claimed and whose history "
        f"agrees ({good}); yours: is the split motivated, is the training described?"
    )
    if unchecked:
        why += f" {unchecked} could not be checked: their points are yours to give"
    return Line("train and validate", 20, 3 * good, 5 + 3 * unchecked, why)


def _test(facts: list[Fact]) -> Line:
    part = _about(facts, "test")
    best = _right(_about(part, "test", "the two best"))
    figures = [fact for fact in part if fact.name.startswith("report, ")]
    unchecked = any(fact.verdict is Outcome.UNCHECKED for fact in part)
    order = _right(_about(part, "test", "opened after training"))
    given = best + 3 * _right(figures) + order
    why = "1 for the two best and no others, 3 for right figures, 1 for opening the set last"
    return Line("test", 5, given, 5 - given if unchecked else 0, why)


def _report(facts: list[Fact]) -> Line:
    part = _about(facts, "report")
    pairs = [fact for fact in part if re.search(r"points|only the|McNemar|pairs$", fact.name)]
    given = (
        2 * _right(_about(part, "report", "layer table"))
        + 2 * _right(_about(part, "report", "graphs of the losses"))
        + 2 * _right(_about(facts, "training", "report, "))
        + 2 * _right(pairs)
        + _right(_about(part, "report", "text “"))
        + _right(_about(part, "report", "link to the weights"))
    )
    why = (
        "2 each for the layer tables, the graphs of the losses, a right table of results and a "
        "right table of pairs; 1 each for texts in all fields and a link; yours: the reasoning, "
        "pair by pair (10), the test comparison (5), clarity (5)"
    )
    return Line("report", 30, given, 20, why)


def _choices(facts: list[Fact]) -> list[Line]:
    """Four tenths for a task that is there; whether it is good is for a human."""
    lines = []
    for choice, points in CHOICES.items():
        if found := _about(facts, "choice", f": {choice}"):
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
