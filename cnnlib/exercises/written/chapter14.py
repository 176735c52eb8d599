"""Exercises of chapter 14 that are answered by writing a function or a class."""

import numpy as np
import torch
import torch.nn.functional as F
from scipy import stats
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


class Subsampling(nn.Module):
    """The pooling of 1998: each window's sum, times a weight, plus a bias.

    One weight and one bias for each map, both learned.
    """

    def __init__(self, channels):
        super().__init__()
        # as parameters, the optimiser finds them
        self.weight = nn.Parameter(torch.full((channels,), 0.25))  # at first, a mean
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, maps):
        """(N, C, H, W) → (N, C, H // 2, W // 2)."""
        sums = 4 * F.avg_pool2d(maps, 2)
        # (C, 1, 1) beside (N, C, H, W): one number for each map
        weight, bias = self.weight[:, None, None], self.bias[:, None, None]
        return sums * weight + bias


class _Averages(Subsampling):
    def forward(self, maps):
        weight, bias = self.weight[:, None, None], self.bias[:, None, None]
        return F.avg_pool2d(maps, 2) * weight + bias


class _Maxima(Subsampling):
    def forward(self, maps):
        weight, bias = self.weight[:, None, None], self.bias[:, None, None]
        return F.max_pool2d(maps, 2) * weight + bias


class _BiasFirst(Subsampling):
    def forward(self, maps):
        weight, bias = self.weight[:, None, None], self.bias[:, None, None]
        return (4 * F.avg_pool2d(maps, 2) + bias) * weight


class _OneForAll(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    def forward(self, maps):
        return 4 * F.avg_pool2d(maps, 2) * self.weight + self.bias


class _NotLearned(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = torch.ones(channels), torch.zeros(channels)

    def forward(self, maps):
        weight, bias = self.weight[:, None, None], self.bias[:, None, None]
        return 4 * F.avg_pool2d(maps, 2) * weight + bias


class _Overlapping(Subsampling):
    def forward(self, maps):
        sums = 4 * F.avg_pool2d(maps, 2, stride=1)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]


class _Grouped(nn.Conv2d):
    """The oracle: a convolution that keeps the maps apart, with four equal weights for each."""

    def __init__(self, channels):
        super().__init__(channels, channels, 2, stride=2, groups=channels)
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, maps):
        kernel = self.weight[:, None, None, None].expand(-1, 1, 2, 2)
        return F.conv2d(maps, kernel, self.bias, stride=2, groups=len(kernel))


def _subsampled(answer, maps, weight, bias):
    layer = answer(maps.shape[1])
    given = (("weight", weight), ("bias", bias))
    with torch.no_grad():
        for name, values in given:
            own = getattr(layer, name)
            own.copy_(values.reshape(own.shape) if own.numel() == len(values) else values[0])
    result = layer(maps)
    found = {
        "how many numbers are learned": sum(own.numel() for own in layer.parameters()),
        "the output": result,
    }
    learned = list(layer.parameters())
    if isinstance(result, torch.Tensor) and result.requires_grad:
        gradients = torch.autograd.grad(result.square().sum(), learned, allow_unused=True)
        lengths = [0.0 if one is None else one.norm().item() for one in gradients]
        found["the lengths of the gradients"] = sorted(lengths)
    else:
        found["the lengths of the gradients"] = [0.0, 0.0]
    return found


def _maps() -> list[tuple]:
    drawn = torch.Generator().manual_seed(14)
    sizes = [(1, 1, 4, 4), (2, 3, 6, 8), (1, 4, 7, 5)]
    return [
        tuple(torch.randn(size, generator=drawn) for size in (shape, shape[1:2], shape[1:2]))
        for shape in sizes
    ]


def interaction_of(max_1, average_1, max_2, average_2):
    """Accuracies (seeds,) of two pairs → mean and standard error of the interaction."""
    # seed by seed: the effect here minus the effect there
    effects = (max_1 - average_1) - (max_2 - average_2)
    n = len(effects)
    spread = effects.std(ddof=1)  # of a sample: n - 1
    return effects.mean(), spread / n**0.5


def _as_oracle(max_1, average_1, max_2, average_2):
    effects = np.subtract(np.subtract(max_1, average_1), np.subtract(max_2, average_2))
    return effects.mean(), stats.sem(effects)


def _of_first_pair(max_1, average_1, max_2, average_2):
    effects = max_1 - average_1
    return effects.mean(), stats.sem(effects)


def _added(max_1, average_1, max_2, average_2):
    effects = (max_1 - average_1) + (max_2 - average_2)
    return effects.mean(), stats.sem(effects)


def _turned(max_1, average_1, max_2, average_2):
    effects = (max_2 - average_2) - (max_1 - average_1)
    return effects.mean(), stats.sem(effects)


def _biased(max_1, average_1, max_2, average_2):
    effects = (max_1 - average_1) - (max_2 - average_2)
    return effects.mean(), effects.std() / len(effects) ** 0.5


def _deviation(max_1, average_1, max_2, average_2):
    effects = (max_1 - average_1) - (max_2 - average_2)
    return effects.mean(), effects.std(ddof=1)


def _unpaired(max_1, average_1, max_2, average_2):
    four = (max_1, average_1, max_2, average_2)
    effect = max_1.mean() - average_1.mean() - (max_2.mean() - average_2.mean())
    return effect, sum(accs.var(ddof=1) / len(accs) for accs in four) ** 0.5


def _accuracies() -> list[tuple]:
    drawn = np.random.default_rng(14)
    return [tuple(0.9 + 0.01 * drawn.normal(size=(4, seeds))) for seeds in (5, 3, 8)]


EXERCISES: dict[str, Written] = {
    "14.4": Written(
        hints=(
            "nn.Parameter(torch.ones(channels)) is a tensor that an optimiser finds.",
            "The sum of a window is 4 times its average. Write weight[:, None, None], so that "
            "each map meets its own number.",
        ),
        solution=Subsampling,
        oracle=_Grouped,
        cases=_maps,
        use=_subsampled,
        mistakes=(
            (_Averages, "that multiplies the *average* of a window; its sum is four times that."),
            (_Maxima, "that is the largest value of each window, not the sum of the four."),
            (_BiasFirst, "the bias is multiplied as well: add it after the weight."),
            (_OneForAll, "one weight for all maps; each map has a weight and a bias of its own."),
            (_NotLearned, "the layer has nothing to learn: a plain tensor is no nn.Parameter."),
            (_Overlapping, "the windows overlap: they must lie side by side, two pixels apart."),
        ),
    ),
    "14.5": Written(
        hints=(
            "Subtract seed by seed first. What is left is one number a seed.",
            "The standard error of a mean is the standard deviation (with n - 1) over √n.",
        ),
        solution=interaction_of,
        oracle=_as_oracle,
        cases=_accuracies,
        tolerance=1e-7,
        mistakes=(
            (_of_first_pair, "that is the effect in the first pair alone."),
            (_added, "that adds the two effects; how far apart are they?"),
            (_turned, "the sign is turned round: the first pair's effect minus the second's."),
            (_biased, "the spread divides by n: numpy's std does, unless it is told ddof=1."),
            (_deviation, "that is the spread of single seeds, not of their mean."),
            (
                _unpaired,
                "the seeds are thrown together: all four runs of a seed share their batch order, "
                "so subtract within a seed.",
            ),
        ),
    ),
}
