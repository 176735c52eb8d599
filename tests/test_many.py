import math
import platform

import pytest
import torch
import torch.nn.functional as F
from distinct import ARCHITECTURES, DATA, RECIPES
from torch import nn

from cnnlib import (
    CATALOGUE,
    Arch,
    Conv,
    Experiment,
    NonFiniteLossError,
    Recipe,
    build,
    fit,
    fit_many,
    vary,
)
from cnnlib.data import LabelledImages
from cnnlib.parallel.many import prepare_process
from cnnlib.parallel.stacked import Stacked, StackedDropout, Streams, stack, unstack

pytestmark = pytest.mark.slow  # trains, renders or starts processes

SEEDS = (3, 0, 7)
CPU = torch.device("cpu")


def fresh(experiment, seeds=SEEDS):
    return [build(experiment, seed=seed) for seed in seeds]


def side_by_side(models):
    return stack(models, Streams(range(len(models)), CPU))


def timeless(histories):
    return [[{k: v for k, v in row.items() if k != "seconds"} for row in h] for h in histories]


def trained(experiment, small, models, seeds=SEEDS, images=128, epochs=1):
    histories = fit_many(
        models,
        experiment,
        small.train[:images],
        small.val[:100],
        seeds=seeds,
        epochs=epochs,
        verbose=False,
    )
    return timeless(histories)


def one_by_one(experiment, small, models, images=128, epochs=1):
    train, val = small.train[:images], small.val[:100]
    return [
        fit(model, experiment, train, val, seed=seed, epochs=epochs, verbose=False)
        for model, seed in zip(models, SEEDS, strict=True)
    ]


def without_noise(experiment):
    """With SGD where there is batch norm: it takes the bias before it away again, whose gradient
    is 0 but for rounding. Adam makes whole steps of that, in ``fit`` as well; SGD does not."""
    if not experiment.arch.batch_norm:
        return experiment
    return vary(experiment, "sgd", recipe=dict(optimiser="sgd", lr=0.01, weight_decay=0.0))


@pytest.mark.parametrize("name", dict.fromkeys(RECIPES + DATA))
def test_the_first_steps_are_those_of_fit(name, small):
    experiment = without_noise(CATALOGUE[name])
    ours, theirs, untrained = fresh(name), fresh(name), fresh(name)
    histories = trained(experiment, small, ours)
    expected = timeless(one_by_one(experiment, small, theirs))
    for mine, other in zip(histories, expected, strict=True):
        assert [list(row) for row in mine] == [list(row) for row in other]
        counts, expected_counts = mine[0].pop("val_predicted"), other[0].pop("val_predicted")
        right, expected_right = (128 * one[0].pop("train_acc") for one in (mine, other))
        assert right == pytest.approx(expected_right, abs=1.01)  # likewise, of 128 images
        assert mine[0] == pytest.approx(other[0], rel=1e-3)
        assert counts == pytest.approx(expected_counts, abs=2)  # images at the border of two
    for mine, other, start in zip(ours, theirs, untrained, strict=True):
        state, begun = other.state_dict(), start.state_dict()
        for key, values in mine.state_dict().items():
            torch.testing.assert_close(values, state[key], rtol=1e-3, atol=5e-4)
            if not (experiment.arch.batch_norm and key.endswith("conv.bias")):
                assert not torch.equal(values, begun[key]), key


