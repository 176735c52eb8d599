"""What the living network's page is given; what it computes is tested in a browser."""

import base64
import json
import re

import numpy as np
import pytest
import torch
from torch import nn

import cnnlib
from cnnlib import plots
from cnnlib.plots import alive
from cnnlib.plots.embedded import closed

ALLOWED = 1_000_000  # bytes of weights, all models together


@pytest.fixture(scope="module")
def declared():
    script = alive.living_data()
    return json.loads(re.search(r"^Living\.data = (.+);$", script, re.M)[1])


def weights_in(layer):
    """The weights of an exported layer, as the page unpacks them."""
    three = np.frombuffer(base64.b64decode(layer["weight"]), np.uint8).reshape(-1, 3)
    whole = np.zeros((len(three), 4), np.uint8)
    whole[:, 1:] = three
    return (whole.reshape(-1).view("<i4") >> 8) * layer["step"]


def test_six_shipped_models_of_the_catalogue_in_less_than_a_megabyte(declared):
    assert [one["name"] for one in declared["models"]] == list(plots.LIVING)
    assert len(set(plots.LIVING) & set(cnnlib.CATALOGUE)) == 6
    layers = [layer for one in declared["models"] for layer in one["layers"]]
    packed = sum(
        len(base64.b64decode(layer.get("weight", ""))) for layer in layers if "step" in layer
    )
    vectors = [layer.get(key, []) for layer in layers for key in ("mean", "variance", "bias")]
    assert packed > 300_000 and packed + 4 * sum(map(len, vectors)) < ALLOWED


@pytest.mark.parametrize("name", plots.LIVING)
def test_weights_come_back_within_a_24_bit_step(declared, name):
    model = cnnlib.run(name, train=False).model()
    exported = next(one for one in declared["models"] if one["name"] == name)
    packed = [layer for layer in exported["layers"] if "step" in layer]
    stored = [one for one in model.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    assert len(packed) == len(stored) > 3
    for layer, module in zip(packed, stored, strict=True):
        weight = module.weight.detach().double().numpy().ravel()
        assert abs(weights_in(layer) - weight).max() <= 0.51 * layer["step"] < 1e-6
        assert np.allclose(layer["bias"], module.bias.detach().numpy(), rtol=1e-6)


def test_forty_garments_four_of_each_class_of_which_one_is_wrong_for_the_baseline(declared):
    labels = declared["garments"]["labels"]
    assert labels == [label for label in range(10) for _ in range(4)]
    pixels = np.frombuffer(base64.b64decode(declared["garments"]["pixels"]), np.uint8)
    images = torch.tensor(pixels.reshape(40, 1, 28, 28))
    model = cnnlib.run("baseline", train=False).model()
    logits = cnnlib.predict_logits(model, images, cnnlib.CATALOGUE["baseline"].data)
    wrong = logits.argmax(dim=1) != torch.tensor(labels)
    assert wrong.reshape(10, 4).tolist() == [[False, False, False, True]] * 10


ODD = [nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.MaxPool2d(3), nn.Softmax(1)]


@pytest.mark.parametrize("layer", ODD)
def test_a_layer_that_the_page_cannot_compute_is_named(layer):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), layer)
    with pytest.raises(
        ValueError, match=f"^1 is a {type(layer).__name__}, which the page does not"
    ):
        list(alive._layers(model))


@pytest.mark.parametrize("name", ["lenet5", "no-such", ""])
def test_a_model_that_is_not_on_the_page_is_refused(name):
    with pytest.raises(ValueError, match=f"'{name}' is not on the page; expected one of baseline"):
        plots.living("baseline", name)


def shown_by(monkeypatch, sliders):
    """The HTML that ``living`` puts out."""
    put_out = []
    monkeypatch.setattr("cnnlib.plots.embedded.display", lambda data, **_: put_out.append(data))
    monkeypatch.setenv("CNNLIB_SLIDERS", sliders)
    plots.living("baseline", "maxpool")
    assert put_out[0]["text/plain"] == "[the living network: baseline, maxpool]"
    return put_out[0]["text/html"]


def test_what_a_notebook_stores_is_small_and_has_no_script(monkeypatch):
    html = shown_by(monkeypatch, "off")
    assert len(html) < 400 and "script>" not in html
    assert html.startswith('<div class="living-network" data-left="baseline" data-right="maxpool">')


def test_in_jupyterlab_one_frame_holds_everything(monkeypatch):
    html = shown_by(monkeypatch, "on")
    assert html.startswith("<iframe ") and html.count("<") == 2  # all else is inside srcdoc
    assert "Living.forward = " in html and "Living.data = " in html
    assert re.findall(r"(?:src|href)=", html) == []


def test_no_text_can_end_its_script():
    assert closed("a('</script>', '</SCRIPT >')") == r"a('<\/script>', '<\/SCRIPT >')"


def test_the_source_of_a_layer_is_that_of_the_page():
    for kind in ("conv", "norm", "act", "pool", "linear"):
        source = plots.living_source(kind)
        assert source.startswith(f"{kind}([values") and source.endswith("},")
        assert source.count("{") == source.count("}")
    with pytest.raises(ValueError, match="kind is 'dropout'; expected one of conv, norm, act"):
        plots.living_source("dropout")
