"""`embed`, `activations`, predictions and training on modules that a reader wrote."""

import pytest
import torch
from torch import nn

import cnnlib
from cnnlib.analysis.features import activations, embed, occlusion
from cnnlib.data import LabelledImages

IMAGES = torch.randint(0, 256, (20, 1, 28, 28), dtype=torch.uint8)
BOTH = LabelledImages(IMAGES, torch.arange(20) % 10)
MAXPOOL = cnnlib.CATALOGUE["maxpool"]
DATA = MAXPOOL.data


class Own(nn.Module):
    """One linear layer, and a forward pass as each test wants it."""

    def __init__(self, forward=lambda fc, x: fc(x.flatten(1))):
        super().__init__()
        self.fc, self.how = nn.Linear(784, 10), forward

    def forward(self, images):
        return self.how(self.fc, images)


class Bare(nn.Module):
    """Without a layer; with weights or without any."""

    def __init__(self, weights):
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(784, 10)) if weights else None

    def forward(self, images):
        flat = images.flatten(1)
        return flat[:, :10] if self.weights is None else flat @ self.weights


class Rows(nn.Module):
    """Reads an image row by row, with a layer that gives several things."""

    def __init__(self):
        super().__init__()
        self.rows, self.last = nn.GRU(28, 16, batch_first=True), nn.Linear(16, 10)

    def forward(self, images):
        return self.last(input=self.rows(images.squeeze(1))[0][:, -1])


@pytest.mark.parametrize(
    ("model", "size"),
    [(Own(), 784), (Own(lambda fc, x: fc(input=x.flatten(1))), 784), (Rows(), 16)],
)
def test_what_a_module_hands_to_its_last_layer(model, size):
    model.train()
    assert embed(model, IMAGES, DATA).shape == (20, size)
    last = list(dict(model.named_modules()))[-1]
    assert activations(model, IMAGES, [last], DATA)[last].shape == (20, 10) and model.training


# the model, and what is said where it is of no use
NO_MODELS = {
    "a pair": (Own(lambda fc, x: (fc(x.flatten(1)), x)), "Own gives tuple; expected one tensor"),
    "a dict": (Own(lambda fc, x: {"logits": x}), "Own gives dict; expected one tensor"),
    "one row": (Own(lambda fc, x: fc(x.flatten(1)).mean(0)), r"the shape \(10,\) for \d+ images"),
    "an error": (
        Own(lambda fc, x: fc(x)),
        r"Own stops on images of the shape \(\d+, 1, 28, 28\): RuntimeError: mat1 and mat2",
    ),
    "float64": (Own().double(), r"Own stops on images .* must have the same dtype"),
    "a class": (Own, r"the model is a class; expected Own\(\), which builds it"),
    "a name": ("maxpool", r"the model is a str; expected cnnlib.run\(…\).model\(\) or"),
    "a run": (cnnlib.run("maxpool", train=False), r"the model is a Run; expected run.model\(\)"),
    "a function": (lambda images: images, "the model is a function; expected a torch.nn.Module"),
    "nothing": (None, "the model is a NoneType; expected a torch.nn.Module"),
}
USES = {
    "embed": lambda model: embed(model, IMAGES, DATA),
    "activations": lambda model: activations(model, IMAGES, ["fc"], DATA),
    "predict_logits": lambda model: cnnlib.predict_logits(model, IMAGES, DATA),
    "evaluate": lambda model: cnnlib.evaluate(model, BOTH, DATA),
    "occlusion": lambda model: occlusion(model, IMAGES[0], DATA),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", NO_MODELS)
def test_a_module_of_no_use_gets_a_sentence_and_keeps_its_mode(use, kind):
    model, said = NO_MODELS[kind]
    if own := isinstance(model, nn.Module):
        model.train()
    with pytest.raises(ValueError, match=said) as error:
        USES[use](model)
    assert "\n" not in str(error.value) and (not own or model.training)


@pytest.mark.parametrize("kind", ["a class", "a name", "a run", "a function", "nothing"])
def test_what_is_no_model_is_not_trained(kind):
    model, said = NO_MODELS[kind]
    with pytest.raises(ValueError, match=said):
        cnnlib.fit(model, MAXPOOL, BOTH, BOTH, epochs=1)


def test_a_module_without_parameters_predicts_but_is_not_trained():
    bare = Bare(weights=False)
    assert cnnlib.predict_logits(bare, IMAGES, DATA).shape == (20, 10)
    with pytest.raises(ValueError, match="Bare has no parameters to train; add a layer"):
        cnnlib.fit(bare, MAXPOOL, BOTH, BOTH, epochs=1)


@pytest.mark.parametrize("weights", [True, False])
def test_a_module_without_layers_has_no_embedding(weights):
    with pytest.raises(LookupError, match="Bare has no layer with parameters"):
        embed(Bare(weights), IMAGES, DATA)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("fc", r"layers is 'fc', of the kind str; expected several values in a tuple"),
        ([1], "a layer is 1, of the kind int; expected its name, such as 'conv1'"),
        ([nn.Linear(1, 1)], r"a layer is Linear\(.*\), of the kind Linear; expected its name"),
        (["fd"], "the model has no layer 'fd'; did you mean 'fc'"),
        ([""], "the model has no layer ''"),
    ],
)
def test_what_is_no_layer_gets_a_sentence(layers, said):
    with pytest.raises((ValueError, LookupError), match=said):
        activations(Own(), IMAGES, layers, DATA)


def test_a_layer_that_gives_several_things_or_runs_often_is_named():
    with pytest.raises(LookupError, match="layer 'rows' gives or takes tuple, not one tensor"):
        activations(Rows(), IMAGES, ["rows"], DATA)
    twice = Own(lambda fc, x: fc(x.flatten(1)) + fc(x.flatten(1)))
    with pytest.raises(LookupError, match="layer 'fc' gives 40 outputs for 20 images"):
        embed(twice, IMAGES, DATA)


@pytest.mark.parametrize("data", [MAXPOOL, None, dict(mean=0)])
def test_what_is_no_data_gets_a_sentence(data):
    with pytest.raises(ValueError, match=r"data is .*; expected an experiment's, such as run\.exp"):
        embed(Own(), IMAGES, data)
