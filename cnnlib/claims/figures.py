"""The quantities of the protocol: one figure of one stored run, and contrasts of several."""

import csv
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix

from ..analysis.evidence import per_class_accuracy
from ..analysis.finals import TEST, final
from ..catalogue import find
from ..data import CLASS_NAMES, load
from ..experiment import Experiment
from ..runs import Run, locate, run
from ..store import runs_folder
from .protocol import Contrast, Entry

#: Fifteen rounds, as the protocol's [rule.time] says: round, experiment, seconds of an epoch.
EPOCH_TIMES = Path(__file__).parent / "epoch_times.csv"
SIX_OTHERS = ("trouser", "dress", "sandal", "sneaker", "bag", "ankle boot")


class MissingRunError(LookupError):
    """A run, or a measurement, that a figure needs is not stored."""


def _last(name: str) -> Callable[[Run], float]:
    return lambda one: one.history[-1][name]


def _since_12(name: str) -> Callable[[Run], float]:
    return lambda one: one.history[-1][name] - one.history[11][name]


def _slope(one: Run) -> float:
    """Of the line through the validation losses after the epochs 11 to 15: nats an epoch."""
    late = one.history[10:15]
    return float(np.polyfit([e["epoch"] for e in late], [e["val_loss"] for e in late], 1)[0])


def _restlessness(one: Run) -> float:
    """Mean change of the validation accuracy over the nine steps from epoch 6 to epoch 15."""
    return float(np.abs(np.diff([e["val_acc"] for e in one.history[5:15]])).mean())


def _recall(*names: str) -> Callable[[Run], float]:
    which = [CLASS_NAMES.index(name) for name in names]
    return lambda one: float(_recalls(one)[which].mean())


def _recalls(one: Run) -> np.ndarray:
    return per_class_accuracy(load().val.labels, one.val_predictions())


def _shirt_below_next(one: Run) -> float:
    recalls, shirt = _recalls(one), CLASS_NAMES.index("shirt")
    return float(np.delete(recalls, shirt).min() - recalls[shirt])


def _shirts_as(one: Run) -> dict[str, int]:
    """Of the 1,200 shirts: how many are taken for each class."""
    labels = range(len(CLASS_NAMES))
    counts = confusion_matrix(load().val.labels, one.val_predictions(), labels=labels)
    return dict(zip(CLASS_NAMES, map(int, counts[CLASS_NAMES.index("shirt")]), strict=True))


def _shirts_to_coat_or_tshirt(one: Run) -> float:
    taken = _shirts_as(one)
    mistaken = sum(taken.values()) - taken["shirt"]
    return (taken["coat"] + taken["T-shirt/top"]) / mistaken - 0.5


def _shirts_more_for(first: str, second: str) -> Callable[[Run], float]:
    def difference(one: Run) -> float:
        taken = _shirts_as(one)
        return (taken[first] - taken[second]) / sum(taken.values())

    return difference


def _test_acc(one: Run) -> float:
    """From the stored file alone: a claim never opens the test set."""
    if not (one.folder / TEST).exists():
        raise MissingRunError(f"{one.name}, seed {one.seed}, has not met the test set")
    return final(one).acc


