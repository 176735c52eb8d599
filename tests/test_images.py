"""What are no images or labels gets one sentence, wherever they are given."""

import dataclasses

import pytest
import torch

import cnnlib
from cnnlib.analysis.features import activations, embed, tsne
from cnnlib.data import LabelledImages
from cnnlib.experiment import Data
from cnnlib.training import normalise

GOOD = torch.randint(0, 256, (20, 1, 28, 28), dtype=torch.uint8)
LABELS = torch.arange(20) % 10
MAXPOOL = cnnlib.CATALOGUE["maxpool"]
USES = {
    "fit": lambda model, images: cnnlib.fit(
        model, MAXPOOL, LabelledImages(images, LABELS), LabelledImages(GOOD, LABELS), epochs=1
    ),
    "fit, validation": lambda model, images: cnnlib.fit(
        model, MAXPOOL, LabelledImages(GOOD, LABELS), LabelledImages(images, LABELS), epochs=1
    ),
    "fit_many": lambda model, images: cnnlib.fit_many(
        [model], MAXPOOL, LabelledImages(images, LABELS), LabelledImages(GOOD, LABELS), seeds=[0]
    ),
    "fit_many, validation": lambda model, images: cnnlib.fit_many(
        [model], MAXPOOL, LabelledImages(GOOD, LABELS), LabelledImages(images, LABELS), seeds=[0]
    ),
    "evaluate": lambda model, images: cnnlib.evaluate(
        model, LabelledImages(images, LABELS), MAXPOOL.data
    ),
    "predict_logits": lambda model, images: cnnlib.predict_logits(model, images, MAXPOOL.data),
    "embed": lambda model, images: embed(model, images, MAXPOOL.data),
    "activations": lambda model, images: activations(
        model, images, [list(dict(model.named_modules()))[-1]], MAXPOOL.data
    ),
}
NO_IMAGES = {
    "from 0 to 1": (GOOD / 255, r"reach from 0 to 1; expected grey levels .* times 255"),
    "normalised": (GOOD / 255 - 0.5, r"reach from -0.5 to 0.5; expected grey levels"),
    "too bright": (GOOD.float() * 2, r"reach from 0 to 510; expected grey levels"),
    "not numbers": (GOOD * float("nan"), r"reach from nan to nan; expected grey levels"),
    "whole numbers": (GOOD.long(), r"are of torch.int64; expected .* of torch.uint8"),
    "without a channel": (GOOD[:, 0], r"\(20, 28, 28\); expected .* images\[:, None\] adds"),
    "one image": (GOOD[0], r"shape \(1, 28, 28\); expected \(N, 1, 28, 28\)"),
    "in colour": (GOOD.expand(20, 3, 28, 28), r"shape \(20, 3, 28, 28\); expected"),
    "of another side": (GOOD[..., :27], r"shape \(20, 1, 28, 27\); expected"),
    "none": (GOOD[:0], r"there are no images"),
    "an array": (GOOD.numpy(), r"are a ndarray; expected a tensor"),
}


@pytest.fixture(scope="module")
def model():
    return cnnlib.build(MAXPOOL, seed=0)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", NO_IMAGES)
def test_what_are_no_images_gets_a_sentence_everywhere(use, kind, model):
    images, words = NO_IMAGES[kind]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=words) as error:
        USES[use](model, images)
    assert "\n" not in str(error.value)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    "labels, words",
    [
        (LABELS.int(), r"are of torch.int32; expected a tensor of torch.int64"),
        (LABELS.float(), r"are of torch.float32; expected"),
        (LABELS.tolist(), r"are of list; expected"),
        (LABELS[:, None], r"shape \(20, 1\); expected \(20,\)"),
        (LABELS[:19], r"shape \(19,\); expected \(20,\)"),
        (LABELS + 1, r"reach from 1 to 10; expected classes from 0 to 9"),
        (LABELS - 1, r"reach from -1 to 8; expected"),
    ],
)
def test_what_are_no_labels_gets_a_sentence(labels, words, model):
    wrong, right = LabelledImages(GOOD, labels), LabelledImages(GOOD, LABELS)
    for use in (
        lambda: cnnlib.fit(model, MAXPOOL, wrong, right, epochs=1),
        lambda: cnnlib.fit(model, MAXPOOL, right, wrong, epochs=1),
        lambda: cnnlib.fit_many([model], MAXPOOL, wrong, right, seeds=[0], epochs=1),
        lambda: cnnlib.fit_many([model], MAXPOOL, right, wrong, seeds=[0], epochs=1),
        lambda: cnnlib.evaluate(model, wrong, MAXPOOL.data),
    ):
        with pytest.raises(ValueError, match=words):
            use()


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float16, torch.float32, torch.float64])
def test_normalising_leaves_what_it_was_given(dtype):
    images, data = GOOD.to(dtype), Data(mean=0.3, std=0.4)
    once = normalise(images, data)
    assert torch.equal(images, GOOD.to(dtype)) and once.dtype == torch.float32
    assert torch.equal(normalise(images, data), once)
    torch.testing.assert_close(once, (GOOD.float() / 255 - 0.3) / 0.4)


def test_float_images_are_trained_on_like_the_same_grey_levels():
    found = []
    for images in (GOOD, GOOD.float()):
        some = LabelledImages(images, LABELS)
        model = cnnlib.build(MAXPOOL, seed=0)
        history = cnnlib.fit(model, MAXPOOL, some, some, epochs=3, verbose=False)
        found.append([epoch["train_loss"] for epoch in history])
    assert found[0] == found[1]


def test_a_mean_of_grey_levels_is_refused_where_it_is_declared():
    with pytest.raises(ValueError, match=r"Data.mean is 127.5; expected .* 0 .* 1"):
        dataclasses.replace(MAXPOOL.data, mean=127.5)


@pytest.mark.parametrize("init", ["pca", "random"])
def test_a_map_of_nothing_is_refused(init):
    with pytest.raises(ValueError, match="all 50 vectors are the same"):
        tsne(torch.full((50, 84), 0.3), init=init)
    for shape in ((0, 84), (1, 84), (50, 1), (84,), (50, 84, 2)):
        with pytest.raises(ValueError, match=r"the vectors have the shape \(.*\); expected"):
            tsne(torch.rand(shape), init=init)
    with pytest.raises(ValueError, match="NaN or infinite"):
        tsne(torch.full((50, 84), float("nan")), init=init)
