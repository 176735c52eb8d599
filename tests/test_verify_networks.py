"""The networks of open hand-ins: hostile ones, how images are laid out, and real ones."""

import sys
from pathlib import Path

import made_up_networks as made_up
import numpy as np
import pytest
import torch
from made_up_open import Open, facts, looked, told

import cnnlib
from cnnlib.support.layouts import layout
from cnnlib.support.onnx_session import OnnxError
from instructors.verify import Outcome, jailed, open_figures, verify
from instructors.verify.jail import Jailed
from instructors.verify.open_reading import history_of, rows_of, scaling

pytestmark = [
    pytest.mark.slow,  # evaluates networks, in processes of their own
    pytest.mark.usefixtures("computed_once"),
]
KERAS = Path(__file__).parent / "networks"


@pytest.fixture
def folder():
    return Open()


# Hostile -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", made_up.HOSTILE)
def test_a_hostile_network_costs_its_own_points_alone(folder, name, monkeypatch):
    make, words = made_up.HOSTILE[name]
    if name == "hours":  # the others get what the command gives
        monkeypatch.setitem(Jailed.__init__.__kwdefaults__, "seconds", 15.0)
    folder["hand-in/lenet5-mended.onnx"] = make()
    result = looked(folder.files())
    fact = facts(result)["lenet5-mended: network"]
    assert fact.verdict == Outcome.WRONG and words in fact.why
    assert "\n" not in fact.why and len(fact.why) < 400
    assert facts(result)["lenet5-var1-mended: val acc"].verdict == Outcome.RIGHT
    assert result.lines[1].given == 12


def test_a_file_that_is_too_large_is_not_loaded(folder, monkeypatch):
    monkeypatch.setattr(open_figures, "NETWORK_BYTES", 200_000)
    result = looked(folder.files())
    assert "its file has more than 200,000 bytes" in told(result)


def test_the_network_of_an_own_module_is_computed_in_the_same_jail():
    from instructors.verify.recompute import ModelError, own_network

    with pytest.raises(ModelError, match=r"network\.onnx cannot be .*: it holds Loop, a loop"):
        own_network(made_up.loop(10**15))
    images = torch.rand(3, 1, 28, 28)
    expected = images.flatten(1) @ torch.from_numpy(made_up.WEIGHTS)
    assert torch.allclose(own_network(made_up.linear())(images), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "sizes"), [(["n", 784], [100, 100, 50]), ([64, 784], [250]), ([], [100, 100, 50])]
)
def test_images_are_computed_in_small_parts_unless_the_file_has_a_batch(shape, sizes):
    asked, images = [], np.random.default_rng(0).normal(size=(250, 784))

    class Doubles:
        def run(self, part):
            asked.append(len(part))
            return 2 * part

    session = Doubles()
    session.shape = shape
    assert np.array_equal(jailed.computed(session, images), 2 * images) and asked == sizes


def test_nothing_of_a_jail_is_left():
    jailed = Jailed(made_up.linear())
    process = jailed.process
    assert process.poll() is None
    del jailed
    assert process.wait(timeout=60) is not None
    with pytest.raises(OnnxError, match=r"it takes more than 0\.5 seconds"):
        Jailed(made_up.slow(), seconds=0.5)


def test_the_jail_is_a_process_without_torch():
    """It starts in a moment, and has nothing but the file."""
    source = (Path(open_figures.__file__).parent / "jailed.py").read_text("utf-8")
    session = (Path(cnnlib.__file__).parent / "support" / "onnx_session.py").read_text("utf-8")
    assert "import torch" not in source.replace("would import torch", "") + session


# Layouts and scaling -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape, text, pixels",
    [
        ((28, 28, 1), "NHWC", lambda x: x.permute(0, 2, 3, 1)),
        ((28, 28), "NHW", lambda x: x[:, 0]),
        ((1, 32, 32), "NCHW 32×32", lambda x: torch.nn.functional.pad(x, (2, 2, 2, 2), value=-1)),
        ((32, 32, 1), "NHWC 32x32", lambda x: torch.nn.functional.pad(
            x, (2, 2, 2, 2), value=-1).permute(0, 2, 3, 1)),
    ],
)  # fmt: skip
def test_images_are_laid_out_as_declared(shape, text, pixels):
    weights = np.random.default_rng(1).normal(size=(int(np.prod(shape)), 10)).astype(np.float32)
    content = made_up.model(made_up.LINEAR, [made_up.values("w", weights)], shape=shape)
    images = torch.rand(5, 1, 28, 28)
    expected = pixels(images).flatten(1) @ torch.from_numpy(weights)
    assert torch.allclose(Jailed(content, layout(text), -1.0)(images), expected, atol=1e-4)