#: How each metric of the protocol is taken from a run.
METRIC: dict[str, Callable[[Run], float]] = {
    "val_acc": lambda one: one.metrics["val_acc"],
    "train_acc_seen": _last("train_acc"),
    "train_acc_eval": lambda one: one.metrics["train_acc"],
    "gap": lambda one: one.metrics["train_acc"] - one.metrics["val_acc"],
    "val_loss": lambda one: one.metrics["val_loss"],
    "train_loss_seen": _last("train_loss"),
    "train_loss_early": lambda one: float(np.mean([e["train_loss"] for e in one.history[:5]])),
    "val_loss_since_12": _since_12("val_loss"),
    "train_loss_since_12": _since_12("train_loss"),
    "val_loss_slope": _slope,
    "restlessness": _restlessness,
    "recall_tshirt": _recall("T-shirt/top"),
    "recall_pullover": _recall("pullover"),
    "recall_coat": _recall("coat"),
    "recall_shirt": _recall("shirt"),
    "recall_six_others": _recall(*SIX_OTHERS),
    "shirt_below_next": _shirt_below_next,
    "shirt_to_coat_or_tshirt": _shirts_to_coat_or_tshirt,
    "shirt_tshirt_over_coat": _shirts_more_for("T-shirt/top", "coat"),
    "shirt_coat_over_pullover": _shirts_more_for("coat", "pullover"),
    "test_acc": _test_acc,
    "fall_to_test": lambda one: one.metrics["val_acc"] - _test_acc(one),
}


class Figures:
    """Figures of stored runs; each run is read once, when it is first asked for."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, int], Run] = {}
        self._there: dict[tuple[str, int], bool] = {}
        self._figures: dict[tuple[str, int, str], float] = {}

    def run(self, experiment: str | Experiment, seed: int) -> Run:
        """A stored run; MissingRunError where there is none."""
        name = find(experiment).name
        if not self.has(experiment, [seed]):
            raise MissingRunError(f"no run of {name!r} with seed {seed} is stored")
        if (name, seed) not in self._runs:
            self._runs[name, seed] = run(experiment, seed, train=False)
        return self._runs[name, seed]

    def has(self, experiment: str | Experiment, seeds: Iterable[int]) -> bool:
        """Is a run stored for each of these seeds?"""
        one = find(experiment)
        return all(self._is_there(one, seed) for seed in seeds)

    def _is_there(self, experiment: Experiment, seed: int) -> bool:
        key = (experiment.name, seed)
        if key not in self._there:
            self._there[key] = locate(experiment, seed) is not None
        return self._there[key]

    def one(self, experiment: str | Experiment, seed: int, metric: str) -> float:
        """One figure of one run."""
        key = (find(experiment).name, seed, metric)
        if key not in self._figures:
            self._figures[key] = float(METRIC[metric](self.run(experiment, seed)))
        return self._figures[key]

    def contrast(self, contrast: Contrast, seeds: Sequence[int]) -> np.ndarray:
        """The contrast seed by seed: (seeds,). Of times, round by round, whatever ``seeds``."""
        if contrast.metric == "log_epoch_time":
            times = epoch_times()
            terms = [weight * np.log(times[name]) for name, weight in contrast.weights.items()]
        else:
            terms = [
                weight * np.array([self.one(name, seed, contrast.metric) for seed in seeds])
                for name, weight in contrast.weights.items()
            ]
        return np.sum(terms, axis=0)

    def ready(self, entry: Entry, seeds: Sequence[int]) -> bool:
        """Is all there that the contrasts of an entry need, for these seeds?"""
        if any(part.metric == "log_epoch_time" for part in entry.parts):
            return EPOCH_TIMES.exists()
        names = {name for part in entry.parts for name in part.weights}
        return all(self.has(name, seeds) for name in names)


def figures_now() -> Figures:
    """Figures of the store as it is; those read before are kept while nothing changes in it."""
    folder = runs_folder()
    return _figures_of(folder, folder.stat().st_mtime_ns if folder.exists() else 0)


@functools.lru_cache(maxsize=1)
def _figures_of(folder: Path, changed: int) -> Figures:
    return Figures()


def epoch_times() -> dict[str, np.ndarray]:
    """Seconds of one epoch in each of the fifteen rounds, by experiment: (rounds,)."""
    if not EPOCH_TIMES.exists():
        raise MissingRunError("the durations of an epoch have not been measured")
    times: dict[str, list[float]] = {}
    with EPOCH_TIMES.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            times.setdefault(row["experiment"], []).append(float(row["seconds"]))
    return {name: np.array(seconds) for name, seconds in times.items()}
