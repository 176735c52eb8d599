"""What an exercise is, and the ways to judge an answer."""

import copy
import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..catalogue import CATALOGUE
from ..experiment import Experiment, changes
from ..support.written import source_of

Judge = Callable[[Any], str | None]


@dataclass(frozen=True)
class Exercise:
    """A short answer. ``judge(answer)`` gives None when it is right, else a sentence that helps.

    ``solution`` and ``wrong`` are Python source of one expression: a right answer, and a
    typical wrong one. The tests evaluate both.
    """

    hint: str
    solution: str
    wrong: str
    judge: Judge

    @property
    def hints(self) -> tuple[str, ...]:
        return (self.hint,)


@dataclass(frozen=True)
class Written:
    """A function or class that the reader writes, judged by what it does on hidden inputs.

    ``solution`` is the teacher's, a function or class of this package: its source is shown.
    ``cases()`` gives the hidden inputs, each a tuple of arguments; for each,
    ``use(answer, *arguments)`` must give what ``use(oracle, *arguments)`` gives, within
    ``tolerance``. (``use`` is a plain call, unless the answer is a class, or draws numbers.)
    ``mistakes`` are wrong answers as people write them, each with feedback of its own: an answer
    that gives what one of them gives is told so.
    """

    hints: tuple[str, str]
    solution: Callable[..., Any]
    oracle: Callable[..., Any]
    cases: Callable[[], list[tuple[Any, ...]]]
    mistakes: tuple[tuple[Callable[..., Any], str], ...]
    use: Callable[..., Any] = lambda answer, *arguments: answer(*arguments)
    tolerance: float = 1e-5

    @property
    def name(self) -> str:
        """What the chapter calls the function or class."""
        return self.solution.__name__

    @property
    def source(self) -> str:
        return source_of(self.solution).rstrip()

    def judge(self, answer: Any) -> str | None:
        if not callable(answer):
            kind = "class" if inspect.isclass(self.solution) else "function"
            return f"expected the {kind} {self.name} itself, found {type(answer).__name__}."
        found = self._outcomes(answer)
        problem = self._first_problem(found, self._known(self.oracle))
        if problem is None:
            return None
        for mistake, feedback in self.mistakes:
            if self._first_problem(found, self._known(mistake)) is None:
                return feedback
        return problem

    @functools.cached_property
    def _cases(self) -> list[tuple[Any, ...]]:
        return self.cases()

    @functools.cached_property
    def _kept(self) -> dict[Callable[..., Any], list[Any]]:
        return {}

    def _known(self, own: Callable[..., Any]) -> list[Any]:
        """What the oracle or a mistake gives: always the same, so it is computed once."""
        if own not in self._kept:
            self._kept[own] = self._outcomes(own)
        return self._kept[own]

    def _outcomes(self, answer: Callable[..., Any]) -> list[Any]:
        return [self._outcome(answer, case) for case in self._cases]

    def _first_problem(self, found: Sequence[Any], expected: Sequence[Any]) -> str | None:
        pairs = zip(found, expected, strict=True)
        problems = (difference(one, other, self.tolerance) for one, other in pairs)
        return next((problem for problem in problems if problem), None)

    def _outcome(self, answer: Callable[..., Any], case: tuple[Any, ...]) -> Any:
        """What comes out, on a copy of the inputs; what was raised; whether inputs changed."""
        given = copy.deepcopy(case)
        with torch.random.fork_rng(devices=[]):  # an answer may draw numbers: leave no trace
            # this generator alone: manual_seed also keeps a formatted traceback for each kind of
            # GPU that might wake later, a millisecond for every hidden input
            torch.default_generator.manual_seed(0)
            try:
                result = self.use(answer, *given)
            except Exception as error:  # the answer is a student's: whatever it raises is feedback
                return _Raised(error)
        changed = any(
            isinstance(old, torch.Tensor | np.ndarray | list | dict) and difference(new, old, 0)
            for new, old in zip(given, case, strict=True)
        )
        return _Changed(result) if changed else result


@dataclass(frozen=True)
class _Raised:
    error: Exception


@dataclass(frozen=True)
class _Changed:
    result: Any


def difference(found: Any, expected: Any, tolerance: float = 1e-5) -> str | None:
    """In which way ``found`` is not ``expected``; None where they are the same.

    Tensors, arrays, lists and numbers are compared by value, whatever their dtype.
    """
    if isinstance(found, _Raised) or isinstance(expected, _Raised):
        kinds = [type(one.error) if isinstance(one, _Raised) else None for one in (found, expected)]
        if kinds[0] is kinds[1]:
            return None
        if isinstance(found, _Raised):
            return f"it stops with {type(found.error).__name__}: {found.error}"
        return f"expected it to raise {kinds[1].__name__}." if kinds[1] else None
    if isinstance(found, _Changed) or isinstance(expected, _Changed):
        if not isinstance(expected, _Changed):
            return "it changes what it is given; work on a copy, and leave the input as it was."
        if not isinstance(found, _Changed):
            return "it should change what it is given."
        return difference(found.result, expected.result, tolerance)
    if expected is None:
        return None if found is None else f"expected nothing, found {type(found).__name__}."
    if found is None:
        return "it returns nothing; is a `return` missing?"
    if isinstance(expected, Mapping):
        if not isinstance(found, Mapping) or set(found) != set(expected):
            return f"expected a dict with the keys {', '.join(map(str, expected))}."
        parts = [(f"{key}: ", found[key], expected[key]) for key in expected]
    elif isinstance(expected, tuple):
        if isinstance(found, str) or not hasattr(found, "__len__") or len(found) != len(expected):
            return f"expected {len(expected)} results, found {_kind(found)}."
        names = [f"result {number}: " for number in range(1, len(expected) + 1)]
        parts = list(zip(names, found, expected, strict=True))
    else:
        return _differing_values(found, expected, tolerance)
    problems = ((name, difference(one, other, tolerance)) for name, one, other in parts)
    return next((name + problem for name, problem in problems if problem), None)