@pytest.mark.parametrize("text", ["", "NCWH", "NHWC 30×30", "NHWC 28×32", "flat", "N" * 10_000])
def test_what_is_no_layout_gets_a_sentence(text):
    with pytest.raises(ValueError, match="expected NCHW, NHWC or NHW") as error:
        layout(text)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize(
    "mean, std, factor", [("0", "1", 255), ("inside", "inside", 1), ("0", "1/255", 1)]
)
def test_scaling_inside_or_outside_is_declared(mean, std, factor):
    pixels = torch.full((1, 1, 28, 28), 51, dtype=torch.uint8)
    found = cnnlib.training.normalise(pixels, scaling({"mean": mean, "std": std}))
    assert torch.allclose(found * factor, torch.tensor(51.0))


@pytest.mark.parametrize("mean, std", [("x", "1"), ("0", "0"), ("0", "1/0"), ("72", "90")])
def test_what_is_no_scaling_gets_a_sentence(mean, std):
    with pytest.raises(ValueError, match="expected those of pixels from 0 to 1, or “inside”"):
        scaling({"mean": mean, "std": std})


def test_a_file_for_one_image_at_a_time_is_computed_all_the_same():
    import onnx

    content = onnx.load_model_from_string(made_up.linear())
    for one in (content.graph.input[0], content.graph.output[0]):
        one.type.tensor_type.shape.dim[0].dim_value = 3
    jailed, images = Jailed(content.SerializeToString()), torch.rand(7, 1, 28, 28)
    expected = images.flatten(1) @ torch.from_numpy(made_up.WEIGHTS)
    assert torch.allclose(jailed(images), expected, atol=1e-4)


def test_histories_of_other_frameworks_are_read():
    keras = history_of((KERAS / "keras-baseline.csv").read_bytes())
    assert [round(one["val_acc"], 4) for one in keras] == [0.8154, 0.8406, 0.8515]
    percent = history_of(b"epoch,train acc,val acc\n1,80.5,81.5\n2,82,83\n")
    assert percent[0]["val_acc"] == pytest.approx(0.815)
    assert len(rows_of(b"a\tb\n1\t2\n")) == 1


# Real ones -----------------------------------------------------------------------------------


def with_keras(folder, content, history, accs, parameters="61706"):
    """The first model of the folder is one that Keras made."""
    folder["hand-in/lenet5-mended.onnx"] = content
    folder.histories.pop("lenet5-mended", None)
    folder["hand-in/lenet5-mended.csv"] = history
    epochs = str(history.strip().count(b"\n"))
    return folder.row(0, mean="0", std="1", layout="NHWC", epochs=epochs, parameters=parameters,
                      train_acc=str(accs[0]), val_acc=str(accs[1]))  # fmt: skip


def test_a_network_that_keras_trained_gives_its_figures(folder):
    """``networks/made_with_keras.py`` says how it was made, and what Keras says of it."""
    parts = [(KERAS / f"keras-baseline{end}").read_bytes() for end in (".onnx", ".csv")]
    result = looked(with_keras(folder, *parts, (0.8577, 0.8515)).files())
    found = facts(result)
    assert told(result) == ""
    assert found["lenet5-mended: val acc"].recomputed == "85.15"
    assert found["lenet5-mended: parameters"].recomputed == "61,706"
    loss = found["lenet5-mended: val_loss in the end"]  # Keras adds its penalty
    assert loss.verdict == Outcome.JUDGE and float(loss.claimed) > float(loss.recomputed) > 0.39
    forged = with_keras(folder, *parts, (0.8577, 0.8615)).files()
    assert "val acc its network gives another figure" in told(looked(forged))


