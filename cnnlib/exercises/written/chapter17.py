"""Exercises of chapter 17 that are answered by writing a function or a class."""

from itertools import combinations

import numpy as np
from scipy import stats

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def error_of(p, n):
    """Standard error of an accuracy p (a fraction) that was measured on n images."""
    # one image is right (1) or wrong (0): such a toss has the variance p (1 - p)
    variance = p * (1 - p)
    # a mean of n independent tosses has one n-th of it; the root has p's unit
    return (variance / n) ** 0.5


def _no_root(p, n):
    return p * (1 - p) / n


def _of_one_image(p, n):
    return (p * (1 - p)) ** 0.5


def _only_p(p, n):
    return (p / n) ** 0.5


def _root_of_p_alone(p, n):
    return (p * (1 - p)) ** 0.5 / n


def paired_interval(first, second):
    """95 % interval of the mean of first - second, two lists: (mean, low, high)."""
    # seed by seed: what both runs of a seed have in common cancels out
    differences = [a - b for a, b in zip(first, second, strict=True)]
    n = len(differences)
    mean = sum(differences) / n
    # n - 1, because the mean was taken from the same numbers
    variance = sum((d - mean) ** 2 for d in differences) / (n - 1)
    error = (variance / n) ** 0.5
    # 2.5 % on either side
    reach = stats.t.ppf(0.975, n - 1) * error
    return mean, mean - reach, mean + reach


def _t_interval(first, second, *, ddof=1, factor=None, root=True, swap=False):
    differences = np.array(first) - np.array(second)
    differences = -differences if swap else differences
    n = len(differences)
    factor = stats.t.ppf(0.975, n - 1) if factor is None else factor
    reach = factor * differences.std(ddof=ddof) / (n**0.5 if root else 1)
    return differences.mean(), differences.mean() - reach, differences.mean() + reach


def _normal(first, second):
    return _t_interval(first, second, factor=1.96)


def _biased(first, second):
    return _t_interval(first, second, ddof=0)


def _of_one_run(first, second):
    return _t_interval(first, second, root=False)


def _swapped(first, second):
    return _t_interval(first, second, swap=True)


def _one_sided(first, second):
    return _t_interval(first, second, factor=stats.t.ppf(0.95, len(first) - 1))


def _one_degree_more(first, second):
    return _t_interval(first, second, factor=stats.t.ppf(0.975, len(first)))


def _unpaired(first, second):
    low, high = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    return np.mean(first) - np.mean(second), low, high


def _pooled(first, second):
    low, high = stats.ttest_ind(first, second).confidence_interval(0.95)
    return np.mean(first) - np.mean(second), low, high


def _by_scipy(first, second):
    test = stats.ttest_rel(first, second)
    low, high = test.confidence_interval(0.95)
    return np.mean(np.array(first) - np.array(second)), low, high


def _two_models() -> list[tuple]:
    drawn = np.random.default_rng(17)
    pairs = []
    for seeds, gain in ((5, 0.01), (2, 0.02), (12, -0.03), (7, 0.0)):
        seed = drawn.normal(0.88, 0.01, seeds)  # what the two runs of a seed share
        first, second = (seed + drawn.normal(0, 0.003, seeds) for _ in range(2))
        pairs.append(((first + gain).tolist(), second.tolist()))
    return pairs


def holm(p_values):
    """Holm's adjusted p of each question: a list in the order of p_values."""
    n = len(p_values)
    smallest_first = sorted(range(n), key=lambda i: p_values[i])
    adjusted = [0.0] * n
    so_far = 0.0
    for rank, i in enumerate(smallest_first):
        # the smallest p pays for all n questions, the next for those that are left
        paid = min(1.0, (n - rank) * p_values[i])
        # a larger p must not come out below a smaller one
        so_far = max(so_far, paid)
        adjusted[i] = so_far
    return adjusted


def _bonferroni(p_values):
    return [min(1.0, len(p_values) * p) for p in p_values]


def _not_monotone(p_values):
    n, order = len(p_values), np.argsort(p_values, kind="stable")
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(1, (n - np.arange(n)) * np.array(p_values)[order])
    return adjusted.tolist()


def _above_1(p_values):
    n, order = len(p_values), np.argsort(p_values, kind="stable")
    adjusted = np.empty(n)
    adjusted[order] = np.maximum.accumulate((n - np.arange(n)) * np.array(p_values)[order])
    return adjusted.tolist()


def _in_sorted_order(p_values):
    return sorted(holm(p_values))


