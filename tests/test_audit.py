"""`make check-runs`: what is stored is computed again, and what is not so is named."""

import json

import pytest

from cnnlib import CATALOGUE, run, vary
from cnnlib import __main__ as front_door
from cnnlib.analysis import audit, finals
from cnnlib.runs import PREDICTIONS, RECORD, WEIGHTS
from cnnlib.store import SUMS, listed, sums

QUICK = vary(CATALOGUE["maxpool"], "quick", recipe=dict(epochs=1))


@pytest.fixture
def quick(store, few, monkeypatch):
    monkeypatch.setattr(audit, "load", lambda split="holdout": few)
    return run(QUICK, verbose=False)


def sealed(folder):
    """As someone would who edits a run and then its checksums."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != SUMS}
    (folder / SUMS).write_bytes(sums(files))


def edited(folder, **figures):
    record = json.loads((folder / RECORD).read_text("utf-8"))
    record["metrics"].update(figures)
    (folder / RECORD).write_text(json.dumps(record), "utf-8")


def wrong(folder):
    return {one.figure: one.wrong for one in audit.checked(folder) if one.wrong}


def test_every_figure_of_a_run_is_computed_again(quick):
    found = list(audit.checked(quick.folder))
    assert {one.figure for one in found} == {*quick.metrics, RECORD, WEIGHTS, PREDICTIONS}
    assert not any(one.wrong or one.unknown for one in found)


@pytest.mark.parametrize("figure", ["val_acc", "train_acc", "val_loss", "train_loss", "penalty"])
def test_an_edited_figure_is_found_though_its_checksum_is_right(quick, figure):
    edited(quick.folder, **{figure: 0.99})
    assert "its checksum is not that of SHA256SUMS" in wrong(quick.folder)[RECORD]
    sealed(quick.folder)
    assert list(wrong(quick.folder)) == [figure]
    assert wrong(quick.folder)[figure].startswith("stored is 0.9900, computed ")


def test_without_weights_the_predictions_give_what_they_can(quick):
    (quick.folder / WEIGHTS).unlink()
    found = {one.figure: one for one in audit.checked(quick.folder)}
    assert found["train_acc"].unknown == "no weights are stored" and not found["val_acc"].unknown
    edited(quick.folder, val_acc=0.99, train_acc=0.99)
    sealed(quick.folder)
    assert list(wrong(quick.folder)) == ["val_acc"]
    (quick.folder / PREDICTIONS).unlink()
    found = {one.figure: one for one in audit.checked(quick.folder)}
    assert found["val_acc"].unknown == "no predictions are stored"


def test_files_that_are_not_those_stored_are_named(quick):
    (quick.folder / "notes.txt").write_text("mine")
    (quick.folder / PREDICTIONS).write_bytes(b"cut")
    assert wrong(quick.folder)["notes.txt"] == wrong(quick.folder)[PREDICTIONS]
    (quick.folder / WEIGHTS).write_bytes(b"cut")
    assert "weights.safetensors is damaged" in wrong(quick.folder)["metrics"]


def test_a_folder_under_another_runs_name_is_named(quick):
    other = quick.folder.rename(quick.folder.with_name("quick-seed0-0123456789ab"))
    assert "declares another run than its folder's name" in wrong(other)[RECORD]


def test_shipped_test_figures_are_those_of_their_predictions():
    shipped = [run(finals.on_all(CATALOGUE["maxpool"]))]
    assert all((one.folder / finals.TEST).exists() for one in shipped)
    assert [audit._test_acc(one).wrong for one in shipped] == [""]


def test_the_command_says_what_is_wrong_and_ends_with_status_1(quick, monkeypatch, capsys):
    monkeypatch.setattr(front_door, "environment_is_ready", lambda: True)
    monkeypatch.setattr(front_door, "prepare", lambda: None)
    assert list(listed()) == [quick.folder.name]
    assert front_door.main(["check-runs"]) == 0
    assert "9 figures and files are as stored, 0 are not" in capsys.readouterr().out
    edited(quick.folder, val_acc=0.99)
    sealed(quick.folder)
    assert front_door.main(["check-runs"]) == 1
    assert f"{quick.folder.name}: val_acc: stored is 0.9900" in capsys.readouterr().out