def _differing_values(found: Any, expected: Any, tolerance: float) -> str | None:
    if isinstance(expected, str):
        return None if plain(found) == plain(expected) else f"expected {expected!r}."
    try:
        ours, theirs = _numbers(expected), _numbers(found)
    except (TypeError, ValueError, RuntimeError):
        same = type(found) is type(expected) and found == expected
        return None if same else f"expected {_kind(expected)}, found {_kind(found)}."
    if ours.shape != theirs.shape:
        return f"expected the shape {_shape(ours)}, found {_shape(theirs)}."
    if np.isnan(theirs).any() and not np.isnan(ours).any():
        return "it gives NaN, which is no number; is something divided by 0, or its log taken?"
    if np.allclose(theirs, ours, rtol=tolerance, atol=tolerance, equal_nan=True):
        return None
    with np.errstate(invalid="ignore"):  # the difference of two infinities
        gaps = np.nan_to_num(np.abs(theirs - ours))
    place = np.unravel_index(gaps.argmax(), gaps.shape)
    at = f" at place {tuple(int(i) for i in place)}" if place else ""
    return f"the values differ{at}: expected {ours[place]:.4g}, found {theirs[place]:.4g}."


def _numbers(values: Any) -> np.ndarray:
    """As float64; TypeError or ValueError for what is not made of numbers."""
    if isinstance(values, torch.Tensor):
        return values.detach().cpu().double().numpy()
    if isinstance(values, str | bytes) or callable(values):
        raise TypeError
    if isinstance(values, list | tuple):  # of tensors, perhaps
        values = [_numbers(value) for value in values]
    return np.asarray(values).astype(np.float64)


def _shape(values: np.ndarray) -> str:
    return "() of a single number" if values.ndim == 0 else str(values.shape)


def _kind(value: Any) -> str:
    counted = f" of {len(value)}" if isinstance(value, list | tuple) else ""
    return type(value).__name__ + counted


# Short answers -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    """A number, right within ``tolerance``; ``expected`` is computed when it is needed.

    ``mistakes`` are wrong numbers with feedback of their own; for all others there is ``help``.
    """

    expected: Callable[[], float]
    help: str
    tolerance: float = 1e-6
    mistakes: Mapping[float, str] = field(default_factory=dict)

    def __call__(self, answer: Any) -> str | None:
        if (found := scalar(answer)) is None:
            return f"expected a number, found {type(answer).__name__}."
        if math.isclose(found, self.expected(), abs_tol=self.tolerance):
            return None
        for mistake, feedback in self.mistakes.items():
            if math.isclose(found, mistake, rel_tol=1e-3):
                return feedback
        return self.help


number = Number


def scalar(answer: Any) -> float | None:
    """A number of any kind (numpy's, a tensor's, a fraction) as float; None for anything else.

    Neither text nor True and False count as numbers.
    """
    if isinstance(answer, torch.Tensor | np.ndarray | np.generic):
        values = np.asarray(answer.detach() if isinstance(answer, torch.Tensor) else answer)
        answer = values.item() if values.size == 1 else None
    if isinstance(answer, bool | str | bytes):
        return None
    try:
        return float(answer)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None


@dataclass(frozen=True)
class Choice:
    """One value, or several, right when equal to what ``expected`` computes.

    Text is compared without regard to case; several values may come as list, tuple, array or
    tensor, and in any order where they are not ``ordered``. ``mistakes`` are wrong values with
    feedback of their own; for all others there is ``help``.
    """

    expected: Callable[[], Any]
    help: str
    mistakes: Sequence[tuple[Any, str]] = ()
    ordered: bool = True

    def __call__(self, answer: Any) -> str | None:
        if self._same(answer, self.expected()):
            return None
        return next((told for wrong, told in self.mistakes if self._same(answer, wrong)), self.help)

    def _same(self, answer: Any, other: Any) -> bool:
        answer, other = plain(answer), plain(other)
        if isinstance(answer, tuple) and isinstance(other, tuple) and not self.ordered:
            answer, other = (tuple(sorted(values, key=repr)) for values in (answer, other))
        return bool(answer == other)


choice = Choice


def plain(value: Any) -> Any:
    """Text in one spelling, numbers as rounded floats, several of them as a tuple."""
    if isinstance(value, str):
        spelled = " ".join(value.replace("’", "'").replace("_", " ").split()).casefold()
        return spelled.replace("can't tell", "cannot tell").replace("can not tell", "cannot tell")
    if isinstance(value, torch.Tensor | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(plain(one) for one in value)
    found = scalar(value)
    return value if found is None else round(found, 6)


def behaviour(cases: Callable[[], list[tuple[tuple, Any]]], help: str) -> Judge:
    """A function, right when it gives the expected number for every case."""

    def judge(answer: Any) -> str | None:
        if not callable(answer):
            return f"expected a function, found {type(answer).__name__}."
        for arguments, expected in cases():
            found = answer(*arguments)
            if found is None:
                return "it returns nothing; is a `return` missing?"
            if (value := scalar(found)) is None:
                return f"it should give a number, found {type(found).__name__}."
            if not math.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-9):
                return f"for {arguments} it gives {value:g}, expected {expected}. {help}"
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
