"""``python -m cnnlib verify``: the arguments, the lines in the terminal, the exit status."""

import argparse
import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cnnlib.support.ending import STOPPED

from .arrivals import HandIn, hand_ins
from .batch import SECONDS, verified
from .compare import compared
from .gate import shown
from .kept import Kept
from .pages import CLASS, problem_of, questions_of, write
from .results import Result
from .rubric import given as given_points
from .rubric import reachable

PAUSE = 20.0  # seconds from one writing of all pages to the next


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments; wrong usage ends the program with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m cnnlib verify",
        description="Recompute what submissions claim; none of their code is run.",
    )
    parser.add_argument(
        "submissions",
        nargs="+",
        type=Path,
        metavar="SUBMISSION",
        help="a platform's download, a folder, .zip or .ipynb",
    )
    parser.add_argument("--output", type=Path, default=Path("verified"), help="folder for pages")
    parser.add_argument("--jobs", type=_positive, help="how many at a time")
    parser.add_argument("--seconds", type=_positive, default=SECONDS, help="limit for each")
    parser.add_argument(
        "--quick", action="store_true", help="leave the training images, and their figures, out"
    )
    options = parser.parse_args(argv)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"{options.output} cannot be written ({error.strerror})")
    return options


def main(options: argparse.Namespace) -> int:
    """Verify and write; 0 if every submission was verified and no fact failed, else 1.

    Ctrl-C writes what is finished and gives 130; the same call again does the rest.
    """
    started = time.perf_counter()
    given = hand_ins(options.submissions)
    results = [Result(one.name, waiting=True) for one in given]
    try:
        _all(given, results, options)
    except KeyboardInterrupt:
        write(compared(results), options.output)
        left = sum(result.waiting for result in results)
        done = f"{len(results) - left} of {len(results)} submissions are verified and kept"
        print(
            f"\nStopped: {done}; the same call again verifies the other {left}. "
            f"Open: {options.output / CLASS}",
            file=sys.stderr,
        )
        return STOPPED
    results = compared(results)
    write(results, options.output)
    for result in results:
        points = f"{given_points(result.lines)} of {reachable(result.lines)}"
        points = f"{points} points given" if result.lines else ""
        asked = f"{questions_of(result)}  " if result.questions else ""
        said = f"{result.verdict}  {points}  {asked}{shown(problem_of(result), 300)}"
        print(f"{shown(result.name)}: {said}".rstrip())
    took = time.perf_counter() - started
    good = sum(result.verdict == "right" for result in results)
    print(f"{len(results)} submissions, {good} with every fact right; {took:.0f} s")
    if options.quick:
        print("Training figures are not checked (--quick).")
    print(f"Open: {options.output / CLASS}")
    return 0 if good == len(results) else 1


def _all(given: list[HandIn], results: list[Result], options: argparse.Namespace) -> None:
    """Fill in the results as they come; the pages are written now and then."""
    train = not options.quick
    kept = Kept(options.output, train)
    known = sum(kept.get(one) is not None for one in given)
    if known:
        print(f"{known} of {len(given)} submissions were verified before, and are kept", flush=True)
    settings: dict[str, Any] = dict(jobs=options.jobs, seconds=options.seconds)
    written = time.monotonic()
    with contextlib.closing(verified(given, train=train, kept=kept, **settings)) as coming:
        for i, result in coming:
            results[i] = result
            if time.monotonic() > written + PAUSE:
                write(compared(results), options.output)
                written = time.monotonic()


def _positive(text: str) -> int:
    if not (value := int(text)) > 0:
        raise argparse.ArgumentTypeError("expected a whole number above 0")
    return value
