"""`agree`: two trainings are the same one, or what differs is named."""

import itertools
import re

import pytest

import cnnlib
from cnnlib import CATALOGUE, SEEDS, fit_many, run, stored_seeds, vary
from cnnlib.analysis.agreement import FIGURES, agree, tolerances
from cnnlib.records import History

MAXPOOL = CATALOGUE["maxpool"]
SAME = "Your training agrees with the stored run: train_acc within"


def repeated(stored, epochs=None, experiment=None, seed=0, images=48_000, **later):
    """A history as ``fit`` gives it, with the figures of a stored run; the last epoch's may be
    others."""
    history = History(experiment or stored.experiment, None, seed, images)
    history.extend(dict(record) for record in stored.history[:epochs])
    if later:
        history[-1] |= later
    return history


def refused(history, stored):
    with pytest.raises(ValueError) as caught:
        agree(history, stored)
    return str(caught.value)


@pytest.mark.parametrize("name", ["maxpool", "lenet5", "lr-0.1", "lenet5-var4-mended-augmented"])
@pytest.mark.parametrize("epochs", [1, 15])
def test_a_run_agrees_with_itself(name, epochs, capsys):
    agree(repeated(run(name, train=False), epochs), run(name, train=False))
    assert capsys.readouterr().out.startswith(SAME)


SPREAD = [name for name in CATALOGUE if set(SEEDS) <= set(stored_seeds(name))]


@pytest.mark.parametrize("name", SPREAD)
def test_no_pair_of_seeds_is_farther_apart_than_is_allowed(name):
    draws = [run(name, seed, train=False) for seed in SEEDS]
    allowed = tolerances(draws, 15)
    for one, other in itertools.combinations(draws, 2):
        for figure in FIGURES:
            for mine, theirs, limit in zip(
                one.history, other.history, allowed[figure], strict=True
            ):
                assert abs(mine[figure] - theirs[figure]) <= limit


@pytest.mark.parametrize(
    ("recipe", "named"),
    [
        (dict(lr=0.01), "recipe.lr: 0.001 → 0.01"),
        (dict(batch_size=32), "recipe.batch_size: 64 → 32"),
        (dict(l2_conv=0.0), "recipe.l2_conv: 0.01 → 0.0"),
        (dict(optimiser="sgd"), "recipe.optimiser: adam → sgd"),
    ],
)
def test_another_declaration_is_named(recipe, named):
    stored = run("maxpool", train=False)
    told = refused(repeated(stored, 1, vary(MAXPOOL, "other", recipe=recipe)), stored)
    assert "the declarations differ, stored → yours" in told and named in told


def test_another_training_is_named():
    stored = run("maxpool", train=False)
    for history, other, named in (
        ([], stored, "the first is a list; expected what cnnlib.fit returned"),
        (stored.history, stored, "the first is a list; expected what cnnlib.fit returned"),
        (repeated(stored, 0), stored, "the history is empty"),
        (repeated(stored), stored.history, "the second is a list; expected a run"),
        (repeated(stored, seed=1), stored, "your seed is 1, that of the stored run 0"),
        (repeated(stored, images=640), stored, "yours saw 640 images, the stored run 48,000"),
        (repeated(stored, 3, lr=0.002), stored, "epoch 3 has the learning rate 0.002 here and"),
    ):
        assert named in refused(history, other)


def test_accuracies_too_far_apart_are_an_error_that_names_the_epoch():
    stored = run("maxpool", train=False)
    counts = dict(val_predicted=[1200] * 10)
    for figure in FIGURES:
        wanted = f"epoch 3: {figure} is 0.7000 here and 0.8.* where the seeds allow 0.0"
        with pytest.raises(AssertionError, match=wanted):
            agree(repeated(stored, 3, **counts, **{figure: 0.7}), stored)


def test_a_stuck_run_is_a_finding_and_no_error(capsys):
    stored = run("maxpool", train=False)
    agree(repeated(stored, 3, val_acc=0.75, val_predicted=[1000] * 8 + [4000, 0]), stored)
    told = capsys.readouterr().out
    assert re.match(r"A finding: epoch 3: val_acc is 0.7500 here and 0.8", told)
    assert "yours never predicts ankle boot" in told and SAME not in told


def test_where_the_seeds_are_too_few_the_parents_tell_the_spread(capsys):
    fold = cnnlib.cross_validate("lenet5-var4")[0]
    agree(repeated(fold), fold)
    of_fold = capsys.readouterr().out
    parent = run("lenet5-var4", train=False)
    agree(repeated(parent), parent)
    assert stored_seeds(fold.experiment) == [0] and capsys.readouterr().out == of_fold


def test_where_nothing_tells_the_spread_it_is_said(store):
    stored = run(vary("maxpool", "quick", recipe=dict(epochs=2)), verbose=False)
    with pytest.raises(LookupError, match="fewer than 3 seeds of 'quick' are stored, and of its"):
        agree(repeated(stored, images=512), stored)


def test_the_history_knows_the_architecture_that_was_trained(small):
    model = cnnlib.build("baseline", seed=0)
    few = small.train[:64]
    history = cnnlib.fit(model, MAXPOOL, few, few, epochs=1, verbose=False)
    assert "arch.pool: max → avg" in refused(history, run("maxpool", train=False))
    (other,) = fit_many([model], MAXPOOL, few, few, seeds=[3], epochs=1, verbose=False)
    assert (other.experiment, other.seed, other.images) == (history.experiment, 3, 64)
