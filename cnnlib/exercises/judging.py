"""What an exercise is, and the ways to judge an answer."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..catalogue import CATALOGUE
from ..experiment import Experiment, changes

Judge = Callable[[Any], str | None]


@dataclass(frozen=True)
class Exercise:
    """``judge(answer)`` gives None when the answer is right, else a sentence that helps.

    ``solution`` and ``wrong`` are Python source of one expression: a right answer, and a
    typical wrong one. The tests evaluate both.
    """

    hint: str
    solution: str
    wrong: str
    judge: Judge


def number(expected: Callable[[], float], help: str, tolerance: float = 1e-6) -> Judge:
    """A number, right within ``tolerance``; ``expected`` is computed when it is needed."""

    def judge(answer: Any) -> str | None:
        if not isinstance(answer, int | float) or isinstance(answer, bool):
            return f"expected a number, found {type(answer).__name__}."
        return None if math.isclose(answer, expected(), abs_tol=tolerance) else help

    return judge


def choice(expected: Callable[[], Any], help: str) -> Judge:
    """One value, right when equal to what ``expected`` computes; text without regard to case."""

    def plain(value: Any) -> Any:
        return " ".join(value.split()).casefold() if isinstance(value, str) else value

    return lambda answer: None if plain(answer) == plain(expected()) else help


def behaviour(cases: Callable[[], list[tuple[tuple, Any]]], help: str) -> Judge:
    """A function, right when it gives the expected result for every case."""

    def judge(answer: Any) -> str | None:
        if not callable(answer):
            return f"expected a function, found {type(answer).__name__}."
        for arguments, expected in cases():
            found = answer(*arguments)
            if not math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-9):
                return f"for {arguments} it gives {found}, expected {expected}. {help}"
        return None

    return judge


def declares(parent: str, field: str, value: Any) -> Callable[[Any], str | None]:
    """A variant of ``parent`` that differs from it in one field alone."""

    def judge(answer: Any) -> str | None:
        if not isinstance(answer, Experiment):
            return f"expected an Experiment, found {type(answer).__name__}. See cnnlib.vary."
        found = changes(CATALOGUE[parent], answer)
        if [(name, new) for name, _, new in found] == [(field, value)]:
            return None
        names = ", ".join(name for name, *_ in found) or "nothing"
        return f"it differs from {parent} in {names}; expected {field} alone, {value}."

    return judge
