from types import SimpleNamespace

import pytest
import torch
from distinct import ARCHITECTURES

from cnnlib import CATALOGUE, CLASS_NAMES, build
from cnnlib.analysis.probes import (
    before_activation,
    dead,
    largest,
    largest_rise,
    left_out,
    never_predicted,
    stuck_table,
)
from cnnlib.training import normalise


def untrained(name, predicted=range(10)):
    """A stand-in for a stored run, with an untrained model."""
    model = build(name, seed=0).eval()
    return SimpleNamespace(
        name=name,
        seed=0,
        experiment=CATALOGUE[name],
        metrics={"val_acc": 0.5},
        history=[
            {"epoch": epoch, "val_acc": acc}
            for epoch, acc in enumerate((0.1, 0.5, 0.6, 0.61, 0.7, 0.65), start=1)
        ],
        model=lambda: model,
        val_predictions=lambda: torch.tensor(list(predicted)),
    )


def test_never_predicted_names_the_classes_that_are_left_out():
    assert never_predicted(untrained("lenet5")) == []
    assert never_predicted(untrained("lenet5", [0, 1, 1, 3, 4, 5, 7, 8, 9])) == [
        "pullover",
        "shirt",
    ]


def test_left_out_takes_any_predictions():
    assert left_out(torch.arange(9)) == ["ankle boot"]


def test_the_largest_rise_is_looked_for_after_the_third_epoch():
    rise, epoch = largest_rise(untrained("lenet5"))
    assert rise == pytest.approx(0.09) and epoch == 5


def test_stuck_table_has_one_row_a_run():
    table = stuck_table([untrained("lenet5", [0]), untrained("lenet5-mended")])
    assert table.index.tolist() == [("lenet5", 0), ("lenet5-mended", 0)]
    assert table["never predicted"].tolist() == [", ".join(CLASS_NAMES[1:]), ""]
    assert table["val acc"].tolist() == ["0.5000", "0.5000"]
    assert table["largest rise"].tolist() == ["+0.090"] * 2 and table["in epoch"].tolist() == [5, 5]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_layers_before_activations_come_directly_before_them(name):
    model = build(name)
    names = [path for path, layer in model.named_modules() if not list(layer.children())]
    act = [i for i, path in enumerate(names) if path.split(".")[-1].startswith("act")]
    assert before_activation(CATALOGUE[name].arch) == [names[i - 1] for i in act]


@pytest.mark.parametrize("name", ["lenet5", "lenet5-var2"])
def test_largest_is_taken_over_all_images_and_positions(name, small):
    one, images = untrained(name), small.val.images[:2001]  # more than one batch
    found = largest(one, images)
    block = one.model().features.block1
    maps = block.conv(normalise(images, one.experiment.data))
    maps = block.norm(maps) if name == "lenet5-var2" else maps
    expected = maps.amax(dim=(0, 2, 3))
    assert torch.allclose(found["block1"], expected, atol=1e-4)
    assert [len(values) for values in found.values()] == [6, 16, 120, 84]


def test_dead_counts_units_that_are_never_above_zero(small):
    one, images = untrained("lenet5"), small.val.images[:100]
    before = dead(one, images)
    with torch.no_grad():
        one.model().features.block1.conv.bias[:2] = -1e3
        one.model().features.block1.conv.bias[2] = 1e3
        one.model().head.fc2.bias[:] = -1e6
    after = dead(one, images)
    assert after["block1"] >= 2 > before["block1"]
    assert after["fc2"] == 84
