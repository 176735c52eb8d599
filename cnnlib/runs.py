"""Stored runs: load one, or train and store it.

A stored run is a folder ``runs/NAME-seedS-IDENTITY`` with ``run.json`` (declaration, history,
metrics, provenance), ``weights.safetensors`` and ``predictions.safetensors``; for a network that a
reader wrote also ``network.onnx``, by which it can be evaluated without its code.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load as tensors_in
from torch import Tensor, nn

from . import store
from .catalogue import CATALOGUE, find
from .data import load
from .experiment import HOLDOUT, Experiment, checked_seed, diff
from .models import build
from .recording import NETWORK, PREDICTIONS, RECORD, WEIGHTS, trained
from .records import from_dict, identity
from .store import runs_folder
from .support.onnx_files import OnnxError, OnnxNetwork
from .training import predict_logits


class StoredRunError(RuntimeError):
    """A stored run is missing, damaged or of another declaration; the message says which."""


@dataclass(frozen=True)
class Run:
    """A trained experiment: ``history`` (one dict per epoch) and ``metrics`` (in eval mode)."""

    experiment: Experiment
    seed: int
    history: list[dict[str, Any]]
    metrics: dict[str, float]
    provenance: dict[str, Any]
    folder: Path

    @property
    def name(self) -> str:
        return self.experiment.name

    def model(self) -> nn.Module:
        """The trained model in eval mode, on the CPU.

        Damaged or absent weights raise StoredRunError; of the shipped runs, only those of
        seed 0 have weights. Where the code of a reader's network is not at hand, the stored ONNX
        file takes its place: it computes the same, but has no layers to look into.
        """
        if self.experiment.model and not self.experiment.model.make:
            return self._network().eval()
        model, weights = build(self.experiment), self._tensors(WEIGHTS)
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:  # of another network, for example one with other layers
            told = " ".join(str(error).split())
            raise StoredRunError(
                f"{self.folder / WEIGHTS} does not fit {self.name!r} ({told}); "
                f"{_again(self.experiment, self.seed)}"
            ) from None
        return model.eval()

    def predict(self, part: str) -> tuple[Tensor, Tensor]:
        """Labels (N,) and logits (N, 10) on ``"val"`` or ``"test"``, computed here and now.

        >>> labels, logits = cnnlib.run("maxpool", train=False).predict("val")
        >>> tuple(labels.shape), tuple(logits.shape)
        ((12000,), (12000, 10))
        """
        if part not in ("val", "test"):
            raise ValueError(f"part is {part!r}; expected 'val' or 'test'")
        images = getattr(load(self.experiment.data.split), part)
        return images.labels, predict_logits(self.model(), images.images, self.experiment.data)

    def val_predictions(self) -> Tensor:
        """The stored predicted classes of the validation images, int64 (12000,)."""
        return self._tensors(PREDICTIONS)["val"].long()

    def _network(self) -> OnnxNetwork:
        if NETWORK not in self.provenance["sha256"]:
            raise StoredRunError(
                f"{self.folder} holds no {NETWORK}, because "
                f"{self.provenance.get('onnx', 'none was written')}; declare the experiment with "
                "its model, and the weights will do"
            )
        try:
            return OnnxNetwork(self._content(NETWORK))
        except OnnxError as error:
            raise StoredRunError(f"{self.folder / NETWORK} cannot be used: {error}") from error

    def _tensors(self, name: str) -> dict[str, Tensor]:
        return tensors_in(self._content(name))

    def _content(self, name: str) -> bytes:
        """The content of one of the run's files; StoredRunError where it is not what was stored."""
        path = self.folder / name
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            shipped = "" if self.seed == 0 else "; only seed 0 ships its weights"
            raise StoredRunError(
                f"{path} is not there{shipped}; {_again(self.experiment, self.seed)}"
            ) from None
        except OSError as error:
            raise StoredRunError(
                f"{path} cannot be read ({error.strerror}); {_again(self.experiment, self.seed)}"
            ) from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.provenance["sha256"][name]:
            if store.stated_sums(self.folder).get(name) == found:
                raise StoredRunError(
                    f"{self.folder} was trained again since this run was loaded; load it again, "
                    f"with {_call(self.experiment, self.seed)}"
                )
            raise StoredRunError(
                f"{path} is damaged: expected SHA-256 {self.provenance['sha256'][name][:12]}…, "
                f"found {found[:12]}…; {_again(self.experiment, self.seed)}"
            )
        return content


def run(
    experiment: str | Experiment,
    seed: int = 0,
    *,
    retrain: bool = False,
    train: bool = True,
    verbose: bool = True,
) -> Run:
    """The stored run of an experiment and seed; trained and stored first if there is none.

    ``retrain=True`` trains anew; ``train=False`` never trains. Raises UnknownExperimentError for
    an unknown name and StoredRunError for a stored run that does not fit its declaration.

    >>> maxpool = cnnlib.run("maxpool", train=False)
    >>> len(maxpool.history), f"{maxpool.metrics['val_acc']:.4f}"
    (15, '0.9009')
    """
    experiment, seed = find(experiment), checked_seed(seed)
    stored = None if retrain else _stored(experiment, seed)
    if stored:
        return stored
    if not (train or retrain):
        raise StoredRunError(
            f"no run of {experiment.name!r} with seed {seed} is stored in {runs_folder()}; "
            f"stored seeds: {stored_seeds(experiment) or 'none'}. "
            f"Train it with {_call(experiment, seed)}"
        )
    return _train(experiment, seed, verbose)


