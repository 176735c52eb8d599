import functools
import math

import pytest
import torch
import torch.nn.functional as F
from distinct import RECIPES, first_with_each
from sklearn.metrics import accuracy_score, log_loss
from torchvision.transforms import Compose, Normalize, ToTensor

from cnnlib import (
    CATALOGUE,
    Data,
    NonFiniteLossError,
    Recipe,
    build,
    fit,
    lr_schedule,
    training,
    vary,
)
from cnnlib.data import LabelledImages

pytestmark = pytest.mark.slow  # trains, renders or starts processes

BASELINE = CATALOGUE["baseline"]


def timeless(history):
    return [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in history]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_trains(name, small):
    experiment = CATALOGUE[name]
    model = build(experiment, seed=0)
    before = [p.clone() for p in model.parameters()]
    (epoch,) = fit(model, experiment, small.train, small.val, epochs=1, verbose=False)
    assert set(epoch) >= {
        "epoch",
        "lr",
        "train_loss",
        "train_acc",
        "val_loss",
        "val_acc",
        "val_predicted",
        "seconds",
    }
    counts = epoch.pop("val_predicted")
    assert len(counts) == 10 and sum(counts) == len(small.val)
    assert all(math.isfinite(value) for value in epoch.values())
    assert all(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize("name", ["baseline", "dropout", "lenet5-var4"])
def test_same_seed_gives_a_bit_equal_history(name, small):
    histories = []
    for seed in (5, 5, 6):
        model = build(name, seed=5)
        torch.rand(1)  # whatever the caller drew in between must not matter
        histories.append(
            fit(model, CATALOGUE[name], small.train, small.val, seed=seed, epochs=2, verbose=False)
        )
    first, again, other = map(timeless, histories)
    assert first == again
    assert first != other


def test_fewer_epochs_are_the_start_of_the_whole_recipe(small):
    experiment = vary(BASELINE, "short", recipe=dict(epochs=3, schedule="step", step_epochs=2))
    whole, part = (
        fit(build(experiment, seed=0), experiment, small.train, small.val, epochs=n, verbose=False)
        for n in (None, 2)
    )
    assert timeless(whole)[:2] == timeless(part)
    assert [epoch["lr"] for epoch in whole] == [0.001, 0.001, 0.0005]


def test_fit_leaves_the_random_state_and_prints_a_line_an_epoch(small, capsys):
    state = torch.get_rng_state()
    fit(build("dropout", seed=0), CATALOGUE["dropout"], small.train, small.val, epochs=2)
    assert torch.equal(state, torch.get_rng_state())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  lr")[0] for line in lines] == ["epoch  1/15", "epoch  2/15"]


@pytest.mark.parametrize("epochs", [1, 5, 15])
def test_one_cycle_is_that_of_torch_in_the_middle_of_each_epoch(epochs):
    recipe, fine = Recipe(epochs=epochs, lr=0.01, schedule="one-cycle"), 20_000
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
    oracle = torch.optim.lr_scheduler.OneCycleLR(
        *(optimiser, recipe.lr), total_steps=fine, cycle_momentum=False, div_factor=1e9
    )
    rates = []
    for _ in range(fine):
        rates.append(oracle.get_last_lr()[0])
        optimiser.step()
        oracle.step() if len(rates) < fine else None
    expected = [rates[round((epoch + 0.5) / epochs * fine)] for epoch in range(epochs)]
    assert lr_schedule(recipe) == pytest.approx(expected, rel=1e-2)


def test_smoothed_labels_are_those_of_torch(small):
    smooth = vary(BASELINE, "smooth", recipe=dict(label_smoothing=0.1, batch_size=len(small.train)))
    model = build(smooth, seed=0)
    pixels = training.normalise(small.train.images, smooth.data)
    told = F.one_hot(small.train.labels, 10) * 0.9 + 0.1 / 10
    expected = -(told * model(pixels).log_softmax(dim=1)).sum(dim=1).mean().item()
    (epoch,) = fit(model, smooth, small.train, small.val, epochs=1, verbose=False)
    assert epoch["train_loss"] == pytest.approx(expected, rel=1e-5)
    plain = training.evaluate(model, small.val, smooth.data)["loss"]
    assert epoch["val_loss"] == plain  # validation labels are never smoothed


def schedule(one):
    recipe = one.recipe
    return recipe.schedule, recipe.epochs, recipe.lr, recipe.step_epochs, recipe.gamma


STEPPED = [
    name for name in first_with_each(schedule) if CATALOGUE[name].recipe.schedule != "one-cycle"
]


@pytest.mark.parametrize("name", STEPPED)
def test_schedule_equals_torch(name):
    recipe = CATALOGUE[name].recipe
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=recipe.lr)
    steps = {"constant": recipe.epochs, "step": recipe.step_epochs}[recipe.schedule]
    oracle = torch.optim.lr_scheduler.StepLR(optimiser, steps, recipe.gamma)
    expected = []
    for _ in range(recipe.epochs):
        expected.append(oracle.get_last_lr()[0])
        optimiser.step()
        oracle.step()
    assert lr_schedule(recipe) == pytest.approx(expected, rel=1e-12)


def test_cosine_equals_torch():
    recipe = Recipe(epochs=7, lr=0.03, schedule="cosine")
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=recipe.lr)
    oracle = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=recipe.epochs)
    expected = []
    for _ in range(recipe.epochs):
        expected.append(oracle.get_last_lr()[0])
        optimiser.step()
        oracle.step()
    assert lr_schedule(recipe) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("optimiser", ["adam", "sgd", "momentum"])
