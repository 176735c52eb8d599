import math

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import recall_score

from cnnlib.evidence import accuracy_interval, paired, per_class_accuracy, standard_error

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 10, 500)
FIRST = np.where(RNG.random(500) < 0.8, LABELS, RNG.integers(0, 10, 500))
SECOND = np.where(RNG.random(500) < 0.7, LABELS, RNG.integers(0, 10, 500))


def test_standard_error_by_simulation():
    simulated = (RNG.random((4000, 400)) < 0.89).mean(axis=1).std()
    assert standard_error(0.89, 400) == pytest.approx(simulated, rel=0.05)
    assert standard_error(0.9, 100) == pytest.approx(0.03)


def test_interval_is_wilsons():
    acc, n, z = 0.89, 12_000, 1.959963984540054
    centre = (acc + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(acc * (1 - acc) / n + z**2 / (4 * n**2))
    assert accuracy_interval(acc, n) == pytest.approx((centre - half, centre + half))
    assert accuracy_interval(1.0, 10)[1] == 1.0


def test_per_class_accuracy_equals_scikit_learn():
    expected = recall_score(LABELS, FIRST, average=None)
    assert per_class_accuracy(LABELS, FIRST) == pytest.approx(expected)


def test_paired_counts_and_mcnemar():
    found = paired(LABELS, FIRST, SECOND)
    assert found.only_first == sum((FIRST == LABELS) & (SECOND != LABELS))
    assert found.difference == pytest.approx((FIRST == LABELS).mean() - (SECOND == LABELS).mean())
    n, k = found.only_first + found.only_second, max(found.only_first, found.only_second)
    assert found.p_value == pytest.approx(min(1, 2 * binom.sf(k - 1, n, 0.5)))


def test_paired_is_fair():
    same = paired(LABELS, FIRST, FIRST)
    assert (same.only_first, same.only_second, same.difference, same.p_value) == (0, 0, 0, 1)
    there, back = paired(LABELS, FIRST, SECOND), paired(LABELS, SECOND, FIRST)
    assert there.difference == -back.difference
    assert there.p_value == pytest.approx(back.p_value)


def test_paired_refuses_other_images():
    with pytest.raises(ValueError, match=r"shapes \(500,\), \(500,\) and \(499,\)"):
        paired(LABELS, FIRST, SECOND[:-1])
