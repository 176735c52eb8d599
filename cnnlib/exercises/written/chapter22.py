"""Exercises of chapter 22 that are answered by writing a function or a class."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy import special, stats
from sklearn.metrics import log_loss
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def mcnemar_p(labels, first, second):
    """Exact two-sided p of McNemar's test: labels and two predictions, (N,) each."""
    right_first, right_second = first == labels, second == labels
    # images that both get right, or both wrong, say nothing about which is better
    only_first = int((right_first & ~right_second).sum())
    only_second = int((right_second & ~right_first).sum())
    n = only_first + only_second
    # if both were equally good, each of the n would fall like a fair coin
    fewer = min(only_first, only_second)
    one_side = sum(math.comb(n, i) for i in range(fewer + 1)) / 2**n
    return min(1.0, 2 * one_side)  # with a tie in the middle, both sides overlap


def _split(labels, first, second):
    right_first, right_second = first == labels, second == labels
    return int((right_first & ~right_second).sum()), int((right_second & ~right_first).sum())


def _one_sided(labels, first, second):
    b, c = _split(labels, first, second)
    return stats.binom.cdf(min(b, c), b + c, 0.5)


def _all_counted(labels, first, second):
    b, _ = _split(labels, first, second)
    return stats.binomtest(b, len(labels)).pvalue


def _right_ones(labels, first, second):
    right = [int((said == labels).sum()) for said in (first, second)]
    return stats.binomtest(right[0], sum(right)).pvalue if sum(right) else 1.0


def _not_below_1(labels, first, second):
    b, c = _split(labels, first, second)
    return 2 * stats.binom.cdf(min(b, c), b + c, 0.5)


def _just_this_one(labels, first, second):
    b, c = _split(labels, first, second)
    return min(1, 2 * stats.binom.pmf(min(b, c), b + c, 0.5))


def _chi_squared(labels, first, second):
    b, c = _split(labels, first, second)
    return stats.chi2.sf((b - c) ** 2 / (b + c), 1) if b + c else 1.0


def _differing(labels, first, second):
    differ = first != second
    b = int((first[differ] == labels[differ]).sum())
    return stats.binomtest(b, int(differ.sum())).pvalue if differ.any() else 1.0


def _binomial_test(labels, first, second):
    b, c = _split(labels, first, second)
    return stats.binomtest(b, b + c).pvalue if b + c else 1.0


def _two_models() -> list[tuple]:
    drawn = np.random.default_rng(22)
    cases = []
    for n, sure, other in ((300, 0.9, 0.8), (40, 0.6, 0.6), (1000, 0.88, 0.9)):
        labels = drawn.integers(0, 10, n)
        guesses = [
            np.where(drawn.random(n) < p, labels, drawn.integers(0, 10, n)) for p in (sure, other)
        ]
        cases.append((labels, *guesses))
    tie, swapped = np.array([0, 1, 1, 0]), np.array([1, 0, 1, 0])
    cases.append((np.array([0, 0, 1, 0]), tie, swapped))  # one each: p is 1
    cases.append((tie, tie, tie))  # nothing to tell them apart
    return cases


def averaged(logits):
    """An ensemble's mean probabilities: logits (models, N, classes) → (N, classes)."""
    # first each model's own probabilities, over the classes …
    probabilities = logits.softmax(dim=-1)
    # … then their mean over the models: every model has the same say
    return probabilities.mean(dim=0)


def _logits_averaged(logits):
    return logits.mean(dim=0).softmax(dim=-1)


def _votes(logits):
    return F.one_hot(logits.argmax(dim=-1), logits.shape[-1]).float().mean(dim=0)


def _over_the_images(logits):
    return logits.softmax(dim=1).mean(dim=0)


def _over_the_models(logits):
    return logits.softmax(dim=0).mean(dim=0)


def _added(logits):
    return logits.softmax(dim=-1).sum(dim=0)


def _one_per_model(logits):
    return logits.softmax(dim=-1).mean(dim=1)


def _raw(logits):
    return logits.mean(dim=0)


def _ensembles() -> list[tuple]:
    drawn = torch.Generator().manual_seed(22)
    sizes = ((5, 7, 10), (3, 3, 4), (1, 2, 3), (4, 1, 2))
    return [(3 * torch.randn(size, generator=drawn),) for size in sizes]


def mean_loss(model, images, labels, batch_size=64):
    """Mean cross-entropy per image: images (N, …), labels (N,) → a number."""
    model.eval()
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            batch = slice(start, start + batch_size)
            # summed, because the last batch may be a short one
            loss = F.cross_entropy(model(images[batch]), labels[batch], reduction="sum")
            total += loss.item()
    return total / len(images)


