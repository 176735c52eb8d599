"""The instructors' page says what the rubric does, and every chapter and exercise is on it."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from book import build, notebooks
from cnnlib.exercises.all_parts import EXERCISES
from cnnlib.exercises.judging import Written
from cnnlib.support.written import source_of
from instructors import grading
from instructors import pages as instructors
from instructors.verify import rubric

ROOT = Path(__file__).parents[1]

TEXT = (ROOT / "instructors" / "instructors.md").read_text("utf-8")


@pytest.fixture(scope="module")
def pages():
    made, failed = instructors.pages_of(notebooks.chapters())
    assert not failed
    return made


def rows(text, columns):
    """The cells of every table row with this many columns, as words."""
    lines = [line.strip("| \n").split(" | ") for line in text.splitlines() if line[:1] == "|"]
    return [[cell.strip("*` ") for cell in line] for line in lines if len(line) == columns]


POINTS = {part: tuple(map(int, points)) for part, *points, _ in rows(TEXT, 5)[1:]
          if points[0].isdigit()}  # fmt: skip


# Points --------------------------------------------------------------------------------------


def test_the_points_are_the_rubrics():
    expected = {
        line.part: (line.points, line.points - line.left, line.left) for line in grading.lines()
    }
    sums = ("fixed points", "choice tasks")
    assert {part: points for part, points in POINTS.items() if part not in sums} == expected
    assert len(expected) == 10


def test_the_sums_are_sums():
    for total, parts in (
        ("fixed points", [p for p in POINTS if not p.startswith(("choice", "fixed"))]),
        ("choice tasks", [p for p in POINTS if p.startswith("choice task:")]),
    ):
        assert POINTS[total] == tuple(map(sum, zip(*(POINTS[p] for p in parts), strict=True)))
    assert POINTS["fixed points"][0] == 70
    assert f"up to {rubric.MOST_CHOICE} for choice tasks" in TEXT
    assert f"counted up to {rubric.MOST_CHOICE}" in TEXT


def test_the_fields_points_add_up_to_the_humans_of_each_line():
    spread = {}
    for parts in grading.FIXED.values():
        for part, points in parts.items():
            spread[part] = spread.get(part, 0) + points
    lines = {line.part: line.left for line in grading.lines()}
    fixed = {part: left for part, left in lines.items() if not part.startswith("choice")}
    assert spread | {"test": 0} == fixed
    assert sum(grading.marks().values()) == sum(lines.values())
    assert {row[0]: int(row[1]) for row in rows(TEXT, 3) if row[0] in grading.marks()} == (
        grading.marks()
    )


# Chapters and exercises ----------------------------------------------------------------------


def test_every_chapter_is_in_both_tables(pages):
    numbers = {int(path.stem[:2]) for path in notebooks.chapters()}
    assert numbers <= {int(row[0]) for row in rows(TEXT, 3) if row[0].isdigit()}
    timed = re.findall(r"^\| \{doc\}`(\S+)` \| (\d+) minutes", pages["instructors.md"], re.M)
    assert [name for name, _ in timed] == [path.stem for path in notebooks.chapters()]
    total = sum(int(minutes) for _, minutes in timed)
    assert f"Together: {total} minutes." in pages["instructors.md"]


def test_a_time_is_the_chapters_own(pages):
    path = next(path for path in notebooks.chapters() if path.stem.startswith("05"))
    first = nbformat.read(path, as_version=4).cells[0].source
    _, reading, computing = re.search(
        rf"^\| \{{doc\}}`({path.stem})` \| (.+) \| (.+) \|$", pages["instructors.md"], re.M
    ).groups()
    assert f"**Time**: {reading}; {computing} of computing" in first


def written(cells):
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


TIMED = "# 5. A chapter\n\n**Time**: 9 minutes to read; one minute of computing on a 2-core laptop."
WITH_TIME = nbformat.v4.new_markdown_cell(TIMED)
FOUND = nbformat.v4.new_code_cell(
    "1",
    outputs=[nbformat.v4.new_output("stream", text="Found: 'a'. (You made no prediction.)\n")],
)
FAULTS = {
    "damaged JSON": (b'{"cells": [', "05_bad.ipynb is not a notebook that can be read"),
    "no cells": (written([]), r"it has no line \*\*Time\*\*"),
    "no time": (written([nbformat.v4.new_markdown_cell("# 5. A chapter")]), "it has no line"),
    "no finding": (written([WITH_TIME]), "no stored output says what was found"),
    "an unknown exercise": (
        written([WITH_TIME, FOUND, nbformat.v4.new_markdown_cell("**5.99** What is this?")]),
        "it asks for exercise 5.99, which is not declared",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_chapter_that_cannot_be_collected_is_named_and_the_others_go_on(
    fault, tmp_path, monkeypatch, capsys
):
    content, why = FAULTS[fault]
    (tmp_path / "05_bad.ipynb").write_bytes(content)
    sound = next(path for path in notebooks.chapters() if path.stem.startswith("06"))
    paths = [tmp_path / "05_bad.ipynb", sound]
    made, failed = instructors.pages_of(paths)
    assert list(failed) == ["05_bad"] and re.search(why, failed["05_bad"])
    timed = re.findall(r"^\| \{doc\}`(\S+)`", made["instructors.md"], re.M)
    assert timed == [sound.stem] and "**6.1**" in made["answers.md"]

    monkeypatch.setattr(instructors, "chapters", lambda: paths)
    monkeypatch.setattr(instructors, "report", lambda *words: 0)
    assert instructors.main(["--stored"]) == 1
    said = capsys.readouterr().err
    assert "1 of 2 chapters are not in the instructors' pages:\n  05_bad: " in said


def test_a_chapter_without_faults_is_collected(tmp_path):
    (tmp_path / "05_good.ipynb").write_bytes(written([WITH_TIME, FOUND]))
    made, failed = instructors.pages_of([tmp_path / "05_good.ipynb"])
    assert not failed and "what is found is `'a'`" in made["answers.md"]
    assert "Together: 9 minutes." in made["instructors.md"]


def test_every_exercise_has_its_question_its_answer_and_its_mistake(pages):
    page = pages["answers.md"]
    parts = re.split(r"^\*\*(\d+\.\d+)\*\* ", page, flags=re.M)
    asked = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert sorted(asked) == sorted(EXERCISES)
    for key, text in asked.items():
        question, right, between, wrong, *_ = re.split(r"```(?:python)?\n", text)
        exercise = EXERCISES[key]
        assert len(question.strip()) > 20 and all(hint in between for hint in exercise.hints)
        if isinstance(exercise, Written):
            assert right.strip() == exercise.source
            assert wrong.strip() == source_of(exercise.mistakes[0][0]).strip()
            continue
        for shown, source in ((right, exercise.solution), (wrong, exercise.wrong)):
            assert same(shown) == same(source)
    assert page.count("Prediction: what is found is `") == len(notebooks.chapters())


def same(source):
    """An expression without its layout."""
    return ast.dump(ast.parse(source.strip(), mode="eval"))


def test_misconceptions_have_a_way_to_see_them():
    table = [row for row in rows(TEXT, 3) if row[0].isdigit()]
    assert len(table) >= 24
    assert all(len(wrong) > 15 and len(how) > 20 for _, wrong, how in table)


# Pages ---------------------------------------------------------------------------------------


def test_the_students_book_has_neither_page():
    assert "instructors" not in build.contents() and "answers" not in build.contents()
    more = build.contents("For instructors", ["instructors.md", "answers.md"])
    assert re.search(r"For instructors\ninstructors\nanswers\n", more)
    assert notebooks.REPORT not in (instructors.BOOK, *instructors.BOOK.parents)


@pytest.mark.slow
def test_the_instructors_book_is_rendered_apart(tmp_path, monkeypatch):
    """For real, with one chapter, without its links to the others."""
    (path,) = notebooks.chosen(["17"])
    alone = nbformat.read(path, as_version=4)
    for cell in alone.cells:
        cell.source = re.sub(r"\[([^\]]*)\]\(\d\d_\w+\.ipynb[^)]*\)", r"\1", cell.source)
    nbformat.write(alone, tmp_path / path.name)
    few = [tmp_path / path.name]
    for module in (build, instructors):
        monkeypatch.setattr(module, "chapters", lambda: few)
    monkeypatch.setattr(build, "page", lambda: "# API")  # its own is tested in test_book.py
    monkeypatch.setattr(build, "PAGES", ())  # they link to other chapters
    monkeypatch.setattr(build, "BUILD", tmp_path / "build" / "book")
    made = tmp_path / "editions" / "book"
    monkeypatch.setattr(instructors, "BOOK", made)
    assert instructors.main(["--stored"]) == 0
    page = (made / "instructors.html").read_text("utf-8")
    assert f'href="{few[0].stem}.html"' in page and instructors.TIMES not in page
    assert 'href="answers.html"' in page and "17.1" in (made / "answers.html").read_text("utf-8")


def test_readme_points_here():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "(instructors/instructors.md)" in readme and "make editions" in readme


def test_commands_on_the_page_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.search(r"^TARGETS := (.+)$", makefile, re.M)[1].split()
    assert set(re.findall(r"`?make ([a-z][\w-]*)", TEXT)) <= set(targets)
    assert set(re.findall(r"python3? -m cnnlib (\w[\w-]*)", TEXT)) <= set(targets)
