"""Many submissions at once: a process for each, with limits, so that none stops the others."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from cnnlib.support.progress import bar

from .arrivals import HandIn, hand_ins
from .intake import RefusedError, take_in
from .results import Result, words_of

SECONDS, MEMORY = 600.0, 6 * 2**30  # for one submission; bytes beyond what Python and torch map


def verify(
    paths: Sequence[str | Path],
    *,
    jobs: int | None = None,
    seconds: float = SECONDS,
    train: bool = False,
    work: Callable[[HandIn, bool], Result] | None = None,
) -> list[Result]:
    """Verify submissions (folders, zips, notebooks); a result for each, in their order.

    A folder or zip of several, such as a platform's download, gives a result for each of them.

    ``jobs`` run at a time, by default one per core; ``seconds`` is the limit for each;
    ``train=True`` evaluates on the 48,000 training images as well. A submission that crashes,
    hangs or needs too much memory gets a result that says so. No submission's code is run.
    """
    results: dict[int, Result] = {}
    waiting = list(enumerate(hand_ins(paths)))[::-1]
    running: dict[Connection, _Running] = {}
    try:
        with bar(len(waiting), "verifying", "submission") as progress:
            while waiting or running:
                while waiting and len(running) < (jobs or os.cpu_count() or 1):
                    one = _start(*waiting.pop(), work or verify_one, train, seconds)
                    running[one.end] = one
                for i, result in _finished(running, seconds):
                    results[i] = result
                    progress.update()
    finally:
        for one in running.values():  # Ctrl-C
            one.stop()
    return [results[i] for i in sorted(results)]


@dataclass(frozen=True)
class _Running:
    number: int
    hand_in: HandIn
    process: BaseProcess
    end: Connection
    started: float

    def stop(self) -> int | None:
        """End the process; its exit status, once it has ended."""
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.end.close()
        return self.process.exitcode


def _start(
    number: int, one: HandIn, work: Callable[[HandIn, bool], Result], train: bool, seconds: float
) -> _Running:
    # a server that has torch imported forks in milliseconds; Windows starts each from nothing
    kinds = multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("forkserver" if "forkserver" in kinds else "spawn")
    if "forkserver" in kinds:
        context.set_forkserver_preload([__name__, "instructors.verify.one"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(theirs, work, one, train), daemon=True)
    process.start()
    theirs.close()
    return _Running(number, one, process, ours, time.monotonic())


def _finished(running: dict[Connection, _Running], seconds: float) -> Iterator[tuple[int, Result]]:
    """Wait a moment; give the results of those that ended, or were stopped for taking long."""
    ready = multiprocessing.connection.wait(list(running), timeout=0.5)
    for end, one in list(running.items()):
        took = time.monotonic() - one.started
        if end in ready:
            try:
                result = end.recv()
            except EOFError:
                code = one.stop()
                words = f"it could not be verified: its process ended (exit status {code})"
                result = Result(one.hand_in.name, refused=words)
        elif took > seconds:
            words = f"it could not be verified within {seconds:g} seconds"
            result = Result(one.hand_in.name, refused=words)
        else:
            continue
        del running[end]
        one.stop()
        yield one.number, replace(result, seconds=took)


def _child(
    end: Connection, work: Callable[[HandIn, bool], Result], one: HandIn, train: bool
) -> None:
    """In a process of its own: limit it, verify, send the result."""
    _limit_memory()
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            result = work(one, train)
        except RefusedError as error:
            result = Result(one.name, refused=str(error))
        except Exception as error:  # one bad submission never stops the batch
            result = Result(one.name, refused=f"it could not be verified ({words_of(error)})")
    end.send(result)
    end.close()


def _limit_memory() -> None:
    """Limit the memory that this process may add to what it has, where the system can do so."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def verify_one(one: HandIn, train: bool = False) -> Result:
    """Verify one submission, in this process; RefusedError if it is not taken in."""
    import torch

    from .one import look

    torch.set_num_threads(1)  # the others run beside it
    taken = take_in(one.path, inside=one.inside)
    if not any(name.endswith((".ipynb", "run.json")) for name in taken.files):
        words = "it holds neither a notebook nor a run"
        if taken.packed:
            words += f"; not unpacked: {', '.join(taken.packed[:3])} (expected a .zip, not in two)"
        if taken.pickles:
            words += f"; pickles are not opened ({', '.join(taken.pickles[:3])})"
        raise RefusedError(words)
    return look(one.name, taken, train)
