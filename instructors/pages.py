"""The instructors' pages: times and answers, collected from the chapters when they are rendered.

The students' book does not have these pages.
"""

import argparse
import functools
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode

from book.build import report, status
from book.notebooks import ROOT, ReportError, chapters, read
from cnnlib.exercises.all_parts import EXERCISES
from cnnlib.exercises.judging import Exercise, Written
from cnnlib.support.written import source_of

from .editions import formatted, found, solutions
from .verify import seen

HERE = Path(__file__).resolve().parent
BOOK = ROOT / "editions" / "book"  # never in report/, which is for students
TIMES, SEEN = "<!-- times -->", "<!-- seen -->"  # where the tables go
TIME = re.compile(r"\*\*Time\*\*:? (?P<reading>[^;\n]+); (?P<computing>[^.\n]+)")
HEAD = """# Answers to the exercises

Collected from `cnnlib/exercises/`, where the tests run them. A check judges what an answer does,
not how it is written: many others are right as well."""
MACHINE = " of computing on a 2-core laptop"
ASKED = re.compile(r"\*\*(\d+\.\d+)\*\* (.+)", re.S)


def pages_of(paths: Sequence[Path]) -> tuple[dict[str, str], dict[str, str]]:
    """The Markdown of each page, by the name of its file; and why chapters are not in them.

    A chapter that cannot be read, or that lacks its times or its finding, is left out.
    """
    rows, minutes, answered, failed = [], 0, [HEAD], {}
    for path in paths:
        try:
            notebook = read(path)
            reading, computing = times(notebook)
            answered += answers(notebook)
        except ReportError as error:
            failed[path.stem] = str(error)
            continue
        minutes += int(reading.split()[0])
        rows.append(f"| {{doc}}`{path.stem}` | {reading} | {computing} |")
    head = "| chapter | to read and try | computing, on a 2-core laptop |\n|---|---|---|\n"
    table = head + "\n".join(rows) + f"\n\nTogether: {minutes} minutes."
    page = (HERE / "instructors.md").read_text("utf-8")
    pages = {
        "instructors.md": page.replace(TIMES, table).replace(SEEN, seen.markdown()),
        "answers.md": "\n\n".join(answered) + "\n",
    }
    return pages, failed


def times(notebook: NotebookNode) -> tuple[str, str]:
    """What a chapter states: the minutes to read and try, and the time of computing.

    Raises ReportError for a chapter that does not state them.
    """
    if not (stated := TIME.search(first_cell(notebook))):
        raise ReportError("it has no line **Time**: expected minutes; then of computing")
    return stated["reading"], stated["computing"].replace(MACHINE, "")


def answers(notebook: NotebookNode) -> list[str]:
    """A chapter's prediction and exercises, each with its answer and a typical mistake.

    Raises ReportError where the stored outputs do not say what the chapter finds.
    """
    right, wrong = solutions(), mistakes()
    parts = [f"## {title(notebook)}", f"Prediction: what is found is `{found(notebook)}`."]
    for key, question in questions(notebook).items():
        if not (exercise := EXERCISES.get(key)):
            raise ReportError(f"it asks for exercise {key}, which is not declared")
        if isinstance(exercise, Written):
            solution, mistake = exercise.source, source_of(exercise.mistakes[0][0]).rstrip()
        else:
            solution, mistake = right[key], wrong[key]
        parts += [
            f"**{key}** {question}",
            f"```python\n{solution}\n```",
            f"A typical mistake (hint: {' '.join(exercise.hints)})",
            f"```python\n{mistake}\n```",
        ]
    return parts


@functools.cache
def mistakes() -> dict[str, str]:
    """A typical wrong answer to every exercise with a short one, laid out."""
    return formatted(
        {key: one.wrong for key, one in EXERCISES.items() if isinstance(one, Exercise)}
    )


def first_cell(notebook: NotebookNode) -> str:
    """The text of the first cell, which every chapter has."""
    return notebook.cells[0].source if notebook.cells else ""


def title(notebook: NotebookNode) -> str:
    """The first heading of a chapter."""
    return first_cell(notebook).partition("\n")[0].removeprefix("# ")


def questions(notebook: NotebookNode) -> dict[str, str]:
    """What each exercise of a chapter asks, by its key."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return {asked[1]: asked[2].strip() for text in texts if (asked := ASKED.search(text))}


def main(argv: list[str] | None = None) -> int:
    """Render the whole book with the instructors' pages and the answers."""
    parser = argparse.ArgumentParser(prog="python -m cnnlib report --instructors")
    parser.add_argument("--stored", action="store_true", help="do not execute anything")
    options = parser.parse_args(argv)
    paths = chapters()
    pages, failed = pages_of(paths)
    code = report(options.stored, BOOK, pages, "For instructors")
    return status(failed, len(paths), "are not in the instructors' pages") or code


if __name__ == "__main__":
    sys.exit(main())
