"""The rule of `protocol.toml` as computation: from one figure a seed to a verdict.

Intervals and p-values are Student's; Holm's and Benjamini and Hochberg's adjustments, the
equivalence test (TOST) and the power of the t-test come from statsmodels.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import permutation_test, t
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from ..analysis.evidence import over_seeds
from .protocol import RULE

ALPHA: float = RULE["alpha"]
MOST_SEEDS = 1000  # as [rule.power] says
FIRM, SUGGESTIVE, SMALL, OPEN = (one["name"] for one in RULE["strength"])


class Found(NamedTuple):
    """What some seeds say of one contrast; ``values`` has one figure a seed.

    ``p_value`` is that of "the mean is 0"; ``p_small`` that of the equivalence test, "the mean
    is as large as the margin or larger"; ``side`` is 1 where the mean lies on the expected side
    of 0, -1 on the other. With "either" expected, 1 is above 0.
    """

    values: np.ndarray
    mean: float
    low: float
    high: float
    p_value: float
    p_small: float
    side: int
    margin: float

    def __str__(self) -> str:
        return f"{self.mean:+.4f} ({self.low:+.4f} to {self.high:+.4f})"

    @property
    def clear(self) -> bool:
        """Does its own 95 % interval exclude 0?"""
        return self.low > 0 or self.high < 0


class Verdict(NamedTuple):
    """How strong (``firm``, ``suggestive`` …), which way, and whether it is small all the same."""

    strength: str
    direction: str = ""
    but_small: bool = False

    def __str__(self) -> str:
        small = ", but smaller than the margin" if self.but_small else ""
        return f"{self.strength}: {self.direction}{small}" if self.direction else self.strength


def found(values: ArrayLike, expected: str, margin: float) -> Found:
    """Mean, interval and p-values of one figure a seed, ``values`` (n,), n at least 2."""
    values = np.asarray(values, dtype=float)
    mean, low, high, p_value, _ = over_seeds(values)
    if np.ptp(values) == 0:  # all equal: nothing to divide by
        p_small = float(abs(mean) >= margin)
    else:
        p_small = float(DescrStatsW(values).ttost_mean(-margin, margin)[0])
    side = int(np.sign(mean)) * (-1 if expected == "lower" else 1)
    return Found(values, mean, low, high, p_value, p_small, side, margin)


def entry_p(kind: str, parts: Sequence[Found]) -> float:
    """The p-value with which an entry takes part in its family's account."""
    if kind == "equal":
        return parts[0].p_small
    if kind != "all":
        return parts[0].p_value
    wrong = [part.p_value for part in parts if part.side < 0]
    if wrong:
        return min(1.0, len(parts) * min(wrong))
    return max(part.p_value if part.side > 0 else 1.0 for part in parts)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's adjusted p of each member of a family."""
    return _adjusted(p_values, "holm")


def benjamini_hochberg(p_values: Mapping[str, float]) -> dict[str, float]:
    """Benjamini and Hochberg's adjusted p of each entry (false discovery rate)."""
    return _adjusted(p_values, "fdr_bh")


def _adjusted(p_values: Mapping[str, float], method: str) -> dict[str, float]:
    if not p_values:
        return {}
    adjusted = multipletests(list(p_values.values()), alpha=ALPHA, method=method)[1]
    return dict(zip(p_values, map(float, adjusted), strict=True))


def verdict(kind: str, expected: str, parts: Sequence[Found], adjusted: float) -> Verdict:
    """The verdict on an entry whose p in its family is ``adjusted``."""
    if kind == "equal":
        return _on_equality(parts[0], adjusted)
    if kind == "all":
        return _on_all(parts, adjusted)
    (one,) = parts
    directions = {1: "holds", -1: "does not hold"}
    if expected == "either":
        directions = {1: "higher", -1: "lower"}
    if adjusted < ALPHA:
        return Verdict(FIRM, directions[one.side], one.p_small < ALPHA)
    if one.clear:
        return Verdict(SUGGESTIVE, directions[one.side], one.p_small < ALPHA)
    return Verdict(SMALL) if one.p_small < ALPHA else Verdict(OPEN)


def _on_equality(one: Found, adjusted: float) -> Verdict:
    if adjusted < ALPHA:
        return Verdict(FIRM, "holds")
    if one.low > one.margin or one.high < -one.margin:
        return Verdict(FIRM, "does not hold")
    return Verdict(SUGGESTIVE, "holds") if one.p_small < ALPHA else Verdict(OPEN)


def _on_all(parts: Sequence[Found], adjusted: float) -> Verdict:
    """Several contrasts that must all have their expected sign."""
    k, small = len(parts), all(part.p_small < ALPHA for part in parts)
    wrong = [part for part in parts if part.side < 0]
    if adjusted < ALPHA:
        return Verdict(FIRM, "does not hold" if wrong else "holds", small)
    if all(part.side > 0 and part.clear for part in parts):
        return Verdict(SUGGESTIVE, "holds", small)
    # an interval of confidence 1 - 0.05/k excludes 0 just where p is below 0.05/k
    if any(part.p_value < ALPHA / k for part in wrong):
        return Verdict(SUGGESTIVE, "does not hold", small)
    return Verdict(SMALL) if any(part.p_small < ALPHA / k for part in parts) else Verdict(OPEN)


# Checks and power: they are shown, and change no verdict ---------------------------------------


def sign_flip_p(values: ArrayLike) -> float:
    """Exact p of "the mean is 0" from flipping signs in all ways; it asks for no bell curve."""
    test = permutation_test(
        (np.asarray(values, dtype=float),),
        lambda x, axis: np.mean(x, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )
    return float(test.pvalue)


def seen(deviation: float, seeds: int, power: float = 0.8) -> float:
    """The mean contrast that so many seeds find with a chance of ``power`` (noncentral t)."""
    effect = TTestPower().solve_power(nobs=seeds, alpha=ALPHA, power=power)
    return float(effect) * deviation


def needed(deviation: float, margin: float, power: float = 0.8) -> int | None:
    """The fewest seeds that find a difference as large as the margin; None above 1,000."""
    if deviation == 0:
        return 2
    for seeds in range(2, MOST_SEEDS + 1):
        if TTestPower().power(margin / deviation, nobs=seeds, alpha=ALPHA) >= power:
            return seeds
    return None


def seeds_and_images(contrast: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """95 % interval for seeds and images together (see ``[rule.checks] images``).

    ``contrast`` (seeds,) are the differences of accuracy, ``right`` (images,) the same
    difference for each image, averaged over the seeds.
    """
    n, m = len(contrast), len(right)
    error = np.sqrt(contrast.var(ddof=1) / n + right.var(ddof=1) / m)
    half = float(t.ppf(0.975, n - 1) * error)
    return float(contrast.mean()) - half, float(contrast.mean()) + half
