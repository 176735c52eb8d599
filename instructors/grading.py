"""The points that a human gives: where in chapter 23, as metadata that nbgrader reads.

``python -m cnnlib verify`` gives the other points. Both follow instructors/verify/rubric.py.

The fields are nbgrader's *tasks*, not locked. As "manually graded answers" they would lose their
prompts: nbgrader puts "YOUR ANSWER HERE" in the place of every such cell when it makes an
assignment. A task keeps its text, is the student's to write in, and waits for a mark. Of locked
tasks nbgrader computes a checksum, to put their text back. Of others it does not, and then misses
it when it marks; so they bring one, which is compared with nothing.
"""

import hashlib

from nbformat import NotebookNode

from book.notebooks import named

from .verify.facts_testing import CHOICES
from .verify.results import Fact, Line, Outcome
from .verify.rubric import rubric
from .verify.submission import Submission

CHOICE = "choice task: "
# By field: how the human's points of the rubric's lines are spread over the fields. The first
# field stands for the whole report (its clarity); fields without points are not listed.
FIXED: dict[str, dict[str, int]] = {
    "names": {"report": 5},
    "baseline": {"five CNNs": 1, "train and validate": 5},
    **{f"variant-{i}": {"five CNNs": 1} for i in range(1, 5)},
    "pairs": {"report": 10},
    "test": {"report": 5},
}


def lines() -> list[Line]:
    """The rubric's lines, for a submission that does every choice task.

    ``points - left`` is the most that facts give, ``left`` is a human's.
    """
    tasks = [
        Fact("choice", f"choice task: {name}", "–", "–", Outcome.JUDGE, check=name)
        for name in CHOICES
    ]
    return rubric(Submission([], [], "chain"), tasks)


def marks() -> dict[str, int]:
    """The human's points, by field."""
    fixed = {field: sum(parts.values()) for field, parts in FIXED.items()}
    of_choice = {
        line.part.removeprefix(CHOICE): line.left
        for line in lines()
        if line.part.startswith(CHOICE)
    }
    return fixed | of_choice


def with_marks(notebook: NotebookNode) -> NotebookNode:
    """The notebook, with nbgrader's metadata (schema 3) on each field that has points."""
    points = marks()
    for cell in notebook.cells:
        for field in named(cell, "field-"):
            if field in points:
                cell.metadata["nbgrader"] = NotebookNode(
                    schema_version=3,
                    grade_id=field,
                    points=points[field],
                    grade=False,
                    solution=False,
                    locked=False,
                    task=True,
                    checksum=hashlib.md5(field.encode()).hexdigest(),
                )
    return notebook
