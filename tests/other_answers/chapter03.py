import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def counted_places(n, k, p):
    starts = [start for start in range(-p, n + p) if start + k <= n + p]
    return len(starts[1::2])


def floored(n, k, p):
    return math.floor((n + 2 * p - (k - 1)) * 0.5)


def added_up(inputs, filters, kernel, bias=True):
    total = 0
    for _ in range(filters):
        for _ in range(inputs):
            total += kernel**2
        total += int(bias)
    return total


def by_size(inputs, filters, kernel, bias=True):
    weight = np.empty((filters, inputs, kernel, kernel))
    return weight.size + bias * len(weight)


def clamped(x, grad):
    return x.clamp(min=0), grad * (x > 0)


def by_indexing(x, grad):
    y, back = x.clone(), grad.clone()
    y[x <= 0] = 0
    back[x <= 0] = 0
    return [y, back]


def in_numpy(x, grad):
    x, grad = x.numpy(), grad.numpy()
    return np.maximum(x, 0), np.where(x > 0, grad, 0)


def einsums(x, weight, bias, grad):
    y = torch.einsum("ni,oi->no", x, weight) + bias
    back = torch.einsum("no,oi->ni", grad, weight)
    return y, back, torch.einsum("no,ni->oi", grad, x), torch.einsum("no->o", grad)


def image_by_image(x, weight, bias, grad):
    y = torch.stack([weight @ row + bias for row in x])
    back = torch.stack([weight.T @ row for row in grad])
    pairs = list(zip(grad, x, strict=True))
    return y, back, sum(torch.outer(g, row) for g, row in pairs), sum(grad)


def stretched(shape):
    fan_in = torch.zeros(shape)[0].numel()
    return (torch.rand(shape) * 2 - 1) * (6 / fan_in) ** 0.5


def numpys(shape):
    limit = np.sqrt(6 / np.prod(shape[1:]))
    return np.random.default_rng().uniform(-limit, limit, size=shape)


def as_parameter(shape):
    return nn.Parameter(nn.init.kaiming_uniform_(torch.empty(shape), nonlinearity="relu"))


class Parts(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=(5, 5), padding="same"), nn.ReLU(), nn.MaxPool2d(2, 2),
            nn.Conv2d(6, 16, 5, 1), nn.ReLU(inplace=True), nn.MaxPool2d((2, 2)),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)
        )

    def forward(self, x):
        x = self.features(x)
        return self.classifier(x.view(x.size(0), -1))


class PaddedByHand(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.layers = nn.ModuleList([nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)])

    def forward(self, x):
        x = F.pad(x, (2, 2, 2, 2))
        for conv in (self.first, self.second):
            x = F.max_pool2d(torch.clamp(conv(x), min=0), 2)
        x = x.reshape(len(x), 400)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


def one_image_at_a_time(images, filters, weight, bias):
    rows = [F.max_pool2d(F.conv2d(x[None], filters).relu(), 2).ravel() for x in images]
    return torch.stack(rows) @ weight.T + bias


def reshaped(images, filters, weight, bias):
    pooled = F.max_pool2d(F.relu(F.conv2d(images, filters)), 2)
    return F.linear(pooled.view(pooled.size(0), -1), weight, bias)


OTHERS = {
    "3.3": [counted_places, floored],
    "3.4": [added_up, by_size],
    "3.5": [clamped, by_indexing, in_numpy],
    "3.6": [einsums, image_by_image],
    "3.7": [stretched, numpys, as_parameter],
    "3.8": [Parts, PaddedByHand],
    "3.9": [one_image_at_a_time, reshaped],
}
