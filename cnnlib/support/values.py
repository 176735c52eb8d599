"""Values of a declaration: their kinds and their limits, each fault in one sentence.

A list becomes a tuple, numpy's numbers become Python's, and a whole float becomes an int where an
int is declared. Nothing else is guessed: "15" is no number, and "no" is neither true nor false.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

LARGEST = 10**9  # no size, count or seed needs more


def settle(declared: Any) -> None:
    """Give each field of a frozen dataclass the kind that its annotation names.

    Known are ``int``, ``float``, ``bool``, ``str``, dataclasses, and tuples of one of these.
    Raises ValueError, in one sentence, for a value of another kind; also for NaN, for infinity and
    for whole numbers above 10⁹.
    """
    kinds = typing.get_type_hints(type(declared))
    for field in dataclasses.fields(declared):
        name, value = f"{type(declared).__name__}.{field.name}", getattr(declared, field.name)
        object.__setattr__(declared, field.name, settled(name, value, kinds[field.name]))


def settled(name: str, value: Any, kind: Any) -> Any:
    """``value`` as a ``kind``; ValueError names it, what it is and what is expected."""
    if typing.get_origin(kind) is types.UnionType:  # such as str | None
        (kind,) = (one for one in typing.get_args(kind) if one is not types.NoneType)
        return None if value is None else settled(name, value, kind)
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | dict):
            raise _wrong(name, value, f"several values in a tuple, such as {_example(inner)}")
        return tuple(settled(name, one, inner) for one in value)
    if kind is int:
        return _whole(name, value)
    if kind is float:
        return _number(name, value)
    if kind is bool:
        if type(value).__name__ not in ("bool", "bool_"):  # numpy's bool is no Python bool
            raise _wrong(name, value, "True or False, without quotes")
        return bool(value)
    if isinstance(kind, type) and not isinstance(value, kind):
        called = "text in quotes" if kind is str else f"{kind.__name__}(…)"
        raise _wrong(name, value, called)
    return value


def _whole(name: str, value: Any) -> int:
    whole = isinstance(value, Integral) or (isinstance(value, Real) and float(value).is_integer())
    if not whole or _is_bool(value):
        raise _wrong(name, value, "a whole number, without quotes")
    if abs(int(value)) > LARGEST:
        raise _wrong(name, value, f"a whole number of at most {LARGEST:,}")
    return int(value)


def _number(name: str, value: Any) -> float:
    if not isinstance(value, Real) or _is_bool(value):
        raise _wrong(name, value, "a number, without quotes")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _wrong(name, value, "a finite number")
    if isinstance(value, Integral):
        return number
    try:  # float32's 0.01 is 0.009999999776…: the shortest number that it stands for is meant
        return number if isinstance(value, float) else float(str(value))
    except ValueError:  # a fraction, say
        return number


def _is_bool(value: Any) -> bool:
    return type(value).__name__ in ("bool", "bool_")


def _example(kind: Any) -> str:
    return "(120, 84)" if kind is int else f"({kind.__name__}(…), {kind.__name__}(…))"


def _wrong(name: str, value: Any, expected: str) -> ValueError:
    shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:60]}…"
    return ValueError(f"{name} is {shown}, of the kind {type(value).__name__}; expected {expected}")


# Limits: each raises ValueError, naming field and value ----------------------------------------


def one_of(owner: Any, field: str, allowed: tuple[str, ...]) -> None:
    if (value := getattr(owner, field)) not in allowed:
        raise ValueError(
            f"{type(owner).__name__}.{field} is {value!r}; expected one of {', '.join(allowed)}"
        )


def at_least(owner: Any, field: str, low: float) -> None:
    if not (value := getattr(owner, field)) >= low:
        raise ValueError(
            f"{type(owner).__name__}.{field} is {value!r}; expected a number of at least {low}"
        )


def above(owner: Any, field: str, low: float) -> None:
    if not (value := getattr(owner, field)) > low:
        raise ValueError(
            f"{type(owner).__name__}.{field} is {value!r}; expected a number above {low}"
        )


def at_most(owner: Any, field: str, high: float) -> None:
    if not (value := getattr(owner, field)) <= high:
        raise ValueError(
            f"{type(owner).__name__}.{field} is {value!r}; expected a number of at most {high}"
        )


def between(owner: Any, field: str, low: float, high: float) -> None:
    if not low <= (value := getattr(owner, field)) < high:
        raise ValueError(
            f"{type(owner).__name__}.{field} is {value!r}; expected at least {low} and below {high}"
        )
