import base64
import io
import json
import os
import re
import subprocess
import sys
from html import unescape

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from cnnlib import CATALOGUE, SEEDS, plots, run
from cnnlib.data import CLASS_NAMES


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def displayed(monkeypatch):
    calls = []
    monkeypatch.setattr(plots.basic, "display", lambda data, **more: calls.append((data, more)))
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


def test_show_gives_more_pixels_of_the_same_size_for_paper(displayed, monkeypatch):
    for dpi in ("110", ""):
        monkeypatch.setenv("CNNLIB_DPI", dpi)
        plots.show(plots.bars({"a": 1.0}, xlabel="count"))
    widths = [imread(io.BytesIO(bundle["image/png"])).shape[1] for bundle, _ in displayed]
    plain, sharp = (more["metadata"]["image/png"]["width"] for _, more in displayed)
    assert widths[1] == pytest.approx(2 * widths[0], abs=2)
    assert sharp == pytest.approx(plain, abs=1) and plain == widths[0]


def test_show_tells_drawings_from_pictures_of_garments(displayed):
    """On dark pages the one is turned over, the other is not."""
    eye = np.eye(28)
    plots.show(plots.bars({"a": 1.0}, xlabel="count"))
    plots.show(plots.signed([eye], label="x"))
    plots.show(plots.images([eye], alt="A line"))
    plots.show(plots.feature_maps({"a": [eye]}, image=eye))
    plots.show(plots.garments(np.random.default_rng(0).random((9, 2)), [eye] * 9))
    kinds = [more["metadata"]["image/png"]["kind"] for _, more in displayed]
    assert kinds == ["drawing", "drawing", "pictures", "pictures", "pictures"]


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
    assert loss.get_ylabel() == "loss (nats per image)" and loss.get_xlabel() == "epoch"
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
    assert ax.get_legend() is not None
    alone = plots.intervals(table.drop(columns="reported"), xlabel="accuracy")
    assert alone.get_legend() is None  # one kind of point needs none
    assert "reported" not in alone.get_figure().alt_text
    columns = len(alone.lines)
    signed = plots.intervals(table[["value", "low", "high"]] - 0.85, xlabel="difference")
    assert len(signed.lines) == columns + 1  # and a line at 0
    assert list(signed.lines[-1].get_xdata()) == [0, 0]


def test_a_path_lies_on_its_curve_which_reaches_as_far_as_the_path():
    ax = plots.path(np.square, [1, -2, 4], xlabel="weight", ylabel="loss", ends=(-1, 3))
    curve, path, start = ax.lines
    assert list(path.get_xdata()) == [1, -2, 4] and list(path.get_ydata()) == [1, 4, 16]
    assert list(start.get_xdata()) == [1]
    assert (curve.get_xdata()[0], curve.get_xdata()[-1]) == (-2, 4)
    assert "3 points on it, at 1, -2, 4." in plots.figure_of(ax).alt_text


def test_lines_use_the_given_axes():
    _, ax = plt.subplots()
    assert plots.lines({"s": [1, 2, 4]}, xlabel="epoch", ylabel="rate", ax=ax) is ax
    assert list(ax.lines[0].get_xdata()) == [1, 2, 3]
    assert ax.get_figure().alt_text == "Line plot of rate against epoch. s from 1 to 4."


def test_lines_stand_at_the_given_places_on_a_scale_of_powers():
    rates, losses = [0.01, 0.1, 1], [2, 0.5, float("nan")]
    ax = plots.lines({"SGD": losses}, x=rates, log=True, xlabel="rate", ylabel="loss")
    assert list(ax.lines[0].get_xdata()) == rates and ax.get_xscale() == "log"
    assert ax.get_figure().alt_text == "Line plot of loss against rate. SGD from 2 to no value."
    plt.close(ax.get_figure())


def boxes(figure):
    """Left, bottom, right, top of each picture of a figure, and of its title, in inches."""
    renderer = figure.canvas.get_renderer()
    drawn = [ax for ax in figure.axes if ax.images]
    return [
        [one.get_window_extent(renderer).extents / figure.dpi for one in (ax, ax.title)]
        for ax in drawn
    ]


@pytest.mark.parametrize("title", ["T-shirt/top", "is shirt\nsays coat", "three\nlines\nhere"])
def test_a_title_is_nearer_to_its_own_picture_than_to_the_one_above(title):
    pictures = [np.eye(9)] * 6
    for figure in (
        plots.images(pictures, [title] * 6, columns=3),
        plots.signed(pictures, [title] * 6, columns=3, label="x"),
    ):
        drawn = boxes(figure)
        for (above, _), (own, words) in zip(drawn[:3], drawn[3:], strict=True):
            assert 0 <= words[1] - own[3] < above[1] - words[3]
        assert above[1] - words[3] > 0.04


