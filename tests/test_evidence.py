import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, t, ttest_rel, tukey_hsd
from sklearn.metrics import recall_score

from cnnlib.analysis import evidence
from cnnlib.analysis.evidence import (
    accuracy_interval,
    groups,
    over_seeds,
    paired,
    per_class_accuracy,
    standard_error,
    winners,
)

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


@pytest.mark.parametrize("without", [[0], [4], [9], [1, 2, 3]])
def test_a_class_without_images_keeps_its_place(without):
    rest = ~np.isin(LABELS, without)
    whole, found = per_class_accuracy(LABELS, FIRST), per_class_accuracy(LABELS[rest], FIRST[rest])
    assert np.isnan(found[without]).all() and np.isnan(found).sum() == len(without)
    others = [k for k in range(10) if k not in without]
    assert found[others] == pytest.approx(whole[others])


@pytest.mark.parametrize(
    ("labels", "predicted", "said"),
    [
        ([], [], r"shapes \(0,\) and \(0,\); expected"),
        ([1, 2], [1], r"shapes \(2,\) and \(1,\); expected"),
        ([[1]], [[1]], r"shapes \(1, 1\) and \(1, 1\); expected"),
        ([1, 10], [1, 1], "10 is no class"),
        ([1, 2], [1, -1], "-1 is no class"),
        ([1, 2], [1, 0.5], "0.5 is no class"),
        ([1, 2], [1, math.nan], "nan is no class"),
    ],
)
def test_what_are_no_classes_gets_a_sentence(labels, predicted, said):
    with pytest.raises(ValueError, match=said):
        per_class_accuracy(labels, predicted)


NAN = math.nan
TABLE = pd.DataFrame({"a": [0.8, 0.9], "b": [0.7, 0.8]})


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: standard_error(90, 100), "acc is 90 and images is 100; expected a fraction"),
        (lambda: standard_error(NAN, 100), "acc is nan"),
        (lambda: standard_error(0.9, 0), "images is 0"),
        (lambda: accuracy_interval(1.2, 100), "acc is 1.2"),
        (lambda: accuracy_interval(NAN, 100), "acc is nan"),
        (lambda: accuracy_interval(0.9, 0), "images is 0"),
        (lambda: paired([], [], []), "there are no images to compare on"),
        (lambda: over_seeds([0.1]), r"values has shape \(1,\); expected one figure per seed"),
        (lambda: over_seeds([]), r"values has shape \(0,\)"),
        (lambda: over_seeds([0.1, NAN]), "values holds NaN or infinity"),
        (lambda: groups(TABLE[["a"]]), "there are 1 models and 2 seeds; expected at least 2 and 2"),
        (lambda: groups(TABLE[:1]), "there are 2 models and 1 seeds; expected at least 2 and 2"),
        (lambda: groups(TABLE.assign(c=[NAN, 1])), "c has a seed without a figure, or NaN"),
        (lambda: winners(TABLE[[]]), "there are 0 models"),
        (lambda: winners(TABLE.assign(c=[NAN, 1])), "c has a seed without a figure, or NaN"),
    ],
)
def test_nothing_one_seed_and_nan_get_a_sentence(ask, said):
    with pytest.raises(ValueError, match=said):
        ask()


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


# Several seeds -------------------------------------------------------------------------------

FIVE = np.array([0.8912, 0.8899, 0.8931, 0.8876, 0.8920])
OTHER = np.array([0.9009, 0.8985, 0.8990, 0.9003, 0.8971])


def test_mean_over_seeds_is_students():
    found = over_seeds(FIVE)
    half = t.ppf(0.975, df=4) * FIVE.std(ddof=1) / math.sqrt(5)
    assert found[:3] == pytest.approx((FIVE.mean(), FIVE.mean() - half, FIVE.mean() + half))
    assert found.seeds == 5 and found.sign == 1
    assert over_seeds(-FIVE).sign == -1 and over_seeds([-1.0, 1.0, 0.1]).sign == 0


def test_over_seeds_reads_as_a_sentence():
    assert str(over_seeds([0.01, 0.02, 0.03])) == (
        "+0.0200 (95 % interval -0.0048 to +0.0448; 3 seeds, p = 0.074)"
    )


def test_differences_over_seeds_give_the_paired_t_test():
    assert over_seeds(OTHER - FIVE).p_value == pytest.approx(ttest_rel(OTHER, FIVE).pvalue)


def test_interval_covers_as_often_as_it_says():
    covered = [
        low <= 0.5 <= high for _, low, high, *_ in map(over_seeds, RNG.normal(0.5, 1, (2000, 5)))
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)


def test_equal_values_have_no_spread():
    assert over_seeds([0.5, 0.5, 0.5]) == (0.5, 0.5, 0.5, 0.0, 3)
    assert over_seeds([0.0, 0.0]).p_value == 1.0


@pytest.mark.parametrize("values", [[], [0.9], [[0.9, 0.8]]])
def test_one_seed_has_no_interval(values):
    with pytest.raises(ValueError, match="expected one figure per seed, two or more"):
        over_seeds(values)


def test_groups_share_a_letter_when_they_cannot_be_told_apart():
    table = {"low": FIVE - 0.05, "middle": FIVE, "twin": FIVE[::-1] + 0.0001, "high": OTHER}
    assert groups(pd.DataFrame(table)) == {"high": "a", "twin": "b", "middle": "b", "low": "c"}


def test_groups_may_overlap():
    noise = np.array([-2.0, -1, 0, 1, 2])
    table = pd.DataFrame({"a": noise + 4, "b": noise + 2, "c": noise})
    assert groups(table) == {"a": "a", "b": "ab", "c": "b"}


def test_a_common_letter_is_a_pair_that_cannot_be_told_apart():
    rng = np.random.default_rng(0)
    for _ in range(12):
        models = int(rng.integers(2, 6))
        means, spreads = rng.normal(0, 2, models), rng.uniform(0.1, 3, models)
        table = pd.DataFrame(rng.normal(means, spreads, (5, models)))
        letters = groups(table)
        p_values = tukey_hsd(*(table[k] for k in table), equal_var=False).pvalue
        for first, second in itertools.combinations(range(models), 2):
            common = set(letters[first]) & set(letters[second])
            assert bool(common) == (p_values[first, second] >= 0.05)


def test_letters_run_out_in_one_sentence(monkeypatch):
    monkeypatch.setattr(evidence, "ascii_lowercase", "a")
    table = pd.DataFrame({"low": FIVE - 0.05, "high": FIVE})
    with pytest.raises(ValueError, match="2 groups overlap, more than there are letters"):
        groups(table)


def test_winners_are_drawn_from_what_the_runs_predict():
    table = pd.DataFrame({"first": FIVE, "twin": FIVE, "last": FIVE - 1})
    shares = winners(table)
    assert shares.sum() == pytest.approx(1) and shares["last"] == 0
    assert shares["first"] == pytest.approx(0.5, abs=0.01)
    pair = pd.DataFrame({"better": FIVE + 0.01, "other": FIVE})
    deviation = FIVE.std(ddof=1) * math.sqrt(1.2)
    luck = np.random.default_rng(1).standard_t(4, (400_000, 2)) * deviation
    expected = np.mean(luck[:, 0] - luck[:, 1] > -0.01)
    assert winners(pair)["better"] == pytest.approx(expected, abs=0.01)
    assert winners(pair).equals(winners(pair))
