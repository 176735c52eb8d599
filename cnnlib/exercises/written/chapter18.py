"""Exercises of chapter 18 that are answered by writing a function or a class."""

from itertools import product

import numpy as np
from scipy import stats

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def decide(low, high):
    """What an interval says of a claim: "holds", "does not hold" or "cannot tell"."""
    if low > 0:  # then all of the interval is above 0
        return "holds"
    if high < 0:
        return "does not hold"
    return "cannot tell"  # 0 lies inside, or on the rim


def _by_signs(low, high):
    both = np.sign(low) + np.sign(high)  # 2 or -2 when both ends lie on one side
    return {2: "holds", -2: "does not hold"}.get(int(both), "cannot tell")


def _by_the_middle(low, high):
    return "holds" if low + high > 0 else "does not hold"


def _never_refuted(low, high):
    return "holds" if low > 0 else "cannot tell"


def _refuted_unless_shown(low, high):
    return "holds" if low > 0 else "does not hold"


def _rim_counts(low, high):
    return "holds" if low >= 0 else "does not hold" if high <= 0 else "cannot tell"


def _turned_round(low, high):
    return "holds" if high < 0 else "does not hold" if low > 0 else "cannot tell"


def sign_flip_p(differences):
    """Exact two-sided p of "their mean is 0", for a list of differences."""
    patterns = list(product((1, -1), repeat=len(differences)))
    found = abs(sum(differences))
    # if there were no difference, each could as well have had the other sign
    flipped = []
    for signs in patterns:
        turned = [sign * d for sign, d in zip(signs, differences, strict=True)]
        flipped.append(abs(sum(turned)))
    # as extreme as ours, or more; a hair less for what rounding makes unequal
    extreme = sum(one >= found - 1e-12 for one in flipped)
    return extreme / len(patterns)


def _flips(differences):
    signs = np.array(list(product((1, -1), repeat=len(differences))))
    return signs @ np.array(differences), sum(differences)


def _one_sided(differences):
    flipped, found = _flips(differences)
    return (flipped >= found - 1e-12).mean()


def _without_itself(differences):
    flipped, found = _flips(differences)
    return (np.abs(flipped) > abs(found) + 1e-12).mean()


def _less_extreme(differences):
    flipped, found = _flips(differences)
    return (np.abs(flipped) <= abs(found) + 1e-12).mean()


def _counted(differences):
    flipped, found = _flips(differences)
    return (np.abs(flipped) >= abs(found) - 1e-12).sum()


def _sign_test(differences):
    above = int((np.array(differences) > 0).sum())
    return stats.binomtest(above, len(differences)).pvalue


def _permuted(differences):
    test = stats.permutation_test(
        (np.array(differences),), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    return float(test.pvalue)


def _differences() -> list[tuple]:
    return [
        ([0.012, 0.02, 0.005, 0.017, 0.008],),  # all on one side
        ([0.012, -0.002, 0.005, 0.017, -0.008],),
        ([-0.03, 0.01, -0.02, -0.015, -0.04, 0.002],),
        ([1.0, 1.0, 1.0, -1.0],),  # many ties
        ([0.0, 0.1, 0.3],),
    ]


def exact_interval(k, n):
    """Exact 95 % interval (Clopper and Pearson) of a share, k of n: (low, high)."""

    def where(too_low):
        low, high = 0.0, 1.0
        for _ in range(60):  # halve the interval until it has no width
            middle = (low + high) / 2
            low, high = (middle, high) if too_low(middle) else (low, middle)
        return low

    # below low, k or more would be seen in less than 2.5 % of the cases
    low = 0.0 if k == 0 else where(lambda p: stats.binom.sf(k - 1, n, p) < 0.025)
    # above high, k or fewer would be
    high = 1.0 if k == n else where(lambda p: stats.binom.cdf(k, n, p) > 0.025)
    return low, high


def _clopper_pearson(k, n):
    low, high = stats.binomtest(k, n).proportion_ci(0.95, method="exact")
    return low, high


def _wald(k, n):
    p = k / n
    reach = 1.96 * (p * (1 - p) / n) ** 0.5
    return p - reach, p + reach


def _wilson(k, n):
    low, high = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    return low, high


def _ninety(k, n):
    low, high = stats.binomtest(k, n).proportion_ci(0.9, method="exact")
    return low, high


def _more_than_k(k, n):
    low = stats.beta.ppf(0.025, k + 1, n - k) if k < n else 1.0
    high = stats.beta.ppf(0.975, k, n - k + 1) if k > 0 else 0.0
    return low, high


def _ends_forgotten(k, n):
    low, high = stats.beta.ppf(0.025, k, n - k + 1), stats.beta.ppf(0.975, k + 1, n - k)
    return low, high  # NaN where k is 0 or n


def _counts_of_claims() -> list[tuple]:
    return [(19, 42), (0, 10), (10, 10), (1, 3), (500, 1000), (1, 1)]


EXERCISES: dict[str, Written] = {
    "18.2": Written(
        hints=(
            "There are three answers, and two comparisons with 0 that settle two of them.",
            "It holds if even the lowest value is above 0; it does not if even the highest is "
            "below 0. Everything else cannot be told.",
        ),
        solution=decide,
        oracle=_by_signs,
        cases=lambda: [(0.1, 0.2), (-0.2, -0.1), (-0.1, 0.2), (-0.2, 0.1), (0.0, 0.3), (-0.3, 0.0)],
        mistakes=(
            (_by_the_middle, "the whole interval has to lie on one side of 0, not its middle."),
            (_never_refuted, "an interval that lies below 0 altogether says something too."),
            (_refuted_unless_shown, "not shown is not refuted: the interval may contain 0."),
            (_rim_counts, "an interval that begins at 0 has 0 in it."),
            (_turned_round, "the claim speaks of a gain; an interval above 0 supports it."),
        ),
    ),
    "18.4": Written(
        hints=(
            "For each pattern of signs, add up the differences with these signs.",
            "Count the patterns whose sum is, without its sign, at least as large as the real "
            "one's (allow 1e-12 for rounding), and divide by their number.",
        ),
        solution=sign_flip_p,
        oracle=_permuted,
        cases=_differences,
        mistakes=(
            (_one_sided, "a large fall would be as surprising as a large gain: count both sides."),
            (_without_itself, "what was seen is one of the patterns; at least as extreme counts."),
            (_less_extreme, "those are the patterns that are *less* extreme, or as much."),
            (_counted, "that is how many patterns are as extreme; which share of all is it?"),
            (_sign_test, "that asks only how many are above 0; their sizes matter too."),
        ),
        tolerance=1e-6,
    ),
    "18.5": Written(
        hints=(
            "low is the share at which k or more would be seen in just 2.5 % of the cases.",
            "stats.binom.sf(k - 1, n, p) is the chance of k or more, stats.binom.cdf(k, n, p) of "
            "k or fewer; find each p by halving. For k = 0, low is 0; for k = n, high is 1.",
        ),
        solution=exact_interval,
        oracle=_clopper_pearson,
        cases=_counts_of_claims,
        mistakes=(
            (_wald, "a share ± 1.96 errors can go below 0, and has no width at all when k is 0."),
            (_wilson, "that is Wilson's interval, a good one, but not the exact one asked for."),
            (_ninety, "5 % are left out on either side; it should be 2.5 %."),
            (_more_than_k, "too narrow: what was seen itself belongs to both tails."),
            (_ends_forgotten, "think of k = 0 and k = n: there one end lies at 0 or 1."),
        ),
    ),
}