def _from_the_wrong_end(p_values):
    n, order = len(p_values), np.argsort(p_values, kind="stable")
    adjusted = np.empty(n)
    paid = (np.arange(n) + 1) * np.array(p_values)[order]
    adjusted[order] = np.minimum(1, np.maximum.accumulate(paid))
    return adjusted.tolist()


def _one_too_few(p_values):
    n, order = len(p_values), np.argsort(p_values, kind="stable")
    adjusted = np.empty(n)
    paid = (n - 1 - np.arange(n)) * np.array(p_values)[order]
    adjusted[order] = np.minimum(1, np.maximum.accumulate(paid))
    return adjusted.tolist()


def _false_discoveries(p_values):
    return stats.false_discovery_control(p_values).tolist()


def _closed_testing(p_values):
    """The definition behind Holm's shortcut: every set of questions, asked by Bonferroni.

    A question is answered at a level when each set that it belongs to is rejected there.
    """
    questions = range(len(p_values))
    sets = [s for size in questions for s in combinations(questions, size + 1)]
    of_set = {s: min(1.0, len(s) * min(p_values[i] for i in s)) for s in sets}
    return [max(p for s, p in of_set.items() if i in s) for i in questions]


def _p_values() -> list[tuple]:
    return [
        ([0.01, 0.04, 0.03],),  # the running maximum matters
        ([0.0131, 0.4416, 0.0001, 0.0025, 0.00001, 0.9926],),
        ([0.2],),
        ([0.6, 0.5, 0.03, 0.03],),  # equal ones, and more than 1
        ([0.9, 0.8],),
    ]


EXERCISES: dict[str, Written] = {
    "17.1": Written(
        hints=(
            "The formula stands at the beginning of the chapter. Which part is the variance?",
            "Compute p (1 - p), divide it by n, and take the square root of the whole.",
        ),
        solution=error_of,
        oracle=lambda p, n: stats.binom(n, p).std() / n,
        cases=lambda: [(0.9, 100), (0.5, 1), (0.89, 12_000), (1.0, 50), (0.1, 7)],
        mistakes=(
            (_no_root, "that is the variance; a standard error is its square root."),
            (_of_one_image, "that is the spread of one image; a mean of n images wavers less."),
            (_only_p, "at p = 1 no image is wrong, and nothing can waver; yours is not 0 there."),
            (_root_of_p_alone, "n belongs under the root too: four times the images, half of it."),
        ),
    ),
    "17.5": Written(
        hints=(
            "Take the differences first, one for each seed; from then on there is one list.",
            "The mean, plus and minus Student's factor times the standard deviation (divided by "
            "n - 1 inside) over √n. stats.t.ppf(0.975, n - 1) gives the factor.",
        ),
        solution=paired_interval,
        oracle=_by_scipy,
        cases=_two_models,
        mistakes=(
            (_normal, "1.96 is for many seeds; with few, Student's factor is larger."),
            (_biased, "too narrow: divide the squares by n - 1, the mean is from the same data."),
            (_of_one_run, "that is where one more difference would lie; the *mean* wavers less."),
            (_swapped, "the sign is turned round: it should be the first minus the second."),
            (_one_sided, "5 % on one side; the interval leaves out 2.5 % on either side."),
            (_one_degree_more, "n differences leave n - 1 degrees of freedom."),
            (_unpaired, "that treats the two lists as separate samples; pair them seed by seed."),
            (_pooled, "that pools two separate samples; pair them seed by seed."),
        ),
        tolerance=1e-6,
    ),
    "17.6": Written(
        hints=(
            "Go from the smallest p to the largest. How many questions are left each time?",
            "Multiply the smallest by n, the next by n - 1, and so on; keep the largest product "
            "so far, at most 1, and put it back at the place where that p stood.",
        ),
        solution=holm,
        oracle=_closed_testing,
        cases=_p_values,
        mistakes=(
            (_bonferroni, "that is Bonferroni's: only the smallest p has to pay for all."),
            (_not_monotone, "somewhere a larger p comes out below a smaller one."),
            (_above_1, "one comes out above 1, and no p can."),
            (_in_sorted_order, "the figures are right, but not in the order of the questions."),
            (_from_the_wrong_end, "the smallest p has to pay most; yours pays least."),
            (_one_too_few, "the smallest p is one of n questions, not of n - 1."),
            (
                _false_discoveries,
                "that controls the share of false findings (Benjamini and "
                "Hochberg); Holm's keeps even one false finding rare.",
            ),
        ),
        tolerance=1e-9,
    ),
}
