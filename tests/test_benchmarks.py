import ast
import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cnnlib.support.folders import ROOT

sys.path.insert(0, str(Path(ROOT) / "benchmarks"))
import at_once
import epoch_times
import growth
import loops
import torch.nn.functional as F
import training_speed
import tries
import waiting

import cnnlib
from cnnlib.analysis.tables import accuracies

pytestmark = pytest.mark.slow  # trains, renders or starts processes


@pytest.mark.parametrize("name", loops.available())
def test_every_loop_trains_and_its_loss_falls(name, monkeypatch):
    losses, real = [], F.cross_entropy

    def noted(*what, **more):
        loss = real(*what, **more)
        if loss.requires_grad:  # not that of the validation images
            losses.append(loss.detach().mean().item())
        return loss

    monkeypatch.setattr(F, "cross_entropy", noted)
    epoch = loops.LOOPS[name](4 * loops.BATCH)
    told = [epoch() for _ in range(6)]
    if name in ("Keras", "Flax"):  # these do not compute with torch, and tell their losses
        losses = told
    assert len(losses) >= 6 and losses[-1] < losses[0] - 0.05


def test_what_is_timed_can_be_imported():
    steps = ast.walk(ast.parse("\n".join(waiting.STEPS.values())))
    found = [(node.module, name.name) for node in steps if isinstance(node, ast.ImportFrom)
             for name in node.names]  # fmt: skip
    assert ("cnnlib.analysis.features", "tsne") in found
    assert all(hasattr(importlib.import_module(module), name) for module, name in found)


def test_ratios_are_taken_within_rounds():
    # a machine that is three times slower in round 2 changes no ratio
    rows = [
        {"loop": loop, "round": number, "seconds": seconds * slow, "bytes": 2**20}
        for number, slow in ((1, 1.0), (2, 3.0))
        for loop, seconds in (("fit", 2.0), ("fit_many", 1.0), ("DataLoader", 5.0))
    ]
    found = training_speed.ratios(pd.DataFrame(rows))
    assert found.value.to_dict() == {"fit_many": 0.5, "fit": 1.0, "DataLoader": 2.5}
    assert (found.low == found.high).all()
    told = training_speed.markdown(pd.DataFrame(rows), images=600).splitlines()
    assert told[-1] == "| DataLoader | 60 | 2.50 | 2.50 to 2.50 | 1 MB |"


def test_the_slope_is_the_exponent():
    sizes = np.array([1, 2, 4, 8])
    found = pd.DataFrame({"work": "seeds", "size": sizes, "seconds": 3 * sizes**0.5})
    found["memory"] = 500.0 + sizes
    assert growth.slope(found) == pytest.approx(0.5)
    assert (
        "| seeds | 1, 2, 4, 8 | 1.00, 1.41, 2.00, 2.83 | 0.50 | 501, 502, 504, 508 |"
        in growth.markdown(found)
    )
    assert growth.draw(found).alt_text


def test_every_way_trains_the_same_seeds():
    with ThreadPoolExecutor(1) as pool:
        found = {way: train("maxpool") for way, train in at_once.ways(pool).items()}
    losses = [[history[0]["train_loss"] for history in each] for each in found.values()]
    assert len(losses) == 3 and all(len(set(each)) == len(at_once.SEEDS) for each in losses)
    np.testing.assert_allclose(losses, [losses[0]] * 3, rtol=1e-2)


def test_ways_are_compared_within_rounds():
    rows = [
        {"round": number, "network": "maxpool", "way": way, "seconds": seconds * slow}
        for number, slow in ((1, 1.0), (2, 3.0))
        for way, seconds in ((at_once.ONE, 4.0), (at_once.MANY, 3.0), (at_once.PROCESSES, 2.0))
    ]
    told = at_once.markdown(pd.DataFrame(rows)).splitlines()[-1]
    assert told == "| `maxpool` | 1 | 0.75 (0.75 to 0.75) | 0.50 (0.50 to 0.50) |"


def test_the_page_of_tries_shows_each_and_the_stored_runs():
    folder = Path(tries.__file__).parent
    rows, page = pd.read_csv(folder / "tries.csv"), (folder / "tries.md").read_text("utf-8")
    late = accuracies(["capstone-late"])["capstone-late"]
    assert f"{late.mean():.4f} ({late.min():.4f} to {late.max():.4f})" in page
    assert set(rows.change) == set(tries.CHANGES) and not set(rows.seed) & set(cnnlib.SEEDS)
    assert tries.table(rows) in page and rows.parameters.max() <= 61_706
    rates = tries.experiment("rate 0.02, decay 0.02", epochs=5).recipe
    assert (rates.lr, rates.weight_decay, rates.epochs) == (0.02, 0.02, 5)


def test_a_try_is_trained_on_validation_images(monkeypatch):
    data = cnnlib.load()
    few = SimpleNamespace(train=data.train[:128], val=data.val[:100])
    monkeypatch.setattr(tries, "load", lambda: few)
    row = tries.tried("batches of 128", epochs=1, seed=100)
    assert row["change"] == "batches of 128" and row["parameters"] == 60_634
    assert 0 <= row["val_acc"] <= 1 and round(100 * row["val_acc"]) == 100 * row["val_acc"]


def test_epoch_times_are_taken_in_turns_that_are_reversed(monkeypatch):
    order = []
    monkeypatch.setattr(
        epoch_times, "epoch_of", lambda name: float(len(order.append(name) or order))
    )
    models, table = epoch_times.MODELS, epoch_times.measure(rounds=3)
    assert models == ["baseline", "convolution", "filters"]
    assert order == [*models, *models, *models[::-1], *models]  # the first three are not measured
    assert (
        list(table.experiment) == order[3:]
        and table["round"].tolist() == [0] * 3 + [1] * 3 + [2] * 3
    )
    assert list(table.seconds) == [float(n) for n in range(4, 13)]


def test_an_epoch_is_timed_on_all_training_images(monkeypatch):
    seen = []
    monkeypatch.setattr(
        epoch_times, "train_epoch", lambda m, o, train, *more: seen.append(len(train))
    )
    assert epoch_times.epoch_of("filters") > 0 and seen == [48_000]
