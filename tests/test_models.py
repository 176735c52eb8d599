import math
import re

import pytest
import torch
from distinct import ARCHITECTURES
from torch import nn

import cnnlib
from cnnlib import CATALOGUE, Arch, Conv, build, count_parameters
from cnnlib.models import LeNet, summary

IMAGES = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1))
COUNTS = {
    "filters": 255_230,
    "convolution": 22_186,
    "convolution-padded": 33_706,
    "convolution-wide": 47_626,
    "capstone-stack": 59_938,
    "capstone-adamw": 59_938,
    "capstone-late": 60_634,
}
ROWS = {"lenet5": 12, "lenet5-var1": 13, "lenet5-var2": 15, "lenet5-var3": 15, "lenet5-var4": 15}
SIZES = {"lenet5": "0.35", "lenet5-var4": "0.40"}


def expected_count(name):
    with_norm = re.match(r"lenet5-(var[234]|mended-batch-norm)", name)
    return COUNTS.get(name, 61_750 if with_norm else 61_706)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_parameter_counts(name):
    assert count_parameters(build(name)) == expected_count(name)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_forward_and_backward(name):
    model = build(name, seed=0)
    out = model(IMAGES)
    assert out.shape == (4, 10) and out.isfinite().all()
    assert torch.allclose(out.sum(dim=1), torch.ones(4)) == CATALOGUE[name].arch.softmax
    nn.functional.cross_entropy(out, torch.arange(4)).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_samples_do_not_mix(name):
    model = build(name, seed=0).eval()
    one_by_one = torch.cat([model(image[None]) for image in IMAGES])
    assert torch.allclose(model(IMAGES), one_by_one, atol=1e-5)


@pytest.mark.parametrize("name", ROWS)
def test_torchsummary_rows_and_sizes(name, capsys):
    summary(build(name))
    printed = capsys.readouterr().out
    assert len(re.findall(r"^ *\w+-\d+ +\[", printed, re.M)) == ROWS[name]
    assert f"Total params: {expected_count(name):,}" in printed
    if name in SIZES:
        assert f"Estimated Total Size (MB): {SIZES[name]}" in printed


def test_summary_leaves_model_and_random_state_alone():
    model = build("lenet5-var4", seed=0)
    before, state = model.features.block1.norm.running_mean.clone(), torch.get_rng_state()
    summary(model)
    assert torch.equal(before, model.features.block1.norm.running_mean)
    assert torch.equal(state, torch.get_rng_state())


def test_baseline_equals_plain_torch():
    model = build("baseline", seed=0)
    plain = nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )
    with torch.no_grad():
        for mine, other in zip(plain.parameters(), model.parameters(), strict=True):
            mine.copy_(other)
    torch.testing.assert_close(model(IMAGES), plain(IMAGES))


def test_layers_have_names_to_talk_about():
    names = dict(build("lenet5-var4").named_modules())
    for name in ("features.block1.conv", "features.block2.norm", "features.block1.pool"):
        assert name in names
    assert [n for n in names if n.startswith("head.")] == [
        *("head.fc1", "head.act1", "head.drop_first", "head.fc2", "head.act2"),
        *("head.fc3", "head.softmax"),
    ]


def test_dropout_stands_where_report_1_puts_it():
    names = [n for n, m in build("dropout").named_modules() if isinstance(m, nn.Dropout)]
    assert names == ["features.block1.drop", "features.block2.drop", "head.drop_last"]


@pytest.mark.parametrize(
    ("name", "fan", "gain"),
    [("baseline", lambda i, o: (i + o) / 2, 1), ("lenet5", lambda i, o: i, math.sqrt(2))],
)
def test_initialisation(name, fan, gain):
    model = build(name, seed=0)
    for layer, fan_in, fan_out in (
        (model.features.block2.conv, 6 * 25, 16 * 25),
        (model.head.fc1, 400, 120),
    ):
        bound = gain * math.sqrt(3 / fan(fan_in, fan_out))
        assert 0.98 * bound < layer.weight.abs().max() <= bound
        assert not layer.bias.any()


def test_a_seed_gives_the_same_weights_and_leaves_the_random_state():
    state = torch.get_rng_state()
    first, again, other = (build("maxpool", seed=s).head.fc3.weight for s in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(build("baseline", seed=3).head.fc3.weight, first)  # a paired comparison


def test_any_depth_can_be_declared():
    arch = Arch(convs=(Conv(4, 3, 1), Conv(8, 3, 1), Conv(8, 3, 1), Conv(8, 1)), hidden=(20,))
    assert LeNet(arch)(IMAGES).shape == (4, 10)
    assert list(arch.sides()) == [14, 7, 3, 1]


def test_pooling_only_where_it_is_declared():
    arch = Arch(convs=(Conv(4, 3, 1), Conv(8, 3, 1), Conv(8, 3)), pool_after=(2,), hidden=())
    model = LeNet(arch)
    assert model(IMAGES).shape == (4, 10)
    assert list(arch.sides()) == [28, 14, 12]
    found = [n for n, layer in model.named_modules() if isinstance(layer, nn.AvgPool2d)]
    assert found == ["features.block2.pool"]
    assert [n for n, _ in model.head.named_children()] == ["fc1"]  # from maps to logits


def test_entry_points_hold():
    assert isinstance(cnnlib.build("maxpool"), nn.Module)
    assert isinstance(cnnlib.build(CATALOGUE["maxpool"]), nn.Module)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("tanh", torch.tanh),
        ("elu", torch.nn.functional.elu),
        ("gelu", torch.nn.functional.gelu),
        ("silu", torch.nn.functional.silu),
    ],
)
def test_every_activation_is_torchs(name, expected):
    model = LeNet(Arch(activation=name))
    values = torch.linspace(-3, 3, 50)
    for act in (model.features.block1.act, model.features.block2.act, model.head.act1):
        assert torch.equal(act(values), expected(values))


def test_global_pooling_hands_on_the_mean_of_each_map():
    model = LeNet(Arch(global_pool=True, hidden=()))
    maps = model.features[:-1](IMAGES)  # (4, 16, 5, 5)
    assert torch.allclose(model.features(IMAGES)[..., 0, 0], maps.mean(dim=(2, 3)))
    assert model.head.fc1.in_features == 16 and model(IMAGES).shape == (4, 10)
