"""``python -m cnnlib verify``: the arguments, the lines in the terminal, the exit status."""

import argparse
import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cnnlib.support.ending import STOPPED

from .arrivals import HandIn, expanded, hand_ins
from .batch import SECONDS, verified
from .compare import compared
from .gate import shown
from .gradebook import problem_of
from .kept import Kept
from .marking import MARKS, Marking, MarksError, kept, key, read, strangers, summed
from .pages import CLASS, questions_of, write
from .results import Result
from .retrain import Retraining
from .rubric import given as given_points
from .rubric import reachable

PAUSE = 20.0  # seconds from one writing of all pages to the next


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments; wrong usage ends the program with status 2."""
    parser = _parser()
    options = parser.parse_args(argv)
    if bool(options.retrain) != (options.draw is not None):
        words = "a number that your class cannot guess draws which"
        parser.error(f"--retrain N and --draw NUMBER go together: {words}")
    if options.cluster and not options.retrain:
        parser.error("--cluster is where --retrain trains; give that too")
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"{options.output} cannot be written ({error.strerror})")
    try:
        options.marks = _markings(options.output, options.marks)
    except MarksError as error:
        parser.error(str(error))
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cnnlib verify",
        description="Recompute what submissions claim; none of their code is run.",
    )
    add = parser.add_argument
    words = "a platform's download, a folder, .zip or .ipynb"
    add("submissions", nargs="+", type=Path, metavar="SUBMISSION", help=words)
    add("--output", type=Path, default=Path("verified"), help="folder for pages")
    add("--jobs", type=_positive, help="how many at a time")
    add("--seconds", type=_positive, default=SECONDS, help="limit for each")
    words = "leave the training images, and their figures, out"
    add("--quick", action="store_true", help=words)
    add("--marks", nargs="+", default=[], metavar="FILE", help="CSV files with your marks")
    words = "train so many models of each anew, and compare"
    add("--retrain", type=_positive, default=0, metavar="N", help=words)
    words = "draws which; your class should not be able to guess it"
    add("--draw", type=int, metavar="NUMBER", help=words)
    words = "train on the Dask cluster whose scheduler is there"
    add("--cluster", default="", metavar="ADDRESS", help=words)
    return parser


def _markings(output: Path, files: Sequence[str]) -> dict[str, Marking]:
    """The marks of these files, of a later one over those of an earlier; MarksError."""
    if (own := output / MARKS).exists():
        read(own)  # what cannot be read is said before anything is verified
    found: dict[str, Marking] = {}
    for path in (one for given in files for one in expanded(given)):
        for name, marking in read(path).items():
            found[name] = marking.over(found.get(name, Marking()))
    return found


def main(options: argparse.Namespace) -> int:
    """Verify and write; 0 if every submission was verified and no fact failed, else 1.

    Ctrl-C writes what is finished and gives 130; the same call again does the rest.
    """
    started = time.perf_counter()
    given = hand_ins(options.submissions)
    results = [Result(one.name, waiting=True) for one in given]
    audit = Retraining(options.output, options.retrain, options.draw or 0, options.cluster)
    try:
        _all(given, results, options, audit)
    except KeyboardInterrupt:
        audit.stop()
        write(_whole(results, audit), options.output, options.marks)
        left = sum(result.waiting for result in results)
        done = f"{len(results) - left} of {len(results)} submissions are verified and kept"
        print(
            f"\nStopped: {done}; the same call again verifies the other {left}. "
            f"Open: {options.output / CLASS}",
            file=sys.stderr,
        )
        return STOPPED
    results = _whole(results, audit)
    write(results, options.output, options.marks)
    for result in results:
        print(_line(result))
    _said_of_marks(results, options)
    took = time.perf_counter() - started
    good = sum(result.verdict == "right" for result in results)
    print(f"{len(results)} submissions, {good} with every fact right; {took:.0f} s")
    if options.quick:
        print("Training figures are not checked (--quick).")
    print(f"Open: {options.output / CLASS}")
    return 0 if good == len(results) else 1


def _whole(results: list[Result], audit: Retraining) -> list[Result]:
    """The results with all that needs more than one submission, or more than its files."""
    found = compared(results)
    return audit.judged(found) if audit.count else found


def _line(result: Result) -> str:
    """A submission's line in the terminal."""
    points = f"{given_points(result.lines)} of {reachable(result.lines)}"
    points = f"{points} points given" if result.lines else ""
    asked = f"{questions_of(result)}  " if result.questions else ""
    said = f"{result.verdict}  {points}  {asked}{shown(problem_of(result), 300)}"
    return f"{shown(result.name)}: {said}".rstrip()


def _said_of_marks(results: list[Result], options: argparse.Namespace) -> None:
    """How far the marking is, and marks that cannot be counted."""
    markings = kept(results, options.output, options.marks)
    sums = [summed(one.lines, markings.get(key(one), Marking())) for one in results]
    for result, found in zip(results, sums, strict=True):
        if found.too_high:
            odd = "; ".join(found.too_high)
            print(f"{shown(result.name)}: its marks are not added up, because one is {odd}")
    for name in strangers(options.marks, results):
        print(f"Marks of {shown(name)} are kept, but no submission of this call is called so.")
    if any(one.marks for one in sums):
        print(f"{sum(one.total is not None for one in sums)} of {len(sums)} are marked in full.")


def _all(
    given: list[HandIn], results: list[Result], options: argparse.Namespace, audit: Retraining
) -> None:
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
            audit.add(result)
            if time.monotonic() > written + PAUSE:
                write(compared(results), options.output, options.marks)
                written = time.monotonic()
    if audit.count:
        write(_whole(results, audit), options.output, options.marks)
        drawn = sum(len(audit.drawn(result)) for result in results)
        words = f"The pages are written; {drawn} models that were drawn are trained again"
        print(f"{words}. Ctrl-C keeps those that are.", flush=True)
        audit.finish()


def _positive(text: str) -> int:
    if not (value := int(text)) > 0:
        raise argparse.ArgumentTypeError("expected a whole number above 0")
    return value
