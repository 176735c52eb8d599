import numpy as np
import torch
from scipy import stats
from sklearn.model_selection import StratifiedShuffleSplit


def with_a_loop(history):
    best = history[0]["val_acc"]
    for epoch in history:
        if epoch["val_acc"] > best:
            best = epoch["val_acc"]
    return best - history[-1]["val_acc"]


def with_sorted(history):
    return sorted(np.array([one["val_acc"] for one in history]))[-1] - history[-1]["val_acc"]


def with_numpy(labels, fraction, seed):
    drawn, labels = np.random.default_rng(seed), labels.numpy()
    chosen = np.zeros(len(labels), dtype=bool)
    for k in range(labels.max() + 1):
        members = np.flatnonzero(labels == k)
        chosen[drawn.choice(members, int(fraction * len(members) + 0.5), replace=False)] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def shuffled_lists(labels, fraction, seed):
    torch.manual_seed(seed)
    order = torch.randperm(len(labels)).tolist()
    train, val = [], []
    for k in set(labels.tolist()):
        members = [i for i in order if labels[i] == k]
        cut = len(members) - round(fraction * len(members))
        train += members[:cut]
        val += members[cut:]
    return train, val


def from_sklearn(labels, fraction, seed):
    cutter = StratifiedShuffleSplit(1, test_size=fraction, random_state=seed)
    return next(cutter.split(labels, labels))


def every_kth(n, k, seed):
    order = np.random.default_rng(seed).permutation(n)
    return [[np.setdiff1d(order, order[i::k]), order[i::k]] for i in range(k)]


def numbered(n, k, seed):
    torch.manual_seed(seed)
    fold = (torch.arange(n) % k)[torch.randperm(n)]
    return tuple(
        ((fold != i).nonzero().flatten(), (fold == i).nonzero().flatten()) for i in range(k)
    )


def widened(differences):
    values = torch.as_tensor(differences)
    k = len(values)
    error = values.std() * (1 / k + (1 / k) / (1 - 1 / k)) ** 0.5
    t = -stats.t(k - 1).ppf(0.025)
    return [values.mean() - t * error, values.mean() + t * error]


def from_scipy(differences):
    k = len(differences)
    scale = stats.sem(differences) * np.sqrt(1 + k / (k - 1))
    return stats.t.interval(0.95, k - 1, loc=np.mean(differences), scale=scale)


OTHERS = {
    "15.2": [with_a_loop, with_sorted],
    "15.4": [with_numpy, shuffled_lists, from_sklearn],
    "15.5": [every_kth, numbered],
    "15.6": [widened, from_scipy],
}