def test_pictures_without_titles_stand_close_together():
    drawn = boxes(plots.images([np.eye(9)] * 6, columns=3))
    assert 0 < drawn[0][0][1] - drawn[3][0][3] < 0.1


def test_feature_maps_stand_on_one_scale_or_each_on_its_own():
    maps = {"a": np.stack([np.zeros((4, 4)), np.eye(4)]), "b": np.stack([np.eye(4) * 9] * 3)}
    figure = plots.feature_maps(maps)
    drawn = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in drawn] == ["a 1", "a 2", "b 1", "b 2", "b 3"]
    assert {ax.images[0].get_clim() for ax in drawn} == {(-9, 9)}
    assert figure.alt_text == (
        "Feature maps on one scale, white at 0: a, 2 maps of 4×4, 1 of them all zero, values from "
        "0 to 1; b, 3 maps of 4×4, 0 of them all zero, values from 0 to 9."
    )
    own = plots.feature_maps(maps, shared=False)
    assert own.axes[1].images[0].get_clim() == (-1, 1) and "for each map" in own.alt_text
    assert own.axes[1].get_title() == "a 2\n±1" and len(own.axes) == 5  # no bar for all


@pytest.mark.parametrize(
    ("low", "high", "ends"), [(-2, 4, (-2, 4)), (1, 4, (0, 4)), (-4, -1, (-4, 0)), (0, 0, (-1, 1))]
)
def test_the_bar_of_maps_reaches_from_the_lowest_to_the_highest_value_and_marks_0(low, high, ends):
    figure = plots.feature_maps({"a": np.array([[[low, high]] * 2] * 2)})
    bar = figure.axes[-1]
    assert bar.get_ylim() == ends and bar.get_ylabel() == "value"
    assert 0 in bar.get_yticks() and [line.get_ydata()[0] for line in bar.lines] == [0]


def test_the_image_and_its_label_stand_beside_its_maps():
    image = np.arange(16).reshape(1, 1, 4, 4)
    figure = plots.feature_maps({"a": np.ones((8, 4, 4))}, image=image, label="coat")
    beside = figure.axes[-1]
    assert beside.get_title() == "coat" and (beside.images[0].get_array() == image[0, 0]).all()
    first = figure.axes[0].get_position()
    assert beside.get_position().x1 < first.x0
    assert beside.get_position().y1 == pytest.approx(first.y1)
    assert figure.alt_text.startswith("Beside the image (coat): Feature maps on one scale")


def test_a_network_is_drawn_by_its_shapes():
    stages = [("image", (1, 8, 8)), ("conv", (3, 8, 4)), ("relu", (3, 8, 4)), ("flat", (96,)),
              ("linear", (6,))]  # fmt: skip
    figure = plots.flow(stages)
    (ax,) = figure.axes
    sizes = [(patch.get_width(), patch.get_height()) for patch in ax.patches]
    assert sizes[:4] == [(1, 1), (0.5, 1), (0.5, 1), (0.5, 1)]  # one map, then three
    assert sizes[4][1] == pytest.approx(4 * sizes[5][1]) and len(sizes) == 6
    written = [text.get_text() for text in ax.texts]
    assert written == ["image", "1 of 8×8", "conv\nrelu", "3 of 8×4", "flat", "96", "linear", "6"]
    assert figure.alt_text.endswith(
        "from left to right: image 1 of 8×8; conv, relu 3 of 8×4; flat 96; linear 6."
    )
    with pytest.raises(ValueError, match=r"a shape is \(2, 1, 8, 8\); expected .* of one image"):
        plots.flow([("image", (2, 1, 8, 8))])


def test_signed_maps_have_zero_in_the_middle():
    maps = [np.eye(28) * 2, -np.eye(28) * 5]
    garment = np.eye(28) * 99
    figure = plots.signed(maps, ["up", "down\nhere"], label="change", over=[garment] * 2)
    drawn = [ax for ax in figure.axes if ax.get_title()]
    assert {ax.images[-1].get_clim() for ax in drawn} == {(-5, 5)}
    for ax, values in zip(drawn, maps, strict=True):
        assert (ax.images[0].get_array() == garment).all()  # faded, below
        assert ((ax.images[1].get_alpha() == 0) == (values == 0)).all()  # 0 lets it through
    assert figure.axes[-1].get_ylabel() == "change"
    assert figure.alt_text == "Maps, change. up: +0.00 to +2.00; down, here: -5.00 to +0.00."
    with pytest.raises(ValueError, match="2 maps over 1 images"):
        plots.signed(maps, label="change", over=[garment])


