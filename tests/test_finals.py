import dataclasses
import shutil

import pytest
import torch
import torch.nn.functional as F

from cnnlib import CATALOGUE, StoredRunError, diff, load, run
from cnnlib.analysis.finals import TEST, final, on_all


@pytest.fixture
def copied(tmp_path):
    """A shipped run, copied, without its figures on the test set."""
    shipped = run("maxpool", train=False)
    folder = shutil.copytree(shipped.folder, tmp_path / shipped.folder.name)
    (folder / TEST).unlink(missing_ok=True)
    return dataclasses.replace(shipped, folder=folder)


def test_figures_are_those_of_the_weights_on_the_test_set(copied):
    found = final(copied)
    labels, logits = copied.predict("test")
    assert found.loss == pytest.approx(F.cross_entropy(logits, labels).item())
    assert torch.equal(found.predicted, logits.argmax(dim=1))
    assert found.acc == pytest.approx((found.predicted == labels).double().mean().item())
    assert 0.8 < found.acc < 1 and found.predicted.shape == (10_000,)


def test_the_test_set_is_opened_once_for_a_run(copied):
    before = load().test_openings
    first, second = final(copied), final(copied)
    assert load().test_openings == before + 1
    assert first[:2] == second[:2] and torch.equal(first.predicted, second.predicted)
    assert sorted(path.name for path in copied.folder.iterdir()) == sorted(
        [TEST, "predictions.safetensors", "run.json", "weights.safetensors", "SHA256SUMS"]
    )


def test_a_damaged_file_is_an_error_that_names_it(copied):
    (copied.folder / TEST).write_bytes(b"no tensors")
    with pytest.raises(StoredRunError, match=r"test.safetensors cannot be read .*; delete it"):
        final(copied)


def test_without_weights_nothing_is_opened_or_written(copied):
    (copied.folder / "weights.safetensors").unlink()
    before = load().test_openings
    with pytest.raises(StoredRunError, match=r"weights.safetensors is not there"):
        final(copied)
    assert load().test_openings == before and not (copied.folder / TEST).exists()


def test_on_all_changes_the_split_alone():
    for name, one in CATALOGUE.items():
        assert diff(one, on_all(name)) == "data.split: holdout → all"


def test_on_all_trains_on_every_image_that_is_not_for_testing(data):
    everything = load("all")
    assert len(everything.train) == len(data.train) + len(data.val) == 60_000
    assert torch.equal(everything.train.images[data.train_index], data.train.images)
    assert torch.equal(everything.train.labels[data.val_index], data.val.labels)
    assert torch.equal(everything.val.images, data.val.images)
