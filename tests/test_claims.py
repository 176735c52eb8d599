import json
import math
import re
from collections import Counter

import numpy as np
import pytest
from scipy.stats import t

from cnnlib import CATALOGUE, CLAIMS, SEEDS, claims_table, run, verdicts
from cnnlib.evidence import OverSeeds
from cnnlib.verdicts import Verdict

# Settled by arithmetic or by the reports' own tables; worked out by hand.
SETTLED = {
    "2×2 pooling with stride 1 makes 14×14 of 28×28": False,  # 28 - 2 + 1 = 27
    "the last pooling layer has 120 filters of 5×5": False,  # pooling has no filters
    "Adam can't go with a schedule of the learning rate": False,
    "for the schedule, only the optimiser was changed": False,  # rate and schedule too
    "max pooling leaves the number of parameters as it was": True,
    "more filters: 300 % more parameters": True,  # 255,230 / 61,706 = 4.14
    "a third convolution: about 60 % fewer parameters": True,  # 22,186 / 61,706 = 0.36
    "the table is sorted by training and validation accuracy": False,  # 0.8403, then 0.8543
    "Kaiming's initialisation sets the weights to zero": False,
    "two models have 61,706 parameters, three have 61,750": True,
    "the first model has 12 layers, the last has 15": True,
    "it does so by the report's own test figures": False,  # 0.8517 < 0.8878
}
NUMBERED = [pytest.param(claim, id=f"{i}") for i, claim in enumerate(CLAIMS, start=1)]


def of(way):
    found = [p for p in NUMBERED if p.values[0].evidence.func is way]
    assert found
    return pytest.mark.parametrize("claim", found)


def recorded(name, seed):
    """A stored run as its file has it."""
    return json.loads((run(name, seed, train=False).folder / "run.json").read_text("utf-8"))


def judged(values):
    """The verdict on "above 0", by Student's interval written out."""
    values = np.array(values)
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    if abs(values.mean()) <= half:
        return "can't be told from 5 seeds"
    return "holds" if values.mean() > 0 else "does not hold"


def test_claims_are_many_and_different():
    assert len(CLAIMS) >= 20 and {claim.report for claim in CLAIMS} == {1, 2}
    assert max(Counter(claim.says for claim in CLAIMS).values()) == 1


@pytest.mark.parametrize("claim", NUMBERED)
def test_every_claim_gets_a_verdict_with_figures(claim):
    found = claim.evidence()
    assert found.verdict in Verdict and re.search(r"\d|changed|place", found.figures)
    names = [about for about in claim.evidence.args if isinstance(about, str)]
    assert all(name in CATALOGUE or name.endswith("_acc") for name in names)


@of(verdicts.better)
def test_accuracies_are_judged_over_the_seeds(claim):
    child, parent, figure = (*claim.evidence.args, "val_acc")[:3]
    figures = [[recorded(n, s)["metrics"][figure] for s in SEEDS] for n in (child, parent)]
    assert claim.evidence().verdict == judged(np.subtract(*figures))


@of(verdicts.smaller_gap)
def test_gaps_are_judged_over_the_seeds(claim):
    gaps = []
    for name in claim.evidence.args:
        metrics = [recorded(name, seed)["metrics"] for seed in SEEDS]
        gaps.append([m["train_acc"] - m["val_acc"] for m in metrics])
    assert claim.evidence().verdict == judged(np.subtract(gaps[1], gaps[0]))


@of(verdicts.loss_rises)
def test_late_losses_are_judged_over_the_seeds(claim):
    histories = [recorded(*claim.evidence.args, seed)["history"] for seed in SEEDS]
    rises = [history[14]["val_loss"] - history[11]["val_loss"] for history in histories]
    assert [history[11]["epoch"] for history in histories] == [12] * len(SEEDS)
    assert claim.evidence().verdict == judged(rises)


def test_what_is_settled_by_hand_is_settled_here():
    says = {claim.says: claim for claim in CLAIMS}
    assert set(SETTLED) <= set(says)
    for text, true in SETTLED.items():
        assert says[text].evidence().verdict == ("holds" if true else "does not hold"), text


@pytest.mark.parametrize(
    "low, high, verdict",
    [(0.001, 0.02, Verdict.HOLDS), (-0.02, -0.001, Verdict.FAILS), (-0.001, 0.02, Verdict.OPEN)],
)
def test_verdicts_follow_the_interval(low, high, verdict):
    assert verdicts.above_zero(OverSeeds(0.0, low, high, 0.5, 5), "a figure").verdict == verdict


def test_the_table_counts_from_one_and_keeps_the_numbers():
    some = [claim for claim in CLAIMS if claim.says in SETTLED]
    table = claims_table(some)
    assert list(table.claim) == [claim.says for claim in some]
    assert all(CLAIMS[number - 1].says == text for number, text in table.claim.items())
    assert set(table.verdict) == {"holds", "does not hold"}
