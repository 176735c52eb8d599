import dataclasses
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cnnlib import (
    CATALOGUE,
    Arch,
    Conv,
    Data,
    Experiment,
    Recipe,
    UnknownExperimentError,
    build,
    diff,
    fit,
    fit_many,
    run,
    sweep,
    vary,
)
from cnnlib.experiment import changes
from cnnlib.records import declared, from_dict, identity
from cnnlib.runs import RECORD

BASELINE = Experiment("baseline")
NO_IMAGES = (None, None)  # for loops that raise before they look at any
RUNS = Path(__file__).parents[1] / "runs"


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


def test_every_declaration_survives_json():
    for one in CATALOGUE.values():
        stored = from_dict(json.loads(json.dumps(dataclasses.asdict(one))))
        assert stored == one and identity(stored) == identity(one)


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
        (lambda: Arch(activation="swish"), ["Arch.activation", "'swish'", "leaky_relu"]),
        (lambda: Arch(init="zeros"), ["Arch.init", "'zeros'"]),
        (lambda: Arch(dropout_pool=1.0), ["dropout_pool", "1.0", "below 1"]),
        (lambda: Arch(convs=()), ["convs is empty"]),
        (lambda: Arch(convs=(Conv(6), Conv(6), Conv(6))), ["nothing is left", "6@5×5"]),
        (lambda: Arch(pool_after=(3,)), ["Arch.pool_after", "(3,)", "from 1 to 2"]),
        (lambda: Conv(0), ["Conv.filters", "0", "at least 1"]),
        (lambda: Recipe(lr=0), ["Recipe.lr", "above 0"]),
        (lambda: Recipe(lr=float("nan")), ["Recipe.lr", "nan"]),
        (lambda: Recipe(epochs=0), ["Recipe.epochs", "at least 1"]),
        (lambda: Recipe(optimiser="adm"), ["Recipe.optimiser", "'adm'", "adam, adamw, sgd"]),
        (lambda: Recipe(schedule="linear"), ["Recipe.schedule", "constant, step, cosine, one-c"]),
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


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Arch(hidden=120), ["Arch.hidden is 120", "int", "(120, 84)"]),
        (lambda: Arch(hidden="120"), ["Arch.hidden is '120'", "str", "(120, 84)"]),
        (lambda: Arch(hidden=(0,)), ["Arch.hidden is (0,)", "at least 1 unit"]),
        (lambda: Arch(hidden=(-3,)), ["Arch.hidden is (-3,)", "at least 1 unit"]),
        (lambda: Arch(hidden=(12.5,)), ["Arch.hidden[0] is 12.5", "float", "whole number"]),
        (lambda: Arch(hidden=(True,)), ["Arch.hidden[0] is True", "bool", "whole number"]),
        (lambda: Arch(hidden=(120, None)), ["Arch.hidden[1] is None", "whole number"]),
        (lambda: Arch(hidden={120, 84}), ["Arch.hidden is {", "set", "(120, 84)"]),
        (lambda: Arch(hidden={120: 84}), ["Arch.hidden is {120: 84}", "dict", "(120, 84)"]),
        (lambda: Arch(hidden=np.array(120)), ["Arch.hidden is array(120)", "(120, 84)"]),
        (lambda: Conv(6.5), ["Conv.filters is 6.5", "whole number"]),
        (lambda: Conv(6, 5, padding="same"), ["Conv.padding is 'same'", "whole number"]),
        (lambda: Conv(10**12), ["Conv.filters", "at most 1,000,000,000"]),
        (lambda: Arch(convs=(6, 16)), ["Arch.convs[0] is 6", "int", "Conv(…)"]),
        (lambda: Arch(convs=Conv(6)), ["Arch.convs is Conv(", "(Conv(…), Conv(…))"]),
        (lambda: Arch(batch_norm="no"), ["Arch.batch_norm is 'no'", "True or False"]),
        (lambda: Arch(softmax="False"), ["Arch.softmax is 'False'", "without quotes"]),
        (lambda: Arch(softmax=0), ["Arch.softmax is 0", "True or False"]),
        (lambda: Arch(pool=2), ["Arch.pool is 2", "text in quotes"]),
        (lambda: Recipe(epochs="15"), ["Recipe.epochs is '15'", "str", "whole number"]),
        (lambda: Recipe(epochs=2.5), ["Recipe.epochs is 2.5", "float", "whole number"]),
        (lambda: Recipe(epochs=True), ["Recipe.epochs is True", "whole number"]),
        (lambda: Recipe(epochs=None), ["Recipe.epochs is None", "whole number"]),
        (lambda: Recipe(batch_size=64.5), ["Recipe.batch_size is 64.5", "whole number"]),
        (lambda: Recipe(lr="0.1"), ["Recipe.lr is '0.1'", "str", "a number"]),
        (lambda: Recipe(lr=True), ["Recipe.lr is True", "a number"]),
        (lambda: Recipe(gamma=-2), ["Recipe.gamma is -2.0", "above 0"]),
        (lambda: Recipe(l2_conv=math.nan), ["Recipe.l2_conv is nan", "finite"]),
        (
            lambda: Recipe(optimiser="adamw"),
            ["Recipe.l2_conv is 0.01", "expected 0", "weight_decay"],
        ),
        (lambda: Recipe(weight_decay=0.05), ["Recipe.weight_decay is 0.05", "'adam'", "'adamw'"]),
        (lambda: Recipe(weight_decay=-1), ["Recipe.weight_decay is -1.0", "at least 0"]),
        (lambda: Recipe(lr=10**400), ["Recipe.lr is 1000", "finite"]),
        (lambda: Recipe(lr=np.ones((3, 3))), ["Recipe.lr is array([[1.", "a number"]),
        (lambda: Recipe(epochs=10**5000), ["Recipe.epochs is a number of very many digits"]),
        (lambda: Data(std=math.inf), ["Data.std is inf", "finite"]),
        (lambda: Data(mean=(0.5,)), ["Data.mean is (0.5,)", "tuple", "a number"]),
        (lambda: Data(rotation=math.nan), ["Data.rotation is nan", "finite"]),
        (lambda: Experiment(7), ["Experiment.name is 7", "text in quotes"]),
        (lambda: Experiment("x", arch="maxpool"), ["Experiment.arch is 'maxpool'", "Arch(…)"]),
        (lambda: identity(BASELINE, seed=-1), ["seed is -1", "at least 0"]),
        (lambda: identity(BASELINE, seed=10**20), ["seed is 1000", "at most 1,000,000,000"]),
        (lambda: build(BASELINE, seed="0"), ["seed is '0'", "whole number"]),
        (lambda: run("maxpool", seed=1.5, train=False), ["seed is 1.5", "whole number"]),
        (lambda: sweep(["maxpool"], [-1]), ["seed is -1", "at least 0"]),
        (lambda: sweep(["maxpool"], 3), ["seeds is 3", "several values", "(0, 1)"]),
        (lambda: sweep("maxpool"), ["experiments is 'maxpool'", "several values"]),
        (lambda: sweep(BASELINE), ["experiments is Experiment(", "several values"]),
        (lambda: fit(build(BASELINE), BASELINE, *NO_IMAGES, seed=-1), ["seed is -1"]),
        (lambda: fit_many([], BASELINE, *NO_IMAGES, seeds=[0, -1]), ["seed is -1"]),
        (lambda: fit_many([], BASELINE, *NO_IMAGES, seeds=2), ["seeds is 2", "several values"]),
        (lambda: vary("maxpol", "x"), ["'maxpol'", "'maxpool'"]),
        (lambda: vary("maxpool", "x", recipe=2), ["recipe is 2", "int", "dict(epochs=…)"]),
        (lambda: vary("maxpool", "x", recipe=0), ["recipe is 0", "dict(epochs=…)"]),
        (lambda: vary("maxpool", "x", data=Data(mean=0.5)), ["data is Data(", "dict(mean=…)"]),
        (lambda: vary("maxpool", "x", arch={3: 3}), ["Arch has no field 3", "'pool'"]),
        (lambda: vary(["maxpool"], "x"), ["experiment is ['maxpool']", "an Experiment"]),
        (lambda: build(Arch()), ["experiment is Arch(", "an Experiment"]),
    ],
)
def test_a_value_of_a_wrong_kind_is_one_sentence(make, words):
    with pytest.raises((ValueError, UnknownExperimentError)) as error:
        make()
    said = str(error.value)
    assert all(word in said for word in words) and "\n" not in said and len(said) < 250, said


