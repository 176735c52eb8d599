import itertools
import math
import re
import statistics

import numpy as np
import pytest
from scipy import stats

from cnnlib import SEEDS, accuracies, load, run
from cnnlib.claims import checks, rule
from cnnlib.claims.claims import judged
from cnnlib.claims.rule import sign_flip_p
from cnnlib.parallel.sweeps import fold_experiments

SOME = ("report-1-accuracy", "report-1-classes")  # judging all takes seconds


def test_signs_are_flipped_in_all_ways():
    values = np.array([0.3, -0.1, 0.2, 0.4])
    sums = [abs(np.dot(signs, values)) for signs in itertools.product((1, -1), repeat=4)]
    by_hand = np.mean(np.array(sums) >= abs(values.sum()) - 1e-12)
    assert sign_flip_p(values) == pytest.approx(by_hand)


def test_the_parts_of_an_entry_with_their_checks():
    (row,) = checks.parts_table("r1-maxpool-accuracy", "explored").itertuples()
    accs = accuracies(["maxpool", "baseline"])
    difference = accs.maxpool - accs.baseline
    assert row.mean == pytest.approx(difference.mean())
    assert row.signs == sign_flip_p(difference)
    assert row.margin == 0.005 and row.contrast == "val_acc, maxpool minus baseline"
    labels, right = load().val.labels.numpy(), np.zeros(12_000)
    for name, sign in (("maxpool", 1), ("baseline", -1)):
        for seed in SEEDS:
            right += sign * (run(name, seed).val_predictions().numpy() == labels) / 5
    error = math.sqrt(difference.var() / 5 + right.var(ddof=1) / 12_000)
    half = stats.t.ppf(0.975, 4) * error
    said = f"{row.mean - half:+.4f} to {row.mean + half:+.4f}"
    assert checks.parts_table("r1-maxpool-accuracy", "explored")["with images"][0] == said


def test_other_sides_names_each_check_that_falls_elsewhere():
    table = checks.other_sides("explored", SOME)
    for name, row in table.iterrows():
        clear = row["low"] > 0 or row["high"] < 0
        wide = (
            [float(end) for end in row["with images"].split(" to ")] if row["with images"] else []
        )
        through = bool(wide) and (wide[0] > 0 or wide[1] < 0) != clear
        assert (row["signs"] < 0.05) != clear or through, name
    # five signs give 1/16 at best, so everything that is clear of 0 is named
    names = {
        n
        for n, one in judged("explored", families=SOME).items()
        if any(part.clear for part in one.parts)
    }
    assert set(table.index) == names


def test_open_entries_say_what_it_would_take():
    table, first = checks.open_table("explored", SOME), judged("explored", families=SOME)
    assert len(table) and set(table.index) == {
        n for n, one in first.items() if one.verdict.strength == "cannot tell"
    }
    for name, row in table.iterrows():
        parts = first[name].parts
        most = [rule.needed(float(part.values.std(ddof=1)), part.margin) for part in parts]
        said = "more than 1,000" if None in most else f"{max(most):,}"
        assert row["it would take"] == said and row["seeds (rounds) now"] == 5, name


def test_rounds_are_counted_where_they_stand_for_seeds():
    row = checks.open_table("confirmed", ["time"]).loc["r1-convolution-faster"]
    assert row["seeds (rounds) now"] == 15


def test_what_seeds_see_shrinks_with_their_number():
    table = checks.power_table((5, 20))
    assert (table["20 seeds"] < table["5 seeds"] / 2).all()


def test_pairing_is_a_correlation():
    table = checks.pairing_table(["baseline", "maxpool", "filters"], SEEDS)
    accs = accuracies(["baseline", "filters"])
    row = table.loc["baseline, filters"]
    assert row.correlation == pytest.approx(accs.corr().iloc[0, 1])
    ratio = (accs.baseline - accs.filters).var() / accs.var().sum()
    assert row.ratio == pytest.approx(math.sqrt(ratio))
    assert len(table) == 3


def test_other_splits_have_the_interval_of_nadeau_and_bengio():
    table = checks.splits_table()
    row = table.loc["maxpool minus baseline"]
    accs = {
        name: np.array(
            [
                [run(one, seed, train=False).metrics["val_acc"] for seed in (0, 1)]
                for one in fold_experiments(name, "holdout")
            ]
        )
        for name in ("maxpool", "baseline")
    }
    means = (accs["maxpool"] - accs["baseline"]).mean(axis=1)  # (5 splits,)
    assert row[[f"split {k}" for k in range(1, 6)]].tolist() == pytest.approx(means.tolist())
    assert row.deviation == pytest.approx(statistics.stdev(means))
    half = 2.776445 * statistics.stdev(means) * math.sqrt(0.2 + 0.25)
    told = [float(number) for number in re.findall(r"[+-][\d.]+", row["mean"])]
    mean = means.mean()
    assert told == pytest.approx([mean, mean - half, mean + half], abs=6e-5)