@pytest.mark.parametrize(
    ("places", "whole"), [([1, 2, 3, 4], True), (None, True), ([0.5, 1.0, 1.5], False)]
)
def test_an_axis_that_counts_has_whole_ticks(places, whole):
    values = range(len(places) if places else 4)
    ax = plots.lines({"a": list(values)}, x=places, xlabel="pixels", ylabel="y")
    assert all(tick == round(tick) for tick in ax.get_xticks()) == whole


def test_long_numbers_are_grouped_on_the_axis_too():
    ax = plots.bars({"a": 250_000.0}, xlabel="parameters")
    ax.get_figure().canvas.draw()
    assert "100,000" in [tick.get_text() for tick in ax.get_xticklabels()]


MATRIX = np.array([[7, 2, 0], [1, 8, 0], [0, 3, 6]])
THREE = ["coat", "dress", "shirt"]


def test_the_frontier_goes_through_what_no_cheaper_model_equals():
    costs = pd.DataFrame({"work": [1.0, 2.0, 2.0, 4.0, 8.0]}, index=list("abcde"))
    reached = pd.Series([0.5, 0.7, 0.6, 0.7, 0.9], index=list("edcba"))[::-1]
    figure = plots.frontier(costs, reached, ylabel="accuracy")
    assert "the frontier is a 0.9000 at 1." in figure.alt_text  # nothing dearer is better
    reached = pd.Series([0.5, 0.7, 0.6, 0.7, 0.9], index=list("abcde"))
    figure = plots.frontier(costs, reached, ylabel="accuracy")
    assert "the frontier is a 0.5000 at 1; b 0.7000 at 2; e 0.9000 at 8." in figure.alt_text
    assert [t.get_text() for t in figure.axes[0].get_legend().texts] == ["a", "b", "e"]
    plt.close("all")


def test_a_frontier_needs_the_same_models_and_costs_above_0():
    costs = pd.DataFrame({"work": [1.0, 2.0]}, index=["a", "b"])
    for wrong in (costs.rename(index={"b": "c"}), costs.replace(2.0, 0.0)):
        with pytest.raises(ValueError, match="costs above 0, and the same models"):
            plots.frontier(wrong, pd.Series([0.5, 0.6], index=["a", "b"]), ylabel="accuracy")


def test_confusion_draws_the_counts_and_tells_the_largest_mistakes():
    ax = plots.confusion(MATRIX, THREE, title="m")
    assert ax.collections[0].get_array().ravel().tolist() == MATRIX.ravel().tolist()
    assert [t.get_text() for t in ax.texts] == ["7", "2", "", "1", "8", "", "", "3", "6"]
    for ticks in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [tick.get_text() for tick in ticks] == THREE
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "label")
    assert ax.collections[0].get_clim() == (0, 3)
    told = "shirt taken for dress 3; coat taken for dress 2; dress taken for coat 1"
    assert f"Confusion matrix, m. Largest off the diagonal: {told}" in ax.get_figure().alt_text
    assert "On the diagonal: coat 7; dress 8; shirt 6." in ax.get_figure().alt_text


def test_matrices_side_by_side_share_one_scale():
    figure = plots.confusions({"a": MATRIX, "b": 9 * MATRIX}, THREE)
    assert {ax.collections[0].get_clim() for ax in figure.axes} == {(0, 27)}
    assert [ax.get_title() for ax in figure.axes] == ["a", "b"]
    assert "Confusion matrix, a. Largest" in figure.alt_text and "matrix, b." in figure.alt_text
    figure = plots.confusions({"a": MATRIX - MATRIX.T, "b": MATRIX.T - 2 * MATRIX}, THREE)
    assert {ax.collections[0].get_clim() for ax in figure.axes} == {(-8, 8)}


def test_confusion_of_a_difference_is_centred_on_0():
    ax = plots.confusion(MATRIX - MATRIX.T, THREE, number="{:+.0f}")
    assert ax.collections[0].get_clim() == (-3, 3)
    middle = ax.collections[0].get_facecolors()[0]  # 0, on the diagonal: almost white
    assert min(middle[:3]) > 0.9
    assert ax.get_figure().alt_text.startswith(
        "Difference of two confusion matrices. Largest off the diagonal: "
        "dress taken for shirt -3; shirt taken for dress +3; coat taken for dress +1"
    )


