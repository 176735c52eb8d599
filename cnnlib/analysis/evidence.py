"""What the numbers can carry: standard errors, intervals, paired tests, groups.

The first part is for one trained model and the luck of which images were drawn; the second
for several seeds, and the luck of the seed.
"""

import math
from string import ascii_lowercase
from typing import NamedTuple

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import binomtest, ttest_1samp, tukey_hsd

from ..data import CLASS_NAMES


def standard_error(acc: float, images: int) -> float:
    """Binomial standard error of an accuracy measured on ``images`` images: √(p(1-p)/n).

    >>> round(cnnlib.evidence.standard_error(0.9, 12_000), 4)
    0.0027
    """
    _check_acc(acc, images)
    return math.sqrt(acc * (1 - acc) / images)


def accuracy_interval(acc: float, images: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of an accuracy measured on ``images`` images.

    It covers the luck of *which images* were drawn. It does not cover the luck of the seed.
    """
    _check_acc(acc, images)
    interval = binomtest(round(acc * images), images).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def _check_acc(acc: float, images: int) -> None:
    if not (0 <= acc <= 1 and images >= 1):  # NaN is neither
        raise ValueError(
            f"acc is {acc} and images is {images}; expected a fraction from 0 to 1, and the number "
            "of images that it was measured on"
        )


def per_class_accuracy(labels: ArrayLike, predicted: ArrayLike) -> np.ndarray:
    """Of the images of each class, the fraction that was recognised (recall): (10,).

    Both are class numbers from 0 to 9, (N,). NaN stands for a class of which there is no image.
    Raises ValueError where the two do not fit together, or there are none.
    """
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    if labels.shape != predicted.shape or labels.ndim != 1 or not labels.size:
        raise ValueError(
            f"labels and predicted have the shapes {labels.shape} and {predicted.shape}; expected "
            "one class number of each for every image, (N,)"
        )
    if odd := sorted(set(np.unique([labels, predicted]).tolist()) - set(range(len(CLASS_NAMES)))):
        raise ValueError(f"{odd[0]} is no class; expected whole numbers from 0 to 9")
    found = np.full(len(CLASS_NAMES), np.nan)
    for k in np.unique(labels).astype(int):
        found[k] = (predicted[labels == k] == k).mean()
    return found


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
    if not labels.size:
        raise ValueError("there are no images to compare on")
    right_first, right_second = first == labels, second == labels
    only_first = int((right_first & ~right_second).sum())
    only_second = int((right_second & ~right_first).sum())
    discordant = only_first + only_second
    p_value = float(binomtest(only_first, discordant).pvalue) if discordant else 1.0
    difference = (only_first - only_second) / len(labels)
    return Paired(only_first, only_second, difference, p_value)


# Several seeds -------------------------------------------------------------------------------


class OverSeeds(NamedTuple):
    """A mean over seeds with its 95 % interval; ``p_value`` is for "the mean is 0"."""

    mean: float
    low: float
    high: float
    p_value: float
    seeds: int

    def __str__(self) -> str:
        interval = f"95 % interval {self.low:+.4f} to {self.high:+.4f}"
        return f"{self.mean:+.4f} ({interval}; {self.seeds} seeds, p = {self.p_value:.2g})"

    @property
    def sign(self) -> int:
        """1 or -1: the whole interval lies on that side of 0. 0: the seeds cannot tell."""
        return int(self.low > 0) - int(self.high < 0)


def over_seeds(values: ArrayLike) -> OverSeeds:
    """Mean and Student's 95 % t interval of one figure per seed, ``values`` (seeds,).

    Give it accuracies, or the differences of two experiments seed by seed: then ``p_value`` is
    that of the paired t-test. Raises ValueError for fewer than two seeds, and for NaN.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            f"values has shape {values.shape}; expected one figure per seed, two or more"
        )
    if not np.isfinite(values).all():
        raise ValueError(f"values holds NaN or infinity ({values}); expected a figure per seed")
    mean = float(values.mean())
    if np.ptp(values) == 0:  # all equal: nothing to divide by
        return OverSeeds(mean, mean, mean, float(mean == 0), len(values))
    test = ttest_1samp(values, 0.0)
    interval = test.confidence_interval(0.95)
    low, high = float(interval.low), float(interval.high)
    return OverSeeds(mean, low, high, float(test.pvalue), len(values))


def groups(accs: pd.DataFrame, level: float = 0.05) -> dict[str, str]:
    """Letters for models that cannot be told apart; ``accs`` has a column for each model.

    Two models have a letter in common just where they cannot be told apart at ``level``, all
    pairs considered together (Games and Howell 1976; it does not ask for equal spreads). A letter
    stands for a largest set of models of which no two can be told apart. Best mean first.
    Raises ValueError for more than 26 such sets, fewer than two models or seeds, and NaN.
    """
    _check_complete(accs, columns=2, rows=2)
    best_first = list(accs.mean().sort_values(ascending=False, kind="stable").index)
    p_values = tukey_hsd(*(accs[name] for name in best_first), equal_var=False).pvalue
    alike = nx.from_numpy_array(p_values >= level)
    alike.remove_edges_from(nx.selfloop_edges(alike))
    sets = sorted(sorted(clique) for clique in nx.find_cliques(alike))
    if len(sets) > len(ascii_lowercase):
        raise ValueError(f"{len(sets)} groups overlap, more than there are letters; rank fewer")
    letters = dict(zip(ascii_lowercase, sets, strict=False))
    return {
        name: "".join(letter for letter, members in letters.items() if i in members)
        for i, name in enumerate(best_first)
    }


def winners(accs: pd.DataFrame, draws: int = 100_000, seed: int = 0) -> pd.Series:
    """How often each model would come first, were each trained once more: shares, together 1.

    Each draw takes one new run of every model from what its stored runs predict: Student's t
    around their mean, their standard deviation times √(1 + 1/n). So few runs leave much open.
    Raises ValueError for fewer than two seeds, and for NaN.
    """
    _check_complete(accs, columns=1, rows=2)
    n, models = accs.shape
    scale = accs.std().to_numpy() * math.sqrt(1 + 1 / n)
    luck = np.random.default_rng(seed).standard_t(n - 1, (draws, models))
    best = (accs.mean().to_numpy() + luck * scale).argmax(axis=1)
    return pd.Series(np.bincount(best, minlength=models) / draws, index=accs.columns)


def _check_complete(accs: pd.DataFrame, columns: int, rows: int) -> None:
    if accs.shape[1] < columns or len(accs) < rows:
        raise ValueError(
            f"there are {accs.shape[1]} models and {len(accs)} seeds; expected at least {columns} "
            f"and {rows}"
        )
    if missing := [str(name) for name in accs if not np.isfinite(accs[name]).all()]:
        raise ValueError(f"{', '.join(missing)} has a seed without a figure, or NaN")
