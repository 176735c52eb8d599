"""What the map to explore is given; what it does is tested in a browser."""

import base64
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

import cnnlib
from cnnlib import plots
from cnnlib.plots import explorer

COUNT = 12


def unpacked(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


def images_on(sheet, count):
    """The first images of a sheet, uint8 (count, 1, 28, 28)."""
    whole = torch.from_numpy(np.array(Image.open(io.BytesIO(base64.b64decode(sheet)))))
    rows = whole.unflatten(1, (-1, 28)).unflatten(0, (-1, 28))  # rows, 28, across, 28
    return rows.transpose(1, 2).flatten(0, 1)[:count, None]


@pytest.fixture
def given():
    """Two maps of 12 images, of which the second is ten times as wide as high."""
    points = np.random.default_rng(0).normal(size=(COUNT, 2)).astype("float32")
    near = np.array([[j for j in range(COUNT) if j != i][:10] for i in range(COUNT)])
    maps = {"a map": points, "<wide>": points * [10, 1]}
    return dict(
        maps=maps, near=near, chosen=torch.arange(100, 112), predicted=torch.arange(12) % 10
    )


def put_out(monkeypatch, sliders, given):
    shown = []
    monkeypatch.setattr("cnnlib.plots.embedded.display", lambda data, **_: shown.append(data))
    monkeypatch.setenv("CNNLIB_SLIDERS", sliders)
    plots.explore(**given)
    return shown[0]


def test_the_place_holds_maps_neighbours_and_answers(monkeypatch, given):
    shown = put_out(monkeypatch, "off", given)
    assert shown["text/plain"] == "[a map to explore: a map, <wide>]"
    place = dict(re.findall(r'data-(\w+)="([^"]*)"', shown["text/html"]))
    assert place["maps"] == "[&quot;a map&quot;, &quot;&lt;wide&gt;&quot;]"
    assert unpacked(place["near"], "<u2").reshape(COUNT, 10).tolist() == given["near"].tolist()
    assert unpacked(place["says"], "u1").tolist() == given["predicted"].tolist()
    assert unpacked(place["positions"], "<u2").tolist() == list(range(100, 112))
    labels = cnnlib.load().val.labels[given["chosen"]]
    assert unpacked(place["labels"], "u1").tolist() == labels.tolist()
    first, wide = unpacked(place["points"], "<u2").reshape(2, COUNT, 2).astype(float)
    assert np.ptp(wide[:, 0]) == 65535 > 3 * np.ptp(wide[:, 1])  # one scale for both directions
    for found, wanted in zip((first, wide), given["maps"].values(), strict=True):
        back = np.polyfit(wanted[:, 0], found[:, 0], 1)[0]
        assert np.allclose(found - found[0], back * (wanted - wanted[0]), atol=2)


def test_what_is_stored_of_the_whole_chapter_stays_small(monkeypatch):
    chosen = plots.first_of_each_class()
    points, near = np.random.default_rng(0).normal(size=(1500, 2)), np.zeros((1500, 10), int)
    given = dict(maps=dict.fromkeys("abc", points), near=near, chosen=chosen, predicted=chosen * 0)
    html = put_out(monkeypatch, "off", given)["text/html"]
    assert 50_000 < len(html) < 100_000 and "script>" not in html


def test_in_jupyterlab_one_frame_holds_the_images_too(monkeypatch, given):
    html = put_out(monkeypatch, "on", given)["text/html"]
    assert html.startswith("<iframe ") and html.count("<") == 2
    sheet = re.search(r"data:image/png;base64,([\w+/=]+)", html)[1]
    assert images_on(sheet, 12).equal(cnnlib.load().val.images[100:112])
    assert re.findall(r"(?:src|href)=", html) == []


@pytest.mark.parametrize("what", ["near", "predicted", "a map"])
def test_a_length_that_does_not_fit_is_named(given, what):
    if what == "a map":
        given["maps"][what] = given["maps"][what][:5]
    else:
        given[what] = given[what][:5]
    with pytest.raises(ValueError, match=f"^{what} has 5 rows; expected 12$"):
        plots.explore(**given)


def test_the_pages_have_150_images_of_each_class():
    script = explorer.explorer_data()
    declared = json.loads(re.search(r"^Living\.explorer = (.+);$", script, re.M)[1])
    positions = unpacked(declared["positions"], "<u2").astype(int)
    val = cnnlib.load().val
    assert val.labels[positions].tolist() == [k for k in range(10) for _ in range(150)]
    sheet = declared["sheet"].removeprefix("data:image/png;base64,")
    assert images_on(sheet, 1500).equal(val.images[positions])
    assert len(set(declared["colours"])) == len(set(declared["markers"])) == 10
