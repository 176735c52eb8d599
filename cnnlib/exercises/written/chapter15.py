"""Exercises of chapter 15 that are answered by writing a function or a class."""

import numpy as np
import pandas as pd
import torch
from scipy import stats
from sklearn.model_selection import KFold, train_test_split

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def best_minus_last(history):
    """By how much the best epoch's validation accuracy is above the last epoch's."""
    accs = [epoch["val_acc"] for epoch in history]
    return max(accs) - accs[-1]


def _best_with_pandas(history):
    accs = pd.DataFrame(history)["val_acc"]
    return accs.cummax().iloc[-1] - accs.iloc[-1]


def _best_alone(history):
    return max(epoch["val_acc"] for epoch in history)


def _best_turned(history):
    return -best_minus_last(history)


def _best_of_training(history):
    accs = [epoch["train_acc"] for epoch in history]
    return max(accs) - accs[-1]


def _best_minus_first(history):
    accs = [epoch["val_acc"] for epoch in history]
    return max(accs) - accs[0]


def _best_by_loss(history):
    best = min(history, key=lambda epoch: epoch["val_loss"])
    return best["val_acc"] - history[-1]["val_acc"]


def _histories() -> list[tuple]:
    drawn = np.random.default_rng(15)
    found = []
    for accs in ([0.7, 0.8, 0.9], [0.8, 0.75, 0.93, 0.85, 0.91], [0.6]):
        train = np.linspace(0.6, 0.95, len(accs)) + 0.05 * drawn.random(len(accs))
        loss = drawn.random(len(accs))
        rows = zip(train.tolist(), accs, loss.tolist(), strict=True)
        found.append(([dict(train_acc=a, val_acc=b, val_loss=c) for a, b, c in rows],))
    return found


def stratified_split(labels, fraction, seed):
    """Labels (N,) → positions of the training part and of the validation part."""
    drawn = torch.Generator().manual_seed(seed)
    train, val = [], []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        # shuffle within the class, then cut: every class gives the same fraction
        members = members[torch.randperm(len(members), generator=drawn)]
        cut = round(fraction * len(members))
        val.append(members[:cut])
        train.append(members[cut:])
    return torch.cat(train), torch.cat(val)


def _split_by_sklearn(labels, fraction, seed):
    positions = np.arange(len(labels))
    return train_test_split(
        positions, test_size=fraction, stratify=labels.numpy(), random_state=seed
    )


def _split_in_order(labels, fraction, seed):
    parts = [(labels == k).nonzero().flatten() for k in labels.unique()]
    cuts = [round(fraction * len(part)) for part in parts]
    train = torch.cat([part[cut:] for part, cut in zip(parts, cuts, strict=True)])
    return train, torch.cat([part[:cut] for part, cut in zip(parts, cuts, strict=True)])


def _split_overlapping(labels, fraction, seed):
    _, val = stratified_split(labels, fraction, seed)
    return torch.arange(len(labels)), val


def _split_plain(labels, fraction, seed):
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    cut = round(fraction * len(labels))
    return order[cut:], order[:cut]


def _split_without_seed(labels, fraction, seed):
    return stratified_split(labels, fraction, int(torch.randint(1 << 30, ())))


def _split_one_seed(labels, fraction, seed):
    return stratified_split(labels, fraction, 0)


def _split_turned(labels, fraction, seed):
    return stratified_split(labels, fraction, seed)[::-1]


def _split_with_replacement(labels, fraction, seed):
    drawn = torch.Generator().manual_seed(seed)
    val = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        count = round(fraction * len(members))
        val.append(members[torch.randint(len(members), (count,), generator=drawn)])
    left = set(range(len(labels))) - set(torch.cat(val).tolist())
    return torch.tensor(sorted(left)), torch.cat(val)


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def _positions(part) -> list[int]:
    return [int(position) for position in part]


def _facts_of_split(answer, labels, fraction):
    """What can be said of a split, whatever was drawn."""
    found = [answer(labels, fraction, seed) for seed in (1, 1, 2)]
    if found[0] is None:
        return None
    (train, val), again, other = ([_positions(part) for part in parts] for parts in found)
    first = [_positions(part) for part in _split_in_order(labels, fraction, 1)]
    return {
        "images in training and validation part": (len(train), len(val)),
        "each image is in one of the parts, once": _yes(
            sorted(train + val) == list(range(len(labels)))
        ),
        "images of each class in the validation part": torch.bincount(
            labels[val], minlength=int(labels.max()) + 1
        ),
        "drawn at random": _yes(set(val) != set(first[1])),
        "the same seed gives the same split": _yes(set(again[1]) == set(val)),
        "another seed gives another split": _yes(set(other[1]) != set(val)),
    }


