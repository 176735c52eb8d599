"""Two editions of the chapters, from the committed notebooks and cnnlib/exercises/.

``editions/students/``: the code as committed, unanswered. Outputs stay up to the first
prediction, and are cleared from there on, exercises included: they would give away what the
reader is asked. The text is not touched. The fields of chapter 23 carry nbgrader's metadata.

``editions/instructors/``: each exercise answered with its solution, each prediction with what the
chapter finds; executed, so that every check says "right.".

(The committed notebooks are unanswered already, so nbgrader's ClearSolutions has nothing to do.)
"""

import argparse
import functools
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbconvert.preprocessors import ClearOutputPreprocessor
from nbformat import NotebookNode

from book.build import status
from book.notebooks import ROOT, ReportError, chosen, executed, read, with_progress
from cnnlib.exercises.all_parts import EXERCISES
from cnnlib.exercises.judging import Exercise, Written
from cnnlib.support.files import write_whole
from cnnlib.support.progress import nobody_watches

from .grading import with_marks

EDITIONS = ROOT / "editions"
PREDICTION = re.compile(r"^prediction = \.\.\.", re.M)
ANSWER = re.compile(r"^answer = \.\.\.$", re.M)
CHECK = re.compile(r'^cnnlib\.check\("([\d.]+)", \w+\)', re.M)
FOUND = re.compile(r"^Found: (.+)\. \(You made no prediction\.\)$", re.M)  # as reveal() says it
VERDICT = re.compile(r"^(Exercise [\d.]+: (?!right\.$).*|Found: .*(?<!as you predicted\.))$", re.M)
WIDTH = 88  # characters of an answer's line: what JupyterLab shows without scrolling


# Students ------------------------------------------------------------------------------------


def for_students(notebook: NotebookNode) -> NotebookNode:
    """Nothing given away: no output from the first prediction on, and no state of widgets."""
    start = next((i for i, cell in _code(notebook) if PREDICTION.search(cell.source)), 0)
    clear = ClearOutputPreprocessor()
    for i, cell in enumerate(notebook.cells):
        if i >= start or CHECK.search(cell.source):
            clear.preprocess_cell(cell, {}, i)
    notebook.metadata.pop("widgets", None)  # holds the pictures of every slider, also of later ones
    return with_marks(notebook)


# Instructors ---------------------------------------------------------------------------------


def for_instructors(notebook: NotebookNode) -> NotebookNode:
    """Every exercise and the prediction answered; not executed yet.

    Raises ReportError for an exercise without a solution, and for a prediction of which the
    stored outputs do not say what was found.
    """
    answers = solutions()
    for _, cell in _code(notebook):
        if PREDICTION.search(cell.source):
            words = f"prediction = {found(notebook)}"
            cell.source = PREDICTION.sub(words.replace("\\", r"\\"), cell.source)
        asked = CHECK.search(cell.source)
        if asked and isinstance(exercise := EXERCISES.get(asked[1]), Written):
            cell.source = f"{exercise.source}\n\n\n{cell.source[asked.start() :]}"
        elif asked or ANSWER.search(cell.source):
            if not asked or asked[1] not in answers:
                raise ReportError(f"no exercise is known for the cell {cell.source!r}")
            words = f"answer = {answers[asked[1]]}"
            cell.source = ANSWER.sub(words.replace("\\", r"\\"), cell.source)
    return notebook


def found(notebook: NotebookNode) -> str:
    """What the stored outputs say that the prediction should have been, as Python."""
    outputs = [output for _, cell in _code(notebook) for output in cell.outputs]
    printed = "\n".join(output.get("text", "") for output in outputs)
    if not (said := FOUND.search(printed)):
        raise ReportError(
            "no stored output says what was found: expected one of cnnlib.reveal; execute the "
            "chapter first, by make refresh"
        )
    return said[1]


@functools.cache
def solutions() -> dict[str, str]:
    """The solution of every exercise with a short answer, laid out."""
    return formatted(
        {key: one.solution for key, one in EXERCISES.items() if isinstance(one, Exercise)}
    )


def formatted(expressions: dict[str, str]) -> dict[str, str]:
    """Python expressions in lines of at most ``WIDTH`` characters, where that can be (by ruff)."""
    source = "\n".join(f"# {key}\nanswer = {text}" for key, text in expressions.items())
    words = [sys.executable, "-m", "ruff", "format", "--isolated", f"--line-length={WIDTH}", "-"]
    done = subprocess.run(words, input=source.encode(), capture_output=True, check=False)
    if done.returncode:
        raise ReportError(f"a solution is not Python: {done.stderr.decode().strip()}")
    parts = re.split(r"^# ([\d.]+)\nanswer = ", done.stdout.decode(), flags=re.M)
    return {key: text.strip() for key, text in zip(parts[1::2], parts[2::2], strict=True)}


def complaints(notebook: NotebookNode) -> list[str]:
    """The lines of an executed notebook that say that an answer or the prediction is not right."""
    return [
        line[0]
        for _, cell in _code(notebook)
        for output in cell.outputs
        for line in VERDICT.finditer(output.get("text", ""))
    ]


# Writing -------------------------------------------------------------------------------------


def write_students(path: Path, folder: Path) -> None:
    """Write the students' edition of a notebook into a folder."""
    _write(for_students(read(path)), folder / path.name)


def write_instructors(path: Path, folder: Path) -> None:
    """Execute the answered notebook and write it; nothing is written if a check is not right."""
    answered = for_instructors(read(path))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as scratch:
        copy = Path(scratch) / path.name
        _write(answered, copy)
        done = executed(copy)
        if wrong := complaints(done):
            raise ReportError(f"not every answer is right: {wrong[0]}")
        _write(done, folder / path.name)


def _write(notebook: NotebookNode, target: Path) -> None:
    write_whole(target, nbformat.writes(notebook) + "\n")


def _code(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """The code cells, with their places among all cells."""
    return ((i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")


def main(argv: list[str] | None = None) -> int:
    """Write both editions of the chapters whose names start as said, or of all.

    A chapter that fails is named with the reason at the end, and the others go on.
    """
    parser = argparse.ArgumentParser(prog="python -m cnnlib editions", description=__doc__)
    parser.add_argument("names", nargs="*", help="chapters whose names start so; none means all")
    parser.add_argument(
        "--students", action="store_true", help="their edition alone, which takes seconds"
    )
    options = parser.parse_args(argv)
    nobody_watches()
    try:
        paths = chosen(options.names)
    except ValueError as error:
        parser.error(str(error))
    failed = {}
    for path in with_progress(paths, "making editions of"):
        try:
            write_students(path, EDITIONS / "students")
            if not options.students:
                write_instructors(path, EDITIONS / "instructors")
        except ReportError as error:
            failed[path.stem] = str(error)
            print("failed, ", end="", flush=True)
        except OSError as error:  # the disk's, which no other chapter escapes
            print(f"\nerror: {path.stem}: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nStopped. Editions that were finished are kept.", file=sys.stderr)
            return 130
    print(f"Done. They are in {EDITIONS}.")
    return status(failed, len(paths))


if __name__ == "__main__":
    sys.exit(main())
