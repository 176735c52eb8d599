"""The instructors' pages: times and answers, collected from the chapters when they are rendered.

The students' book does not have these pages.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode

from book.build import report
from book.notebooks import ROOT, ReportError, chapters, read
from cnnlib.exercises.all_parts import EXERCISES
from cnnlib.exercises.judging import Exercise, Written
from cnnlib.support.written import source_of

from .editions import formatted, found, solutions

HERE = Path(__file__).resolve().parent
BOOK = ROOT / "editions" / "book"  # never in report/, which is for students
TIMES = "<!-- times -->"  # where the table goes
TIME = re.compile(r"\*\*Time\*\*:? (?P<reading>[^;\n]+); (?P<computing>[^.\n]+)")
MACHINE = " of computing on a 2-core laptop"
ASKED = re.compile(r"\*\*(\d+\.\d+)\*\* (.+)", re.S)


def pages_of(paths: Sequence[Path]) -> dict[str, str]:
    """The Markdown of each page, by the name of its file, for these chapters."""
    notebooks = {path.stem: read(path) for path in paths}
    page = (HERE / "instructors.md").read_text("utf-8")
    return {
        "instructors.md": page.replace(TIMES, times(notebooks)),
        "answers.md": answers(notebooks),
    }


def times(notebooks: dict[str, NotebookNode]) -> str:
    """A table of the minutes that each chapter states, and their sum.

    Raises ValueError for a chapter that does not state them.
    """
    rows, total = [], 0
    for name, notebook in notebooks.items():
        if not (stated := TIME.search(notebook.cells[0].source)):
            raise ValueError(f"{name} has no line **Time**: expected minutes; then of computing")
        total += int(stated["reading"].split()[0])
        computing = stated["computing"].replace(MACHINE, "")
        rows.append(f"| {{doc}}`{name}` | {stated['reading']} | {computing} |")
    head = "| chapter | to read and try | computing, on a 2-core laptop |\n|---|---|---|\n"
    return head + "\n".join(rows) + f"\n\nTogether: {total} minutes."


def answers(notebooks: dict[str, NotebookNode]) -> str:
    """Every prediction and exercise of the chapters, with its answer and a typical mistake.

    Raises ReportError for a chapter whose stored outputs do not say what it finds.
    """
    right = solutions()
    wrong = formatted(
        {key: one.wrong for key, one in EXERCISES.items() if isinstance(one, Exercise)}
    )
    parts = [
        "# Answers to the exercises",
        "Collected from `cnnlib/exercises/`, where the tests run them. A check judges what an "
        "answer does, not how it is written: many others are right as well.",
    ]
    for name, notebook in notebooks.items():
        try:
            prediction = found(notebook)
        except ReportError as error:
            raise ReportError(f"{name}: {error}") from None
        parts += [f"## {title(notebook)}", f"Prediction: what is found is `{prediction}`."]
        for key, question in questions(notebook).items():
            exercise = EXERCISES[key]
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
    return "\n\n".join(parts) + "\n"


def title(notebook: NotebookNode) -> str:
    """The first heading of a chapter."""
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ")


def questions(notebook: NotebookNode) -> dict[str, str]:
    """What each exercise of a chapter asks, by its key."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return {asked[1]: asked[2].strip() for text in texts if (asked := ASKED.search(text))}


def main(argv: list[str] | None = None) -> int:
    """Render the whole book with the instructors' pages and the answers."""
    parser = argparse.ArgumentParser(prog="python -m cnnlib report --instructors")
    parser.add_argument("--stored", action="store_true", help="do not execute anything")
    options = parser.parse_args(argv)
    try:
        more = pages_of(chapters())
    except (ReportError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return report(options.stored, BOOK, more, "For instructors")


if __name__ == "__main__":
    sys.exit(main())
