from itertools import starmap

import numpy as np
import torch
import torch.nn.functional as F
from scipy import special, stats


def mcnemar_by_distribution(labels, first, second):
    gain = (first == labels).astype(int) - (second == labels)
    ups, downs = (gain > 0).sum(), (gain < 0).sum()
    return min(1, 2 * stats.binom(ups + downs, 0.5).cdf(min(ups, downs)))


def mcnemar_from_above(labels, first, second):
    outcomes = list(zip(first == labels, second == labels, strict=True))
    counted = [one for one, other in outcomes if one != other]
    n, more = len(counted), max(sum(counted), len(counted) - sum(counted))
    ways = sum(special.binom(n, i) for i in range(more, n + 1))
    return np.minimum(2 * ways * 0.5**n, 1)


def averaged_one_by_one(logits):
    total = torch.zeros_like(logits[0])
    for one in logits:
        total = total + F.softmax(one, dim=1)
    return total / len(logits)


def averaged_by_exp(logits):
    odds = (logits - logits.amax(dim=2, keepdim=True)).exp()
    return torch.einsum("mnc,mn->nc", odds, 1 / odds.sum(dim=2)) / logits.shape[0]


def loss_weighted_by_size(model, images, labels, batch_size=64):
    model.train(False)
    parts = zip(images.split(batch_size), labels.split(batch_size), strict=True)
    losses = list(starmap(lambda x, y: F.cross_entropy(model(x), y).item() * len(y), parts))
    return np.sum(losses) / len(labels)


@torch.inference_mode()
def loss_of_all_logits(model, images, labels, batch_size=64):
    model.eval()
    logits = torch.cat([model(batch) for batch in images.split(batch_size)])
    chosen = logits.log_softmax(dim=1)[range(len(labels)), labels]
    return -chosen.mean()


OTHERS = {
    "22.4": [mcnemar_by_distribution, mcnemar_from_above],
    "22.5": [averaged_one_by_one, averaged_by_exp],
    "22.6": [loss_weighted_by_size, loss_of_all_logits],
}
