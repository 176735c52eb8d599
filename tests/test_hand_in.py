"""`hand_in`: models of any framework written into a folder, and what cannot be handed in."""

import importlib
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import cnnlib
from cnnlib.exercises import hand_in as module
from cnnlib.exercises.hand_in import COLUMNS, EPOCH, epochs_of, positions
from cnnlib.support.limits import NETWORK_BYTES

NETWORKS = Path(__file__).parent / "networks"
PAGE = (Path(__file__).parents[1] / "book" / "any_framework.md").read_text("utf-8")
HISTORY = [
    {"train_loss": 1.0, "train_acc": 0.5, "val_loss": 0.9, "val_acc": 0.6},
    {"train_loss": 0.8, "train_acc": 0.7, "val_loss": 0.7, "val_acc": 0.7},
]


class Small(nn.Module):
    """A convolution with batch norm, and one layer: quickly exported."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.fc = nn.Conv2d(1, 2, 5), nn.BatchNorm2d(2), nn.Linear(1152, 10)
        nn.init.normal_(self.conv.bias)
        nn.init.normal_(self.fc.bias)

    def forward(self, images):
        return self.fc(self.norm(self.conv(images)).relu().flatten(1))


class Undecided(Small):
    def forward(self, images):
        return super().forward(images) if images.sum() > 0 else self.fc.bias.repeat(len(images), 1)


@pytest.fixture
def hand(monkeypatch, tmp_path, few):
    """`hand_in` with what it needs, evaluated on a few images."""
    monkeypatch.setattr(
        module, "divided", lambda validation=None: {"train": few.train, "val": few.val}
    )
    monkeypatch.chdir(tmp_path)

    def call(model=None, name="mine", history=HISTORY, **more):
        model = NETWORKS / "keras-baseline.onnx" if model is None else model
        layout = "NCHW" if isinstance(model, nn.Module) else "NHWC"
        return cnnlib.hand_in(model, name, history, **{"batch_size": 64, "layout": layout} | more)

    return call


def table(folder="hand-in"):
    return pd.read_csv(Path(folder) / "models.csv", keep_default_na=False)


def test_a_module_is_written_with_its_history_and_row(hand, few):
    model = Small().train()
    row = hand(model, mean=0.5, std=0.5)
    model.eval()
    expected = cnnlib.evaluate(model, few.val, cnnlib.Data(mean=0.5, std=0.5))["acc"]
    assert row["val acc"] == pytest.approx(expected, abs=0.003) and row["test acc"] == ""
    assert (row["parameters"], row["folded"]) == (cnnlib.count_parameters(model), 4)
    assert list(row) == list(COLUMNS) == list(table().columns)
    epochs = pd.read_csv("hand-in/mine.csv")
    assert list(epochs.columns) == list(EPOCH) and list(epochs.epoch) == [1, 2]
    assert Path("hand-in/mine.onnx").stat().st_size > 46_000
    assert model.conv.weight.requires_grad and not Path("hand-in/validation.csv").exists()


def test_a_module_keeps_its_mode(hand):
    model = Small().train()
    hand(model)
    assert model.training and model.norm.running_mean.abs().sum() == 0


def test_rows_are_added_and_those_of_a_name_replaced(hand):
    hand(name="one")
    hand(name="two", compared_with="one", changes="the rate")
    hand(name="one", batch_size=128)
    found = table()
    assert list(found.name) == ["one", "two"] and list(found.batch) == [128, 64]
    assert list(found["what changes"]) == ["", "the rate"]


@pytest.mark.parametrize(
    "history",
    [
        HISTORY,
        pd.DataFrame(HISTORY),
        {key: [one[key] for one in HISTORY] for key in HISTORY[0]},
        {"loss": [1.0, 0.8], "accuracy": [0.5, 0.7], "val_loss": [0.9, 0.7],
         "val_accuracy": [0.6, 0.7]},
    ],
    ids=["dicts", "a table", "a dict of lists", "Keras's"],
)  # fmt: skip
def test_histories_are_taken_as_frameworks_give_them(history):
    assert epochs_of(history)[list(EPOCH[1:])].to_dict("records") == HISTORY


def test_a_history_is_taken_from_a_file():
    assert round(epochs_of(NETWORKS / "keras-baseline.csv").val_acc.iloc[-1], 4) == 0.8515


def test_the_test_set_is_opened_when_asked_for_and_said(hand, capsys, data, monkeypatch):
    monkeypatch.setattr(type(data), "test", property(lambda self: print("opened") or self.val))
    assert hand()["test acc"] == "" and "opened" not in capsys.readouterr().out
    assert hand(test=True)["test acc"] == 0.8515 and "opened" in capsys.readouterr().out


def test_positions_of_validation_images_are_kept_and_the_same_for_all(hand):
    hand(name="one", validation=np.arange(100, 200))
    assert Path("hand-in/validation.csv").read_text().split()[:2] == ["100", "101"]
    hand(name="two", validation=torch.arange(100, 200))
    with pytest.raises(ValueError, match="were validated on other images; give all five the same"):
        hand(name="three")


def test_the_images_are_divided_as_positions_say(data):
    parts = module.divided(range(48_000, 60_000))
    assert [len(part) for part in parts.values()] == [48_000, 12_000]
    whole = cnnlib.load("all").train
    assert torch.equal(parts["val"].images[0], whole.images[48_000])
    assert torch.equal(parts["train"].labels, whole.labels[:48_000])
    assert module.divided()["val"] is data.val


@pytest.mark.parametrize(
    "given", [[], [1, 1], [-1], [60_000], [0.5], ["a"], range(60_000), [True], None, "12"]
)
def test_what_is_no_position_gets_a_sentence(given):
    with pytest.raises(ValueError, match=r"^validation .*expected (positions|different|some)"):
        positions(given)


REFUSED = {  # name: (what is given, words of the sentence)
    "a class": (dict(model=Small), "the model is a class; expected Small()"),
    "a number": (dict(model=3), "the model is a int; expected a torch.nn.Module"),
    "no file": (dict(model="no.onnx"), "no.onnx cannot be read (No such file"),
    "no ONNX": (dict(model=NETWORKS / "keras-baseline.csv"), "it is no whole ONNX file"),
    "another layout": (dict(layout="NCHW"), "its input has the shape (N, 28, 28, 1); by the lay"),
    "no layout": (dict(layout="HW"), "layout is 'HW'; expected NCHW, NHWC or NHW"),
    "seven classes": (
        dict(model=nn.Sequential(nn.Flatten(), nn.Linear(784, 7))), "gives the shape (2, 7); expec",
    ),
    "an if": (dict(model=Undecided()), "Undecided cannot be handed in: torch cannot write it"),
    "no name": (dict(name=""), "name is ''; expected letters"),
    "a path": (dict(name="../x"), "name is '../x'; expected letters"),
    "a hidden file": (dict(name=".x"), "name is '.x'; expected letters"),
    "the table's name": (dict(name="models"), "as a file of the hand-in is; give the model anoth"),
    "a name of another kind": (dict(name=3), "name is 3, of the kind int; expected text in quotes"),
    "with nothing changed": (dict(compared_with="a"), "'mine' lacks changes; give both, or neithe"),
    "compared with nothing": (dict(changes="a"), "'mine' lacks compared_with; give both"),
    "compared with itself": (dict(compared_with="mine", changes="a"), "is compared with itself"),
    "small batches": (dict(batch_size=8), "batch_size is 8; expected 32 to 256 images"),
    "text for a batch": (dict(batch_size="64"), "batch_size is '64', of the kind str; expected a"),
    "grey levels": (dict(mean=127), "Data.mean is 127.0; expected at least 0 and below 1"),
    "no spread": (dict(std=0), "Data.std is 0.0; expected a number above 0"),
    "half a parameter": (dict(parameters=0.5), "parameters is 0.5, of the kind float; expected a"),
    "no history": (dict(history=[]), "history is [], of the kind list; expected a figure per"),
    "a history of another kind": (dict(history=3), "history is 3, of the kind int; expected a fig"),
    "numbers": (dict(history=[1, 2]), "history lacks train_loss"),
    "no accuracy": (dict(history=[{"train_loss": 1}]), "history lacks train_acc, val_loss, val_ac"),
    "lists of two lengths": (dict(history={"loss": [1, 2], "acc": [1]}), "history is no table"),
    "no number": (
        dict(history=[HISTORY[0] | {"val_loss": float("nan")}]), "history has nan in val_loss; ex",
    ),
    "words": (dict(history=[HISTORY[0] | {"val_loss": "low"}]), "history has 'low' in val_loss"),
    "infinity": (dict(history=[HISTORY[0] | {"val_loss": 1e999}]), "history has inf in val_loss"),
    "per cent": (
        dict(history=[HISTORY[0] | {"val_acc": 85.1}]), "history has 85.1 in val_acc; expected fr",
    ),
    "16 epochs": (dict(history=HISTORY * 8), "history has 16 epochs; expected at most 15"),
    "no such history": (dict(history="no.csv"), "history no.csv cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_handed_in_gets_a_sentence_and_leaves_nothing(hand, kind):
    given, words = REFUSED[kind]
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        hand(**given)
    assert "\n" not in str(error.value) and not Path("hand-in").exists()


class Large(nn.Module):
    """More numbers than can be handed in, on a device that has no memory."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, NETWORK_BYTES // 784 // 4 + 1, device="meta")


