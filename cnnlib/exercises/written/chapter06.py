"""Exercises of chapter 6 that are answered by writing a function or a class."""

import torch
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def conv_bill(side, channels, filters, kernel, padding=0):
    """Of a convolution with stride 1: (parameters, multiplications for one image).

    side: of the incoming maps; channels: how many come in; kernel: a filter's side.
    """
    # a filter has weights for each map that it reads, and one bias
    weights = filters * kernel**2 * channels
    parameters = weights + filters
    out = side + 2 * padding - kernel + 1
    # all weights are used once at each position of the map that comes out
    return parameters, out**2 * weights


def _without_bias(side, channels, filters, kernel, padding=0):
    weights = filters * kernel**2 * channels
    return weights, (side + 2 * padding - kernel + 1) ** 2 * weights


def _one_channel(side, channels, filters, kernel, padding=0):
    return conv_bill(side, 1, filters, kernel, padding)


def _side_that_comes_in(side, channels, filters, kernel, padding=0):
    weights = filters * kernel**2 * channels
    return weights + filters, side**2 * weights


def _without_padding(side, channels, filters, kernel, padding=0):
    weights = filters * kernel**2 * channels
    return weights + filters, (side - kernel + 1) ** 2 * weights


def _padded_on_one_side(side, channels, filters, kernel, padding=0):
    weights = filters * kernel**2 * channels
    return weights + filters, (side + padding - kernel + 1) ** 2 * weights


def _used_once(side, channels, filters, kernel, padding=0):
    weights = filters * kernel**2 * channels
    return weights + filters, weights


def _bias_multiplies(side, channels, filters, kernel, padding=0):
    parameters, _ = conv_bill(side, channels, filters, kernel, padding)
    return parameters, (side + 2 * padding - kernel + 1) ** 2 * parameters


def _counted_by_torch(side, channels, filters, kernel, padding=0):
    from torch.utils.flop_counter import FlopCounterMode  # slow to import, seldom needed

    layer = nn.Conv2d(channels, filters, kernel, padding=padding)
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(1, channels, side, side))
    parameters = sum(p.numel() for p in layer.parameters())
    return parameters, counter.get_total_flops() // 2  # a multiplication and an addition


def l2_of_kernels(model, strength):
    """strength · Σw² over the weights, without biases, of all torch.nn.Conv2d."""
    total = torch.zeros(())
    # modules() visits every layer, however deep it is nested
    for layer in model.modules():
        if isinstance(layer, torch.nn.Conv2d):
            total += (layer.weight**2).sum()
    return strength * total


def _convolutions(model):
    return [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]


def _biases_too(model, strength):
    with_bias = (layer for layer in _convolutions(model) if layer.bias is not None)
    biases = sum((layer.bias**2).sum() for layer in with_bias)
    return l2_of_kernels(model, strength) + strength * biases


def _linear_too(model, strength):
    layers = (m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    return strength * sum((layer.weight**2).sum() for layer in layers)


def _all_parameters(model, strength):
    return strength * sum((p**2).sum() for p in model.parameters())


def _not_squared(model, strength):
    return strength * sum(layer.weight.abs().sum() for layer in _convolutions(model))


def _mean_of_squares(model, strength):
    return strength * sum((layer.weight**2).mean() for layer in _convolutions(model))


def _lengths(model, strength):
    return strength * sum(layer.weight.norm() for layer in _convolutions(model))


def _halved(model, strength):
    return l2_of_kernels(model, strength) / 2


def _without_strength(model, strength):
    return l2_of_kernels(model, 1)


def _first_level_only(model, strength):
    convolutions = [layer for layer in model.children() if isinstance(layer, nn.Conv2d)]
    return strength * sum((layer.weight**2).sum() for layer in convolutions)


def _squared_norm(model, strength):
    kernels = [layer.weight.detach().flatten() for layer in _convolutions(model)]
    together = torch.cat(kernels) if kernels else torch.zeros(1)
    return strength * torch.linalg.vector_norm(together) ** 2


def _models() -> list[tuple]:
    drawn = torch.Generator().manual_seed(65)
    with torch.random.fork_rng(devices=[]):  # layers draw their first weights
        plain = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
        nested = nn.Sequential(nn.Sequential(nn.Conv2d(2, 3, 5)), nn.Conv2d(3, 4, 1, bias=False))
        none = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    for model in (plain, nested, none):
        for p in model.parameters():
            p.data = torch.randn(p.shape, generator=drawn)
    return [(plain, 0.01), (nested, 0.5), (none, 0.1)]


EXERCISES: dict[str, Written] = {
    "6.4": Written(
        hints=(
            "How many weights does one filter have, and how often is each of them used?",
            "The maps that come out have the side that chapter 2 found; at each of their "
            "positions, each filter uses all its weights once.",
        ),
        solution=conv_bill,
        oracle=_counted_by_torch,
        cases=lambda: [
            (28, 1, 6, 5, 2),
            (14, 6, 16, 5),
            (9, 3, 4, 3, 1),
            (5, 2, 1, 1),
            (7, 1, 2, 7),
        ],
        mistakes=(
            (_without_bias, "each filter has one number more: its bias."),
            (_one_channel, "a filter has weights of its own for each of the maps that come in."),
            (
                _side_that_comes_in,
                "the filter is used once for each value that comes *out*; how many are they?",
            ),
            (_without_padding, "padding makes the maps larger, and so adds positions."),
            (_padded_on_one_side, "padding is added on both sides of the map."),
            (_used_once, "the parameters are right, but a filter is used again at each position."),
            (_bias_multiplies, "a bias is added: it costs no multiplication."),
        ),
    ),
    "6.5": Written(
        hints=(
            "isinstance(layer, torch.nn.Conv2d) finds convolutions; where are all layers?",
            "Go through model.modules(), square each convolution's weight, add up, and multiply "
            "by the strength at the end.",
        ),
        solution=l2_of_kernels,
        oracle=_squared_norm,
        cases=_models,
        mistakes=(
            (_biases_too, "the biases are in it; the penalty is on the weights only."),
            (_linear_too, "the linear layers are in it; the penalty is on convolutions only."),
            (_all_parameters, "all parameters are in it; take the convolutions' weights only."),
            (_not_squared, "that adds up sizes (an L1 penalty); L2 adds up squares."),
            (
                _mean_of_squares,
                "that is the mean of the squares, so a large layer would count no more than a "
                "small one; the penalty is their sum.",
            ),
            (_lengths, "a root is taken somewhere; the penalty is the plain sum of squares."),
            (_halved, "it is half as large; some books put ½ in front, the formula here does not."),
            (_without_strength, "the sum is right; multiply it by the strength."),
            (_first_level_only, "it finds no convolution that is nested inside another module."),
        ),
        tolerance=1e-4,
    ),
}
