"""The audit: a few models of each submission are trained anew, as they were declared.

The only proof of a recipe and a history. Which models is drawn by a number of the instructor's.
They are trained by ``cnnlib``'s own sweep, in a process beside the one that verifies, and stored
in the folder of pages: a second call goes on where the first one stopped. None of a submission's
code is run: a network of the student's own is not trained.
"""

import contextlib
import functools
import itertools
import json
import os
import queue
import random
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

from book.notebooks import ROOT
from cnnlib.analysis.agreement import FIGURES, tolerances
from cnnlib.catalogue import CATALOGUE
from cnnlib.exercises.assignment import LARGEST_BATCH, MOST_EPOCHS, SMALLEST_BATCH
from cnnlib.experiment import Arch, Experiment, changes
from cnnlib.records import as_dict, from_dict, identity
from cnnlib.runs import Run, StoredRunError, run, runs_folder, stored_run, stored_seeds

from .gate import shown
from .reading import is_number
from .results import Fact, Outcome, Result, Trained
from .submission import Submission

FOLDER, PART = "retrained", "trained again"
MOST_WORK = 20_000_000  # multiplications for an image: fifty times the baseline's
FEWEST = 3  # seeds, from which a spread is taken
DASH = "–"


# What can be trained -------------------------------------------------------------------------


def trainable(made: Submission) -> tuple[Trained, ...]:
    """The models of a submission that keep the rules, with what they are to be compared with."""
    found = []
    for model in made.models:
        record, experiment = model.record, model.experiment
        if record and experiment and model.found and _allowed(experiment):
            rows = [
                {figure: epoch.get(figure) for figure in FIGURES}
                for epoch in record.history if isinstance(epoch, dict)
            ]  # fmt: skip
            whole = all(is_number(value) for row in rows for value in row.values())
            if whole and len(rows) == experiment.recipe.epochs and _known_seed(record.seed):
                found.append(Trained(model.name, as_dict(experiment), record.seed, rows))
    return tuple(found)


def _allowed(experiment: Experiment) -> bool:
    """Is it what the assignment allows, of our own layers, and no work of hours?"""
    recipe = experiment.recipe
    return (
        experiment.model is None
        and experiment.data.split == "holdout"
        and recipe.epochs <= MOST_EPOCHS
        and SMALLEST_BATCH <= recipe.batch_size <= LARGEST_BATCH
        and work(experiment.arch) <= MOST_WORK
    )


def _known_seed(seed: Any) -> bool:
    with contextlib.suppress(ValueError, TypeError):
        return bool(identity(Experiment("baseline"), seed))
    return False


def work(arch: Arch) -> int:
    """How many multiplications the layers take for one image."""
    side, maps, found = 28, 1, 0
    for conv, after in zip(arch.convs, arch.sides(), strict=True):
        side += 2 * conv.padding - conv.kernel + 1
        found += conv.filters * side**2 * conv.kernel**2 * maps
        side, maps = after, conv.filters
    units = [maps * side**2, *arch.hidden, 10]
    return found + sum(one * two for one, two in itertools.pairwise(units))


# The training --------------------------------------------------------------------------------


