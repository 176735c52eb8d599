"""nbgrader's metadata on the fields of chapter 23; nbgrader itself, where it is installed."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from book import my_report
from instructors import editions, grading
from instructors.verify import reading

ROOT = Path(__file__).parents[1]

NAME = my_report.CHAPTER.name
BIN = str(Path(sys.executable).parent)  # nbgrader calls alembic by its name
FLAGS = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": True}


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    """Chapter 23 of the students' edition, as a file."""
    folder = tmp_path_factory.mktemp("students")
    editions.write_students(my_report.CHAPTER, folder)
    return folder / NAME


def fields(notebook):
    """The cells with nbgrader's metadata, by their grade_id."""
    cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells}


def test_each_field_with_points_has_metadata_and_no_other_cell(handed_out):
    made = fields(nbformat.read(handed_out, as_version=4))
    assert {name: cell.metadata.nbgrader.points for name, cell in made.items()} == grading.marks()
    for name, cell in made.items():
        assert f"field-{name}" in cell.metadata.tags and cell.cell_type == "markdown"
        own = {"grade_id": name, "points": grading.marks()[name]}
        found = dict(cell.metadata.nbgrader)
        assert re.fullmatch("[0-9a-f]{32}", found.pop("checksum"))  # as nbgrader's schema wants it
        assert found == FLAGS | own
    assert not fields(nbformat.read(my_report.CHAPTER, as_version=4))  # the committed one is plain


def test_a_field_without_points_stays_plain():
    cell = new_markdown_cell("A link.", metadata={"tags": ["report", "field-weights"]})
    assert "nbgrader" not in grading.with_marks(new_notebook(cells=[cell])).cells[0].metadata


def test_the_report_and_verify_read_it_as_before(handed_out):
    made, source = (nbformat.read(p, as_version=4) for p in (handed_out, my_report.CHAPTER))
    unfinished = my_report.chosen(made)[1]
    assert [one for one in unfinished if one.field != "test set"] == my_report.chosen(source)[1]
    assert len(unfinished) == len(my_report.chosen(source)[1]) + 1  # its outputs are taken out
    read = [reading.notebook(path.read_bytes(), NAME) for path in (handed_out, my_report.CHAPTER)]
    for one, two in zip(*read, strict=True):
        assert (one.code, one.source, one.tags) == (two.code, two.source, two.tags)


# nbgrader itself -----------------------------------------------------------------------------


def nbgrader(course, *words):
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words, f"--course={course}"],
        cwd=course, capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": os.pathsep.join([BIN, os.environ["PATH"]])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def graded(course, code):
    """What an expression of the grade book's submission by ada gives."""
    words = (
        "import json; from nbgrader.api import Gradebook\n"
        f"with Gradebook('sqlite:///{(course / 'gradebook.db').as_posix()}') as book:\n"
        "    one = book.find_submission('report', 'ada')\n"
        f"    print(json.dumps({code}))"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(
    importlib.util.find_spec("nbgrader") is None,
    reason="nbgrader is an optional extra: pip install -e '.[nbgrader]'",
)
def test_nbgrader_takes_it_in_and_waits_for_marks(handed_out, tmp_path):
    """Its own settings, untouched; all fields of the submission but one are left alone."""
    course = tmp_path / "course"
    for folder in ("source/report", "submitted/ada/report"):
        (course / folder).mkdir(parents=True)
    shutil.copy(handed_out, course / "source" / "report" / NAME)
    nbgrader(course, "generate_assignment", "report", "--create")

    released = nbformat.read(course / "release" / "report" / NAME, as_version=4)
    before = fields(nbformat.read(handed_out, as_version=4))
    assert fields(released).keys() == before.keys() == grading.marks().keys()
    for name, cell in fields(released).items():
        assert cell.source == before[name].source and cell.metadata.get("editable", True)

    fields(released)["pairs"].source = "Luck would explain it too."
    nbformat.write(released, course / "submitted" / "ada" / "report" / NAME)
    nbgrader(course, "autograde", "report", "--no-execute")

    marked = nbformat.read(course / "autograded" / "ada" / "report" / NAME, as_version=4)
    assert fields(marked)["pairs"].source == "Luck would explain it too."
    each = "[g.max_score, g.needs_manual_grade, g.manual_score]"
    found = graded(course, f"{{g.name: {each} for g in one.notebooks[0].grades}}")
    assert found == {name: [points, True, None] for name, points in grading.marks().items()}
    human = sum(line.left for line in grading.lines())
    assert graded(course, "[one.max_score, one.score, one.needs_manual_grade]") == [human, 0, True]