def written(size):
    """A file of this many bytes, all of them 0 and none on the disk."""
    with Path("large.onnx").open("wb") as file:
        file.truncate(size)
    return "large.onnx"


@pytest.mark.parametrize("size", [NETWORK_BYTES + 1, 10**10])
def test_a_file_larger_than_verify_loads_gets_a_sentence_and_is_not_read(hand, size, monkeypatch):
    words = f"large.onnx cannot be handed in: it has {size:,} bytes; expected at most 50,000,000"
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("read"))
    with pytest.raises(ValueError, match=words):
        hand(written(size))
    assert not Path("hand-in").exists()


def test_a_module_larger_than_verify_loads_gets_a_sentence_and_is_not_exported(hand, monkeypatch):
    monkeypatch.setattr(module, "to_onnx", lambda *given: pytest.fail("exported"))
    with pytest.raises(
        ValueError, match=r"^Large cannot be handed in: it has 50,\d+,\d+ bytes; exp"
    ):
        hand(Large())
    assert not Path("hand-in").exists()


def test_an_export_that_is_larger_than_its_module_is_refused_as_well(hand, monkeypatch):
    model = Small()
    monkeypatch.setattr(module, "NETWORK_BYTES", sum(one.nbytes for one in model.parameters()) + 99)
    with pytest.raises(
        ValueError, match=r"^Small cannot be handed in: it has \d\d,\d+ bytes; expec"
    ):
        hand(model)
    assert not Path("hand-in").exists()


