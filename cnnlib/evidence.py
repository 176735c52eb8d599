"""What the numbers can carry: intervals, and tables of runs beside the reports' figures."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix

from .reported import REPORTED
from .runs import Run


def standard_error(acc: float, images: int) -> float:
    """Binomial standard error of an accuracy measured on ``images`` images: √(p(1-p)/n)."""
    return math.sqrt(acc * (1 - acc) / images)


def accuracy_interval(acc: float, images: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of an accuracy measured on ``images`` images.

    It covers the luck of *which images* were drawn. It does not cover the luck of the seed.
    """
    hits = round(acc * images)
    interval = binomtest(hits, images).proportion_ci(confidence, method="wilson")
    return interval.low, interval.high


def per_class_accuracy(labels: Sequence[int], predicted: Sequence[int]) -> list[float]:
    """Of the images of each class, the part that was recognised (recall)."""
    matrix = confusion_matrix(labels, predicted)
    return (matrix.diagonal() / matrix.sum(axis=1)).tolist()
