import math

import numpy as np
from scipy import optimize, stats


def decided_by_a_table(low, high):
    return ["does not hold", "cannot tell", "holds"][1 + (low > 0) - (high < 0)]


def decided_in_capitals(low, high):
    if low <= 0 <= high:
        return "Can't tell"
    return "Holds" if low > 0 else "Does not hold"


def flipped_by_bits(differences):
    n = len(differences)
    bits = np.arange(2**n)[:, None] >> np.arange(n) & 1
    means = ((2 * bits - 1) * np.array(differences)).mean(axis=1)
    return np.mean(np.abs(means) > abs(np.mean(differences)) - 1e-12)


def flipped_one_by_one(differences):
    sums = [0.0]
    for d in differences:
        sums = [s + d for s in sums] + [s - d for s in sums]
    found = math.fsum(differences)
    return sum(abs(s) > abs(found) or math.isclose(abs(s), abs(found)) for s in sums) / len(sums)


def interval_by_beta(k, n):
    low = stats.beta.ppf(0.025, k, n - k + 1) if k else 0
    high = stats.beta.ppf(0.975, k + 1, n - k) if k < n else 1
    return np.array([low, high])


def interval_by_roots(k, n):
    low, high = 0, 1
    if k > 0:
        low = optimize.brentq(lambda p: stats.binom.sf(k - 1, n, p) - 0.025, 0, 1, xtol=1e-9)
    if k < n:
        high = optimize.brentq(lambda p: stats.binom.cdf(k, n, p) - 0.025, 0, 1, xtol=1e-9)
    return [low, high]


OTHERS = {
    "18.2": [decided_by_a_table, decided_in_capitals],
    "18.4": [flipped_by_bits, flipped_one_by_one],
    "18.5": [interval_by_beta, interval_by_roots],
}
