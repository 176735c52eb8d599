"""The report's choice tasks, whichever legal model is the best."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import nbformat
import pytest
import torch

import cnnlib
from book.notebooks import CHAPTER as PATH
from cnnlib import Arch, Conv, Data, Recipe
from cnnlib.exercises.assignment import properties

pytestmark = pytest.mark.slow  # builds networks, and computes maps
CHAPTER = nbformat.read(PATH, as_version=4)


class Gated(torch.nn.Module):
    """A network of one's own, with a convolution that runs twice and one that is not used."""

    def __init__(self):
        super().__init__()
        self.first, self.unused = torch.nn.Conv2d(1, 4, 3), torch.nn.Conv2d(4, 4, 3)
        self.twice, self.last = torch.nn.Conv2d(4, 4, 3, padding=1), torch.nn.Conv2d(4, 8, 3, 2)
        self.fc = torch.nn.Linear(8 * 12 * 12, 10)

    def forward(self, images):
        maps = self.twice(self.twice(self.first(images).tanh()).tanh())
        return self.fc(self.last(maps).tanh().flatten(1))


LEGAL = {  # models that the assignment takes, and the names of the layers shown of them
    "as the example": (dict(), ["features.block1.pool", "features.block2.pool"]),
    "halves already": (dict(recipe=Recipe(schedule="step")), None),
    "halves slowly": (dict(recipe=Recipe(schedule="step", step_epochs=7)), None),
    "falls along a cosine": (dict(recipe=Recipe(schedule="cosine")), None),
    "one kind of augmentation": (dict(data=Data(flip=0.5)), None),
    "augmented already": (dict(data=Data(**cnnlib.choices.KINDS)), None),
    "augmented otherwise": (dict(data=Data(shift=2, flip=0.5, contrast=0.2)), None),
    "one convolution": (
        dict(arch=Arch(convs=(Conv(6, 5),))), ["features.block1.act", "features.block1.pool"],
    ),
    "no second pooling": (
        dict(arch=Arch(pool_after=(1,))), ["features.block1.pool", "features.block2.act"],
    ),
    "four convolutions": (
        dict(arch=Arch(convs=(Conv(4, 3, 1),) * 4, pool_after=(2, 4))),
        ["features.block1.act", "features.block4.pool"],
    ),
    "a network of one's own": (dict(model=Gated), ["first", "last"]),
}  # fmt: skip


@pytest.mark.parametrize("switch", ["HALVING", "LAYERS", "AUGMENTATION"])
@pytest.mark.parametrize("kind", LEGAL)
def test_no_choice_task_stops_a_legal_assignment(switch, kind, monkeypatch, capsys):
    given, layers = LEGAL[kind]
    best = cnnlib.Experiment("best", **given)
    stored, declared = cnnlib.run("adam-halved", train=False), []

    class Made(SimpleNamespace):
        def model(self):
            return cnnlib.build(self.experiment, seed=0).eval()

        def val_predictions(self):
            return stored.val_predictions()

    def run(experiment, **more):
        declared.append(experiment)
        parts = {key: getattr(stored, key) for key in ("history", "metrics", "seed")}
        return Made(experiment=experiment, name=experiment.name, **parts)

    (cell,) = (c for c in CHAPTER.cells if c.source.startswith(f"{switch} = False"))
    imports = next(c.source for c in CHAPTER.cells if c.source.startswith("import torch"))
    shown, names = [], {"mine": SimpleNamespace(best=[run(best), run(best)])}
    exec(imports, names)
    monkeypatch.setattr(names["plots"], "show", lambda drawn, alt=None: shown.append(drawn))
    monkeypatch.setattr(cnnlib, "run", run, raising=False)
    monkeypatch.setattr(cnnlib, "comparison", lambda *runs: "compared", raising=False)
    exec(cell.source.replace(f"{switch} = False", f"{switch} = True"), names)
    plt.close("all")
    assert len(shown) == 2
    if switch == "LAYERS":
        assert layers is None or f"best, {' and '.join(layers)}:" in capsys.readouterr().out
    else:
        (found,) = properties(best, declared[-1])
        assert found == {"HALVING": "learning-rate schedule"}.get(switch, "augmentation")


def test_a_network_without_convolutions_is_told_so():
    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    with pytest.raises(ValueError, match="'best' has no convolution that gives maps"):
        cnnlib.choices.layers(flat, cnnlib.Experiment("best"))


def test_layers_are_found_before_a_mean_of_each_map():
    experiment = cnnlib.Experiment("mine", arch=Arch(global_pool=True, hidden=()))
    names = cnnlib.choices.layers(cnnlib.build(experiment), experiment)
    assert names == ["features.block1.pool", "features.block2.pool"]


def test_the_settings_name_adamw_with_its_decay():
    recipe = Recipe(optimiser="adamw", weight_decay=0.05, l2_conv=0)
    mine = SimpleNamespace(models=[cnnlib.Experiment("mine", recipe=recipe)])
    said = cnnlib.Assignment.settings(mine).loc["optimiser"].iloc[0]
    assert said == "AdamW (weight decay 0.05), learning rate 0.001"
