"""What the numbers can carry: standard errors, intervals and paired tests (numpy and scipy)."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest


def standard_error(acc: float, images: int) -> float:
    """Binomial standard error of an accuracy measured on ``images`` images: √(p(1-p)/n)."""
    return math.sqrt(acc * (1 - acc) / images)


def accuracy_interval(acc: float, images: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of an accuracy measured on ``images`` images.

    It covers the luck of *which images* were drawn. It does not cover the luck of the seed.
    """
    interval = binomtest(round(acc * images), images).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def per_class_accuracy(labels: ArrayLike, predicted: ArrayLike) -> np.ndarray:
    """Of the images of each class, the fraction that was recognised (recall): (classes,)."""
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    return np.array([(predicted[labels == k] == k).mean() for k in np.unique(labels)])


class Paired(NamedTuple):
    """Two models on the same images. ``p_value``: McNemar's exact test (McNemar 1947)."""

    only_first: int  # images that the first model alone gets right
    only_second: int
    difference: float  # accuracy of the first minus that of the second
    p_value: float


def paired(labels: ArrayLike, first: ArrayLike, second: ArrayLike) -> Paired:
    """Compare two models' predicted classes on the same images, all of shape (N,).

    Images that both get right, or both wrong, say nothing about which is better. If the
    models were equally good, the others would fall to either side like a fair coin.
    Raises ValueError when the lengths differ.
    """
    labels, first, second = (np.asarray(values) for values in (labels, first, second))
    if not labels.shape == first.shape == second.shape:
        raise ValueError(
            f"labels, first and second have shapes {labels.shape}, {first.shape} and "
            f"{second.shape}; expected the same images for all three"
        )
    right_first, right_second = first == labels, second == labels
    only_first = int((right_first & ~right_second).sum())
    only_second = int((right_second & ~right_first).sum())
    discordant = only_first + only_second
    p_value = float(binomtest(only_first, discordant).pvalue) if discordant else 1.0
    difference = (only_first - only_second) / len(labels)
    return Paired(only_first, only_second, difference, p_value)