def stored_seeds(experiment: str | Experiment) -> list[int]:
    """Seeds for which a run of this experiment is stored, in order."""
    experiment = find(experiment)
    seeds = sorted({seed for name, seed, _ in store.listed().values() if name == experiment.name})
    return [seed for seed in seeds if store.found(_folder_name(experiment, seed))]


def stored_runs() -> list[Run]:
    """Every stored run, folds included, by name and seed."""
    return [stored_run(folder) for name in store.listed() if (folder := store.found(name))]


def stored_run(folder: Path) -> Run:
    """The run of one folder, by its own declaration; StoredRunError where it cannot be read."""
    record = _record(folder)
    try:
        experiment, seed = from_dict(record["experiment"]), checked_seed(record["seed"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoredRunError(f"{folder / RECORD} declares no experiment ({error})") from error
    return _load(folder, experiment, seed)


def _train(experiment: Experiment, seed: int, verbose: bool) -> Run:
    store.check_writable()
    files = trained(experiment, seed, load(experiment.data.split), verbose)
    folder = store.keep_whole(_folder_name(experiment, seed), files, replace=True)
    _forget_older(experiment, seed)
    return _load(folder, experiment, seed)


def keep(experiment: Experiment, seed: int, files: Mapping[str, bytes]) -> Run:
    """Store a run that was trained elsewhere, given as the content of its files, by name.

    Where it is stored already (trained here, or on a shared disk), nothing is written.
    """
    folder = store.keep_whole(_folder_name(experiment, seed), files, replace=False)
    _forget_older(experiment, seed)
    return _load(folder, experiment, seed)


def _forget_older(experiment: Experiment, seed: int) -> None:
    """Remove runs of the same name and seed under an earlier declaration."""
    for folder, (name, of_seed, key) in store.listed().items():
        if (name, of_seed) == (experiment.name, seed) and key != identity(experiment, seed):
            store.remove(folder)


# Finding and loading -------------------------------------------------------------------------


def _folder_name(experiment: Experiment, seed: int) -> str:
    return f"{experiment.name}-seed{seed}-{identity(experiment, seed)}"


def locate(experiment: Experiment, seed: int) -> Path | None:
    """The folder of the run, None if there is none; an outdated one is an error.

    What counts is the declaration: stored under another name, it is the same run.
    """
    if exact := store.found(_folder_name(experiment, seed)):
        return exact
    stored, key = store.listed(), identity(experiment, seed)
    for folder, (_, of_seed, of_key) in stored.items():
        if (of_seed, of_key) == (seed, key):
            return store.found(folder)
    for folder, (name, of_seed, _) in stored.items():
        if (name, of_seed) == (experiment.name, seed) and (other := store.found(folder)):
            declared = from_dict(_record(other)["experiment"])
            raise StoredRunError(
                f"{other} was trained under another declaration ({diff(declared, experiment)}); "
                f"restore the declaration, or {_again(experiment, seed)}"
            )
    return None


def _stored(experiment: Experiment, seed: int) -> Run | None:
    """The stored run; another process may be replacing it meanwhile."""
    while folder := locate(experiment, seed):
        before = store.which(folder)
        try:
            return _load(folder, experiment, seed)
        except StoredRunError:
            if store.which(folder) == before:
                raise  # nobody touched it: it is as it is
    return None


def _load(folder: Path, experiment: Experiment, seed: int) -> Run:
    record = _record(folder)
    try:
        stored = from_dict(record["experiment"])
        fits = (record["seed"], record["split"]) == (seed, HOLDOUT)
        if not fits or identity(stored, seed) != identity(experiment, seed):
            raise StoredRunError(
                f"{folder / RECORD} does not match its declaration: expected "
                f"{experiment.name!r}, seed {seed}, split {HOLDOUT!r}; found seed "
                f"{record['seed']}, split {record['split']!r}, {diff(experiment, stored)}; "
                f"{_again(experiment, seed)}"
            )
        history, metrics, provenance = (record[k] for k in ("history", "metrics", "provenance"))
        if not history:
            raise ValueError("it has no epochs")
        return Run(experiment, seed, history, metrics, provenance, folder)
    except (KeyError, TypeError, ValueError) as error:
        raise StoredRunError(
            f"{folder / RECORD} is damaged ({error}); {_again(experiment, seed)}"
        ) from error


def _record(folder: Path) -> dict[str, Any]:
    """What ``run.json`` says, if it is what was stored."""
    try:
        content = (folder / RECORD).read_bytes()
        stated = store.stated_sums(folder).get(RECORD)
        if stated and stated != hashlib.sha256(content).hexdigest():
            raise ValueError(f"it is not what was stored: its checksum is not that of {store.SUMS}")
        record = json.loads(content)
        if not isinstance(record, dict) or not {"experiment", "seed"} <= set(record):
            raise ValueError("it holds no run")
        return record
    except (OSError, ValueError, RecursionError) as error:
        raise StoredRunError(
            f"{folder / RECORD} cannot be read ({error}); delete the folder and train again"
        ) from error


def _again(experiment: Experiment, seed: int) -> str:
    return f"train it again with {_call(experiment, seed, ', retrain=True')}"


def _call(experiment: Experiment, seed: int, more: str = "") -> str:
    name = repr(experiment.name) if experiment.name in CATALOGUE else "your experiment"
    return f"run({name}, seed={seed}{more})"
