"""Fixtures: the real data, and a small part of it for tests that train."""

from types import SimpleNamespace

import pytest
import torch

import cnnlib
from cnnlib import runs


@pytest.fixture(scope="session")
def data():
    return cnnlib.load()


@pytest.fixture(scope="session")
def small(data):
    """512 training and 2,000 validation images, with the same attributes as the whole."""
    return SimpleNamespace(train=data.train[:512], val=data.val[:2000])


@pytest.fixture(scope="session")
def few(data):
    """512 training and 500 validation images: enough to train on, quick to evaluate."""
    return SimpleNamespace(train=data.train[:512], val=data.val[:500])


@pytest.fixture
def store(tmp_path, monkeypatch, few):
    """An empty run store in which training takes half a second, on a few images."""
    monkeypatch.setenv("CNNLIB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(runs, "load", lambda split="holdout": few)
    torch.set_num_threads(1)
    return tmp_path / "runs"
