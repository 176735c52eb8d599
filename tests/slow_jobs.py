"""Jobs of a sweep that are slow for exactly as long as a test needs.

In a module of its own: the processes of a sweep import it by its name.
"""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import cnnlib
from cnnlib import __main__ as front_door
from cnnlib import runs
from cnnlib.parallel import sweeps

GATE = "CNNLIB_TEST_GATE"  # names the folder in which jobs say that they run, and wait
OPEN = "open"  # the file that lets them go on
REAL_JOB = sweeps._job


def small(dataset: cnnlib.data.Dataset) -> SimpleNamespace:
    """As the fixture ``few``: a run in a process of a sweep is compared with one of the test's."""
    return SimpleNamespace(train=dataset.train[:512], val=dataset.val[:500])


def gated(experiment: cnnlib.Experiment, seed: int) -> dict[str, bytes]:
    """Say that it runs, wait for the gate, then do the real job on few images."""
    folder = Path(os.environ[GATE])
    (folder / experiment.name).write_text(str(os.getpid()))
    wait_for(folder / OPEN)
    images = small(cnnlib.load())
    runs.load = lambda split="holdout": images
    return REAL_JOB(experiment, seed)


def wait_for(path: Path, seconds: float = 600) -> str:
    """What stands in the file, as soon as something does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text()):
            return text
        time.sleep(0.05)
    raise TimeoutError(f"nothing was written to {path} within {seconds} seconds")


def command(*words: str) -> int:
    """``python -m cnnlib`` with these words, whose sweeps do gated jobs."""
    sweeps._job = gated
    return front_door.main(words)
