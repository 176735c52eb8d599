"""``python -m cnnlib verify``: the arguments, the lines in the terminal, the exit status."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from .batch import SECONDS, verify
from .pages import CLASS, problem_of, write
from .rubric import given, reachable


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments; wrong usage ends the program with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m cnnlib verify",
        description="Recompute what submissions claim; none of their code is run.",
    )
    parser.add_argument(
        "submissions", nargs="+", type=Path, metavar="SUBMISSION", help="a folder, .zip or .ipynb"
    )
    parser.add_argument("--output", type=Path, default=Path("verified"), help="folder for pages")
    parser.add_argument("--jobs", type=_positive, help="how many at a time")
    parser.add_argument("--seconds", type=_positive, default=SECONDS, help="limit for each")
    parser.add_argument("--train", action="store_true", help="also evaluate on training images")
    options = parser.parse_args(argv)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"{options.output} cannot be written ({error.strerror})")
    return options


def main(options: argparse.Namespace) -> int:
    """Verify and write; 0 if every submission was verified and no fact failed, else 1."""
    started = time.perf_counter()
    results = verify(
        options.submissions, jobs=options.jobs, seconds=options.seconds, train=options.train
    )
    for result in results:
        points = f"{given(result.lines)} of {reachable(result.lines)}"
        points = f"{points} points given" if result.lines else ""
        print(f"{result.name}: {result.verdict}  {points}  {problem_of(result)}".rstrip())
    write(results, options.output)
    took = time.perf_counter() - started
    good = sum(result.verdict == "right" for result in results)
    print(f"{len(results)} submissions, {good} with every fact right; {took:.0f} s")
    print(f"Open: {options.output / CLASS}")
    return 0 if good == len(results) else 1


def _positive(text: str) -> int:
    if not (value := int(text)) > 0:
        raise argparse.ArgumentTypeError("expected a whole number above 0")
    return value
