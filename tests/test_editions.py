"""Students' and instructors' editions: one source, nothing given away, every answer right."""

import ast
import functools
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from book import notebooks
from cnnlib.exercises.all_parts import EXERCISES
from instructors import editions

ROOT = Path(__file__).parents[1]

CHAPTERS = {path.stem: path for path in notebooks.chapters()}
CHEAP = "02_convolution_by_hand"  # no training, no stored runs
each = pytest.mark.parametrize("name", CHAPTERS)


def read(name):
    return nbformat.read(CHAPTERS[name], as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


# Students ------------------------------------------------------------------------------------


@each
def test_students_get_the_same_cells_unanswered(name):
    source, made = read(name), editions.for_students(read(name))
    for before, after in zip(source.cells, made.cells, strict=True):
        assert (after.id, after.cell_type, after.source) == (
            before.id, before.cell_type, before.source,
        )  # fmt: skip
        assert after.metadata.get("tags") == before.metadata.get("tags")
    text = "\n".join(cell.source for cell in code(made))
    assert not re.search(r"^(answer|prediction) = (?!\.\.\.)", text, re.M)
    assert re.search(r"^prediction = \.\.\.", text, re.M)
    nbformat.validate(made)


@each
def test_students_see_what_comes_before_the_prediction_and_nothing_after(name):
    source, made = code(read(name)), code(editions.for_students(read(name)))
    (start,) = (i for i, cell in enumerate(source) if "cnnlib.predict_first(" in cell.source)
    for before, after in zip(source[:start], made[:start], strict=True):
        asked = editions.CHECK.search(before.source)  # an exercise may come early
        assert after.outputs == ([] if asked else before.outputs)
    for before, after in zip(source[start:], made[start:], strict=True):
        assert not after.outputs and after.execution_count is None
        assert before.execution_count is not None  # there was something to clear
    text = "".join(map(printed, made))
    assert "Found:" not in text and "Exercise" not in text


def test_an_exercise_before_the_prediction_and_the_state_of_widgets_go_too():
    cells = [
        new_code_cell("1", outputs=[new_output("stream", text="stays")]),
        new_code_cell('answer = ...\ncnnlib.check("5.1", answer)',
                      outputs=[new_output("stream", text="goes")]),
        new_code_cell("prediction = ...", outputs=[new_output("stream", text="goes")]),
    ]  # fmt: skip
    notebook = new_notebook(cells=cells, metadata={"widgets": {"state": "of a slider"}})
    made = editions.for_students(notebook)
    assert [printed(cell) for cell in made.cells] == ["stays", "", ""]
    assert "widgets" not in made.metadata


# Instructors ---------------------------------------------------------------------------------


@functools.cache
def answered(name):
    """A chapter, answered, not executed."""
    return editions.for_instructors(read(name))


def checks(notebook):
    """The cells with an exercise, by its key."""
    found = [(editions.CHECK.search(cell.source), cell) for cell in code(notebook)]
    return {asked[1]: cell for asked, cell in found if asked}


@each
def test_nothing_else_changes_for_instructors(name):
    for before, after in zip(read(name).cells, answered(name).cells, strict=True):
        asked = editions.CHECK.search(before.source)
        if asked or re.search(r"^(answer|prediction) = \.\.\.", before.source, re.M):
            assert after.source != before.source and "= ..." not in after.source
        else:
            assert after.source == before.source


def test_every_exercise_is_filled_in():
    keys = [key for name in CHAPTERS for key in checks(answered(name))]
    assert sorted(keys) == sorted(EXERCISES)


@each
def test_each_filled_answer_is_judged_right_where_it_stands(name, capsys):
    """With the names that the chapter imports, and nothing else."""
    statements = [
        node
        for cell in code(answered(name))
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {}
    exec(compile(ast.Module(statements, []), name, "exec"), names)
    for key, cell in checks(answered(name)).items():
        exec(cell.source, names)
        assert capsys.readouterr().out == f"Exercise {key}: right.\n"


@each
def test_the_prediction_is_one_of_the_options_and_what_was_found(name):
    texts = [printed(cell) for cell in code(read(name))]
    (line,) = re.findall(r"^Found: (.+)\. \(You made no", "\n".join(texts), re.M)
    (filled,) = (c for c in code(answered(name)) if "predict_first" in c.source)
    assert re.search(rf"^prediction = {re.escape(line)}(  #.*)?$", filled.source, re.M)
    asked = next(text for text in texts if text.startswith("Write your prediction first"))
    assert line in asked


def test_a_chapter_that_cannot_be_answered_is_one_sentence():
    cell = new_code_cell('answer = ...\ncnnlib.check("99.1", answer)')
    with pytest.raises(editions.ReportError, match=r"no exercise is known for .*99\.1"):
        editions.for_instructors(new_notebook(cells=[cell]))
    with pytest.raises(editions.ReportError, match="no stored output says what was found"):
        editions.for_instructors(new_notebook(cells=[new_code_cell("prediction = ...")]))
    with pytest.raises(editions.ReportError, match="a solution is not Python"):
        editions.formatted({"1.1": "2 +"})


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("Exercise 5.1: right.\n", []),
        ("Exercise 5.1: not yet: it is less.\n", ["Exercise 5.1: not yet: it is less."]),
        ("a line\nExercise 5.1: not answered yet. R\n", ["Exercise 5.1: not answered yet. R"]),
        ("Found: 'a', as you predicted.\n", []),
        ("Found: 'a', you predicted 'b'.\n", ["Found: 'a', you predicted 'b'."]),
    ],
)
def test_complaints_are_found(text, wrong):
    cell = new_code_cell("1", outputs=[new_output("stream", text=text)])
    assert editions.complaints(new_notebook(cells=[cell])) == wrong


