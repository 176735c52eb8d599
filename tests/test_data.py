import hashlib
from collections import Counter

import pytest
import torch
import torchvision

from cnnlib.data import Dataset, load
from cnnlib.splits import folds, holdout
from cnnlib.support.sources import data_folder


def test_shapes_and_types(data):
    assert data.train.images.shape == (48_000, 1, 28, 28)
    assert data.val.images.shape == (12_000, 1, 28, 28)
    assert data.train.images.dtype == torch.uint8 and data.train.labels.dtype == torch.int64
    assert len(data.train) == 48_000 and len(data.class_names) == 10


def test_same_images_and_labels_as_torchvision(data):
    oracle = torchvision.datasets.FashionMNIST(data_folder(), train=True)
    for part, index in ((data.train, data.train_index), (data.val, data.val_index)):
        assert torch.equal(part.images.squeeze(1), oracle.data[index])
        assert torch.equal(part.labels, oracle.targets[index])
    oracle, test = torchvision.datasets.FashionMNIST(data_folder(), train=False), data.test
    assert torch.equal(test.images.squeeze(1), oracle.data)
    assert torch.equal(test.labels, oracle.targets)


def test_split_is_stratified_disjoint_and_pinned(data):
    assert set(Counter(data.train.labels.tolist()).values()) == {4_800}
    assert set(Counter(data.val.labels.tolist()).values()) == {1_200}
    both = torch.cat([data.train_index, data.val_index])
    assert torch.equal(both.sort().values, torch.arange(60_000))
    # Stored runs were trained on exactly these images: a change would orphan them.
    assert (
        hashlib.sha256(data.val_index.numpy().astype("<i8").tobytes()).hexdigest()
        == "6ee6ce842391ba766dcaa44c1b9c78a531c8cab5e392e91ea20088ca7cbbe963"
    )


def test_the_stored_split_is_the_one_that_scikit_learn_draws(data):
    labels = torch.empty(60_000, dtype=torch.long)
    labels[data.train_index], labels[data.val_index] = data.train.labels, data.val.labels
    train, val = holdout(labels)
    assert torch.equal(train, data.train_index) and torch.equal(val, data.val_index)


def test_another_seed_gives_another_split(data):
    labels = torch.cat([data.train.labels[:500], data.val.labels[:500]])
    assert torch.equal(holdout(labels, 1)[1], holdout(labels, 1)[1])
    assert not torch.equal(holdout(labels, 1)[1], holdout(labels, 2)[1])


def test_opening_the_test_set_is_counted_and_printed(capsys):
    fresh = Dataset(data_folder())
    assert fresh.test_openings == 0
    assert fresh.test.images.shape == (10_000, 1, 28, 28)
    assert len(fresh.test) == 10_000 and fresh.test_openings == 2
    assert capsys.readouterr().out.splitlines() == [
        "The test set is opened (opening 1 in this session).",
        "The test set is opened (opening 2 in this session).",
    ]


@pytest.mark.parametrize("kind", ["stratified", "plain"])
def test_folds_partition_the_training_file_and_nothing_else(data, kind):
    labels = torch.empty(60_000, dtype=torch.long)
    labels[data.train_index], labels[data.val_index] = data.train.labels, data.val.labels
    parts = folds(labels, kind)
    assert len(parts) == 5
    assert torch.equal(torch.cat([val for _, val in parts]).sort().values, torch.arange(60_000))
    for train, val in parts:
        assert torch.equal(torch.cat([train, val]).sort().values, torch.arange(60_000))
        even = set(labels[val].bincount().tolist()) == {1_200}
        assert even == (kind == "stratified")
    assert all(torch.equal(a[1], b[1]) for a, b in zip(parts, folds(labels, kind), strict=True))
    assert not torch.equal(parts[0][1], folds(labels, kind, seed=1)[0][1])


def test_a_fold_is_loaded_by_name(data):
    fold = load("stratified-2")
    assert len(fold.train) == 48_000 and len(fold.val) == 12_000
    both = torch.empty(60_000, 28, 28, dtype=torch.uint8)
    both[data.train_index], both[data.val_index] = data.train.images[:, 0], data.val.images[:, 0]
    assert torch.equal(fold.val.images[:, 0], both[fold.val_index])
    with pytest.raises(ValueError, match="split is 'stratified-6'; expected one of holdout, "):
        load("stratified-6")
    with pytest.raises(ValueError, match="kind is 'random'; expected one of stratified, plain"):
        folds(data.train.labels, "random")