def test_confusions_side_by_side_are_told_one_after_the_other():
    figure, panels = plt.subplots(1, 2)
    for ax, title in zip(panels, "ab", strict=True):
        assert plots.confusion(MATRIX / 9, THREE, title=title, number="{:.2f}", ax=ax) is ax
    first, second = figure.alt_text.split(" Confusion matrix, b. ")
    assert first == f"Confusion matrix, a. {second}" and "dress 0.33" in second


def test_confusion_needs_a_name_for_each_class():
    with pytest.raises(ValueError, match=r"matrix has shape \(3, 3\); expected .* 10 names"):
        plots.confusion(MATRIX)


def test_confusion_without_a_mistake():
    ax = plots.confusion(np.diag([4, 5, 6]), THREE)
    assert ax.collections[0].get_clim() == (0, 1)
    assert "Largest off the diagonal: none. On" in ax.get_figure().alt_text


def test_scatter_gives_each_class_its_marker_and_rings_the_wrong():
    points = np.arange(20.0).reshape(10, 2)
    wrong = np.array([True, False] * 5)
    _, given = plt.subplots()
    ax = plots.scatter(points, np.arange(10), wrong=wrong, ax=given)
    *classes, rings = ax.collections
    assert ax is given and len(classes) == 10
    drawn = [collection.get_offsets().data.tolist() for collection in classes]
    assert drawn == [[point] for point in points.tolist()]
    assert rings.get_offsets().data.tolist() == points[wrong].tolist()
    shapes = {collection.get_paths()[0].vertices.tobytes() for collection in classes}
    colours = {tuple(collection.get_facecolor()[0]) for collection in classes}
    assert len(shapes) == len(colours) == 10
    assert "10 points, coloured by class: T-shirt/top, " in ax.get_figure().alt_text
    assert "5 points are ringed" in ax.get_figure().alt_text
    assert not ax.get_xticks().size and ax.get_aspect() == 1


def contrast(one, other):
    """Of two colours, by WCAG 2: from 1, the same, to 21, black on white."""

    def light(colour):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
        return np.dot(parts, [0.2126, 0.7152, 0.0722])

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_shirt_is_well_visible_and_far_from_those_it_is_mixed_up_with():
    colours = dict(zip(CLASS_NAMES, map(to_rgb, plots.CLASS_COLOURS), strict=True))
    assert len(set(plots.CLASS_COLOURS)) == 10
    assert contrast(colours["shirt"], (1, 1, 1)) > 3  # WCAG's least for graphics
    for other in ("T-shirt/top", "pullover", "dress", "coat"):
        assert np.linalg.norm(np.subtract(colours["shirt"], colours[other])) > 0.5, other
    assert contrast(colours["shirt"], colours["coat"]) > 1.5  # apart without colours, too


def test_the_wrong_ones_have_a_panel_of_their_own():
    points = np.arange(20.0).reshape(10, 2)
    wrong = np.array([True, False] * 5)
    whole, alone = plots.scatter_wrong(points, np.arange(10), wrong).axes
    assert len(whole.collections) == 10
    pale, *classes = alone.collections
    assert pale.get_offsets().data.tolist() == points[~wrong].tolist()
    assert [c.get_offsets().data.tolist() for c in classes] == [[p] for p in points[wrong].tolist()]
    assert "all 10 points, and the 5 at which" in whole.get_figure().alt_text


def test_scatters_share_one_legend():
    points = np.random.default_rng(0).normal(size=(30, 2))
    figure = plots.scatters({"a": points, "b": -points}, [0, 1] * 15, names=["x", "y"], columns=3)
    assert [ax.get_title() for ax in figure.axes] == ["a", "b"]
    assert [text.get_text() for text in figure.legends[0].texts] == ["x", "y"]
    assert figure.alt_text == (
        "2 scatter plots of the same 30 points, coloured by class (x, y): a; b."
    )


def test_garments_draws_one_image_for_each_square_that_is_not_empty():
    points = np.array([[0.0, 0], [0.4, 0.4], [9, 9], [0, 9], [1, 1]])
    ax = plots.garments(points, np.zeros((5, 28, 28)), cells=3)
    drawn = [artist for artist in ax.artists if hasattr(artist, "xy")]
    assert sorted(tuple(artist.xy) for artist in drawn) == [(0, 9), (1, 1), (9, 9)]
    assert "5 images" in ax.get_figure().alt_text


