"""Networks that a reader writes: declared, run, stored, looked into, as any other."""

import dataclasses
import functools
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import cnnlib
from cnnlib import Arch, Experiment, StoredRunError, recording, runs, vary
from cnnlib.analysis import features, probes
from cnnlib.exercises.assignment import properties
from cnnlib.experiment import changes, diff
from cnnlib.models import build, layer_table, summary
from cnnlib.network import Network, network
from cnnlib.records import as_dict, from_dict, identity
from cnnlib.support.onnx_files import OnnxError, OnnxNetwork, to_onnx
from cnnlib.support.written import essence, whole_source
from instructors.verify.recompute import ModelError, recompute

ROOT = Path(cnnlib.__file__).parents[1]
WIDTH = 4


def side():
    return 14


class Block(nn.Module):
    def __init__(self, channels=WIDTH):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, maps):
        return torch.relu(maps + self.norm(self.conv(maps)))


class Residual(nn.Module):
    """A convolution, a residual block, a classifier."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, WIDTH, 3, padding=1)
        self.block = Block()
        self.drop = nn.Dropout(0.2)
        self.last = nn.Linear(WIDTH * side() ** 2, 10)

    def forward(self, images):
        maps = F.max_pool2d(torch.relu(self.first(images)), 2)
        return self.last(self.drop(self.block(maps).flatten(start_dim=1)))


MINE = Experiment("mine", model=Residual, recipe=cnnlib.Recipe(epochs=2), why="a shortcut")


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Empty runs folder, 640 training images: a run takes a second."""
    data = cnnlib.load()
    small = SimpleNamespace(train=data.train[:640], val=data.val[:500])
    monkeypatch.setenv("CNNLIB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(runs, "load", lambda split: small)
    return tmp_path / "runs"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One stored run of the network above, for the tests that only read it."""
    data = cnnlib.load()
    small = SimpleNamespace(train=data.train[:640], val=data.val[:500])
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLIB_RUNS", str(folder))
        patch.setattr(runs, "load", lambda split: small)
        yield cnnlib.run(MINE, verbose=False)


def without_code(one):
    """The same run as someone reads it who does not have the class."""
    record = json.loads((one.folder / runs.RECORD).read_text("utf-8"))
    return dataclasses.replace(one, experiment=from_dict(record["experiment"]))


# Declaring -----------------------------------------------------------------------------------


def test_a_class_takes_the_place_of_the_architecture():
    child = vary("maxpool", "with-mine", model=Residual)
    assert changes(cnnlib.CATALOGUE["maxpool"], child) == [("model", None, child.model)]
    assert diff(cnnlib.CATALOGUE["maxpool"], child) == "model: as arch says → Residual"
    assert child.arch == Arch() and child.parent == "maxpool"
    slower = vary(child, "slower", recipe=dict(lr=1e-4))
    assert diff(child, slower) == "recipe.lr: 0.001 → 0.0001" and slower.model == child.model
    with pytest.raises(ValueError, match="'both' has a model of its own, Residual, and an arch"):
        Experiment("both", Arch(pool="max"), model=Residual)
    with pytest.raises(ValueError, match="an arch; give one of them"):
        vary(child, "both", arch=dict(pool="max"))


def test_the_identity_is_the_codes_and_of_all_it_uses(monkeypatch):
    before = identity(MINE)
    assert before == identity(Experiment("other", model=Residual, recipe=MINE.recipe))
    monkeypatch.setitem(globals(), "WIDTH", 5)
    assert "WIDTH = 5" in whole_source(Residual)
    changed = Experiment("mine", model=Residual, recipe=MINE.recipe)
    assert identity(changed) != before
    assert diff(MINE, changed) == "model: Residual → Residual (its code changed)"
    source = whole_source(Residual)
    assert [source.count(f"{words}(") for words in ("class Block", "def side")] == [1, 1]
    assert "class Conv2d" not in source


def test_a_name_of_the_notebook_that_the_code_does_not_mean_changes_nothing(monkeypatch):
    before = identity(MINE)
    for local in ("maps", "images", "channels", "self"):
        monkeypatch.setitem(globals(), local, 3)
    assert identity(dataclasses.replace(MINE, model=Residual)) == before


def test_comments_and_layout_are_not_the_code():
    plain = "class A(B):\n    def f(self, x):\n        return x + 1\n"
    same = "class A(B):  # mine\n\n  def f(self, x):\n\n      # adds\n      return x+1\n"
    other = plain.replace("1", "2")
    assert essence(plain) == essence(same) != essence(other)
    assert Network("A", plain) == Network("A", same) != Network("A", other)


def test_a_record_holds_the_source_and_reading_it_runs_nothing():
    record = json.loads(json.dumps(as_dict(MINE)))
    back = from_dict(record)
    assert back == MINE and identity(back, 3) == identity(MINE, 3)
    assert back.model.make is None and back.model.source == whole_source(Residual)
    with pytest.raises(ValueError, match="the code of Residual is stored, but not run"):
        build(back)
    assert "model" not in as_dict(cnnlib.CATALOGUE["maxpool"])  # as in every shipped record


def needs_width(width):
    return nn.Linear(width, 10)


def not_a_module():
    return 3


class NotAModule:
    def forward(self, images):
        return images


@pytest.mark.parametrize(
    "given, words",
    [
        (Residual(), "built already; give the class itself, model=Residual"),
        (NotAModule, r"NotAModule is no torch.nn.Module; write class NotAModule\(torch.nn.Module"),
        (needs_width, "needs_width needs width to be built; give each a default value"),
        (lambda: nn.Linear(1, 1), "model is a lambda; give it a name"),
        (functools.partial(Residual), "expected a class of torch.nn.Module"),
        (nn.Flatten, "Flatten has no parameters"),
        ("Residual", "of the kind str; expected a class of torch.nn.Module"),
        (3, "of the kind int; expected a class of torch.nn.Module"),
        (not_a_module, "not_a_module gives int; expected a torch.nn.Module: is a return missing?"),
    ],
    ids=range(9),
)
def test_what_is_no_network_gets_a_sentence(given, words):
    with pytest.raises(ValueError, match=words) as error:
        build(Experiment("mine", model=given))
    assert "\n" not in str(error.value)


def test_a_class_without_source_gets_a_sentence():
    names = {"nn": nn}
    exec("class Typed(nn.Module):\n    def forward(self, images):\n        return images", names)
    with pytest.raises(ValueError, match=r"the source of Typed.* cannot be read"):
        network(names["Typed"])


# Faults that show when the network is built ----------------------------------------------------


def made(forward, layers=lambda: {"fc": nn.Linear(784, 10)}):
    class Faulty(nn.Module):
        def __init__(self):
            super().__init__()
            for name, layer in layers().items():
                setattr(self, name, layer)

        def forward(self, images):
            return forward(self, images)

    return Network("Faulty", "class Faulty: ...", Faulty)


def flat(images):
    return images.flatten(start_dim=1)


class Forgot(nn.Module):
    def __init__(self):
        self.fc = nn.Linear(784, 10)


@pytest.mark.parametrize(
    "given, words",
    [
        (made(lambda self, x: self.fc(flat(x)).softmax(dim=1)), "gives probabilities; expected lo"),
        (made(lambda self, x: self.fc(flat(x))[:, :9]), r"gives the shape \(2, 9\) for 2 images"),
        (made(lambda self, x: self.fc(x.view(-1, 784)).T), r"the shape \(10, 2\)"),
        (made(lambda self, x: self.fc(flat(x)) / 0), "gives NaN or infinity"),
        (made(lambda self, x: flat(x)[:, :10], dict), "has no parameters"),
        (made(lambda self, x: [self.fc(flat(x))]), "gives list; expected one tensor of logits"),
        (made(lambda self, x: self.fc(x)), "stops on images of shape .* RuntimeError: mat1"),
        (made(lambda self, x: self.fc(flat(x)).softmax(dim=0)), "for an image alone"),
        (made(lambda self, x: self.fc(x.view(64, 784))), "stops on images of shape"),
        (Forgot, r"its __init__ must begin with super\(\).__init__\(\)"),
    ],
)
def test_a_faulty_network_gets_a_sentence(given, words):
    with pytest.raises(ValueError, match=words) as error:
        build(Experiment("mine", model=given), seed=0)
    assert "\n" not in str(error.value)


def test_a_first_try_changes_nothing_and_a_seed_gives_the_same_weights():
    first, second = build(MINE, seed=3), build(MINE, seed=3)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name]), name
    assert first.training and first.block.norm.num_batches_tracked == 0
    before = torch.get_rng_state()
    build(MINE, seed=3)
    assert torch.equal(before, torch.get_rng_state())


# Running and storing -------------------------------------------------------------------------


def test_it_is_trained_stored_and_loaded_while_its_code_is_the_same(store):
    one = cnnlib.run(MINE, verbose=False)
    assert sorted(path.name for path in one.folder.iterdir()) == [
        "SHA256SUMS", "network.onnx", "predictions.safetensors", "run.json", "weights.safetensors",
    ]  # fmt: skip
    assert len(one.history) == 2 and one.metrics["parameters"] == 8_046
    again = cnnlib.run(MINE, train=False)
    assert again.history == one.history
    _, logits = again.predict("val")
    assert torch.equal(logits.argmax(dim=1)[:500], one.val_predictions())

    changed = Network("Residual", f"{whole_source(Residual)}\nMORE = 1\n", Residual)
    edited = dataclasses.replace(MINE, model=changed)
    with pytest.raises(StoredRunError, match=r"Residual \(its code changed\)"):
        cnnlib.run(edited)


def test_a_stored_run_is_evaluated_without_the_code(trained, tmp_path):
    read = without_code(trained)
    assert read.experiment.model.make is None
    images = cnnlib.load().val.images[:500]
    mine = cnnlib.predict_logits(trained.model(), images, MINE.data)
    theirs = cnnlib.predict_logits(read.model(), images, MINE.data)
    torch.testing.assert_close(theirs, mine, rtol=1e-4, atol=1e-4)
    (tmp_path / "network.onnx").write_bytes(b"\x00" * 100)
    with pytest.raises(StoredRunError, match=r"network.onnx is damaged"):
        dataclasses.replace(read, folder=tmp_path).model()


def test_the_file_names_no_folder_of_this_machine(trained):
    content = (trained.folder / "network.onnx").read_bytes()
    assert str(ROOT).encode() not in content and b".py" not in content


class Undecided(nn.Module):
    """Its way depends on the values of the images: ONNX has no such thing."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 10)

    def forward(self, images):
        logits = self.fc(images.flatten(start_dim=1))
        return logits if images.max() < 1000 else logits * 2  # always the first


def test_a_network_that_onnx_cannot_hold_is_stored_all_the_same(store, monkeypatch, capsys):
    with pytest.raises(OnnxError, match="torch cannot write it as ONNX"):
        to_onnx(Undecided().eval())

    def refused(model):
        raise OnnxError("torch cannot write it as ONNX (because)")

    monkeypatch.setattr(recording, "to_onnx", refused)
    one = cnnlib.run(Experiment("odd", model=Undecided, recipe=MINE.recipe), verbose=False)
    told = "odd is stored without network.onnx: torch cannot write it as ONNX (because)"
    assert told in capsys.readouterr().out
    assert one.model() and not (one.folder / "network.onnx").exists()
    with pytest.raises(StoredRunError, match=r"holds no network.onnx, because torch cannot write"):
        without_code(one).model()


def test_an_onnx_file_of_anything_else_is_refused():
    with pytest.raises(OnnxError, match="holds no network for these images"):
        OnnxNetwork(b"nothing of the kind")
    with pytest.raises(OnnxError, match=r"gives the shape \(2, 3\)"):
        OnnxNetwork(to_onnx(nn.Sequential(nn.Flatten(), nn.Linear(784, 3))))


@pytest.mark.slow
def test_a_sweep_trains_a_class_of_a_notebook(tmp_path, monkeypatch):
    """A class of ``__main__``, which no other process can import by its name."""
    script = tmp_path / "notebook.py"
    script.write_text(
        textwrap.dedent("""
        import torch, cnnlib
        from torch import nn

        class Small(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(49, 10)

            def forward(self, images):
                return self.fc(nn.functional.avg_pool2d(images, 4).flatten(start_dim=1))

        if __name__ == "__main__":
            recipe = cnnlib.Recipe(epochs=1, batch_size=500)
            small = cnnlib.Experiment("small", model=Small, recipe=recipe)
            found = cnnlib.sweep([small], [3])
            print([one.seed for one in found], found[0].metrics["parameters"])
    """)
    )
    monkeypatch.setenv("CNNLIB_RUNS", str(tmp_path / "runs"))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[3] 500")


# Looking into it -----------------------------------------------------------------------------


def test_maps_and_embeddings_are_those_of_its_own_layers(trained):
    one = trained
    model, images = one.model(), cnnlib.load().val.images[:20]
    maps = features.activations(model, images, ["first", "block"], MINE.data)
    assert maps["first"].shape == (20, WIDTH, 28, 28) and maps["block"].shape == (20, WIDTH, 14, 14)
    vectors = features.embed(model, images, MINE.data)
    assert torch.equal(vectors, maps["block"].flatten(start_dim=1))
    assert features.occlusion(model, images[0], MINE.data, stride=14).shape == (2, 2, 10)
    with pytest.raises(LookupError, match="mine has a network of its own, Residual"):
        probes.dead(one, images)
    assert cnnlib.runs_table([one]).loc["mine", "parameters"] == "8,046"


def test_embedding_without_a_last_layer_gets_a_sentence():
    bare = made(lambda self, x: flat(x) @ self.w, lambda: {"w": nn.Parameter(torch.ones(784, 10))})
    model = build(Experiment("mine", model=bare))
    with pytest.raises(LookupError, match="Faulty has no layer with parameters"):
        features.embed(model, cnnlib.load().val.images[:2], cnnlib.Data())


def test_the_layer_table_says_where_torchsummary_miscounts(capsys):
    summary(build(MINE))
    assert "8,046" in capsys.readouterr().out
    assert layer_table(build(MINE)).loc["total", "parameters"] == "8,046"
    shared = made(
        lambda self, x: self.fc(self.same(self.same(flat(x)))),
        lambda: {"same": nn.Linear(784, 784), "fc": nn.Linear(784, 10)},
    )
    model = build(Experiment("mine", model=shared))
    summary(model)
    assert "counts 1,238,730 parameters, the network has 623,290" in capsys.readouterr().out
    recurrent = made(  # it gives its outputs and, in a tuple, its last two states
        lambda self, x: self.fc(self.lstm(x[:, 0])[0][:, -1]),
        lambda: {"lstm": nn.LSTM(28, 8, batch_first=True), "fc": nn.Linear(8, 10)},
    )
    with pytest.raises(ValueError, match=r"torchsummary cannot show Faulty .* print\(model\)"):
        summary(build(Experiment("mine", model=recurrent)))


def test_models_trained_at_once_are_declared_ones():
    with pytest.raises(ValueError, match="train a network of your own with fit"):
        cnnlib.fit_many([build(MINE)], MINE, None, None, seeds=[0])


# Handing in ----------------------------------------------------------------------------------


def test_it_may_be_one_of_a_reports_models(capsys):
    own = vary("baseline", "own", model=Residual, why="a shortcut")
    made = cnnlib.Assignment(["baseline", "maxpool", "filters", "dropout", own], rule="star")
    assert properties(made.models[0], own) == ["model"]
    row = made.differences().loc["own"]
    assert list(row) == ["baseline", "model: as arch says → Residual", "8,046"]
    based = cnnlib.Assignment(
        [own, *(vary(own, f"own-{lr}", recipe=dict(lr=lr)) for lr in (0.1, 0.2, 0.3, 0.4))], "star"
    )
    assert based.settings().loc["first weights"].item() == (
        "as the network's own code draws them, seed 0"
    )


def test_an_instructor_evaluates_it_without_running_its_code(trained):
    experiment = without_code(trained).experiment
    weights = (trained.folder / "weights.safetensors").read_bytes()
    content = (trained.folder / "network.onnx").read_bytes()
    found = recompute(experiment, weights, content)
    val = cnnlib.load().val
    predicted = cnnlib.predict_logits(trained.model(), val.images, MINE.data).argmax(dim=1)
    assert (found.val.predicted != predicted).sum() <= 1 and found.penalty is None
    for spoiled, words in ((None, r"network.onnx is not handed in"), (b"?", "cannot be computed")):
        with pytest.raises(ModelError, match=words):
            recompute(experiment, weights, spoiled)