class Retraining:
    """``count`` models of each submission, drawn by ``seed``, trained while others are verified."""

    def __init__(self, output: Path, count: int, seed: int, cluster: str = "") -> None:
        self.folder, self.count, self.seed = (output / FOLDER).resolve(), count, seed
        self.cluster = cluster
        self._process: subprocess.Popen[str] | None = None

    def drawn(self, result: Result) -> list[Trained]:
        """The same for every call with this seed, whoever else is in the class."""
        order = random.Random(f"{self.seed}\n{result.name}")
        return order.sample(result.trained, min(self.count, len(result.trained)))

    def add(self, result: Result) -> None:
        """Have the models of a verified submission trained, as soon as there is time."""
        for one in self.drawn(result):
            if self._process is None:
                self._process = self._started()
            assert self._process.stdin
            with contextlib.suppress(OSError):  # it has ended, and said why
                self._process.stdin.write(json.dumps([one.experiment, one.seed]) + "\n")
                self._process.stdin.flush()

    def _started(self) -> subprocess.Popen[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        more = {"PYTHONPATH": os.pathsep.join(paths), "CNNLIB_PROGRESS": "off"}
        more["CNNLIB_RUNS"] = str(self.folder)
        return subprocess.Popen(
            [sys.executable, "-m", __name__, self.cluster],
            stdin=subprocess.PIPE, text=True, env={**os.environ, **more},
        )  # fmt: skip

    def finish(self) -> None:
        """Wait until all are trained."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait()

    def stop(self) -> None:
        """End it; what is stored by then stays."""
        if self._process:
            self._process.terminate()
            self._process.wait()

    def judged(self, results: Sequence[Result]) -> list[Result]:
        """The same results, with what training anew has found so far."""
        return [
            replace(one, facts=(*one.facts, *self._facts(one))) if one.facts else one
            for one in results
        ]

    def _facts(self, result: Result) -> Iterator[Fact]:
        drawn = self.drawn(result)
        if not drawn:
            why = "none of its models keeps the rules, with a whole history and layers of ours"
            yield Fact(PART, PART, DASH, DASH, Outcome.JUDGE, why, check="routine")
        for one in drawn:
            name = _named(one)
            folder = self.folder / f"{name.name}-seed{one.seed}-{identity(name, one.seed)}"
            try:
                yield compared(one, stored_run(folder))
            except (StoredRunError, LookupError) as error:
                why = f"not yet, and the same call again goes on: {shown(str(error), 100)}"
                yield Fact(PART, f"{one.model}: {PART}", DASH, DASH, Outcome.JUDGE, why, one.model)


def _named(one: Trained) -> Experiment:
    """The declaration under a name of ours: two students may use one name for two models."""
    experiment = from_dict(one.experiment)
    return replace(experiment, name=f"audit-{identity(experiment, one.seed)}", parent=None)


# The comparison ------------------------------------------------------------------------------


def compared(one: Trained, ours: Run) -> Fact:
    """Does the history handed in go as our training of the same declaration and seed?

    Within what the seeds of the book's experiment allow that is nearest to it: machines round
    differently, which grows to at most the difference between two seeds.
    """
    name, draws = f"{one.model}: {PART}", nearest(from_dict(one.experiment))
    allowed = tolerances(draws, len(one.history))
    told = [
        ", ".join(f"{figure} {history[-1][figure]:.4f}" for figure in FIGURES)
        for history in (one.history, ours.history)
    ]
    for i, (theirs, new) in enumerate(zip(one.history, ours.history, strict=True)):
        for figure in FIGURES:
            if (gap := abs(theirs[figure] - new[figure])) > allowed[figure][i]:
                why = (
                    f"epoch {i + 1}: {figure} is {theirs[figure]:.4f} as handed in and "
                    f"{new[figure]:.4f} trained again, {gap:.4f} apart, where the seeds of "
                    f"“{draws[0].name}” allow {allowed[figure][i]:.4f}: was it trained so?"
                )
                return Fact(PART, name, told[0], told[1], Outcome.JUDGE, why, one.model)
    return Fact(PART, name, told[0], told[1], Outcome.RIGHT, "", one.model)


def nearest(experiment: Experiment) -> list[Run]:
    """The stored runs of the book's experiment with the fewest differences, of all its seeds."""
    known = [one for one in _spreads() if one.data.split == experiment.data.split]
    if not known:
        raise LookupError(f"the book's runs are not there; expected them in {runs_folder()}")
    return _spreads()[min(known, key=lambda one: len(changes(one, experiment)))]


@functools.cache
def _spreads() -> dict[Experiment, list[Run]]:
    """The runs of the catalogue's experiments that have some seeds."""
    known = {one: stored_seeds(one) for one in CATALOGUE.values()}
    return {
        one: [run(one, seed, train=False) for seed in seeds]
        for one, seeds in known.items()
        if len(seeds) >= FEWEST
    }


# In a process of its own ---------------------------------------------------------------------


def train(lines: Iterator[str], executor: Executor | None = None) -> None:
    """Train what the lines say, as they come; those that wait together, side by side."""
    from cnnlib.parallel.sweeps import train_all

    coming: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in lines:
            coming.put(line)
        coming.put(None)

    threading.Thread(target=read, daemon=True).start()
    going = True
    while going:
        waiting = [coming.get()]
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.append(coming.get_nowait())
        going = None not in waiting
        jobs = []
        for line in filter(None, waiting):
            declared, seed = json.loads(line)
            jobs.append((_named(Trained("", declared, seed, [])), seed))
        for words in train_all(jobs, executor) if jobs else []:
            print(f"not trained again: {words}", file=sys.stderr, flush=True)


def main(cluster: str = "") -> None:
    """Train what standard input says, here or on the Dask cluster at this address."""
    if not cluster:
        train(iter(sys.stdin))
        return
    from dask.distributed import Client

    with Client(cluster) as client:
        train(iter(sys.stdin), client.get_executor())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(*sys.argv[1:])