def test_a_table_of_something_else_is_named(hand):
    Path("hand-in").mkdir()
    Path("hand-in/models.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"models\.csv is no table of models .*; delete it"):
        hand()


# The book's page -----------------------------------------------------------------------------


def test_the_page_names_every_column_and_file():
    first = {cell for row in re.findall(r"^\| (.+?) \|", PAGE, re.M)
             for cell in re.findall(r"`([^`]+)`", row)}  # fmt: skip
    assert set(COLUMNS) <= first
    assert {"models.csv", "validation.csv", "NAME.onnx", "NAME.csv"} <= first


def blocks():
    """The page's blocks of code, those in lists left out."""
    return re.findall(r"^```python\n(.+?)^```", PAGE, re.M | re.S)


def test_the_pages_lines_for_torch_work(hand):
    exec(blocks()[0], {"model": Small(), "history": HISTORY})  # its imports are its own
    assert list(table()["compared with"]) == ["my-baseline"] and list(table().batch) == [64]


def test_the_pages_lines_for_keras_work(hand):
    class Keras:
        """What the model and its history are to these lines."""

        def __init__(self):
            self.history = {key: [0.5] for key in ("loss", "acc", "val_loss", "val_accuracy")}

        def export(self, path, format):
            assert format == "onnx"
            shutil.copy(NETWORKS / "keras-baseline.onnx", path)

    exec(blocks()[1], {"model": Keras(), "history": Keras()})
    assert list(table().layout) == ["NHWC"] and list(table().parameters) == [61_706]


def test_the_pages_own_network_and_training_work(hand, few, monkeypatch):
    monkeypatch.setattr(cnnlib, "load", lambda: few, raising=False)
    Path("lines_of_the_page.py").write_text("\n".join(blocks()[2:]), "utf-8")
    monkeypatch.syspath_prepend(Path.cwd())
    page = importlib.import_module("lines_of_the_page")  # a class needs a file to have a source
    assert cnnlib.diff(cnnlib.CATALOGUE["baseline"], page.strided).endswith("→ Strided")
    found = table()
    assert list(found.name) == ["my-rmsprop"] and list(found.epochs) == [15]
    assert page.history[-1]["train_loss"] < page.history[0]["train_loss"]