def neighbourhood(i, wrong=None):
    points = np.random.default_rng(0).normal(size=(12, 2))
    near = [j for j in range(12) if j != i]
    return plots.neighbourhood(points, np.zeros((12, 28, 28)), i, near, ["a"] * 11 + ["b"], wrong)


def test_neighbourhood_rings_the_wrong_where_it_is_told_which():
    figure = neighbourhood(11, [True] * 3 + [False] * 9)
    rings = figure.axes[0].collections[1]
    assert len(rings.get_offsets()) == 3 and not len(rings.get_facecolor())
    assert "3 points are ringed" in figure.alt_text
    assert "ringed" not in neighbourhood(11).alt_text


def test_neighbourhood_marks_the_image_and_ten_others():
    figure = neighbourhood(11)
    assert sum(len(ax.images) for ax in figure.axes) == 11
    _, crosses, star = figure.axes[0].collections
    assert len(crosses.get_offsets()) == 10 and len(star.get_offsets()) == 1
    assert figure.alt_text.startswith("A map of 12 images. Image 11, b, is marked with a star")


def test_window_draws_the_map_as_far_as_it_is():
    image, kernel = np.arange(9).reshape(3, 3), np.array([[1, 0], [0, -1]])
    figure = plots.window(image, kernel, 5, padding=1)
    ax = figure.axes[0]
    assert len(ax.patches) == 25 + 4 + 16 + 3  # cells, and the three outlines
    written = [text.get_text() for text in ax.texts]
    assert written[25:26] + written[30:31] == ["image in its frame", "kernel"]
    assert written[31:-1] == ["0", "−1", "−2", "0", "−3", "−4", "map"]
    assert written[-1] == "0·1 + 1·0 + 3·0 + 4·(−1) = −4"
    places = [patch.get_xy() for patch in ax.patches if patch.get_linewidth() == 3]
    assert places == [(1, 1), (6, 0), (6 + 3 + 1, 1)]
    assert "row 2, column 2 of the map. 0·1 + 1·0 + 3·0 + 4·(−1) = −4." in figure.alt_text


def test_window_follows_the_stride_and_knows_its_last_step():
    image, kernel = np.arange(25).reshape(5, 5), np.ones((2, 2))
    figure = plots.window(image, kernel, 3, stride=3)
    assert figure.axes[0].texts[-1].get_text() == "18·1 + 19·1 + 23·1 + 24·1 = 84"
    with pytest.raises(ValueError, match=r"step is 4; this map has 4 numbers, 0 to 3"):
        plots.window(image, kernel, 4, stride=3)


def two(name, n=3):
    if n == 9:
        raise ZeroDivisionError("nine <is> too many")
    return plots.bars({name: n}, xlabel="x")


@pytest.fixture
def moved(monkeypatch):
    """What ``sliders`` shows in a running notebook: the menu, the slider and the picture."""
    monkeypatch.delenv("CNNLIB_SLIDERS")
    shown = []
    monkeypatch.setattr(plots.choosing, "display", shown.append)
    plots.sliders(two, name=["a", "b"], n=range(0, 12, 3))
    return shown[0].children


def picture(html):
    """(alt, bytes) of the one image in it."""
    data, alt = re.match(r'<img src="data:image/png;base64,(.+?)" alt="(.+?)" ', html).groups()
    return alt, base64.b64decode(data)


def test_sliders_start_at_the_defaults_and_draw_what_is_chosen(moved):
    menu, slider, place = moved
    assert (menu.options, menu.value, menu.description) == (("a", "b"), "a", "name")
    assert (slider.min, slider.max, slider.step, slider.value) == (0, 9, 3, 3)
    assert not slider.continuous_update
    told, before = picture(place.value)
    assert told == "Bar chart of x. a 3."
    slider.value, menu.value = 6, "b"
    told, after = picture(place.value)
    assert told == "Bar chart of x. b 6."
    assert before != after and imread(io.BytesIO(after)).ndim == 3
    assert not plt.get_fignums()


def test_sliders_show_an_error_and_recover(moved):
    _, slider, place = moved
    slider.value = 9
    assert place.value.startswith('<pre role="alert">Traceback')
    assert "ZeroDivisionError: nine &lt;is&gt; too many" in place.value
    slider.value = 0
    assert picture(place.value)[0] == "Bar chart of x. a 0."


