import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def floor_and_errors(acc):
    errors = 1 - acc
    return math.log1p(9 / math.e) + errors


def with_numpy(acc):
    right = -np.log(np.e / (np.e + 9))
    wrong = -np.log(1 / (np.e + 9))
    return np.average([right, wrong], weights=[acc, 1 - acc])


class Once(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(784, 32), nn.Linear(32, 10)
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, images):
        return self.second(F.relu(self.first(images.flatten(1))))

    def loss(self, images, labels):
        return self.criterion(self.forward(images), labels)


class Likelihood(Once):
    def forward(self, images):
        return super().forward(images).log_softmax(dim=1)

    def loss(self, images, labels):
        return nn.NLLLoss()(self(images), labels)


class Inference(Once):
    """Probabilities come out of forward; the loss goes round it."""

    def forward(self, images):
        return super().forward(images).softmax(dim=1)

    def loss(self, images, labels):
        return self.criterion(Once.forward(self, images), labels)


def with_logsumexp(logits):
    return logits - torch.logsumexp(logits, dim=1, keepdim=True)


def row_by_row(logits):
    rows = []
    for row in logits.double().numpy():
        top = max(row)
        total = sum(math.exp(value - top) for value in row)
        rows.append([value - top - math.log(total) for value in row])
    return rows


def with_jacobians(logits, labels):
    rows = []
    for z, label in zip(logits, labels, strict=True):
        p = z.softmax(0)
        through = torch.diag(p) - torch.outer(p, p)
        g = p.softmax(0)
        g[label] -= 1
        rows.append(through @ g / len(logits))
    return torch.stack(rows)


def einsum(logits, labels):
    p = logits.softmax(dim=1)
    g = p.softmax(dim=1)
    g[torch.arange(len(g)), labels] -= 1
    return (p * g - torch.einsum("ni,nj,nj->ni", p, p, g)) / p.shape[0]


OTHERS = {
    "10.2": [floor_and_errors, with_numpy],
    "10.4": [Once, Likelihood, Inference],
    "10.5": [with_logsumexp, row_by_row],
    "10.6": [with_jacobians, einsum],
}