@pytest.mark.filterwarnings("ignore")  # Keras's and its exporter's own
def test_report_1s_baseline_from_keras_itself(folder, tmp_path, monkeypatch, data):
    for name in ("keras", "tensorflow", "tf2onnx"):
        pytest.importorskip(name)
    sys.path.insert(0, str(KERAS))
    import made_with_keras

    from cnnlib.support.sources import data_folder

    monkeypatch.setenv("CNNLIB_DATA", str(data_folder()))
    model, history, accs = made_with_keras.trained(1, 12_000)
    model.export(str(tmp_path / "m.onnx"), format="onnx")
    cnnlib.hand_in(tmp_path / "m.onnx", "lenet5-mended", history, batch_size=64, layout="NHWC",
                   folder=tmp_path / "made")  # fmt: skip
    content, table = ((tmp_path / "made" / f"lenet5-mended.{end}").read_bytes()
                      for end in ("onnx", "csv"))  # fmt: skip
    result = looked(with_keras(folder, content, table, ("", accs[1])).files())
    assert facts(result)["lenet5-mended: val acc"].verdict == Outcome.RIGHT and accs[1] > 0.6


class Plain(torch.nn.Module):
    """Report 2's baseline as its authors write it: 32×32, softmax at the end."""

    def __init__(self):
        super().__init__()
        self.c1, self.c2 = torch.nn.Conv2d(1, 6, 5), torch.nn.Conv2d(6, 16, 5)
        self.norm, self.drop = torch.nn.BatchNorm2d(6), torch.nn.Dropout(0.5)
        self.f1, self.f2 = torch.nn.Linear(400, 120), torch.nn.Linear(120, 84)
        self.f3 = torch.nn.Linear(84, 10)

    def forward(self, x):
        x = torch.nn.functional.max_pool2d(self.norm(self.c1(x)).relu(), 2)
        x = torch.nn.functional.max_pool2d(self.c2(x).relu(), 2).flatten(1)
        return self.f3(self.f2(self.drop(self.f1(x).relu())).relu()).softmax(1)


def trained_plainly(images, labels, epochs=2):
    """A loop without the library: the model, and a history of what it printed."""
    torch.manual_seed(0)
    model, history = Plain(), []
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(epochs):
        losses, right = [], 0
        for batch in torch.randperm(len(labels)).split(64):
            outputs = model(images[batch])
            loss = torch.nn.functional.cross_entropy(outputs, labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
            right += (outputs.argmax(1) == labels[batch]).sum().item()
        history.append({"loss": sum(losses) / len(losses), "acc": right / len(labels)})
    return model, history


def test_report_2s_network_in_plain_torch_is_handed_in_and_right(tmp_path, data):
    def pixels(part):
        framed = torch.nn.functional.pad(part.images, (2, 2, 2, 2))
        return (framed / 255 - 0.5) / 0.5

    model, history = trained_plainly(pixels(data.train[:6000]), data.train.labels[:6000])
    model.eval()
    with torch.no_grad():
        outputs = torch.cat([model(pixels(data.val[i : i + 500])) for i in range(0, 12_000, 500)])
    acc = (outputs.argmax(1) == data.val.labels).double().mean().item()
    loss = torch.nn.functional.nll_loss(outputs.log(), data.val.labels).item()
    history = [one | {"val_loss": loss, "val_acc": acc} for one in history]
    model.train()
    for name, change in (("plain", {}), ("other", {"compared_with": "plain", "changes": "lr"})):
        row = cnnlib.hand_in(model, name, history, batch_size=64, mean=0.5, std=0.5,
                             layout="NCHW 32×32", folder=tmp_path / "mine", **change)  # fmt: skip
    assert model.training and row["val acc"] == pytest.approx(acc, abs=2e-4)
    assert (row["parameters"], row["folded"]) == (61_718, 12) and acc > 0.6
    (result,) = verify([tmp_path], train=False, jobs=1)
    found = facts(result)
    for fact in ("val acc", "val_acc in the end", "val_loss in the end", "parameters"):
        assert found[f"plain: {fact}"].verdict == Outcome.RIGHT, found[f"plain: {fact}"]
    assert "the assignment wants 5" in told(result) and "or are one network" in told(result)
