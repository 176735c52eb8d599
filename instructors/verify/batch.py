"""Many submissions at once: a process for each, with limits, so that none stops the others."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from cnnlib.exercises.hand_in import MODELS_FILE
from cnnlib.runs import RECORD
from cnnlib.support.progress import bar

from .arrivals import HandIn, hand_ins
from .compare import compared
from .intake import RefusedError, take_in
from .kept import Kept
from .results import Result, words_of

SECONDS, MEMORY = 600.0, 6 * 2**30  # for one submission; bytes beyond what Python and torch map


def verify(
    paths: Sequence[str | Path],
    *,
    jobs: int | None = None,
    seconds: float = SECONDS,
    train: bool = True,
    work: Callable[[HandIn, bool], Result] | None = None,
) -> list[Result]:
    """Verify submissions (folders, zips, notebooks); a result for each, in their order.

    A folder or zip of several, such as a platform's download, gives a result for each of them.
    ``jobs`` run at a time, by default one per core; ``seconds`` is the limit for each;
    ``train=False`` leaves out the 48,000 training images. A submission that crashes,
    hangs or needs too much memory gets a result that says so. No submission's code is run. Runs
    and texts that are alike between submissions, or with the book's, are questions in the results.
    """
    found = dict(verified(hand_ins(paths), jobs=jobs, seconds=seconds, train=train, work=work))
    return compared([found[i] for i in sorted(found)])


def verified(
    given: Sequence[HandIn],
    *,
    jobs: int | None = None,
    seconds: float = SECONDS,
    train: bool = True,
    work: Callable[[HandIn, bool], Result] | None = None,
    kept: Kept | None = None,
) -> Generator[tuple[int, Result], None, None]:
    """Each result with its number in ``given``, as they finish; those that are kept come first."""
    waiting: list[tuple[int, HandIn]] = []
    running: dict[Connection, _Running] = {}
    for i, one in enumerate(given):
        if kept and (before := kept.get(one)):
            yield i, before
        else:
            waiting.insert(0, (i, one))
    try:
        with bar(len(waiting), "verifying", "submission") as progress:
            while waiting or running:
                while waiting and len(running) < (jobs or os.cpu_count() or 1):
                    with _uninterrupted():
                        new = _start(*waiting.pop(), work or verify_one, train, seconds)
                        running[new.end] = new
                for i, result in _finished(running, seconds):
                    if kept:
                        kept.put(given[i], result)
                    progress.update()
                    yield i, result
    finally:
        for left in running.values():  # Ctrl-C
            left.stop()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits for the end of the block, and does not reach a process that starts in it.

    A terminal sends it to every process; those that verify are stopped by this one alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    masks = hasattr(signal, "pthread_sigmask")  # what starts inherits it; Windows has none
    if masks:
        # starting this helper of multiprocessing unblocks the signal again: start it first
        resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if masks else set()
    try:
        yield
    finally:
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
        if came:
            raise KeyboardInterrupt


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
                result = Result(one.hand_in.name, refused=words, finished=False)
        elif took > seconds:
            words = f"it could not be verified within {seconds:g} seconds"
            result = Result(one.hand_in.name, refused=words, finished=False)
        else:
            continue
        del running[end]
        one.stop()
        yield one.number, replace(result, seconds=took)


def _child(
    end: Connection, work: Callable[[HandIn, bool], Result], one: HandIn, train: bool
) -> None:
    """In a process of its own: limit it, verify, send the result."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            result = work(one, train)
        except RefusedError as error:
            result = Result(one.name, refused=str(error))
        except Exception as error:  # one bad submission never stops the batch
            words = f"it could not be verified ({words_of(error)})"
            result = Result(one.name, refused=words, finished=False)
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
    if not any(name.endswith((".ipynb", RECORD, MODELS_FILE)) for name in taken.files):
        words = "it holds neither a notebook nor a run, nor a table of models"
        if taken.packed:
            words += f"; not unpacked: {', '.join(taken.packed[:3])} (expected a .zip, not in two)"
        if taken.pickles:
            words += f"; pickles are not opened ({', '.join(taken.pickles[:3])})"
        raise RefusedError(words)
    return look(one.name, taken, train)
