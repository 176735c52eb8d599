import math
import statistics

import numpy as np
from scipy import stats


def error_by_products(p, n):
    return math.sqrt(p * (1 - p)) / math.sqrt(n)


def error_of_zeros_and_ones(p, n):
    return np.sqrt((p - p**2) / n)


def interval_by_ttest(first, second):
    differences = np.subtract(first, second)
    low, high = stats.ttest_1samp(differences, 0).confidence_interval()
    return differences.mean(), low, high


def interval_by_statistics(first, second):
    differences = list(map(lambda a, b: a - b, first, second))
    mean = statistics.fmean(differences)
    error = statistics.stdev(differences) / len(differences) ** 0.5
    return [mean, *stats.t(len(differences) - 1, loc=mean, scale=error).interval(0.95)]


def holm_by_numpy(p_values):
    p_values = np.asarray(p_values)
    order = p_values.argsort()
    paid = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(paid), 1)
    return adjusted[order.argsort()]


def holm_by_counting(p_values):
    def of(p):
        smaller = [other for other in p_values if other <= p]
        return min(1, max(sum(q >= other for q in p_values) * other for other in smaller))

    return tuple(of(p) for p in p_values)


OTHERS = {
    "17.1": [error_by_products, error_of_zeros_and_ones],
    "17.5": [interval_by_ttest, interval_by_statistics],
    "17.6": [holm_by_numpy, holm_by_counting],
}
