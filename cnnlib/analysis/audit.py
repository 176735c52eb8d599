"""Are the stored figures those of the stored weights and predictions? (``make check-runs``)"""

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from .. import store
from ..data import load
from ..models import count_parameters
from ..records import identity
from ..runs import PREDICTIONS, RECORD, WEIGHTS, Run, StoredRunError, stored_run
from ..support.onnx_files import OnnxNetwork
from ..support.progress import bar
from ..training import evaluate, penalty
from .finals import TEST, final

# Another processor rounds otherwise: 6 of 12,000 images, and as much of a loss in nats.
WITHIN = 0.0005


class Checked(NamedTuple):
    """One figure of a run, or one of its files: what is ``wrong``, or why it is ``unknown``."""

    run: str
    figure: str
    wrong: str = ""
    unknown: str = ""


def check_runs() -> list[Checked]:
    """Every stored run: the checksums of its files, and each metric computed again.

    Where the weights are stored, all metrics come from them (some seconds a run); else only the
    validation accuracy can be derived, from the stored predictions, and the test accuracy, where
    one is stored. The history of the earlier epochs cannot be derived from anything.
    """
    found: list[Checked] = []
    names = list(store.listed())
    with bar(len(names), "checking", "run") as progress:
        for name in names:
            if folder := store.found(name):
                found.extend(checked(folder))
            progress.update()
    return found


def checked(folder: Path) -> Iterator[Checked]:
    """The files of one run's folder, and its figures."""
    try:
        run = stored_run(folder)
        of_name = store.split_name(folder.name)
        if of_name and of_name[2] != identity(run.experiment, run.seed):
            raise StoredRunError(f"{folder / RECORD} declares another run than its folder's name")
    except StoredRunError as error:
        yield Checked(folder.name, RECORD, wrong=str(error))
        return
    yield from _files(folder)
    try:
        yield from _metrics(run)
        if (folder / TEST).exists():
            yield _test_acc(run)
    except StoredRunError as error:
        yield Checked(folder.name, "metrics", wrong=str(error))


def _files(folder: Path) -> Iterator[Checked]:
    stated = store.stated_sums(folder)
    if not stated:
        yield Checked(folder.name, store.SUMS, unknown="there is none, so nothing is compared")
    for path in sorted(folder.iterdir()):
        if stated and path.name != store.SUMS:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            same = stated.get(path.name) == digest
            yield Checked(folder.name, path.name, wrong="" if same else f"is not in {store.SUMS}")


def _metrics(run: Run) -> Iterator[Checked]:
    images, stored = load(run.experiment.data.split), run.metrics
    if not (run.folder / WEIGHTS).exists():
        if (run.folder / PREDICTIONS).exists():
            acc = (run.val_predictions() == images.val.labels).double().mean().item()
            yield _compared(run, "val_acc", stored["val_acc"], acc)
        else:
            yield Checked(run.folder.name, "val_acc", unknown="no predictions are stored")
        for figure in sorted(set(stored) - {"val_acc"}):
            yield Checked(run.folder.name, figure, unknown="no weights are stored")
        return
    model = run.model()
    found = {
        f"{part}_{figure}": value
        for part in ("train", "val")
        for figure, value in evaluate(model, getattr(images, part), run.experiment.data).items()
    }
    if not isinstance(model, OnnxNetwork):
        found["penalty"] = penalty(model, run.experiment.recipe)
        found["parameters"] = count_parameters(model)
    for figure, value in stored.items():
        if figure in found:
            yield _compared(run, figure, value, found[figure])
        else:
            yield Checked(run.folder.name, figure, unknown="its code is not at hand")


def _test_acc(run: Run) -> Checked:
    stored = final(run)
    acc = (stored.predicted == _test_labels()).double().mean().item()
    return _compared(run, "test_acc", stored.acc, acc)


@functools.cache  # the test set counts its openings
def _test_labels() -> Tensor:
    return load().test.labels


def _compared(run: Run, figure: str, stored: float, found: float) -> Checked:
    same = abs(stored - found) <= WITHIN
    wrong = "" if same else f"stored is {stored:.4f}, computed {found:.4f}"
    return Checked(run.folder.name, figure, wrong=wrong)
