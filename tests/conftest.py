"""Fixtures: the real data, a small part of it for tests that train, and models evaluated once."""

import dataclasses
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


@pytest.fixture(scope="session")
def evaluated_once():
    """Evaluate the same weights of the same layers once; the figures do not change by that."""
    from instructors.verify import recompute, submission

    real, test, memo = submission.recompute, recompute.Recomputed.test, {}

    def cached(experiment, weights, network=None, train=False):
        key = (experiment.arch, experiment.data, experiment.recipe.l2_conv, weights, network, train)
        if key not in memo:
            memo[key] = real(experiment, weights, network, train)
        return dataclasses.replace(memo[key], experiment=experiment)

    def tested(self):
        key = (id(self.model), "test")
        if key not in memo:
            memo[key] = test(self)
        return memo[key]

    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submission, "recompute", cached)
        patch.setattr(recompute.Recomputed, "test", tested)
        yield


@pytest.fixture(scope="session")
def computed_once():
    """Compute equal networks of open hand-ins once; the figures do not change by that."""
    from instructors.verify import open_facts, open_figures

    real, figures, jails, memo = open_figures.Jailed, open_figures.figures, {}, {}

    def jailed(content, wanted, black):
        key = (content, wanted, black)
        if key not in jails:
            jails[key] = real(content, wanted, black, seconds=20.0)
        return jails[key]

    def once(model, part):
        key = (id(model.network), model.data, part.labels.numpy().tobytes())
        if key not in memo:
            memo[key] = figures(model, part)
        return memo[key]

    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_figures, "Jailed", jailed)
        for module in (open_figures, open_facts):
            patch.setattr(module, "figures", once)
        yield
