"""Plots of nothing, of one seed, of NaN, of other shapes: a sentence, or a figure that says so."""

import dataclasses
import inspect
import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from cnnlib import plots, run
from cnnlib.plots import basic

NAN = math.nan
PICTURES = np.arange(3 * 28 * 28).reshape(3, 28, 28) % 255
POINTS = np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]])
XY = dict(xlabel="x", ylabel="y")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def rows(**columns):
    return pd.DataFrame(columns, index=["a", "b"][: len(columns["value"])])


def diverged(**figures):
    stored = run("maxpool", train=False)
    history = [epoch | figures for epoch in stored.history]
    return dataclasses.replace(stored, history=history)


def neighbourhood(points=POINTS, pictures=PICTURES, index=0, near=(1, 2)):
    return plots.neighbourhood(points, pictures, index, near, "abc")


def path(places):
    return plots.path(np.square, places, ends=(0, 1), **XY)


def frontier(reached):
    costs = pd.DataFrame({"work": [1.0] * len(reached)})
    return plots.frontier(costs, pd.Series(reached, dtype=float), ylabel="y")


# function: what it is given, and what it says
NOTHING = {
    "images": (lambda: plots.images([]), "no pictures were given"),
    "bars": (lambda: plots.bars({}, xlabel="x"), "no bars were given"),
    "class_bars": (lambda: plots.class_bars([], xlabel="x"), "0 values; expected one for each"),
    "intervals": (
        lambda: plots.intervals(rows(value=[], low=[], high=[]), xlabel="x"),
        "in the values: there are none",
    ),
    "lines": (lambda: plots.lines({}, **XY), "no series were given"),
    "path": (lambda: path([]), r"in the path, of the shape \(0,\)"),
    "curves": (lambda: plots.curves([]), "no runs were given"),
    "frontier": (lambda: frontier([]), r"in the costs, of the shape \(0, 1\)"),
    "losses": (lambda: plots.losses([]), "no runs were given"),
    "confusion": (lambda: plots.confusion([], []), r"in the matrix, of the shape \(0,\)"),
    "window": (lambda: plots.window([], []), r"in the image, of the shape \(0,\)"),
    "confusions": (lambda: plots.confusions({}), "no matrices were given"),
    "feature_maps": (lambda: plots.feature_maps({}), "no maps were given"),
    "flow": (lambda: plots.flow([]), "no shapes were given"),
    "signed": (lambda: plots.signed([], [], label="x"), "no pictures were given"),
    "scatter": (lambda: plots.scatter(POINTS[:0], []), r"in the map, of the shape \(0, 2\)"),
    "scatters": (lambda: plots.scatters({}, []), "no maps were given"),
    "scatter_wrong": (
        lambda: plots.scatter_wrong(POINTS[:0], [], []),
        r"in the map, of the shape \(0, 2\)",
    ),
    "garments": (lambda: plots.garments(POINTS[:0], []), r"in the map, of the shape \(0, 2\)"),
    "neighbourhood": (lambda: neighbourhood(POINTS[:0], []), r"in the map, of the shape \(0, 2\)"),
    "sliders": (lambda: plots.sliders(lambda k: None, k=[]), "k has no values to choose from"),
    "show": (lambda: plots.show(None), "this is a NoneType; expected what a plotting function"),
    "figure_of": (lambda: plots.figure_of(None), "this is a NoneType; expected what"),
}
# not a number
NOT_NUMBERS = {
    "images": (lambda: plots.images(PICTURES * NAN), "784 of 784 numbers of picture 1 are NaN"),
    "bars": (lambda: plots.bars({"a": NAN}, xlabel="x"), "in the bars: all 1 are NaN"),
    "class_bars": (lambda: plots.class_bars([NAN] * 10, xlabel="x"), "all 10 are NaN"),
    "intervals": (
        lambda: plots.intervals(rows(value=[NAN], low=[NAN], high=[NAN]), xlabel="x"),
        "in the values: all 1 are NaN",
    ),
    "lines": (lambda: plots.lines({"a": [NAN, math.inf]}, **XY), "all 2 are NaN or infinite"),
    "path": (lambda: path([1, math.inf]), "1 of 2 numbers of the path are NaN or infinite"),
    "frontier": (lambda: frontier([NAN]), "1 of 1 numbers of what was reached are NaN"),
    "curves": (lambda: plots.curves([diverged(val_loss=NAN)]), "the losses of maxpool, seed 0"),
    "losses": (lambda: plots.losses([diverged(train_loss=NAN)]), "the losses of maxpool, seed 0"),
    "confusion": (lambda: plots.confusion([[NAN, NAN], [0, 1]], "ab"), "or from 0/0"),
    "window": (lambda: plots.window(PICTURES[0] * NAN, np.eye(3)), "numbers of the image are NaN"),
    "confusions": (lambda: plots.confusions({"m": [[NAN]]}, "a"), "numbers of the matrix 'm'"),
    "feature_maps": (lambda: plots.feature_maps({"a": PICTURES * NAN}), "the maps of 'a' are NaN"),
    "flow": (lambda: plots.flow([("layer", (0, 4, 4))]), r"a shape is \(0, 4, 4\); expected"),
    "signed": (lambda: plots.signed(PICTURES * NAN, "abc", label="x"), "numbers of picture 1 are"),
    "scatter": (lambda: plots.scatter(POINTS * NAN, [0, 1, 2]), "6 of 6 numbers of the map are"),
    "scatters": (lambda: plots.scatters({"a": POINTS * NAN}, [0, 1, 2]), "numbers of the map are"),
    "scatter_wrong": (
        lambda: plots.scatter_wrong(POINTS * NAN, [0, 1, 2], [True] * 3),
        "6 of 6 numbers of the map are",
    ),
    "garments": (lambda: plots.garments(POINTS * NAN, PICTURES), "numbers of the map are NaN"),
    "neighbourhood": (lambda: neighbourhood(POINTS * NAN), "numbers of the map are NaN"),
}
# of another shape, length or kind
MISFITS = [
    (lambda: plots.images(PICTURES[0]), r"this is one picture; give several"),
    (lambda: plots.images(PICTURES[None, None]), r"the shape of picture 1 is \(3, 28, 28\)"),
    (lambda: plots.bars([1, 2], xlabel="x"), "the bars are a list; expected a dict"),
    (lambda: plots.class_bars([1] * 9, xlabel="x"), "9 values; expected one for each of ten"),
    (lambda: plots.intervals(rows(value=[1]), xlabel="x"), "has no column high, low"),
    (lambda: plots.lines({"a": [1, 2]}, x=[1], **XY), "'a' has 2 values for 1 places"),
    (lambda: plots.lines({"a": [1, 2], "b": []}, **XY), "the series 'b': it is empty"),
    (lambda: plots.curves(run("maxpool")), r"this is one run, of 'maxpool'; give a list"),
    (lambda: plots.losses(run("maxpool")), r"this is one run, of 'maxpool'; give a list"),
    (lambda: plots.losses(["maxpool"]), "'maxpool' is no run; expected what cnnlib.run gives"),
    (lambda: plots.window(np.eye(2), np.eye(3)), r"kernel has the shape \(3, 3\); .* 2 by 2"),
    (lambda: plots.window(np.eye(3), np.ones((1, 3))), r"kernel has the shape \(1, 3\)"),
    (
        lambda: plots.feature_maps({"a": PICTURES[0]}),
        "shape of the maps of 'a' is .* expected 3",
    ),
    (lambda: plots.signed(PICTURES, ["a"], label="x"), "there are 3 maps and 1 titles"),
    (lambda: plots.scatter(POINTS, [0, 1]), "there are 3 points and 2 labels"),
    (lambda: plots.scatter(POINTS, [0, 1, 12]), "the labels are int64 from 0 to 12; expected"),
    (lambda: plots.scatter(POINTS, [0, 1, 0.5]), "the labels are float64 from 0.0 to 1.0"),
    (lambda: plots.scatter(POINTS.T, [0, 1]), r"shape of the map is \(2, 3\); expected \(N, 2\)"),
    (lambda: plots.scatter(POINTS, [0, 1, 2], [True]), "there are 3 points and 1 marks"),
    (lambda: plots.scatter_wrong(POINTS, [0, 1, 2], [True]), "there are 3 points and 1 marks"),
    (lambda: plots.garments(POINTS, PICTURES[:2]), "there are 3 points and 2 pictures"),
    (lambda: neighbourhood(index=7), "expected positions from 0 to 2, found 7"),
    (lambda: neighbourhood(near=[]), r"in the neighbours, of the shape \(0,\)"),
]


