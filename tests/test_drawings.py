"""What the three drawings are given; what they compute is tested in a browser."""

import json
import re

import pytest
import torch

import cnnlib
from book.alive import needed
from cnnlib import plots
from cnnlib.plots import alive, drawings, embedded

SHOWN = {
    "lenet-drawing": plots.lenet,
    "stepping-window": plots.stepping,
    "seen-pixels": plots.receptive_field,
}


def put_out(monkeypatch, show, sliders):
    """The HTML that a drawing puts out."""
    shown = []
    monkeypatch.setattr("cnnlib.plots.embedded.display", lambda data, **_: shown.append(data))
    monkeypatch.setenv("CNNLIB_SLIDERS", sliders)
    show()
    assert len(shown) == 1 and re.fullmatch(r"\[[^\[\]]{25,}\]", shown[0]["text/plain"])
    return shown[0]["text/html"]


@pytest.mark.parametrize("kind", SHOWN)
def test_what_is_stored_is_a_small_place_without_a_script(monkeypatch, kind):
    html = put_out(monkeypatch, SHOWN[kind], "off")
    assert html.startswith(f'<div class="{kind}"') and len(html) < 400 and "script>" not in html


@pytest.mark.parametrize("kind", SHOWN)
def test_in_jupyterlab_one_frame_holds_everything(monkeypatch, kind):
    html = put_out(monkeypatch, SHOWN[kind], "on")
    assert html.startswith("<iframe ") and html.count("<") == 2
    assert f"class=&quot;{kind}&quot;" in html and "Living.drawings = " in html
    assert re.findall(r"(?:src|href)=", html.replace("srcdoc=", "")) == []
    assert len(html) < 700_000


@pytest.mark.parametrize(
    ("show", "given", "expected"),
    [
        (plots.stepping, "dropout", "work is 'dropout'; expected one of convolution, max pooling"),
        (plots.stepping, "", "work is ''; expected one of convolution"),
        (plots.receptive_field, "conv3", "layer is 'conv3'; expected one of conv1, pool1, conv2"),
        (plots.receptive_field, "image", "layer is 'image'; expected one of conv1"),
    ],
)
def test_what_a_drawing_does_not_have_is_named(show, given, expected):
    with pytest.raises(ValueError, match=expected):
        show(given)


def test_the_images_are_the_first_of_each_class():
    told = re.search(r"Living\.drawings = (.+);\n", drawings.drawings_data())[1]
    declared = json.loads(told)
    assert len(declared["classes"]) == 10 and declared["model"]["name"] == "baseline"
    val = cnnlib.load().val
    first = torch.stack([val.images[(val.labels == k).nonzero()[0, 0]] for k in range(10)])
    assert declared["pixels"] == alive.base64_of(first.numpy())


def test_a_page_loads_each_script_once_and_data_before_what_reads_it():
    """A page may have the living network and a drawing: the one takes nothing from the other."""
    places = '<div class="living-network"></div><div class="seen-pixels"></div>'
    styles, scripts = needed(places)
    assert styles == ["living.css", "drawings.css"]
    assert len(set(scripts)) == len(scripts) and scripts.index("living-data.js") == 0
    assert scripts.index("drawings-data.js") < scripts.index("drawn.js") < scripts.index("field.js")
    assert needed('<p class="else">living-network</p>') == ([], [])
    assert embedded.declaring("one", {"a": 1}).startswith("var Living = window.Living ?? {};\n")