@pytest.mark.parametrize("name", ["dropout", "lenet5-var4-augmented", "lr-0.1"])
def test_later_epochs_are_those_of_fit(name, small):
    experiment = without_noise(CATALOGUE[name])
    experiment = vary(experiment, "short", recipe=dict(epochs=2, step_epochs=1))
    ours, theirs = fresh(name), fresh(name)
    histories = trained(experiment, small, ours, images=150, epochs=None)
    expected = timeless(one_by_one(experiment, small, theirs, images=150, epochs=None))
    for mine, other in zip(histories, expected, strict=True):
        assert len(mine) == 2
        for row, should in zip(mine, other, strict=True):
            losses = {key: should[key] for key in should if key.endswith("loss")}
            assert {key: row[key] for key in losses} == pytest.approx(losses, rel=1e-3)
            assert row["lr"] == should["lr"]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_stack_and_unstack_are_exact(name):
    models, others = fresh(name), fresh(name, (10, 11, 12))
    unstack(side_by_side(models), others)
    for model, other in zip(models, others, strict=True):
        for key, values in model.state_dict().items():
            assert torch.equal(values, other.state_dict()[key]), key


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_stacked_network_computes_what_each_model_does(name, small):
    models = fresh(name)
    images = small.train.images[:60].float().view(20, 3, 28, 28) / 255
    network = side_by_side(models).eval()
    for shared in (False, True):
        given = images[:, :1] if shared else images
        logits = network(given)
        assert logits.shape == (20, 3, 10)
        for i, model in enumerate(models):
            own = images[:, :1] if shared else images[:, i : i + 1]
            torch.testing.assert_close(logits[:, i], model.eval()(own), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_gradients_and_statistics_are_those_of_each_model(name, small):
    """In train mode, dropout included, and in double precision, where rounding hides nothing."""
    models = [model.double() for model in fresh(name)]
    images = small.train.images[:60].double().view(20, 3, 28, 28) / 255
    labels = small.train.labels[:60].view(20, 3)
    network = stack(models, Streams(SEEDS, CPU)).train()
    with torch.random.fork_rng():
        logits = network(images)
        sum(F.cross_entropy(logits[:, i], labels[:, i]) for i in range(3)).backward()
        for i, (seed, model) in enumerate(zip(SEEDS, models, strict=True)):
            torch.manual_seed(seed)
            F.cross_entropy(model.train()(images[:, i : i + 1]), labels[:, i]).backward()
            for key, weight in model.named_parameters():
                mine = network.get_parameter(key).grad.chunk(3)[i]
                torch.testing.assert_close(mine, weight.grad, rtol=1e-8, atol=1e-12)
            for key, values in model.named_buffers():
                mine = network.get_buffer(key)
                mine = mine.chunk(3)[i] if mine.dim() else mine
                torch.testing.assert_close(mine, values, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["baseline", "dropout", "lenet5-var4-augmented"])
def test_models_do_not_influence_each_other(name, small):
    experiment = CATALOGUE[name]
    ours, changed = fresh(name), fresh(name, (3, 99, 7))
    first = trained(experiment, small, ours)
    second = trained(experiment, small, changed, seeds=(3, 42, 7))
    assert [first[0], first[2]] == [second[0], second[2]]
    assert first[1] != second[1]
    for i, same in ((0, True), (1, False), (2, True)):
        weights = ours[i].head.fc1.weight, changed[i].head.fc1.weight
        assert torch.equal(*weights) is same


@pytest.mark.parametrize("dim", [0, 1])
def test_dropout_draws_for_each_seed_what_it_would_draw_alone(dim):
    values = torch.ones(3, 40, 50) if dim == 0 else torch.ones(40, 3 * 4, 5, 5)
    if dim:
        values = values.to(memory_format=torch.channels_last)
    layer = StackedDropout(0.3, Streams(SEEDS, CPU), dim)
    with torch.random.fork_rng():
        first, second = layer(values), layer(values)
        for seed, *found in zip(SEEDS, first.chunk(3, dim), second.chunk(3, dim), strict=True):
            torch.manual_seed(seed)
            for mine in found:
                assert torch.equal(mine, F.dropout(torch.ones_like(mine), 0.3))
    assert (first == 0).float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert torch.equal(layer.eval()(values), values)


def test_every_seed_has_its_own_order():
    streams, again = Streams(SEEDS, CPU), Streams(SEEDS[::-1], CPU)
    first, second = streams.orders(500), streams.orders(500)
    assert torch.equal(first, again.orders(500).flip(0))
    assert all(torch.equal(order.sort().values, torch.arange(500)) for order in (*first, *second))
    assert len({tuple(order.tolist()) for order in (*first, *second)}) == 6


def test_an_activation_may_come_after_max_pooling():
    for kind in ("relu", "leaky_relu"):
        block = build(Experiment("any", Arch(pool="max", activation=kind))).features.block1
        maps = torch.randn(4, 6, 28, 28, generator=torch.Generator().manual_seed(1))
        found = []
        for layers in ((block.act, block.pool), (block.pool, block.act)):
            leaf = maps.clone().requires_grad_()
            out = layers[1](layers[0](leaf))
            (out * torch.arange(out.numel()).view_as(out)).sum().backward()
            found.append((out.detach(), leaf.grad))
        assert torch.equal(found[0][0], found[1][0]) and torch.equal(found[0][1], found[1][1])


def test_any_depth_can_be_stacked(small):
    arch = Arch(convs=(Conv(4, 3, 1), Conv(8, 3, 1), Conv(8, 3, 1), Conv(8, 1)), hidden=(20,))
    experiment = Experiment("deep", arch=arch)
    ours, theirs = fresh(experiment), fresh(experiment)
    histories = trained(experiment, small, ours)
    for mine, other in zip(histories, one_by_one(experiment, small, theirs), strict=True):
        assert mine[0]["val_loss"] == pytest.approx(other[0]["val_loss"], rel=1e-4)


@pytest.mark.parametrize("activation", ["tanh", "elu", "gelu", "silu"])
def test_every_activation_is_stacked_where_it_stands(activation, small):
    """Max pooling first is another network, where an activation does not only rise."""
    arch = Arch(pool="max", activation=activation, dropout_pool=0.3)
    experiment = Experiment("other", arch=arch)
    ours, theirs = fresh(experiment), fresh(experiment)
    histories = trained(experiment, small, ours)
    for mine, other in zip(histories, one_by_one(experiment, small, theirs), strict=True):
        assert mine[0]["val_loss"] == pytest.approx(other[0]["val_loss"], rel=1e-4)
        assert mine[0]["train_loss"] == pytest.approx(other[0]["train_loss"], rel=1e-4)


def test_global_pooling_and_adamw_are_stacked(small):
    arch = Arch(global_pool=True, batch_norm=True, hidden=())
    recipe = Recipe(optimiser="adamw", weight_decay=0.05, l2_conv=0)
    experiment = Experiment("other", arch=arch, recipe=recipe)
    ours, theirs = fresh(experiment), fresh(experiment)
    histories = trained(experiment, small, ours)
    for mine, other in zip(histories, one_by_one(experiment, small, theirs), strict=True):
        assert mine[0]["val_loss"] == pytest.approx(other[0]["val_loss"], rel=1e-4)


def test_one_seed_and_an_uneven_last_batch(small):
    models = fresh("baseline", (5,))
    ((row,),) = trained(CATALOGUE["baseline"], small, models, seeds=(5,), images=131)
    assert (row["train_acc"] * 131) % 1 == pytest.approx(0, abs=1e-6)
    assert sum(row.pop("val_predicted")) == 100  # as many as ``trained`` validates on
    assert all(math.isfinite(value) for value in row.values())


def test_fit_many_leaves_the_random_state_and_prints_a_line_a_model(small, capsys):
    state = torch.get_rng_state()
    train, val = small.train[:64], small.val[:64]
    histories = fit_many(fresh("dropout"), CATALOGUE["dropout"], train, val, seeds=SEEDS, epochs=1)
    assert torch.equal(state, torch.get_rng_state())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  lr")[0] for line in lines] == [f"seed {s}: epoch  1/15" for s in SEEDS]
    assert len({history[0]["seconds"] for history in histories}) == 1


def test_a_loss_that_is_not_a_number_names_the_seed(small):
    models = fresh("baseline")
    with torch.no_grad():
        models[1].head.fc3.bias.fill_(math.nan)
    before = models[0].head.fc3.weight.clone()
    with pytest.raises(NonFiniteLossError) as error:
        trained(CATALOGUE["baseline"], small, models)
    for words in (
        "baseline: in epoch 1, at lr 0.001, seed 0: the loss is nan in step 1",
        "lr 0.001",
        "nothing",
    ):
        assert words in str(error.value), error.value
    assert torch.equal(before, models[0].head.fc3.weight)


def test_weights_that_are_not_finite_at_the_end_name_the_seed(small):
    wild = vary(CATALOGUE["lr-0.1"], "wild", recipe=dict(lr=1e35))
    with pytest.raises(
        NonFiniteLossError, match=r"wild: in epoch 1, .* seed 3: the loss on .* at the end;"
    ):
        trained(wild, small, fresh(wild), images=64)


def test_what_does_not_fit_together_is_refused(small):
    model = build("baseline", seed=0)
    for models, words in (
        ([], "0 different models and 3 seeds"),
        (fresh("baseline", (1, 2)), "2 different models and 3 seeds"),
        ([model] * 3, "1 different models and 3 seeds"),
        ([*fresh("baseline", (1, 2)), build("maxpool")], "several architectures"),
    ):
        with pytest.raises(ValueError, match=words):
            trained(CATALOGUE["baseline"], small, models)


def test_a_layer_that_cannot_be_stacked_is_named():
    models = fresh("baseline")
    models[0].features.block1.act = nn.Tanhshrink()
    with pytest.raises(TypeError, match="Tanhshrink layers side by side; train these models one"):
        side_by_side(models)


def test_weights_are_shared_out_below_one_another():
    models = fresh("maxpool")
    network = side_by_side(models)
    assert isinstance(network, Stacked)
    for key, values in network.state_dict().items():
        assert torch.equal(values, torch.cat([model.state_dict()[key] for model in models]))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_freed_memory_is_used_again():
    import resource

    prepare_process()

    def faults():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.ones(10_000_000)  # 40 MB: 10,000 pages
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    assert min(faults() for _ in range(5)) < 1000


def test_labelled_images_of_ones_own_are_trained_on_and_stay_as_they_were(small):
    tiny = LabelledImages(small.train.images[:64].clone(), small.train.labels[:64].clone())
    experiment = vary("lenet5", "tiny", recipe=dict(batch_size=32))
    histories = fit_many(
        fresh("lenet5"), experiment, tiny, tiny, seeds=SEEDS, epochs=4, verbose=False
    )
    assert all(history[-1]["train_loss"] < history[0]["train_loss"] for history in histories)
    assert torch.equal(tiny.images, small.train.images[:64])
    assert torch.equal(tiny.labels, small.train.labels[:64])