def test_weight_decay_equals_the_penalty_in_the_loss(optimiser, small):
    recipe = Recipe(optimiser=optimiser, lr=0.01, l2_conv=0.01)
    images = training.normalise(small.train.images[:64], Data()).double()
    labels = small.train.labels[:64]
    ours, plain = build("baseline", seed=0).double(), build("baseline", seed=0).double()
    heavy = functools.partial(torch.optim.SGD, momentum=0.9)
    kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD, "momentum": heavy}[optimiser]
    steps = training.make_optimiser(ours, recipe), kind(plain.parameters(), lr=recipe.lr)
    for _ in range(5):
        loss = F.cross_entropy(plain(images), labels)
        loss = loss + recipe.l2_conv * sum(k.square().sum() for k in training.conv_kernels(plain))
        for value, step in zip(
            (F.cross_entropy(ours(images), labels), loss), steps[:2], strict=True
        ):
            step.zero_grad()
            value.backward()
            step.step()
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("name", ["baseline", "lenet5-var2-mended"])
def test_adamw_is_torchs_with_its_decay_on_weights_and_nothing_else(name, small):
    recipe = Recipe(optimiser="adamw", lr=0.01, l2_conv=0, weight_decay=0.05)
    images = training.normalise(small.train.images[:64], Data())
    ours, plain = build(name, seed=0), build(name, seed=0)
    flat = [p for p in plain.parameters() if p.ndim == 1]  # biases, batch norm
    deep = [p for p in plain.parameters() if p.ndim > 1]
    groups = [dict(params=deep, weight_decay=0.05), dict(params=flat, weight_decay=0)]
    oracle = torch.optim.AdamW(groups, lr=0.01, fused=True)
    for model, step in ((ours, training.make_optimiser(ours, recipe)), (plain, oracle)):
        torch.manual_seed(0)  # dropout
        for _ in range(5):
            step.zero_grad()
            F.cross_entropy(model(images), small.train.labels[:64]).backward()
            step.step()
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_penalty_is_what_keras_would_add():
    model = build("baseline", seed=0)
    kernels = (model.features.block1.conv.weight, model.features.block2.conv.weight)
    expected = 0.01 * sum((kernel.double() ** 2).sum().item() for kernel in kernels)
    assert training.penalty(model, BASELINE.recipe) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("pixels", [Data(), Data(0.5, 0.5), Data(0.286, 0.353)])
def test_normalise_equals_torchvision(pixels, small):
    oracle = Compose([ToTensor(), Normalize((pixels.mean,), (pixels.std,))])
    images = small.train.images[:5]
    expected = torch.stack([oracle(image[0].numpy()) for image in images])
    assert torch.allclose(training.normalise(images, pixels), expected, atol=1e-5)
    assert images.dtype == torch.uint8


def test_evaluate_equals_scikit_learn(small):
    model = build("lenet5-mended", seed=0)
    data = CATALOGUE["lenet5-mended"].data
    found = training.evaluate(model, small.val, data)
    logits = training.predict_logits(model, small.val.images, data, batch_size=777)
    probabilities = logits.double().softmax(dim=1)
    probabilities /= probabilities.sum(dim=1, keepdim=True)
    labels = small.val.labels
    assert found["acc"] == accuracy_score(labels, logits.argmax(dim=1))
    assert found["loss"] == pytest.approx(log_loss(labels, probabilities), rel=1e-5)


def test_predict_is_in_eval_mode_and_puts_the_mode_back(small):
    model = build("dropout", seed=0).train()
    first, again = (training.predict_logits(model, small.val.images[:50], Data()) for _ in range(2))
    assert torch.equal(first, again) and model.training
    assert torch.equal(first, training.predict_logits(model.eval(), small.val.images[:50], Data()))
    assert not model.training


def test_a_loss_that_is_not_a_number_names_epoch_step_and_rate(small):
    wild = vary(CATALOGUE["lr-0.1"], "wild", recipe=dict(lr=1e25))
    with pytest.raises(NonFiniteLossError) as error:
        fit(build(wild, seed=0), wild, small.train, small.val, verbose=False)
    message = str(error.value)
    for words in ("wild", "in epoch 1, at lr 1e+25", "in step 2", "nothing is stored"):
        assert words in message, message


def test_an_untrained_model_with_broken_weights_is_not_evaluated(small):
    model = build("baseline", seed=0)
    with torch.no_grad():
        model.head.fc3.bias.fill_(math.nan)
    with pytest.raises(NonFiniteLossError, match="weights are too large or broken"):
        training.evaluate(model, small.val, Data())


def test_softmax_twice_cannot_go_below_its_floor():
    perfect = torch.eye(10)  # the probabilities of a model that is always sure and right
    floor = F.cross_entropy(perfect, torch.arange(10)).item()
    assert floor == pytest.approx(math.log(1 + 9 / math.e), rel=1e-6)
    assert floor == pytest.approx(1.4612, abs=5e-5)


def test_training_ends_on_an_uneven_last_batch(small):
    odd = LabelledImages(small.train.images[:131], small.train.labels[:131])
    (epoch,) = fit(build("baseline", seed=0), BASELINE, odd, odd, epochs=1, verbose=False)
    assert (epoch["train_acc"] * 131) % 1 == pytest.approx(0, abs=1e-6)
