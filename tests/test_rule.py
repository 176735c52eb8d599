"""The rule on made-up figures, kind by kind; multiplicity and power beside other computations."""

import math

import numpy as np
import pytest
from scipy import stats

from cnnlib.claims import rule
from cnnlib.claims.rule import Verdict, found

WOBBLE = np.array([-2.0, -1, 0, 1, 2]) * 1e-4


def about(mean, spread=1.0):
    return mean + spread * WOBBLE


@pytest.mark.parametrize(
    "mean, expected, adjusted, verdict",
    [
        (0.02, "higher", 0.01, Verdict("firm", "holds")),
        (0.02, "lower", 0.01, Verdict("firm", "does not hold")),
        (-0.02, "lower", 0.01, Verdict("firm", "holds")),
        (-0.02, "either", 0.01, Verdict("firm", "lower")),
        (0.02, "either", 0.2, Verdict("suggestive", "higher")),
        (0.001, "higher", 0.01, Verdict("firm", "holds", True)),
        (0.001, "higher", 0.2, Verdict("suggestive", "holds", True)),
        (0.0, "higher", 0.2, Verdict("no difference that matters")),
    ],
)
def test_one_difference(mean, expected, adjusted, verdict):
    one = found(about(mean), expected, 0.005)
    assert rule.verdict("difference", expected, [one], adjusted) == verdict


def test_a_wide_interval_about_0_cannot_tell():
    one = found(about(0.001, 100), "higher", 0.005)
    assert rule.verdict("difference", "higher", [one], 0.9) == Verdict("cannot tell")


@pytest.mark.parametrize(
    "values, adjusted, verdict",
    [
        (about(0.001), 0.01, Verdict("firm", "holds")),
        (about(0.001), 0.2, Verdict("suggestive", "holds")),
        (about(0.02), 1.0, Verdict("firm", "does not hold")),
        (about(-0.02), 1.0, Verdict("firm", "does not hold")),
        (about(0.004, 20), 0.4, Verdict("cannot tell")),
    ],
)
def test_a_difference_that_is_said_to_be_small(values, adjusted, verdict):
    one = found(values, "within the margin", 0.005)
    assert rule.entry_p("equal", [one]) == one.p_small
    assert rule.verdict("equal", "within the margin", [one], adjusted) == verdict


UP, DOWN, WIDE = (found(about(*of), "higher", 0.005) for of in ((0.02,), (-0.02,), (0.001, 100)))
LEVEL = found(about(0.0001, 2), "higher", 0.005)


@pytest.mark.parametrize(
    "parts, adjusted, verdict",
    [
        ((UP, UP), 0.01, Verdict("firm", "holds")),
        ((UP, DOWN), 0.01, Verdict("firm", "does not hold")),
        ((UP, UP), 0.2, Verdict("suggestive", "holds")),
        ((UP, DOWN), 0.2, Verdict("suggestive", "does not hold")),
        ((UP, LEVEL), 0.2, Verdict("no difference that matters")),
        ((UP, WIDE), 0.2, Verdict("cannot tell")),
    ],
)
def test_several_that_must_all_go_one_way(parts, adjusted, verdict):
    assert rule.verdict("all", "higher", parts, adjusted) == verdict


def test_p_of_several_is_the_worst_or_the_best_of_those_against():
    assert rule.entry_p("all", [UP, WIDE]) == WIDE.p_value
    assert rule.entry_p("all", [UP, DOWN, WIDE]) == 3 * DOWN.p_value
    zero = found([-1e-4, 1e-4], "higher", 0.005)
    assert zero.side == 0 and rule.entry_p("all", [UP, zero]) == 1.0


def test_equal_contrasts_divide_by_nothing():
    same, none = found([0.01] * 5, "higher", 0.005), found([0.0] * 5, "higher", 0.005)
    assert (same.p_value, same.p_small, same.low) == (0.0, 1.0, 0.01)
    assert (none.p_value, none.p_small) == (1.0, 0.0)


def test_equivalence_is_the_90_per_cent_interval_inside_the_margin():
    rng = np.random.default_rng(0)
    for _ in range(200):
        values, margin = rng.normal(0.002, 0.004, 7), 0.005
        low, high = stats.t.interval(0.9, 6, values.mean(), stats.sem(values))
        inside = -margin < low and high < margin
        assert (found(values, "higher", margin).p_small < 0.05) == inside


def test_multiplicity_against_other_computations():
    rng = np.random.default_rng(1)
    for size in (1, 2, 7, 30):
        p_values = dict(enumerate(rng.uniform(0, 0.1, size)))
        order, so_far, holm = sorted(p_values, key=p_values.get), 0.0, {}
        for rank, name in enumerate(order):
            so_far = max(so_far, min(1.0, (size - rank) * p_values[name]))
            holm[name] = so_far
        assert rule.holm(p_values) == pytest.approx(holm)
        rates = stats.false_discovery_control(list(p_values.values()))
        assert list(rule.benjamini_hochberg(p_values).values()) == pytest.approx(list(rates))
    assert rule.holm({}) == {}


def power(difference, deviation, seeds):
    """Of the two-sided t-test at 0.05, from the noncentral t distribution."""
    factor, away = stats.t.ppf(0.975, seeds - 1), difference / deviation * math.sqrt(seeds)
    return stats.nct.sf(factor, seeds - 1, away) + stats.nct.cdf(-factor, seeds - 1, away)


@pytest.mark.parametrize("seeds", [5, 15, 20])
def test_what_seeds_see(seeds):
    assert power(rule.seen(0.004, seeds), 0.004, seeds) == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize("deviation", [0.001, 0.004, 0.02])
def test_how_many_seeds_it_takes(deviation):
    seeds = rule.needed(deviation, 0.005)
    assert power(0.005, deviation, seeds) >= 0.8
    assert seeds == 2 or power(0.005, deviation, seeds - 1) < 0.8


def test_a_hopeless_question_has_no_number():
    assert rule.needed(1.0, 0.005) is None and rule.needed(0.0, 0.005) == 2


def test_seeds_and_images_together():
    contrast, right = np.array([0.01, 0.02, 0.03]), np.array([1.0, 0, 0, -1, 1, 0])
    half = stats.t.ppf(0.975, 2) * math.sqrt(1e-4 / 3 + right.var(ddof=1) / 6)
    assert rule.seeds_and_images(contrast, right) == pytest.approx((0.02 - half, 0.02 + half))
