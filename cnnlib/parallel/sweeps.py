"""Many runs at once: experiments with several seeds, and the folds of a cross-validation."""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import (
    Executor,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

import cloudpickle
import torch

from .. import store
from ..catalogue import find, vary
from ..data import load
from ..experiment import FOLD_KINDS, FOLDS, Experiment, checked_seed
from ..records import identity
from ..runs import Run, keep, locate, run
from ..support.progress import bar
from ..support.values import several


def sweep(
    experiments: Iterable[str | Experiment],
    seeds: Iterable[int] = (0,),
    executor: Executor | None = None,
    *,
    retrain: bool = False,
) -> list[Run]:
    """Every experiment with every seed, in that order; what is stored already is loaded.

    Without an ``executor``: one single-threaded process per core, which trains about 1.4 times
    as many images per second as one process on two threads. Any ``concurrent.futures.Executor``
    will do; Dask's ``Client.get_executor()`` reaches other machines, which need the data but
    not this folder: the runs come back and are stored here. Each run is stored when it ends,
    so a sweep that was stopped goes on where it was. Raises RuntimeError at the end, naming
    the runs that failed or whose process was killed; the others are stored by then. A script
    that sweeps needs no ``if __name__ == "__main__":``.
    """
    seeds = [checked_seed(seed) for seed in several("seeds", seeds, "(0, 1)")]
    experiments = several("experiments", experiments, '("baseline", "maxpool")')
    jobs = [(find(experiment), seed) for experiment in experiments for seed in seeds]
    todo = [job for job in jobs if retrain or not locate(*job)]
    if todo and (failed := _all_of(todo, executor)):
        others = len(todo) - len(failed)
        kept = f"The other {others} {'is' if others == 1 else 'are'}" if others else "None is"
        raise RuntimeError(
            f"{len(failed)} of {len(todo)} runs failed: {'; '.join(failed)}. {kept} stored; "
            "the same call again trains what is missing"
        )
    return [run(*job, train=False) for job in jobs]


def cross_validate(
    experiment: str | Experiment,
    kind: str = "stratified",
    *,
    seed: int = 0,
    executor: Executor | None = None,
) -> list[Run]:
    """The runs of an experiment on each of five folds (see ``splits.folds``), in order.

    A fold's ``val`` figures are for the images it was not trained on. The test set takes no part.
    """
    return sweep(fold_experiments(experiment, kind), [seed], executor)


def fold_experiments(experiment: str | Experiment, kind: str = "stratified") -> list[Experiment]:
    """The variants of an experiment that train on one fold each: ``NAME-stratified-1``, …

    ``"holdout"`` gives no folds, but five other splits of the catalogue's own kind.
    """
    if kind not in (kinds := (*FOLD_KINDS, "holdout")):
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(kinds)}")
    parent = find(experiment)
    parts = [f"{kind}-{fold}" for fold in range(1, FOLDS + 1)]
    return [vary(parent, f"{parent.name}-{part}", data=dict(split=part)) for part in parts]


def train_all(
    jobs: Iterable[tuple[Experiment, int]], executor: Executor | None = None
) -> list[str]:
    """Train and store those experiments with seeds that are not stored; what failed, in words.

    As ``sweep`` does it, for pairs that are no table of all experiments with all seeds.
    """
    once = {(identity(*job), job[1]): job for job in jobs}
    todo = [job for job in once.values() if not locate(*job)]
    return _all_of(todo, executor) if todo else []


def _all_of(todo: list[tuple[Experiment, int]], executor: Executor | None) -> list[str]:
    """Train and store these; what failed, in words."""
    store.check_writable()
    load()  # fetch the data once, before several processes ask for it
    failed = []
    workers = min(len(todo), os.cpu_count() or 1)
    job = _job if executor else _in_a_process
    # a pool of our own ends with the block; one that was given is left open
    context: AbstractContextManager[Executor] = (
        nullcontext(executor)
        if executor
        else ThreadPoolExecutor(workers, initializer=_ignore_ctrl_c)
    )
    with context as pool, bar(len(todo), "training", "run") as progress:
        waiting = {pool.submit(job, *which): which for which in todo}
        try:
            for future in as_completed(waiting):
                experiment, seed = waiting[future]
                try:
                    keep(experiment, seed, future.result())
                except Exception as error:  # of any kind: the other runs go on
                    failed.append(f"{experiment.name} seed {seed} ({error})")
                progress.update()
                progress.set_postfix_str(f"{experiment.name} seed {seed}")
        except KeyboardInterrupt:  # what is being trained is dropped, what is stored stays
            for future in waiting:
                future.cancel()
            while not executor and not all(future.done() for future in waiting):
                for worker in multiprocessing.active_children():
                    worker.terminate()
                time.sleep(0.1)  # a process may only just be starting
            raise
    return failed


class _Process(SpawnProcess):
    """A process that does not import the script that starts it: that would sweep once more.

    A job comes by its content and needs no script. (joblib's loky has ``init_main_module=False``
    for this.)
    """

    _starting = threading.Lock()

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802, the name that multiprocessing calls
        script: Any = sys.modules["__main__"]
        with _Process._starting:
            hidden = script.__spec__, vars(script).pop("__file__", None)
            script.__spec__ = None
            try:
                return SpawnProcess._Popen(process_obj)
            finally:
                script.__spec__, file = hidden
                if file is not None:
                    script.__file__ = file


class _Spawn(SpawnContext):
    """Starts processes anew, the same way on every system, and without the script."""

    Process = _Process


def _in_a_process(experiment: Experiment, seed: int) -> dict[str, bytes]:
    """Train in a process of its own: if that is killed, this run is lost and no other."""
    with ProcessPoolExecutor(1, _Spawn(), initializer=_start_worker) as pool:
        try:
            # a network that a notebook's cell defines is sent by its content, not by its name
            return pool.submit(_unpacked, cloudpickle.dumps((_job, experiment, seed))).result()
        except BrokenProcessPool:
            raise RuntimeError("its process was killed, or crashed") from None


def _ignore_ctrl_c() -> None:
    """Ctrl-C reaches all processes at once. Those started from this thread ignore it: the parent
    ends them."""
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        # starting this helper of multiprocessing unblocks the signal again: start it first
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for Windows
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)


def _end_with_parent() -> None:
    """When a sweep is killed, its workers end too."""
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(1)


def _unpacked(packed: bytes) -> dict[str, bytes]:
    job, *which = pickle.loads(packed)
    return job(*which)


def _job(experiment: Experiment, seed: int) -> dict[str, bytes]:
    """Train and store here; the stored files go back to whoever asked."""
    os.environ["CNNLIB_PROGRESS"] = "off"  # the sweep has a bar of its own
    done = run(experiment, seed, retrain=True, verbose=False)
    return {path.name: path.read_bytes() for path in done.folder.iterdir()}
