import pytest
import torch
import torchvision.transforms.v2.functional as oracle

from cnnlib import CATALOGUE, vary
from cnnlib import augment as module
from cnnlib.augment import (
    adjust_brightness,
    adjust_contrast,
    augment,
    flip,
    pixels,
    rotate,
    shift,
    uniform,
)
from cnnlib.experiment import Data

REPORT_2 = Data(rotation=10, flip=0.5, brightness=0.1, contrast=0.1)


@pytest.fixture
def images(data):
    torch.manual_seed(0)
    return data.train.images[:300]


def one_by_one(function, images, values):
    pairs = zip(images, values.tolist(), strict=True)
    return torch.stack([function(image, value) for image, value in pairs])


@pytest.mark.parametrize(
    "ours, theirs, low, high",
    [
        (rotate, oracle.rotate, -10, 10),
        (adjust_brightness, oracle.adjust_brightness, 0.0, 2.0),
        (adjust_contrast, oracle.adjust_contrast, 0.0, 2.0),
    ],
)
def test_each_image_comes_out_as_torchvision_makes_it(images, ours, theirs, low, high):
    values = uniform(images, low, high)
    assert torch.equal(ours(images, values), one_by_one(theirs, images, values))


def test_shift_equals_padding_and_cropping(images):
    right, down = pixels(images, 3), pixels(images, 3)
    assert {*right.tolist()} == {*down.tolist()} == set(range(-3, 4))
    moved = shift(images, right, down)
    for image, x, y, found in zip(images, right.tolist(), down.tolist(), moved, strict=True):
        framed = oracle.pad(image, [3, 3])
        assert torch.equal(oracle.crop(framed, 3 - y, 3 - x, 28, 28), found)


def test_flip_equals_torchvision(images):
    chosen = torch.arange(len(images)) % 3 == 0
    flipped = flip(images, chosen)
    assert torch.equal(flipped[chosen], oracle.horizontal_flip(images[chosen]))
    assert torch.equal(flipped[~chosen], images[~chosen])


def test_hue_and_saturation_do_nothing_to_grey_images(images):
    assert torch.equal(oracle.adjust_hue(images, 0.1), images)
    assert torch.equal(oracle.adjust_saturation(images, 0.1), images)


@pytest.mark.parametrize("field", ["rotation", "shift", "flip", "brightness", "contrast"])
def test_randomness_is_for_each_image_not_for_the_batch(images, field):
    same = images[:1].expand(64, -1, -1, -1)
    out = augment(same, Data(**{field: {"rotation": 10, "shift": 3}.get(field, 0.5)}))
    assert out.shape == same.shape and out.dtype == torch.uint8
    assert len(out.unique(dim=0)) > (1 if field == "flip" else 10)


def test_draws_have_the_declared_range_and_are_seeded(images):
    many = torch.zeros(20_000, 1)
    angles = uniform(many, -10, 10)
    assert -10 <= angles.min() < -9.9 and 9.9 < angles.max() <= 10
    assert abs((uniform(many, 0, 1) < 0.5).float().mean() - 0.5) < 0.02
    torch.manual_seed(5)
    first = augment(images, REPORT_2)
    torch.manual_seed(5)
    assert torch.equal(augment(images, REPORT_2), first)
    assert not torch.equal(augment(images, REPORT_2), first)


def test_without_a_declaration_nothing_is_drawn_and_nothing_changes(images):
    before = torch.random.get_rng_state()
    assert augment(images, CATALOGUE["lenet5"].data) is images
    assert torch.equal(torch.random.get_rng_state(), before)


def test_only_training_images_are_augmented(small, monkeypatch):
    from cnnlib import build, fit, training

    seen = []
    monkeypatch.setattr(
        training, "augment", lambda images, data: seen.append(len(images)) or images
    )
    experiment = vary(CATALOGUE["baseline"], "turned", data=dict(rotation=10))
    fit(build(experiment, seed=0), experiment, small.train, small.val, epochs=1, verbose=False)
    assert sum(seen) == len(small.train)
    assert module.augment is not training.augment


@pytest.mark.parametrize(
    "fields, message",
    [
        (dict(flip=1.5), "Data.flip is 1.5; expected a number of at most 1"),
        (dict(rotation=-1), "Data.rotation is -1.0; expected at least 0 and below 180"),
        (dict(contrast=-0.1), "Data.contrast is -0.1; expected a number of at least 0"),
        (dict(split="fold"), "Data.split is 'fold'; expected one of holdout, all, stratified-1"),
    ],
)
def test_bad_declarations_are_named(fields, message):
    with pytest.raises(ValueError, match=message):
        Data(**fields)