WRONG = {  # what no field of a kind takes
    int: (None, "1", 1.5, True, math.nan, math.inf, 1j, (1,), 10**20),
    float: (None, "0.1", True, math.nan, -math.inf, 1j, (0.5,), 10**400),
    bool: (None, "False", 0, 1.0, math.nan),
    str: (None, 1, 0.5, True, math.nan, ["avg"]),
}
FIELDS = [
    (kind, field)
    for kind in (Conv, Arch, Recipe, Data)
    for field in dataclasses.fields(kind)
    if field.type in WRONG
]


@pytest.mark.parametrize(
    ("kind", "field"), FIELDS, ids=[f"{kind.__name__}.{field.name}" for kind, field in FIELDS]
)
def test_no_field_takes_a_value_of_a_wrong_kind(kind, field):
    for value in WRONG[field.type]:
        needed = {"filters": 6} if kind is Conv else {}
        with pytest.raises(ValueError) as error:
            kind(**needed | {field.name: value})
        said = str(error.value)
        assert said.startswith(f"{kind.__name__}.{field.name} is {repr(value)[:60]}"), said
        assert type(value).__name__ in said and "expected" in said and len(said) < 200, said
        assert ("without quotes" in said) == (isinstance(value, str)), said


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (Arch(hidden=[120, 84]), Arch()),
        (Arch(hidden=np.array([120, 84])), Arch()),
        (Arch(hidden=(120.0, np.int64(84))), Arch()),
        (Arch(convs=[Conv(np.int32(6), 5, padding=2.0), Conv(16)]), Arch()),
        (Arch(batch_norm=np.True_), Arch(batch_norm=True)),
        (Recipe(lr=np.float32(0.01), epochs=15.0), Recipe(lr=0.01)),
        (Recipe(lr=1), Recipe(lr=1.0)),
        (Recipe(lr=Fraction(1, 4)), Recipe(lr=0.25)),
        (Recipe(l2_conv=-0.0), Recipe(l2_conv=0.0)),
        (Recipe(lr=np.float16(0.1)), Recipe(lr=0.1)),
        (Data(mean=np.float64(0.5)), Data(mean=0.5)),
        (Data(rotation=10, shift=np.uint8(2)), Data(rotation=10.0, shift=2)),
    ],
)
def test_what_is_meant_becomes_pythons_own(given, meant):
    assert given == meant
    part = type(given).__name__.lower()
    same = [Experiment("x", **{part: one}) for one in (given, meant)]
    assert json.dumps(declared(same[0])) == json.dumps(declared(same[1]))  # 1 is not 1.0 here
    assert identity(same[0], np.int64(3)) == identity(same[1], 3)


def test_every_stored_run_keeps_its_identity():
    folders = sorted(RUNS.glob("*-seed*-*"))
    assert len(folders) >= 200
    for folder in folders:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        found = identity(from_dict(record["experiment"]), record["seed"], record["split"])
        assert folder.name.endswith(f"-{found}"), folder.name


def test_a_name_will_do_for_a_parent():
    assert vary("maxpool", "x", recipe=dict(epochs=2)).parent == "maxpool"


def test_declarations_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        BASELINE.arch.pool = "max"
