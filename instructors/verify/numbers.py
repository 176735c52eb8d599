"""When a figure that was printed equals one that was recomputed.

A printed figure is right when it lies within half a unit of its last digit of the recomputed
one, plus what another machine's rounding can do: convolutions sum in another order on a GPU,
which moves losses in the fourth digit at most, and flips the class of the few images that lie
on the border between two.
"""

import re
from decimal import Decimal

ACC = 0.0005  # as a fraction: 6 of 12,000 images
LOSS = 0.0005  # nats per image
IMAGES = 12  # 6 images may flip in each of two models that are compared


def parse_number(text: str) -> Decimal | None:
    """The number that a text is, such as 61,706 or +0.28 or 2.3e-05; None if it is none."""
    plain = text.replace(",", "").replace("−", "-").strip()
    fits = len(plain) < 30 and re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?", plain, re.A)
    return Decimal(plain) if fits else None


def agrees(text: str, value: float, tolerance: float = 0.0) -> bool:
    """Is the printed figure that of ``value``, to its last digit and the tolerance?"""
    printed = parse_number(text)
    if printed is None:
        return False
    half = 0.5 * 10.0 ** int(printed.as_tuple().exponent)
    return abs(float(printed) - value) <= (half + tolerance) * (1 + 1e-9)


def percent(fraction: float) -> str:
    """A fraction in per cent, with the two digits that the report prints."""
    return f"{100 * fraction:.2f}"