def _labels() -> list[tuple]:
    drawn = torch.Generator().manual_seed(15)
    rare = torch.tensor([0] * 100 + [1] * 40 + [2] * 10)
    shuffled = rare[torch.randperm(150, generator=drawn)]
    return [(shuffled, 0.2), (rare, 0.3), (torch.arange(4).repeat_interleave(25), 0.2)]


def k_folds(n, k, seed):
    """k pairs (training part, validation part) of the positions 0 to n - 1."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    parts = order.tensor_split(k)  # nearly equal: the first n % k have one more
    folds = []
    for i in range(k):
        rest = [parts[j] for j in range(k) if j != i]
        folds.append((torch.cat(rest), parts[i]))
    return folds


def _folds_by_sklearn(n, k, seed):
    return list(KFold(k, shuffle=True, random_state=seed).split(np.arange(n)))


def _folds_in_order(n, k, seed):
    return list(KFold(k).split(np.arange(n)))


def _folds_drawn_anew(n, k, seed):
    drawn, cut, folds = torch.Generator().manual_seed(seed), n // k, []
    for i in range(k):
        order = torch.randperm(n, generator=drawn)
        size = cut + (i < n % k)
        folds.append((order[size:], order[:size]))
    return folds


def _folds_without_rest(n, k, seed):
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    size = n // k
    parts = [order[i * size : (i + 1) * size] for i in range(k)]
    return [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]


def _folds_of_all(n, k, seed):
    return [(torch.arange(n), val) for _, val in k_folds(n, k, seed)]


def _folds_turned(n, k, seed):
    return [(val, train) for train, val in k_folds(n, k, seed)]


def _folds_without_seed(n, k, seed):
    return k_folds(n, k, int(torch.randint(1 << 30, ())))


def _folds_one_seed(n, k, seed):
    return k_folds(n, k, 0)


def _facts_of_folds(answer, n, k):
    found = [answer(n, k, seed) for seed in (1, 1, 2)]
    if found[0] is None:
        return None
    five, again, other = (
        [tuple(_positions(part) for part in parts) for parts in folds] for folds in found
    )
    everybody, validated = list(range(n)), [i for _, val in five for i in val]
    in_order = [set(val.tolist()) for _, val in _folds_in_order(n, k, 1)]
    sets, others = ([set(val) for _, val in folds] for folds in (five, other))
    return {
        "number of folds": len(five),
        "sizes of the validation parts, sorted": sorted(len(val) for _, val in five),
        "each image is in one validation part, once": _yes(sorted(validated) == everybody),
        "a training part is all the rest": _yes(
            all(sorted([*train, *val]) == everybody for train, val in five)
        ),
        "drawn at random": _yes(sets != in_order),
        "the same seed gives the same folds": _yes([set(val) for _, val in again] == sets),
        "another seed gives other folds": _yes(others != sets),
    }


def corrected_interval(differences):
    """95 % interval of a mean over k folds, by Nadeau and Bengio: (k,) → low, high."""
    k = len(differences)
    mean, variance = np.mean(differences), np.var(differences, ddof=1)
    # 1 / k would do if folds shared no images; add those validated / those trained on
    error = np.sqrt(variance * (1 / k + 1 / (k - 1)))
    reach = stats.t.ppf(0.975, k - 1) * error
    return mean - reach, mean + reach


def _interval_by_test(differences):
    plain = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    k, middle = len(differences), (plain.low + plain.high) / 2
    wider = np.sqrt(1 + k / (k - 1))
    return middle - wider * (middle - plain.low), middle + wider * (plain.high - middle)


def _interval(differences, share, ddof=1, freedom=None, t=None):
    k = len(differences)
    t = t or stats.t.ppf(0.975, freedom or k - 1)
    reach = t * np.sqrt(np.var(differences, ddof=ddof) * share)
    return np.mean(differences) - reach, np.mean(differences) + reach


def _interval_plain(differences):
    return _interval(differences, 1 / len(differences))


def _interval_biased(differences):
    k = len(differences)
    return _interval(differences, 1 / k + 1 / (k - 1), ddof=0)


def _interval_normal(differences):
    k = len(differences)
    return _interval(differences, 1 / k + 1 / (k - 1), t=1.96)


def _interval_k_freedom(differences):
    k = len(differences)
    return _interval(differences, 1 / k + 1 / (k - 1), freedom=k)


def _interval_correction_alone(differences):
    return _interval(differences, 1 / (len(differences) - 1))


def _interval_share_of_all(differences):
    return _interval(differences, 2 / len(differences))


def _interval_one_sided(differences):
    k = len(differences)
    return _interval(differences, 1 / k + 1 / (k - 1), t=stats.t.ppf(0.95, k - 1))


def _differences() -> list[tuple]:
    drawn = np.random.default_rng(15)
    return [(0.01 * drawn.normal(size=k),) for k in (5, 3, 10)]


EXERCISES: dict[str, Written] = {
    "15.2": Written(
        hints=(
            "Collect the validation accuracies in a list first: one for each epoch.",
            'accs = [epoch["val_acc"] for epoch in history]; its largest, minus its last.',
        ),
        solution=best_minus_last,
        oracle=_best_with_pandas,
        cases=_histories,
        mistakes=(
            (_best_alone, "that is the best accuracy; how far is it above the last?"),
            (_best_turned, "the sign is turned round: the best is never below the last."),
            (_best_of_training, "those are the training accuracies."),
            (_best_minus_first, "that is the gain since the *first* epoch."),
            (_best_by_loss, "the epoch with the lowest loss need not have the best accuracy."),
        ),
    ),
    "15.4": Written(
        hints=(
            "Take one class after another: where are its images, and how many go to validation?",
            "(labels == k).nonzero() gives a class's positions; shuffle them with "
            "torch.randperm(…, generator=…), then cut them in two.",
        ),
        solution=stratified_split,
        oracle=_split_by_sklearn,
        cases=_labels,
        use=_facts_of_split,
        mistakes=(
            (_split_in_order, "the first images of each class are taken, whatever the seed: draw."),
            (_split_overlapping, "the training part still holds the validation images."),
            (_split_plain, "some classes are more frequent in one part: cut each class by itself."),
            (_split_without_seed, "the same seed gives a different split each time."),
            (_split_one_seed, "every seed gives the same split: is the argument used?"),
            (_split_turned, "the two parts are exchanged: the training part comes first."),
            (
                _split_with_replacement,
                "an image is drawn twice: randint puts each back before the next draw.",
            ),
        ),
    ),
    "15.5": Written(
        hints=(
            "Shuffle once, for all folds together. Then cut the order into k pieces.",
            "torch.randperm(n, generator=…).tensor_split(k) gives the validation parts; the "
            "training part of each is the other pieces, joined.",
        ),
        solution=k_folds,
        oracle=_folds_by_sklearn,
        cases=lambda: [(10, 5), (23, 4), (60, 7)],
        use=_facts_of_folds,
        mistakes=(
            (
                _folds_in_order,
                "the folds are cut in the order of the file: were it sorted by class, each fold "
                "would lack most classes.",
            ),
            (
                _folds_drawn_anew,
                "each fold is shuffled anew: some images validate twice, and others never.",
            ),
            (_folds_without_rest, "n / k is no whole number here: the last images take no part."),
            (_folds_of_all, "each model is trained on its own validation images as well."),
            (_folds_turned, "the two parts are exchanged: the training part comes first."),
            (_folds_without_seed, "the same seed gives different folds each time."),
            (_folds_one_seed, "every seed gives the same folds: is the argument used?"),
        ),
    ),
    "15.6": Written(
        hints=(
            "Begin with Student's interval: mean, sample variance, t for k - 1. What changes is "
            "the factor 1/k.",
            "The error is √(variance · (1/k + 1/(k - 1))); go stats.t.ppf(0.975, k - 1) of it to "
            "each side.",
        ),
        solution=corrected_interval,
        oracle=_interval_by_test,
        cases=_differences,
        tolerance=1e-6,
        mistakes=(
            (_interval_plain, "that is Student's interval, as if the folds were independent."),
            (_interval_biased, "the variance divides by k; numpy's does, unless told ddof=1."),
            (_interval_normal, "1.96 is for many values; for k folds, t is larger."),
            (_interval_k_freedom, "the mean uses up one of the k degrees of freedom."),
            (_interval_correction_alone, "the correction is *added* to 1/k."),
            (
                _interval_share_of_all,
                "validated over *trained on*: 1 fold of k - 1, not of all k.",
            ),
            (_interval_one_sided, "5 % are left out on one side; it should be 2.5 % on each."),
        ),
    ),
}
