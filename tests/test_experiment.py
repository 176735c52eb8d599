import dataclasses
import json

import pytest

from cnnlib import CATALOGUE, Arch, Conv, Data, Experiment, Recipe, diff, vary
from cnnlib.experiment import changes, declared, from_dict, identity

BASELINE = Experiment("baseline")


def test_defaults_are_the_baseline_and_declare_nothing():
    assert CATALOGUE["baseline"] == dataclasses.replace(BASELINE, why=CATALOGUE["baseline"].why)
    assert declared(BASELINE) == {"arch": {}, "recipe": {}, "data": {}}


def test_vary_records_parent_reason_and_only_the_change():
    child = vary(BASELINE, "maxpool", arch=dict(pool="max"), why="because")
    assert (child.parent, child.why) == ("baseline", "because")
    assert changes(BASELINE, child) == [("arch.pool", "avg", "max")]
    assert diff(BASELINE, child) == "arch.pool: avg → max"
    last = vary(BASELINE, "last", arch=dict(pool_after=(2,)))
    assert diff(BASELINE, last) == "arch.pool_after: () → 2"


def test_diff_shows_confounds():
    shown = diff(BASELINE, CATALOGUE["lr-0.1"])
    assert shown == (
        "recipe.optimiser: adam → sgd; recipe.lr: 0.001 → 0.1; recipe.schedule: constant → step"
    )
    assert diff(BASELINE, BASELINE) == "no difference"
    assert "6@5×5 p2, 16@5×5 → 32@5×5 p2, 64@5×5" in diff(BASELINE, CATALOGUE["filters"])


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_declaration_survives_json(name):
    stored = json.loads(json.dumps(dataclasses.asdict(CATALOGUE[name])))
    assert from_dict(stored) == CATALOGUE[name]
    assert identity(from_dict(stored)) == identity(CATALOGUE[name])


def test_identity_is_what_was_declared_not_what_it_is_called():
    child = vary(BASELINE, "a", arch=dict(pool="max"), why="x")
    assert identity(child) == identity(vary(BASELINE, "b", arch=dict(pool="max"), why="y"))
    assert len({identity(child, 0), identity(child, 1), identity(child, 0, "other split")}) == 3
    assert identity(child) != identity(BASELINE)


def test_the_baseline_identity_is_pinned():
    # A change here would orphan every stored run: it has to be meant.
    assert identity(BASELINE, seed=0) == "30b9cb3f4e80"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: vary(BASELINE, "x", arch=dict(pol="max")), ["Arch", "'pol'", "'pool'"]),
        (lambda: vary(BASELINE, "x", recipe=dict(lr=1e-3)), ["changes nothing", "'baseline'"]),
        (lambda: Arch(pool="mean"), ["Arch.pool", "'mean'", "avg, max"]),
        (lambda: Arch(activation="tanh"), ["Arch.activation", "'tanh'", "leaky_relu"]),
        (lambda: Arch(init="zeros"), ["Arch.init", "'zeros'"]),
        (lambda: Arch(dropout_pool=1.0), ["dropout_pool", "1.0", "below 1"]),
        (lambda: Arch(convs=()), ["convs is empty"]),
        (lambda: Arch(convs=(Conv(6), Conv(6), Conv(6))), ["nothing is left", "6@5×5"]),
        (lambda: Arch(pool_after=(3,)), ["Arch.pool_after", "(3,)", "from 1 to 2"]),
        (lambda: Conv(0), ["Conv.filters", "0", "at least 1"]),
        (lambda: Recipe(lr=0), ["Recipe.lr", "above 0"]),
        (lambda: Recipe(lr=float("nan")), ["Recipe.lr", "nan"]),
        (lambda: Recipe(epochs=0), ["Recipe.epochs", "at least 1"]),
        (lambda: Recipe(optimiser="adm"), ["Recipe.optimiser", "'adm'", "adam, sgd"]),
        (lambda: Recipe(schedule="cosine"), ["Recipe.schedule", "constant, step, one-cycle"]),
        (lambda: Recipe(label_smoothing=1.0), ["Recipe.label_smoothing", "1.0", "below 1"]),
        (lambda: Data(shift=-1), ["Data.shift", "-1", "0 to 27"]),
        (lambda: Data(shift=0.5), ["Data.shift", "0.5", "whole number"]),
        (lambda: Data(std=0), ["Data.std", "above 0"]),
        (lambda: Experiment("a/b"), ["'a/b'", "letters"]),
    ],
)
def test_bad_input_is_named(make, words):
    with pytest.raises(ValueError) as error:
        make()
    assert all(word in str(error.value) for word in words), error.value


def test_declarations_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        BASELINE.arch.pool = "max"
