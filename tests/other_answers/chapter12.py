import numpy as np
import torch
from torch import nn


def with_numpy(old_mean, old_var, batch):
    values = np.asarray(batch, dtype=np.float64)
    return [old_mean + (values.mean() - old_mean) / 10, 0.9 * old_var + 0.1 * values.var(ddof=1)]


def with_lerp(old_mean, old_var, batch):
    kept = torch.tensor([old_mean, old_var])
    return kept.lerp(torch.stack([batch.mean(), batch.std() ** 2]), 0.1)


class Flattened(nn.Module):
    """The maps as columns, each with a mean of its own; statistics by torch.var_mean."""

    def __init__(self, channels, momentum=0.1, eps=1e-5):
        super().__init__()
        self.weight, self.bias = (
            nn.Parameter(torch.ones(channels)),
            nn.Parameter(torch.zeros(channels)),
        )
        self.running_mean, self.running_var = torch.zeros(channels), torch.ones(channels)
        self.momentum, self.eps = momentum, eps

    def forward(self, maps):
        columns = maps.movedim(1, -1).reshape(-1, maps.shape[1])
        if self.training:
            var, mean = torch.var_mean(columns, dim=0, correction=0)
            n, keep = len(columns), 1 - self.momentum
            self.running_mean = keep * self.running_mean + self.momentum * mean.detach()
            self.running_var = keep * self.running_var + self.momentum * var.detach() * n / (n - 1)
        else:
            mean, var = self.running_mean, self.running_var
        scale = self.weight * torch.rsqrt(var + self.eps)
        return maps * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]


class Plain:
    """Without nn.Module: a flag, a call, and einsum for the sums."""

    def __init__(self, channels, momentum=0.1, eps=1e-5):
        self.weight, self.bias = torch.ones(channels), torch.zeros(channels)
        self.running_mean, self.running_var = torch.zeros(channels), torch.ones(channels)
        self.momentum, self.eps, self.training = momentum, eps, True

    def eval(self):
        self.training = False

    def __call__(self, maps):
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = maps.numel() // maps.shape[1]
            mean = torch.einsum("nchw->c", maps) / n
            centred = maps - mean[None, :, None, None]
            var = torch.einsum("nchw,nchw->c", centred, centred) / n
            self.running_mean = torch.lerp(self.running_mean, mean, self.momentum)
            self.running_var = torch.lerp(self.running_var, var * n / (n - 1), self.momentum)
        centred = (maps - mean[None, :, None, None]) / torch.sqrt(var + self.eps)[:, None, None]
        return torch.einsum("nchw,c->nchw", centred, self.weight) + self.bias[:, None, None]


def all_at_once(model, images):
    mode = model.training
    classes = model.eval()(images).max(dim=1).indices
    model.train(mode)
    return classes


def layer_by_layer(model, images):
    modes = {layer: layer.training for layer in model.modules()}
    for layer in modes:
        layer.training = False
    classes = [int(model(image[None]).argmax()) for image in images]
    for layer, mode in modes.items():
        layer.training = mode
    return classes


OTHERS = {
    "12.3": [with_numpy, with_lerp],
    "12.4": [Flattened, Plain],
    "12.5": [all_at_once, layer_by_layer],
}
