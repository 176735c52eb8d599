import itertools
import math

import numpy as np
import pytest
from scipy import stats

from cnnlib import SEEDS, run
from cnnlib.analysis.probes import never_predicted
from cnnlib.claims import rates


@pytest.mark.parametrize("stuck, runs", [(0, 5), (1, 5), (7, 20), (20, 20)])
def test_rates_have_exact_intervals(stuck, runs):
    low, high = rates.rate(stuck, runs)[2:]
    if stuck:  # so many or more are seen in 2.5 % of the cases at the lower end
        assert stats.binom.sf(stuck - 1, runs, low) == pytest.approx(0.025)
    if stuck < runs:
        assert stats.binom.cdf(stuck, runs, high) == pytest.approx(0.025)
    assert str(rates.rate(1, 5)) == "1 of 5 (0.01 to 0.72)"


class Made:
    """A run with this course of validation accuracies and, perhaps, counts of classes."""

    def __init__(self, accs, counts=None):
        self.history = [{"epoch": i, "val_acc": acc} for i, acc in enumerate(accs, 1)]
        for epoch, row in zip(self.history, counts or [], strict=False):
            epoch["val_predicted"] = row


EVEN, GONE = [1200] * 10, [0, 2400, *[1200] * 8]
LATE = [0.8] * 7 + [0.88] * 8  # a jump in epoch 8


@pytest.mark.parametrize(
    "accs, counts, jumps",
    [
        ([0.8] * 15, None, []),
        ([0.6, 0.8] + [0.81] * 13, None, []),  # early: that is learning
        (LATE, None, [(8, "")]),
        (LATE, [GONE] * 7 + [EVEN] * 8, [(8, "back")]),
        (LATE, [EVEN] * 15, [(8, "not back")]),
        (LATE, [GONE] * 3 + [EVEN] * 12, [(8, "not back")]),  # it came back in epoch 4
        (LATE, [GONE] * 7 + [[119, 2281, *[1200] * 8]] * 8, [(8, "not back")]),
        ([0.8] * 5 + [0.8401] * 10, None, [(6, "")]),
        ([0.8] * 5 + [0.8399] * 10, None, []),
    ],
)
def test_late_jumps(accs, counts, jumps):
    found = rates.late_jumps(Made(accs, counts))
    assert [(epoch, said) for epoch, _, said in found] == jumps


def test_stuck_runs_are_counted_for_each_model():
    names = ["lenet5", "lenet5-var3"]
    table, classes = rates.stuck_rates(names, SEEDS), rates.stuck_seeds(names, SEEDS)
    for name in names:
        lost = [never_predicted(run(name, seed, train=False)) for seed in SEEDS]
        assert table.loc[name, "stuck at the end"].startswith(f"{sum(map(bool, lost))} of 5 ")
        assert (name in classes) == any(lost)


def test_two_or_more_by_counting_all_cases():
    chances, total = [0.1, 0.5, 0.3], 0.0
    for hits in itertools.product((0, 1), repeat=3):
        if sum(hits) >= 2:
            total += math.prod(p if hit else 1 - p for p, hit in zip(chances, hits, strict=True))
    assert rates.two_or_more(chances) == pytest.approx(total)


def test_two_of_five_models_are_stuck_by_their_rates():
    found = rates.two_stuck(SEEDS)
    lost = [
        sum(bool(never_predicted(run(name, seed, train=False))) for seed in SEEDS)
        for name in ("lenet5", "lenet5-var1", "lenet5-var2", "lenet5-var3", "lenet5-var4")
    ]
    assert found.estimate == pytest.approx(rates.two_or_more([(n + 0.5) / 6 for n in lost]))
    assert 0 <= found.low < found.estimate < found.high <= 1


def test_one_more_run_lies_in_the_prediction_interval():
    rng, inside = np.random.default_rng(0), 0
    for _ in range(4000):
        *known, new = rng.normal(size=6)
        low, high = rates.prediction_interval(np.array(known))
        inside += low <= new <= high
    assert inside / 4000 == pytest.approx(0.95, abs=0.012)  # 3.5 standard errors


def test_printed_figures_beside_one_more_run():
    table = rates.reproduction_table("explored")
    assert len(table) == 12 and (table.runs == 5).all()
    for name, row in table.iterrows():
        accs = [run(name, seed, train=False).metrics["val_acc"] for seed in SEEDS]
        assert (row["low"], row["high"]) == pytest.approx(
            stats.t.interval(0.95, 4, np.mean(accs), np.std(accs, ddof=1) * math.sqrt(1.2))
        )
        assert (row["one more run?"] == "agrees") == (row["low"] <= row["reported"] <= row["high"])


def test_a_stuck_run_near_the_printed_accuracy_reproduces_it(monkeypatch):
    assert rates.reproduced("explored").empty  # as shipped: none of seeds 0 to 4 is stuck
    monkeypatch.setattr(rates, "never_predicted", lambda one: ["T-shirt/top"])
    monkeypatch.setattr(rates, "NEAR", 0.07)
    assert list(rates.reproduced("explored").index) == list(SEEDS)