def in_advance(bundle):
    """What the page is told of the choices, and the text of each figure drawn in advance."""
    place = bundle[plots.choosing.CHOICES]
    told = json.loads(unescape(re.match(r'<div class="choices" data-choices="(.+)">', place)[1]))
    return told, re.findall(
        r'<img src="data:image/png;base64,[\w+/=]+" alt="(.+?)" width="\d+"', place
    )


def test_where_nobody_can_draw_anew_all_figures_are_drawn_in_advance(displayed, monkeypatch):
    monkeypatch.setenv("CNNLIB_SLIDERS", "off")
    plots.sliders(two, name=["a", "b"], n=range(4))
    ((bundle, _),) = displayed
    assert bundle["text/plain"] == "[figure: Bar chart of x. a 3.]"
    told, texts = in_advance(bundle)
    assert told == [
        {"name": "name", "values": ["a", "b"], "at": 0, "slider": False},
        {"name": "n", "values": ["0", "1", "2", "3"], "at": 3, "slider": True},
    ]
    assert texts == [f"Bar chart of x. {name} {n}." for name in "ab" for n in range(4)]


@pytest.mark.parametrize(
    ("most", "count"), [(48, 8), (8, 8), (7, 4), (4, 4), (3, 2), (2, 2), (1, 0), (0, 0)]
)
def test_of_many_figures_some_are_drawn_in_advance_and_the_start_is_one(
    displayed, monkeypatch, most, count
):
    monkeypatch.setenv("CNNLIB_SLIDERS", "off")
    plots.sliders(two, most=most, name=["a", "b"], n=range(4))
    ((bundle, _),) = displayed
    if count == 0:
        assert plots.choosing.CHOICES not in bundle
        return
    told, texts = in_advance(bundle)
    assert len(texts) == count == len(told[0]["values"]) * len(told[1]["values"])
    assert [told[0]["values"][told[0]["at"]], told[1]["values"][told[1]["at"]]] == ["a", "3"]


def test_a_large_range_is_thinned_evenly(displayed, monkeypatch):
    monkeypatch.setenv("CNNLIB_SLIDERS", "off")
    plots.sliders(neighbourhood, most=4, i=range(11, -1, -1))
    told, texts = in_advance(displayed[0][0])
    assert told[0]["values"] == ["11", "8", "5", "2"] and "Image 11, b" in texts[0]


def test_sliders_refuse_a_start_that_is_none_of_the_values():
    with pytest.raises(ValueError, match=r"n starts at 3; expected one of its 3 values"):
        plots.sliders(two, name=["a"], n=range(3))


@pytest.mark.slow
def test_a_students_own_settings_and_figures_stay_as_they_were():
    """In a process of its own: here, other tests have drawn already."""
    code = """
import matplotlib as mpl, matplotlib.pyplot as plt
plt.ion()
before, letters = dict(mpl.rcParams), dict(mpl.colors.get_named_colors_mapping())
from cnnlib import plots
axes = plots.bars({"a": 1.0}, xlabel="x")
plots.basic.rendered(axes)
assert dict(mpl.rcParams) == before and mpl.is_interactive()
assert dict(mpl.colors.get_named_colors_mapping()) == letters
assert axes.xaxis.get_gridlines()[0].get_visible(), "our figure has our style"
assert plt.figure().dpi == before["figure.dpi"] != plots.DPI
"""
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "MPLBACKEND": "agg"}
    )


def test_the_style_is_seaborns():
    from cnnlib.plots.basic import STYLE

    seaborns = {**sns.axes_style("ticks"), **sns.plotting_context("notebook")}
    seaborns |= {"axes.grid": True}  # ours
    del seaborns["image.cmap"]  # every picture names its own
    with plots.style():
        used = {key: mpl.rcParams[key] for key in seaborns}
    same = {key: mpl.RcParams({key: value})[key] for key, value in seaborns.items()}
    same |= {"patch.edgecolor": "white"}  # seaborn's w
    assert used == same
    assert list(plots.PALETTE) == sns.color_palette("colorblind").as_hex()
    assert STYLE["patch.facecolor"] == plots.PALETTE[0]


def test_the_first_picture_imports_no_seaborn_scipy_or_scikit_learn():
    code = (
        "import sys; from cnnlib import load, plots; images = load().train.images[:4]; "
        "plots.basic.rendered(plots.images(images, alt='four')); "
        "print(sorted({'seaborn.axisgrid', 'scipy', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
