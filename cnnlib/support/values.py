"""Values of a declaration: their kinds and their limits, each fault in one sentence.

A list becomes a tuple, numpy's numbers become Python's, and a whole float becomes an int where an
int is declared. Nothing else is guessed: "15" is no number, "no" is neither true nor false, and a
set, which has no order, is no tuple.
"""

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Mapping, Set
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
        if isinstance(value, Mapping | Set):
            raise wrong(name, value, f"several values in a tuple, such as {_example(inner)}")
        values = several(name, value, _example(inner))
        return tuple(settled(f"{name}[{i}]", one, inner) for i, one in enumerate(values))
    if kind is int:
        return _whole(name, value)
    if kind is float:
        return _number(name, value)
    if kind is bool:
        if type(value).__name__ not in ("bool", "bool_"):  # numpy's bool is no Python bool
            raise wrong(name, value, f"True or False{_bare(value)}")
        return bool(value)
    if isinstance(kind, type) and not isinstance(value, kind):
        called = "text in quotes" if kind is str else f"{kind.__name__}(…)"
        raise wrong(name, value, called)
    return value


def several(name: str, values: Any, example: str) -> list[Any]:
    """The values of a list, an array or anything else with several; ValueError for other things.

    Text is refused, although Python would go through its letters.
    """
    try:
        found = None if isinstance(values, str | bytes) else iter(values)
    except TypeError:  # one value; also an array without dimensions, which only looks like several
        found = None
    if found is None:
        raise wrong(name, values, f"several values in a tuple, such as {example}")
    return list(found)


def _whole(name: str, value: Any) -> int:
    whole = isinstance(value, Integral) or (isinstance(value, Real) and float(value).is_integer())
    if not whole or _is_bool(value):
        raise wrong(name, value, f"a whole number{_bare(value)}")
    if abs(int(value)) > LARGEST:
        raise wrong(name, value, f"a whole number of at most {LARGEST:,}")
    return int(value)


def _number(name: str, value: Any) -> float:
    if not isinstance(value, Real) or _is_bool(value):
        raise wrong(name, value, f"a number{_bare(value)}")
    try:
        number = float(value) + 0.0  # -0.0, which equals 0.0 but prints otherwise, becomes 0.0
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise wrong(name, value, "a finite number")
    if isinstance(value, Integral):
        return number
    try:  # float32's 0.01 is 0.009999999776…: the shortest number that it stands for is meant
        return number if isinstance(value, float) else float(str(value)) + 0.0
    except ValueError:  # a fraction, say
        return number


def _is_bool(value: Any) -> bool:
    return type(value).__name__ in ("bool", "bool_")


def _example(kind: Any) -> str:
    return "(120, 84)" if kind is int else f"({kind.__name__}(…), {kind.__name__}(…))"


def _bare(value: Any) -> str:
    return ", without quotes" if isinstance(value, str) else ""


def wrong(name: str, value: Any, expected: str) -> ValueError:
    """The error, to be raised, of a value of a wrong kind; its message is one line."""
    try:
        shown = " ".join(repr(value).split())  # an array's takes several lines
    except ValueError:  # Python prints no whole number of more than 4,300 digits
        shown = "a number of very many digits"
    shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
    return ValueError(f"{name} is {shown}, of the kind {type(value).__name__}; expected {expected}")


def known_fields(name: str, kind: type, fields: Any) -> Mapping[str, Any]:
    """``fields``; ValueError unless it is a mapping whose keys are fields of ``kind``."""
    known = [field.name for field in dataclasses.fields(kind)]
    if not isinstance(fields, Mapping):
        raise wrong(name, fields, f"a dict of fields, such as dict({known[0]}=…)")
    for field in fields:
        if field not in known:
            raise ValueError(
                f"{kind.__name__} has no field {field!r}; {nearest(str(field), known)}"
            )
    return fields


def nearest(name: str, known: list[str]) -> str:
    """A clause for an error message: the names closest to ``name``, or all of them."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else f"known: {known}"


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
