import statistics

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Slices(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, maps):
        rows, columns = (side // 2 * 2 for side in maps.shape[2:])
        sums = sum(maps[:, :, i:rows:2, j:columns:2] for i in (0, 1) for j in (0, 1))
        return self.weight * sums + self.bias


class Divisor(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.weight = nn.Parameter(torch.rand(channels))

    def forward(self, maps):
        sums = F.avg_pool2d(maps, kernel_size=2, divisor_override=1)
        return torch.einsum("nchw,c->nchw", sums, self.weight) + self.bias.view(1, -1, 1, 1)


def with_statistics(max_1, average_1, max_2, average_2):
    rows = zip(max_1, average_1, max_2, average_2, strict=True)
    effects = [float(a - b - c + d) for a, b, c, d in rows]
    return statistics.mean(effects), statistics.stdev(effects) / len(effects) ** 0.5


def with_matrix(max_1, average_1, max_2, average_2):
    effects = np.array([1, -1, -1, 1]) @ np.stack([max_1, average_1, max_2, average_2])
    return [effects.mean(), np.sqrt(effects.var(ddof=1) / effects.size)]


OTHERS = {"14.4": [Slices, Divisor], "14.5": [with_statistics, with_matrix]}