# For real ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_chapter_executed_in_both_editions(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(editions, "EDITIONS", tmp_path)
    assert editions.main([CHEAP[:2]]) == 0 and "Done." in capsys.readouterr().out
    assert [path.name for path in sorted(tmp_path.rglob("*.*"))] == [f"{CHEAP}.ipynb"] * 2
    full = nbformat.read(tmp_path / "instructors" / f"{CHEAP}.ipynb", as_version=4)
    said = {key: printed(cell) for key, cell in checks(full).items()}
    asked = [key for key in EXERCISES if key.startswith(f"{int(CHEAP[:2])}.")]
    assert said == {key: f"Exercise {key}: right.\n" for key in asked}
    assert any("as you predicted." in printed(cell) for cell in code(full))

    plain = notebooks.execute(tmp_path / "students" / f"{CHEAP}.ipynb")
    said = {key: printed(cell) for key, cell in checks(plain).items()}
    assert len(said) == len(asked) and all("not answered yet" in words for words in said.values())
    assert [printed(cell) for cell in code(plain)] == [printed(cell) for cell in code(read(CHEAP))]


def test_a_wrong_answer_leaves_no_edition(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(editions, "EDITIONS", tmp_path)
    said = new_output("stream", text="Exercise 2.1: not yet: no.\n")
    wrong = new_notebook(cells=[new_code_cell("1", outputs=[said])])
    monkeypatch.setattr(editions, "executed", lambda path: wrong)
    assert editions.main([CHEAP]) == 1
    words = capsys.readouterr().err
    assert "error: 1 of 1 chapters failed:" in words
    assert f"  {CHEAP}: not every answer is right: Exercise 2.1: not yet: no." in words
    assert list((tmp_path / "instructors").iterdir()) == []


def test_a_damaged_chapter_is_named_and_the_others_go_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(editions, "EDITIONS", tmp_path / "editions")
    bad, good = tmp_path / "01_bad.ipynb", editions.ROOT / "notebooks" / f"{CHEAP}.ipynb"
    bad.write_text('{"cells": [')
    monkeypatch.setattr(editions, "chosen", lambda names: [bad, good])
    assert editions.main(["--students"]) == 1
    assert "1 of 2 chapters failed:\n  01_bad: " in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "editions").rglob("*.*")] == [good.name]


def test_an_unknown_chapter_is_refused(capsys):
    with pytest.raises(SystemExit):
        editions.main(["99"])
    assert "no chapter's number or name is '99'" in capsys.readouterr().err