def test_every_plotting_function_is_in_the_tables():
    names = {name for name in plots.__all__ if inspect.isfunction(getattr(plots, name))}
    pages = {"living", "living_source", "explore", "first_of_each_class"}  # of shipped runs alone,
    pages |= {"lenet", "stepping", "receptive_field"}  # and these, too
    assert set(NOTHING) == names - pages - {"style", "describe"}  # which draw nothing themselves
    assert set(NOT_NUMBERS) == set(NOTHING) - {"sliders", "show", "figure_of"}


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        *(pytest.param(*one, id=f"{name} of nothing") for name, one in NOTHING.items()),
        *(pytest.param(*one, id=f"{name} of NaN") for name, one in NOT_NUMBERS.items()),
        *(pytest.param(*one, id=f"misfit {i}") for i, one in enumerate(MISFITS)),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence_and_leaves_no_figure(draw, said):
    with pytest.raises(ValueError, match=said) as error:
        draw()
    assert "\n" not in str(error.value) and not plt.get_fignums()


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (lambda: plots.bars({"a": NAN, "b": 1.0}, xlabel="x"), "a no value; b 1"),
        (lambda: plots.bars({"a": math.inf, "b": 1.0}, xlabel="x"), "a no value; b 1"),
        (
            lambda: plots.intervals(
                rows(value=[0.9, 0.8], low=[NAN, 0.7], high=[NAN, 0.9]), xlabel="x"
            ),
            "a 0.9000 (no interval); b 0.8000 (0.7000 to 0.9000)",
        ),
        (lambda: plots.lines({"a": [NAN, 1], "b": [NAN, NAN]}, **XY), "a from no value to 1; b"),
        (lambda: plots.lines({"a": [3]}, **XY), "a from 3 to 3"),
        (lambda: plots.curves([run("maxpool")]), "maxpool: validation loss from 0.469"),
        (lambda: plots.losses([run("maxpool")]), "1 line plots of the loss"),
        (lambda: plots.signed(PICTURES * 0, "abc", label="x"), "a: +0.00 to +0.00"),
        (lambda: plots.images(np.ones((2, 1, 1, 1))), "2 grey images"),
        (lambda: plots.images([np.ones((1, 1, 5, 5)), np.ones((5, 5, 1))]), "2 grey images"),
        (lambda: plots.scatter(POINTS[:1], [3]), "1 points, coloured by class: dress"),
        (lambda: plots.garments(POINTS[:1], PICTURES[:1]), "A map of 1 images"),
        (lambda: plots.garments(np.ones((3, 2)), PICTURES), "A map of 3 images"),
    ],
)
def test_one_seed_or_a_gap_is_drawn_and_told(draw, told):
    picture, alt = plots.basic.rendered(draw())
    assert picture.startswith(b"\x89PNG") and told in alt and "nan" not in alt


def test_a_network_without_mistakes_has_an_empty_panel():
    figure = plots.scatter_wrong(POINTS, [0, 1, 2], [False] * 3)
    assert "the 0 at which the network is wrong" in basic.rendered(figure)[1]
