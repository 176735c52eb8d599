import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from cnnlib import CATALOGUE, SEEDS, plots, run


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def displayed(monkeypatch):
    calls = []
    monkeypatch.setattr(plots, "display", lambda data, **more: calls.append((data, more)))
    return calls


def test_show_gives_a_png_with_its_text_and_closes_the_figure(displayed):
    figure = plots.images(np.eye(28)[None], ["diagonal"], alt="A line")
    plots.show(figure)
    ((bundle, more),) = displayed
    assert bundle["text/plain"] == "[figure: A line: diagonal.]"
    assert more["metadata"]["image/png"]["alt"] == "A line: diagonal."
    assert imread(io.BytesIO(bundle["image/png"])).ndim == 3
    assert b"Software" not in bundle["image/png"]
    assert not plt.fignum_exists(figure.number)


def test_show_takes_axes_and_another_text(displayed):
    plots.show(plots.bars({"a": 1.0}, xlabel="count"), alt="One bar")
    assert displayed[0][0]["text/plain"] == "[figure: One bar]"


def test_show_refuses_a_figure_without_text():
    with pytest.raises(ValueError, match="no text alternative"):
        plots.show(plt.figure())


def test_same_figure_same_bytes(displayed):
    for _ in range(2):
        plots.show(plots.bars({"a": 1.0, "b": 2.0}, xlabel="count"))
    assert displayed[0][0]["image/png"] == displayed[1][0]["image/png"]


def test_images_draws_each_once_on_one_scale():
    pictures = [np.full((4, 4), value) for value in (0.0, 5.0, 9.0)]
    figure = plots.images(pictures, ["a", "b\nc", "d"], columns=2)
    drawn = [ax.images[0] for ax in figure.axes if ax.images]
    assert [image.get_array().max() for image in drawn] == [0, 5, 9]
    assert {image.get_clim() for image in drawn} == {(0, 9)}
    assert figure.alt_text == "3 grey images: a; b, c; d."
    own = plots.images(pictures[1:], shared=False)
    assert len({ax.images[0].get_clim() for ax in own.axes}) == 2


def test_curves_draw_both_parts_of_every_run():
    runs = [run("baseline", train=False), run("maxpool", train=False)]
    figure = plots.curves(runs)
    loss, acc = figure.axes
    drawn = [list(line.get_ydata()) for line in acc.lines]
    expected = [[e[k] for e in one.history] for one in runs for k in ("val_acc", "train_acc")]
    assert sorted(drawn) == sorted(expected)
    named = [text.get_text() for text in loss.get_legend().texts]
    assert [name for name in named if name in CATALOGUE] == ["baseline", "maxpool"]
    assert loss.get_ylabel() == "loss (nats an image)" and loss.get_xlabel() == "epoch"
    assert f"maxpool: validation loss from {runs[1].history[0]['val_loss']:.3f}" in figure.alt_text


def test_curves_of_several_seeds_are_their_mean_in_a_band():
    runs = [run("maxpool", seed, train=False) for seed in SEEDS]
    figure = plots.curves(runs)
    acc = figure.axes[1]
    last = [one.history[-1]["val_acc"] for one in runs]
    assert acc.lines[0].get_ydata()[-1] == pytest.approx(sum(last) / len(last))
    band = acc.collections[0].get_paths()[0].vertices
    at_end = band[band[:, 0] == 15, 1]
    assert (at_end.min(), at_end.max()) == pytest.approx((min(last), max(last)))
    assert "maxpool, mean of 5 seeds: validation loss" in figure.alt_text
    assert f"({min(last):.3f} to {max(last):.3f})" in figure.alt_text


def test_bars_label_what_they_show():
    ax = plots.bars({"a": 1234.0, "b": 5.0}, xlabel="parameters", highlight=["b"])
    assert [bar.get_width() for bar in ax.patches] == [1234, 5]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()
    assert {text.get_text() for text in ax.texts} == {"1,234", "5"}
    assert ax.get_figure().alt_text == "Bar chart of parameters. a 1,234; b 5."


def test_class_bars_need_ten_values():
    assert len(plots.class_bars(np.zeros(10), xlabel="x").patches) == 10
    with pytest.raises(ValueError):
        plots.class_bars(np.zeros(9), xlabel="x")


def test_intervals_with_and_without_a_reported_figure():
    table = pd.DataFrame(
        {"value": [0.9, 0.8], "low": [0.89, 0.79], "high": [0.91, 0.81], "reported": [0.88, None]},
        index=["a", "b"],
    )
    ax = plots.intervals(table, xlabel="accuracy")
    assert ax.get_figure().alt_text == (
        "Dot plot of accuracy, best first. a 0.9000 (0.8900 to 0.9100), reported 0.8800; "
        "b 0.8000 (0.7900 to 0.8100)."
    )
    labels = ax.get_legend_handles_labels()[1]
    assert sorted(labels) == ["here", "in the report"]
    alone = plots.intervals(table.drop(columns="reported"), xlabel="accuracy")
    assert alone.get_legend_handles_labels()[1] == ["here"]
    assert "reported" not in alone.get_figure().alt_text


def test_lines_use_the_given_axes():
    _, ax = plt.subplots()
    assert plots.lines({"s": [1, 2, 4]}, xlabel="epoch", ylabel="rate", ax=ax) is ax
    assert list(ax.lines[0].get_xdata()) == [1, 2, 3]
    assert ax.get_figure().alt_text == "Line plot of rate against epoch. s from 1 to 4."
