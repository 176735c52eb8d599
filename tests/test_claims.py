import json
import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import t
from sklearn.metrics import accuracy_score, recall_score

from cnnlib import (
    CLAIMS,
    CLASS_NAMES,
    SEEDS,
    claims_table,
    load,
    predict_logits,
    run,
    verdicts,
)
from cnnlib.analysis.evidence import OverSeeds
from cnnlib.claims.verdicts import Verdict

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
}
ALIKE = ("T-shirt/top", "pullover", "coat", "shirt")
RECALLS = {  # which classes, and the sign of what max pooling is said to do to their recall
    verdicts.shirts_gain: (("shirt",), 1),
    verdicts.similar_gain: (ALIKE, 1),
    verdicts.others_lose: ([name for name in CLASS_NAMES if name not in ALIKE], -1),
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
        return "cannot tell"
    return "holds" if values.mean() > 0 else "does not hold"


def test_claims_are_many_and_different():
    assert len(CLAIMS) >= 20 and {claim.report for claim in CLAIMS} == {1, 2}
    assert max(Counter(claim.says for claim in CLAIMS).values()) == 1


def test_every_claim_is_settled_by_hand_or_judged_again_below():
    again = (
        *(verdicts.better, verdicts.smaller_gap, verdicts.loss_rises, verdicts.more_erratic),
        *(verdicts.slower, verdicts.steady_rise, verdicts.best_two, verdicts.anywhere),
        *(verdicts.shirts_are_worst, *RECALLS),
    )
    for claim in CLAIMS:
        assert (claim.says in SETTLED) != (claim.evidence.func in again), claim.says


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


def steps_of(name, after):
    """Mean change of the validation accuracy between neighbouring epochs, seed by seed."""
    found = []
    for seed in SEEDS:
        accs = [epoch["val_acc"] for epoch in recorded(name, seed)["history"]][after:]
        found.append(sum(abs(b - a) for a, b in pairwise(accs)) / (len(accs) - 1))
    return np.array(found)


@of(verdicts.more_erratic)
def test_wobbling_is_judged_over_the_seeds(claim):
    child, parent = claim.evidence.args
    found = claim.evidence()
    wobble = steps_of(child, 5) - steps_of(parent, 5)
    assert found.verdict == judged(wobble) and f"{wobble.mean():+.4f}" in found.figures


@of(verdicts.best_two)
def test_the_best_two_lead_in_each_seed(claim):
    accs = [[recorded(n, s)["metrics"]["val_acc"] for n in claim.evidence.args] for s in SEEDS]
    lead = [min(of_seed[:2]) - max(of_seed[2:]) for of_seed in accs]
    assert claim.evidence().verdict == judged(lead)


def recalls(name):
    """Recall of each class by scikit-learn: (seeds, 10)."""
    labels = load().val.labels
    guesses = [run(name, seed, train=False).val_predictions() for seed in SEEDS]
    return np.array([recall_score(labels, one, average=None) for one in guesses])


@pytest.mark.parametrize("way", RECALLS)
def test_classes_are_judged_over_the_seeds(way):
    gain = recalls("maxpool") - recalls("baseline")
    classes, sign = RECALLS[way]
    here = [CLASS_NAMES.index(name) for name in classes]
    assert way().verdict == judged(sign * gain[:, here].mean(axis=1))


def test_shirts_are_compared_with_the_worst_other_class():
    lead = []
    for recall in (recalls("baseline"), recalls("maxpool")):
        shirts = recall[:, CLASS_NAMES.index("shirt")]
        lead.append(np.delete(recall, CLASS_NAMES.index("shirt"), axis=1).min(axis=1) - shirts)
    assert verdicts.shirts_are_worst().verdict == judged(np.mean(lead, axis=0))


def test_a_moved_garment_is_recognised_less_often():
    moved = torch.zeros_like(load().val.images)
    moved[..., 4:] = load().val.images[..., :-4]
    one = run("maxpool", train=False)
    guesses = predict_logits(one.model(), moved, one.experiment.data).argmax(dim=1)
    acc = accuracy_score(load().val.labels, guesses)
    found = verdicts.anywhere()
    assert found.verdict == Verdict.FAILS and f"{acc:.2f} when moved by 4" in found.figures
    assert acc < one.metrics["val_acc"] - 0.1


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


@pytest.mark.parametrize(
    "means, verdict",
    [
        ((1, 1), Verdict.HOLDS),
        ((1, 0), Verdict.OPEN),
        ((0, -1), Verdict.FAILS),
        ((1, -1), Verdict.FAILS),
    ],
)
def test_a_steady_rise_needs_every_step(monkeypatch, means, verdict):
    steps = iter(OverSeeds(mean, mean - 0.5, mean + 0.5, 0.1, 5) for mean in means)
    monkeypatch.setattr(verdicts, "difference", lambda child, parent: next(steps))
    assert verdicts.steady_rise("first", "second", "third").verdict == verdict


def test_the_fastest_epoch_counts_for_time():
    fastest = [
        [min(epoch["seconds"] for epoch in recorded(name, seed)["history"]) for seed in SEEDS]
        for name in ("filters", "baseline")
    ]
    found = verdicts.slower("filters", "baseline")
    ratio = np.exp(np.mean(np.log(np.divide(*fastest))))
    assert found.verdict == judged(np.log(np.divide(*fastest)))
    assert f"{ratio:.2f} (" in found.figures


def test_the_table_counts_from_one_and_keeps_the_numbers():
    some = [claim for claim in CLAIMS if claim.says in SETTLED]
    table = claims_table(some)
    assert list(table.claim) == [claim.says for claim in some]
    assert all(CLAIMS[number - 1].says == text for number, text in table.claim.items())
    assert set(table.verdict) == {"holds", "does not hold"}
