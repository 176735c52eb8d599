import numpy as np
import torch
from torch import nn


def measured_on_a_layer(side, channels, filters, kernel, padding=0):
    layer = nn.Conv2d(channels, filters, kernel, padding=padding)
    positions = layer(torch.zeros(1, channels, side, side))[0, 0].numel()
    return layer.weight.numel() + layer.bias.numel(), positions * layer.weight.numel()


def counted_one_by_one(side, channels, filters, kernel, padding=0):
    parameters = sum(channels * kernel * kernel + 1 for _ in range(filters))
    starts = range(-padding, side + padding - kernel + 1)
    positions = sum(1 for _ in starts for _ in starts)
    return [parameters, np.int64(positions) * (parameters - filters)]


def by_names(model, strength):
    found = [p for p in model.parameters() if p.ndim == 4]
    return strength * sum(p.square().sum().item() for p in found)


def with_numpy(model, strength):
    kernels = [m.weight.detach().numpy() for m in model.modules() if type(m) is nn.Conv2d]
    return strength * np.sum([np.dot(k.ravel(), k.ravel()) for k in kernels])


OTHERS = {"6.4": [measured_on_a_layer, counted_one_by_one], "6.5": [by_names, with_numpy]}