def _mean_of_means(model, images, labels, batch_size=64):
    """Mean cross-entropy per image: images (N, …), labels (N,) → a number."""
    model.eval()
    losses = []
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            batch = slice(start, start + batch_size)
            losses.append(F.cross_entropy(model(images[batch]), labels[batch]).item())
    return sum(losses) / len(losses)


def _batch_losses(model, images, labels, batch_size):
    logits = model.eval()(images).detach()
    parts = zip(logits.split(batch_size), labels.split(batch_size), strict=True)
    return [F.cross_entropy(*part, reduction="sum").item() for part in parts]


def _per_batch(model, images, labels, batch_size=64):
    losses = _batch_losses(model, images, labels, batch_size)
    return sum(losses) / len(losses)


def _total(model, images, labels, batch_size=64):
    return sum(_batch_losses(model, images, labels, batch_size))


def _all_full(model, images, labels, batch_size=64):
    losses = _batch_losses(model, images, labels, batch_size)
    return sum(losses) / (len(losses) * batch_size)


def _rest_dropped(model, images, labels, batch_size=64):
    whole = max(len(images) // batch_size, 1) * batch_size
    return sum(_batch_losses(model, images[:whole], labels[:whole], batch_size)) / whole


def _loss_by_sklearn(model, images, labels, batch_size=64):
    logits = model.eval()(images).detach().double().numpy()
    classes = np.arange(logits.shape[1])
    return log_loss(labels.numpy(), special.softmax(logits, axis=1), labels=classes)


def _networks() -> list[tuple]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(23)
        model = nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.5), nn.Linear(6, 3))
        images, labels = 3 * torch.randn(11, 4), torch.randint(0, 3, (11,))
    return [(model, images, labels, size) for size in (4, 10, 3)]


EXERCISES: dict[str, Written] = {
    "22.4": Written(
        hints=(
            "Four kinds of image: both right, both wrong, only the first, only the second. Which "
            "kinds say something about which model is better?",
            "With n such images, k of them on the rarer side: twice the chance that a fair coin "
            "shows k heads or fewer in n tosses, and never more than 1. math.comb(n, i) / 2**n.",
        ),
        solution=mcnemar_p,
        oracle=_binomial_test,
        cases=_two_models,
        mistakes=(
            (_one_sided, "that is one side; either model could have been the lucky one."),
            (_all_counted, "images that both get right or both wrong are among your n."),
            (_right_ones, "that compares two accuracies as if the images were not the same."),
            (_not_below_1, "a p cannot exceed 1: with a tie both sides overlap."),
            (_just_this_one, "that is the chance of just this split; more uneven ones count too."),
            (
                _chi_squared,
                "that is an approximation for many images; the exact p is asked for.",
            ),
            (_differing, "where both are wrong, each in its own way, neither is the better one."),
        ),
        tolerance=1e-7,
    ),
    "22.5": Written(
        hints=(
            "Two steps, along two dimensions: which one holds the classes, which one the models?",
            "Softmax along the last dimension first, then the mean along the first.",
        ),
        solution=averaged,
        oracle=lambda logits: np.average(special.softmax(logits.double().numpy(), axis=2), axis=0),
        cases=_ensembles,
        mistakes=(
            (
                _logits_averaged,
                "that averages logits: a model that is very sure would drown out "
                "the others. Average the probabilities.",
            ),
            (_votes, "those are votes; how sure each model is has been lost."),
            (_over_the_images, "the probabilities of an *image* should add up to 1."),
            (_over_the_models, "softmax goes over the classes, not over the models."),
            (_added, "they add up to the number of models; a mean adds up to 1."),
            (_one_per_model, "one row per image is asked for: average over the models."),
            (_raw, "those are logits; where do they become probabilities?"),
        ),
    ),
    "22.6": Written(
        hints=(
            "10,000 images in batches of 64: how many are in the last batch?",
            "Each image should have the same say. Add up the losses of images, and divide once.",
        ),
        solution=mean_loss,
        oracle=_loss_by_sklearn,
        cases=_networks,
        mistakes=(
            (_mean_of_means, "the loss of one and the same model still depends on the batch size."),
            (_per_batch, "that is the loss per *batch*; how many images are there?"),
            (_total, "that is the loss of all images together; the mean is asked for."),
            (_all_full, "that counts the last batch as a full one."),
            (_rest_dropped, "the images of the last, short batch are left out."),
        ),
    ),
}
