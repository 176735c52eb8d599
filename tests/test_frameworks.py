"""Keras beside ours. Most of it needs Keras, from the extra `bench`; without it, it is skipped."""

import sys

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from cnnlib import CATALOGUE, accuracies, build, count_parameters, load
from cnnlib.claims import frameworks as stored
from cnnlib.support.folders import ROOT

pytestmark = pytest.mark.slow  # Keras takes seconds to import

sys.path.insert(0, str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def frameworks():
    pytest.importorskip("keras")
    pytest.importorskip("tensorflow")
    import frameworks

    return frameworks


@pytest.mark.parametrize("name", ["baseline", "maxpool"])
def test_the_same_weights_give_the_same_logits(frameworks, name):
    ours, theirs = build(name, seed=3).eval(), frameworks.keras_model(CATALOGUE[name])
    frameworks.carry_over(ours, theirs)
    assert theirs.count_params() == count_parameters(ours)
    images = load().val.images[:200]
    with torch.no_grad():
        expected = ours(images.float() / 255).numpy()
    found = np.array(theirs.predict(frameworks.pixels(images), verbose=0))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_penalty_is_ours(frameworks):
    from cnnlib.training import penalty

    ours, theirs = build("baseline", seed=0), frameworks.keras_model(CATALOGUE["baseline"])
    frameworks.carry_over(ours, theirs)
    expected = penalty(ours, CATALOGUE["baseline"].recipe)
    assert float(sum(theirs.losses)) == pytest.approx(expected, rel=1e-5) and expected > 0


def test_a_short_training_learns(frameworks):
    found = frameworks.train("maxpool", seed=0, epochs=1, images=6_000)
    assert found["val_acc"] > 0.6 and found["val_loss"] < 1.2


def test_the_table_sets_means_beside_ours(tmp_path, monkeypatch):
    rows = [(name, seed, 0.9 + seed / 1000 + (name == "maxpool") * (0.008 + seed / 1000))
            for name in ("baseline", "maxpool") for seed in range(5)]  # fmt: skip
    made = pd.DataFrame(rows, columns=["experiment", "seed", "val_acc"])
    made.to_csv(tmp_path / "runs.csv", index=False)
    monkeypatch.setattr(stored, "KERAS_RUNS", tmp_path / "runs.csv")
    table = stored.frameworks_table()
    assert table.loc["baseline", "Keras"].startswith("0.9020 (")
    assert table.loc["maxpool minus baseline", "Keras"] == "0.0100 (0.0080 to 0.0120)"
    assert table.loc["maxpool", "here"].startswith(
        f"{accuracies(['maxpool']).maxpool.mean():.4f} ("
    )
    # by hand: Welch's interval of the difference of two means
    mine, other = accuracies(["baseline"]).baseline, made[made.experiment == "baseline"].val_acc
    parts = [x.var(ddof=1) / len(x) for x in (other, mine)]
    freedom = sum(parts) ** 2 / sum(part**2 / 4 for part in parts)
    half = stats.t.ppf(0.975, freedom) * sum(parts) ** 0.5
    gap = other.mean() - mine.mean()
    said = f"{gap:+.4f} ({gap - half:+.4f} to {gap + half:+.4f})"
    assert table.loc["baseline", "Keras minus here"] == said


def test_the_shipped_runs_are_ten_and_show_no_difference():
    # chapter 17 says so
    shipped = pd.read_csv(stored.KERAS_RUNS)
    assert shipped.groupby("experiment").seed.apply(sorted).tolist() == [list(range(5))] * 2
    table = stored.frameworks_table()["Keras minus here"]
    low_high = table.str.extract(r"\((\S+) to (\S+)\)").astype(float)
    assert (low_high[0] < 0).all() and (low_high[1] > 0).all()
