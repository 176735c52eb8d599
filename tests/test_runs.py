import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save

import cnnlib
from cnnlib import CATALOGUE, StoredRunError, run, runs, stored_seeds, vary
from cnnlib.records import declared, identity
from cnnlib.runs import PREDICTIONS, RECORD, WEIGHTS
from cnnlib.store import StoreError
from cnnlib.support.sources import CHECKSUMS
from cnnlib.training import evaluate, lr_schedule, predict_logits

QUICK = vary(CATALOGUE["maxpool"], "quick", recipe=dict(epochs=2))
TWIN = vary(CATALOGUE["baseline"], "twin", recipe=dict(epochs=2))


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory, few):
    """The folder of a run of QUICK."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLIB_RUNS", str(tmp_path_factory.mktemp("once")))
        patch.setattr(runs, "load", lambda split="holdout": few)
        return run(QUICK, verbose=False).folder


@pytest.fixture
def quick(store, trained_once):
    """QUICK with seed 0, in a store of the test's own: its files may be damaged."""
    shutil.copytree(trained_once, store / trained_once.name)
    return run(QUICK, train=False)


def contents(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def timeless(one):
    return [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in one.history]


# The shipped runs ---------------------------------------------------------------------------


SHIPPED = [(name, seed) for name in CATALOGUE for seed in stored_seeds(name)]


@pytest.mark.parametrize("name, seed", SHIPPED)
def test_shipped_run_is_whole(name, seed, data):
    one = run(name, seed, train=False)
    recipe = CATALOGUE[name].recipe
    assert [epoch["epoch"] for epoch in one.history] == list(range(1, recipe.epochs + 1))
    assert [epoch["lr"] for epoch in one.history] == lr_schedule(recipe)
    assert one.metrics["val_acc"] == pytest.approx(one.history[-1]["val_acc"], abs=1e-12)
    assert one.metrics["parameters"] == cnnlib.count_parameters(cnnlib.build(name))
    right = (one.val_predictions() == data.val.labels).double().mean().item()
    assert one.metrics["val_acc"] == pytest.approx(right, abs=1e-12)
    assert one.provenance["data_sha256"] == CHECKSUMS["train-images-idx3-ubyte"]
    assert one.provenance["images_per_second"] > 0 and one.provenance["torch"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_shipped_weights_give_the_stored_predictions(name, data):
    one = run(name, train=False)
    logits = predict_logits(one.model(), data.val.images[:1500], one.experiment.data)
    others = (logits.argmax(dim=1) != one.val_predictions()[:1500]).sum()
    assert others <= 1  # another processor rounds otherwise


@pytest.mark.slow
@pytest.mark.parametrize("name", CATALOGUE)
def test_shipped_weights_give_the_stored_figures(name, data):
    one = run(name, train=False)
    found = evaluate(one.model(), data.val, one.experiment.data)
    assert found["acc"] == pytest.approx(one.metrics["val_acc"], abs=3e-4)
    assert found["loss"] == pytest.approx(one.metrics["val_loss"], abs=1e-4)


def test_predict_gives_labels_and_logits(data):
    labels, logits = run("maxpool", train=False).predict("val")
    assert torch.equal(labels, data.val.labels) and logits.shape == (12_000, 10)
    with pytest.raises(ValueError, match="part is 'train'; expected 'val' or 'test'"):
        run("maxpool").predict("train")


def test_every_folder_of_a_declared_experiment_is_up_to_date():
    for path in runs.runs_folder().glob("*-seed*-*"):
        name, seed, key = path.name.rsplit("-", 2)
        if name in CATALOGUE:  # others are a reader's own
            assert key == identity(CATALOGUE[name], int(seed.removeprefix("seed")))


def test_stored_seeds_are_found():
    assert all(0 in stored_seeds(name) for name in CATALOGUE)


def test_weights_that_are_not_shipped_are_asked_for_in_one_sentence(store):
    one = run(QUICK, seed=3, verbose=False)
    (one.folder / runs.WEIGHTS).unlink()
    assert run(QUICK, seed=3, train=False).val_predictions().shape == (500,)
    with pytest.raises(StoredRunError, match="only seed 0 ships its weights; train it again with"):
        one.model()


# Training and storing -----------------------------------------------------------------------


def test_train_store_load(store, capsys):
    first = run(QUICK, seed=3)
    assert contents(store) == [f"quick-seed3-{identity(QUICK, 3)}"]
    assert contents(first.folder) == sorted([RECORD, WEIGHTS, PREDICTIONS, "SHA256SUMS"])
    assert len(capsys.readouterr().out.splitlines()) == 2  # a line per epoch
    again = run(QUICK, seed=3, train=False)
    assert again == first and capsys.readouterr().out == ""
    retrained = run(QUICK, seed=3, retrain=True, verbose=False)
    assert timeless(retrained) == timeless(first)
    weights = (one.model().state_dict() for one in (first, retrained))
    assert all(torch.equal(a, b) for a, b in zip(*(w.values() for w in weights), strict=True))
    assert stored_seeds(QUICK) == [3]


def test_the_record_says_all_that_was_declared(quick):
    record = json.loads((quick.folder / RECORD).read_text("utf-8"))
    assert record["experiment"]["recipe"]["epochs"] == 2
    assert record["experiment"]["parent"] == "maxpool"
    assert record["split"] == "stratified 80/20, seed 0"
    assert declared(QUICK) == {"arch": {"pool": "max"}, "recipe": {"epochs": 2}, "data": {}}
    assert set(record["metrics"]) == {
        *("train_loss", "train_acc", "val_loss", "val_acc", "penalty", "parameters")
    }


def test_train_false_never_trains(store):
    with pytest.raises(StoredRunError) as error:
        run(QUICK, seed=9, train=False)
    for words in (
        "no run of 'quick' with seed 9",
        "stored seeds: none",
        "run(your experiment, seed=9)",
    ):
        assert words in str(error.value)
    assert contents(store) == []


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(cnnlib.UnknownExperimentError, match="did you mean 'maxpool'"):
        run("maxpol")


@pytest.mark.parametrize("name", [WEIGHTS, PREDICTIONS])
def test_damaged_tensors_are_named(name, quick):
    content = bytearray((quick.folder / name).read_bytes())
    content[-1] ^= 1
    (quick.folder / name).write_bytes(content)
    with pytest.raises(StoredRunError, match=f"{name} is damaged: expected SHA-256 .*retrain=True"):
        quick.model() if name == WEIGHTS else quick.val_predictions()
    (quick.folder / name).unlink()
    with pytest.raises(StoredRunError, match=f"{name} is not there; train it again"):
        quick.model() if name == WEIGHTS else quick.val_predictions()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"experiment": 1}', '{"experiment": {}}'])
def test_a_damaged_record_is_named(text, quick):
    (quick.folder / RECORD).write_text(text)
    with pytest.raises(StoredRunError, match=rf"{RECORD} (is damaged|cannot be read)"):
        run(QUICK)


def test_a_changed_declaration_is_neither_used_nor_retrained_silently(store, quick):
    changed = vary(CATALOGUE["baseline"], "quick", recipe=dict(epochs=2, lr=0.01))
    with pytest.raises(StoredRunError) as error:
        run(changed)
    for words in ("another declaration", "arch.pool: max → avg", "recipe.lr: 0.001 → 0.01"):
        assert words in str(error.value)
    new = run(changed, retrain=True, verbose=False)
    assert contents(store) == [new.folder.name] and new.folder != quick.folder


def test_the_same_declaration_under_another_name_is_the_same_run(store, quick):
    twin = vary(CATALOGUE["maxpool"], "my-own", recipe=dict(epochs=2))
    found = run(twin, train=False)
    assert (found.name, found.folder, found.history) == ("my-own", quick.folder, quick.history)
    with pytest.raises(StoredRunError, match="no run of 'my-own' with seed 1 is stored"):
        run(twin, seed=1, train=False)
    own = run(twin, retrain=True, verbose=False)  # from now on it has a folder of its own
    assert own.folder.name.startswith("my-own-seed0-") and quick.folder.is_dir()
    assert run(twin, train=False).folder == own.folder
    assert run(QUICK, train=False).folder == quick.folder


def test_a_record_that_was_edited_is_refused(store, quick):
    record = json.loads((quick.folder / RECORD).read_text("utf-8"))
    record["history"][0]["val_acc"] = 0.99
    (quick.folder / RECORD).write_text(json.dumps(record))
    with pytest.raises(StoredRunError, match=r"not what was stored: its checksum"):
        run(QUICK)


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize("content", ["[]", "{}", "3", "null", "", "{", DEEP, '{"history": []}'])
def test_a_record_that_is_none_gets_a_sentence(content, quick):
    (quick.folder / "SHA256SUMS").unlink()  # as in a run of an older edition
    (quick.folder / RECORD).write_text(content)
    with pytest.raises(StoredRunError, match=r"run.json (cannot be read|is damaged)") as error:
        run(QUICK)
    assert "\n" not in str(error.value) and len(str(error.value)) < 500


def test_a_record_of_another_declaration_or_without_epochs_does_not_match(quick):
    (quick.folder / "SHA256SUMS").unlink()
    record = json.loads((quick.folder / RECORD).read_text("utf-8"))
    for change, words in (
        (lambda r: r.update(history=[]), "is damaged (it has no epochs)"),
        (lambda r: r["experiment"]["recipe"].update(lr=0.5), "recipe.lr: 0.001 → 0.5"),
    ):
        edited = json.loads(json.dumps(record))
        change(edited)
        (quick.folder / RECORD).write_text(json.dumps(edited))
        with pytest.raises(StoredRunError) as error:
            run(QUICK)
        assert words in str(error.value)


def test_weights_of_another_shape_with_a_right_checksum_get_a_sentence(quick):
    wrong = save({name: t[..., :1].contiguous() for name, t in quick.model().state_dict().items()})
    (quick.folder / WEIGHTS).write_bytes(wrong)
    quick.provenance["sha256"][WEIGHTS] = hashlib.sha256(wrong).hexdigest()
    with pytest.raises(StoredRunError, match=r"does not fit 'quick' .*size mismatch") as error:
        quick.model()
    assert "\n" not in str(error.value)


def test_a_run_that_was_trained_again_meanwhile_is_said_so(quick):
    old = dataclasses.replace(
        quick, provenance={**quick.provenance, "sha256": {WEIGHTS: "0" * 64, PREDICTIONS: "0" * 64}}
    )
    with pytest.raises(StoredRunError, match=r"trained again since this run was loaded"):
        old.model()


def test_folders_of_other_names_are_left_alone(store, quick):
    """A backup, another experiment whose name goes on, a file."""
    kept = [f"{quick.folder.name}-backup", f"{quick.folder.name} (copy)", "quick-seed0-wide",
            "quick-seed0-0123456789ab-old", ".DS_Store-seed0-x"]  # fmt: skip
    for name in kept:
        shutil.copytree(quick.folder, store / name)
    (store / "quick-seed1-file").write_text("a file")
    (store / "quick-seed2-0123456789ab").write_text("a file")
    assert stored_seeds(QUICK) == [0] and len(runs.stored_runs()) == 1
    changed = vary(CATALOGUE["baseline"], "quick", recipe=dict(epochs=2, lr=0.01))
    new = run(changed, retrain=True, verbose=False)
    assert set(contents(store)) == {
        new.folder.name, *kept, "quick-seed1-file", "quick-seed2-0123456789ab"
    }  # fmt: skip


@pytest.mark.parametrize("error", [KeyboardInterrupt, StoreError("disk full"), ValueError])
def test_a_training_that_ends_early_stores_nothing(store, monkeypatch, error):
    def stop(*args, **kwargs):
        raise error

    monkeypatch.setattr(runs.store, "put", stop)  # the worst moment: while it is written
    with pytest.raises(BaseException) as caught:
        run(QUICK, verbose=False)
    assert isinstance(caught.value, error if isinstance(error, type) else type(error))
    assert contents(store) == []


@pytest.mark.slow
def test_a_killed_process_leaves_nothing_that_counts(store):
    store.mkdir()
    code = (
        "import os; from cnnlib import CATALOGUE, load, run, runs, vary; "
        "from types import SimpleNamespace as N; d = load(); "
        "runs.load = lambda split: N(train=d.train[:512], val=d.val[:512]); "
        "runs.store.put = lambda *a: os._exit(9); "
        "run(vary(CATALOGUE['maxpool'], 'quick', recipe=dict(epochs=1)), verbose=False)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert all(name.startswith(".") for name in contents(store))
    assert stored_seeds(QUICK) == []
    assert run(QUICK, verbose=False).history


@pytest.mark.slow
def test_two_processes_may_store_the_same_run(store, monkeypatch, quick):
    copy = store.parent / "copy"
    shutil.copytree(quick.folder, copy)
    shutil.rmtree(quick.folder)
    real = runs.store.put

    def another_is_first(path, content):  # it finishes while this one is still writing
        if not quick.folder.exists():
            shutil.copytree(copy, quick.folder)
        real(path, content)

    monkeypatch.setattr(runs.store, "put", another_is_first)
    assert timeless(run(QUICK, retrain=True, verbose=False)) == timeless(quick)
    assert contents(store) == [quick.folder.name]
