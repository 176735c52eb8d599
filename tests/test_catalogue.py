import dataclasses

import pytest

from cnnlib import CATALOGUE, REPORTED, Experiment, UnknownExperimentError, vary
from cnnlib.catalogue import Catalogue, find
from cnnlib.experiment import changes

STAR = ("maxpool", "filters", "convolution", "dropout", "lr-0.1", "lr-0.01")
CHAIN = ("lenet5", "lenet5-var1", "lenet5-var2", "lenet5-var3", "lenet5-var4")


def changed(name):
    child = CATALOGUE[name]
    return [field for field, *_ in changes(CATALOGUE[child.parent], child)]


def test_every_reported_model_is_declared():
    assert set(REPORTED) <= set(CATALOGUE)
    assert {"adam-halved", "sgd-0.1-constant"} <= set(CATALOGUE)
    assert {f"{name}-mended" for name in CHAIN} <= set(CATALOGUE)


def test_each_entry_has_a_reason_and_an_earlier_parent():
    earlier = {None}
    for name, experiment in CATALOGUE.items():
        assert experiment.name == name and experiment.why and experiment.parent in earlier, name
        earlier.add(name)


def test_report_1_is_a_star():
    assert all(CATALOGUE[name].parent == "baseline" for name in STAR)
    assert changed("maxpool") == ["arch.pool"]
    assert changed("filters") == changed("convolution") == ["arch.convs"]
    assert changed("dropout") == ["arch.dropout_pool", "arch.dropout_last"]


def test_controls_change_one_thing():
    assert changed("convolution-padded") == changed("convolution-wide") == ["arch.convs"]
    assert changed("adam-halved") == changed("sgd-0.1-constant") == ["recipe.schedule"]
    assert changed("batch-128") == ["recipe.batch_size"]


def test_report_2_is_a_chain_of_single_changes():
    expected = ["arch.dropout_first", "arch.batch_norm", "arch.activation", "arch.pool"]
    for suffix in ("", "-mended"):
        names = [name + suffix for name in CHAIN]
        assert [CATALOGUE[name].parent for name in names[1:]] == names[:-1]
        assert [changed(name) for name in names[1:]] == [[field] for field in expected]


@pytest.mark.parametrize("name", CHAIN)
def test_mended_is_the_same_without_softmax(name):
    reported, mended = CATALOGUE[name], CATALOGUE[f"{name}-mended"]
    assert changes(reported, mended) == [("arch.softmax", True, False)]


def test_recipes_are_those_of_the_assignment():
    assert all(
        e.recipe.epochs == 15 and 32 <= e.recipe.batch_size <= 256 for e in CATALOGUE.values()
    )


def test_duplicates_are_refused():
    catalogue = Catalogue()
    baseline = catalogue.add(Experiment("baseline"))
    with pytest.raises(ValueError, match="already has an experiment named 'baseline'"):
        catalogue.add(vary(baseline, "baseline", arch=dict(pool="max")))
    with pytest.raises(ValueError, match="'twin' declares the same as 'baseline'"):
        catalogue.add(dataclasses.replace(baseline, name="twin"))
    assert list(catalogue) == ["baseline"]


def test_unknown_names_get_the_nearest():
    with pytest.raises(UnknownExperimentError) as error:
        CATALOGUE["max-pool"]
    assert str(error.value).startswith("no experiment is named 'max-pool'; did you mean 'maxpool'")
    with pytest.raises(UnknownExperimentError, match=r"known: .*'baseline'"):
        find("zzzzzzzz")
    assert find(CATALOGUE["maxpool"]) is CATALOGUE["maxpool"]
