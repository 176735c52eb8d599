import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import logsumexp


def against_targets(logits, labels, smoothing):
    classes = logits.shape[1]
    targets = torch.full_like(logits, smoothing / classes)
    targets[range(len(labels)), labels] += 1 - smoothing
    return F.cross_entropy(logits, targets)


def by_numpy(logits, labels, smoothing):
    logits, labels = logits.double().numpy(), labels.numpy()
    log_p = logits - logsumexp(logits, axis=1, keepdims=True)
    targets = (1 - smoothing) * np.eye(logits.shape[1])[labels] + smoothing / logits.shape[1]
    return -np.einsum("nk,nk->", targets, log_p) / len(labels)


def by_two_losses(logits, labels, smoothing):
    plain = F.nll_loss(F.log_softmax(logits, -1), labels)
    uniform = logits.logsumexp(-1).mean() - logits.mean()
    return torch.lerp(plain, uniform, smoothing)


OTHERS = {"24.4": [against_targets, by_numpy, by_two_losses]}
