import math
from itertools import pairwise

import numpy as np
import torch


def with_numpy(accs):
    return np.abs(np.diff(accs)).mean()


def pair_by_pair(accs):
    return sum(max(b - a, a - b) for a, b in pairwise(accs)) / (len(accs) - 1)


class RateInside:
    """The rate goes into the velocity: the same, as long as the rate stays."""

    def __init__(self, lr, momentum=0.9):
        self.lr, self.momentum, self.moved = lr, momentum, None

    def step(self, weight, gradient):
        moved = -self.lr * gradient
        if self.moved is not None:
            moved = moved + self.momentum * self.moved
        self.moved = moved
        return weight + moved


class AllGradients:
    """No running velocity: the sum of all gradients so far, older ones weighing less."""

    def __init__(self, lr, momentum=0.9):
        self.lr, self.momentum, self.seen = lr, momentum, []

    def step(self, weight, gradient):
        self.seen.append(gradient)
        ages = range(len(self.seen) - 1, -1, -1)
        velocity = sum(self.momentum**age * g for age, g in zip(ages, self.seen, strict=True))
        return weight - self.lr * velocity


class AdamOfKingma:
    """With the corrections moved into the rate, as the paper suggests (eps is moved too)."""

    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        self.lr, self.eps = lr, eps
        self.b1, self.b2 = betas
        self.m = self.v = None
        self.powers = [1.0, 1.0]

    def step(self, weight, gradient):
        if self.m is None:
            self.m, self.v = torch.zeros_like(gradient), torch.zeros_like(gradient)
        self.m.mul_(self.b1).add_(gradient, alpha=1 - self.b1)
        self.v.mul_(self.b2).addcmul_(gradient, gradient, value=1 - self.b2)
        self.powers = [self.powers[0] * self.b1, self.powers[1] * self.b2]
        root = math.sqrt(1 - self.powers[1])
        rate = self.lr * root / (1 - self.powers[0])
        return weight - rate * self.m / (self.v.sqrt() + self.eps * root)


class AdamInNumpy:
    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        self.settings, self.seen = (lr, *betas, eps), []

    def step(self, weight, gradient):
        lr, b1, b2, eps = self.settings
        self.seen.append(np.asarray(gradient, dtype=np.float64))
        t = len(self.seen)
        ages = np.arange(t - 1, -1, -1)
        m = sum((1 - b1) * b1**age * g for age, g in zip(ages, self.seen, strict=True))
        v = sum((1 - b2) * b2**age * g**2 for age, g in zip(ages, self.seen, strict=True))
        change = lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
        return weight - torch.as_tensor(change)


def by_signs(weight, gradient, lr, decay):
    with_l2 = weight - lr * torch.sign(gradient + decay * weight)
    return with_l2, (1 - lr * decay) * weight - lr * torch.sign(gradient)


def as_list(weight, gradient, lr, decay):
    given = gradient.add(weight, alpha=decay)
    return [
        weight - lr * given / given.square().sqrt(),
        weight - lr * (gradient / gradient.abs() + decay * weight),
    ]


def dropping_as_it_goes(lr, step_size, gamma, epochs):
    rates = []
    for epoch in range(1, epochs + 1):
        rates.append(lr)
        if epoch % step_size == 0:
            lr *= gamma
    return rates


def stages_at_once(lr, step_size, gamma, epochs):
    return lr * gamma ** (np.arange(epochs) // step_size)


def with_interpolation(lr, epochs):
    middles = (np.arange(epochs) + 0.5) / epochs
    heights = np.interp(middles, [0, 0.3, 1], [0, 1, 0])
    return lr * np.sin(np.pi / 2 * heights) ** 2


def with_tensors(lr, epochs):
    done = (torch.arange(epochs, dtype=torch.float64) + 0.5) / epochs
    height = torch.where(done < 0.3, done / 0.3, (1 - done) / 0.7)
    return lr / 2 - lr / 2 * torch.cos(math.pi * height)


OTHERS = {
    "8.3": [with_numpy, pair_by_pair],
    "8.4": [RateInside, AllGradients],
    "8.5": [AdamOfKingma, AdamInNumpy],
    "8.6": [by_signs, as_list],
    "8.7": [dropping_as_it_goes, stages_at_once],
    "8.8": [with_interpolation, with_tensors],
}
