"""Whatever strangers hand in: the readers give data, or one sentence; nothing else comes out.

Hypothesis makes the inputs, always the same ones.
"""

import copy
import functools
import io
import json
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hypothesis")  # set up with the other packages of the tests

import made_up_files as made_up
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from book.notebooks import tables
from cnnlib.runs import PREDICTIONS, RECORD, WEIGHTS
from instructors.verify import Fact, Outcome, Result, gate, marking, pages
from instructors.verify.arrivals import hand_ins
from instructors.verify.intake import RefusedError, TakenIn, take_in
from instructors.verify.marking import MarksError, parsed
from instructors.verify.one import facts_of
from instructors.verify.reading import UnreadableError, notebook, records
from instructors.verify.recompute import ModelError, tensors
from instructors.verify.rubric import rubric
from instructors.verify.submission import put_together

FUZZ = settings(
    max_examples=60, derandomize=True, deadline=None, database=None,
    suppress_health_check=[*HealthCheck],
)  # fmt: skip
FEW = settings(FUZZ, max_examples=20)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(["", "report", "field-test", "choice-tsne", 10**400, -1, 1e308, "\ud800"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=5), below),
    max_leaves=12,
)


@functools.cache
def honest():
    """An honest hand-in without weights and graph: notebook and records as nested data."""
    files = made_up.without(made_up.honest(), WEIGHTS, PREDICTIONS)
    made_up.drop_cell(files, "mine.losses()")  # to draw it anew takes a second each time
    return {name: json.loads(content) for name, content in files.items()}


def dumped(value):
    return json.dumps(value).encode("utf-8", "surrogatepass")


@st.composite
def changed(draw, whole):
    """A copy of nested data in which a value, at any depth, is another one."""
    found = at = copy.deepcopy(whole)
    while True:
        keys = list(at) if isinstance(at, dict) else range(len(at))
        key = draw(st.sampled_from(keys))
        below = at[key]
        deeper = isinstance(below, (dict, list)) and below
        if not deeper or draw(st.integers(0, 5)) == 0:
            at[key] = draw(VALUES)
            return found
        at = below


# Notebooks and records -----------------------------------------------------------------------


@FUZZ
@given(st.binary(max_size=200) | VALUES.map(dumped))
def test_any_bytes_are_a_notebook_or_a_sentence(content):
    try:
        notebook(content, "n.ipynb")
    except UnreadableError as error:
        assert "\n" not in str(error)


CELL = st.dictionaries(
    st.sampled_from(["cell_type", "source", "metadata", "outputs", "execution_count"]), VALUES
)


@FUZZ
@given(st.lists(CELL | VALUES, max_size=5))
def test_any_cells_are_read(cells):
    assert len(notebook(dumped({"cells": cells}), "n")) == sum(isinstance(c, dict) for c in cells)


@FUZZ
@given(st.binary(max_size=300) | VALUES.map(dumped))
def test_any_bytes_are_a_record_with_its_problem(content):
    (found,) = records({f"runs/x/{RECORD}": content})
    assert found.experiment is not None or found.problem


@pytest.mark.slow
@FEW
@given(st.data())
def test_a_submission_with_one_odd_value_is_looked_at(data):
    """Anywhere in its notebook or records: each fact that can be told is told."""
    name = data.draw(st.sampled_from(list(honest())))
    files = {one: dumped(content) for one, content in honest().items() if one != name}
    files[name] = dumped(data.draw(changed(honest()[name])))
    made = put_together(TakenIn(files))
    facts = facts_of(made)
    assert len(facts) > 20 and 4 <= len(rubric(made, facts)) <= 10
    pages.page_of(Result("x", facts=tuple(facts)))


@FUZZ
@given(st.text(alphabet="<>/tablerdh \"=0123456789spanow'&;", max_size=300))
@example("<table>" * 300)
def test_any_html_has_tables_or_none(text):
    for table in tables(text):
        for name in table.header:
            assert set(table.column(name)) <= set(table.rows)


@FUZZ
@given(st.binary(max_size=300))
@example(b"\xff" * 8 + b"{}")
def test_any_bytes_are_tensors_or_a_sentence(content):
    try:
        tensors(content, "w.safetensors")
    except ModelError as error:
        assert "\n" not in str(error)


# Zips and folders ----------------------------------------------------------------------------


@functools.cache
def packed():
    inside = made_up.zipped({"runs/a/run.json": b"{}", "report.ipynb": b"{}"})
    files = {"Doe Jo_12_assignsubmission_file_/hand-in.zip": inside, "a/report.ipynb": b'{"c": 1}'}
    return made_up.zipped(files)


@FUZZ
@given(
    st.lists(st.tuples(st.integers(0, len(packed()) - 1), st.integers(0, 255)), max_size=8),
    st.integers(0, len(packed())),
)
def test_a_damaged_zip_is_taken_in_or_refused(tmp_path_factory, edits, end):
    content = bytearray(packed())
    for at, value in edits:
        content[at] = value
    taken_in_or_refused(tmp_path_factory.getbasetemp() / "a.zip", bytes(content[:end] or content))


NAMES = st.text(alphabet="a./\\:_0\n\x1b\u202e\ud7ff", min_size=1, max_size=12)


@FUZZ
@given(st.dictionaries(NAMES, st.sampled_from([b"", b"{}", packed()]), max_size=4))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_any_names_in_a_zip_stay_names(tmp_path_factory, files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            for end in ("", ".json", ".zip", "/report.ipynb"):
                archive.writestr(name + end, content)
    taken_in_or_refused(tmp_path_factory.getbasetemp() / "b.zip", made.getvalue())


def taken_in_or_refused(path: Path, content):
    path.write_bytes(content)
    found = hand_ins([path])
    assert found and len({one.name for one in found}) == len(found)
    for one in found:
        try:
            take_in(one.path, inside=one.inside)
        except RefusedError as error:
            assert str(error).isprintable()


# Marks, and what is put out ------------------------------------------------------------------

LINES = st.lists(st.text(alphabet='aé,;"\t\n\r0123.=-', max_size=30), max_size=5)


@FUZZ
@given(
    st.binary(max_size=200)
    | LINES.map(lambda lines: "\n".join(["submission,report,comment", *lines]).encode())
)
def test_any_bytes_are_marks_or_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "m.csv"
    path.write_bytes(content)
    try:
        found = marking.read(path)
    except MarksError as error:
        assert str(error).isprintable()
        return
    assert all(0 <= mark <= 100 for one in found.values() for mark in one.marks.values())


@FUZZ
@given(st.dictionaries(st.text(min_size=1, max_size=12), st.text(max_size=30), max_size=4))
def test_marks_that_are_written_are_read_back(tmp_path_factory, comments):
    results = [Result(name, refused="x") for name in comments]
    given_ones = {
        marking.key(one): marking.Marking({"report": 1.5}, comments[one.name]) for one in results
    }
    folder = tmp_path_factory.mktemp("marks", numbered=True)
    marking.kept(results, folder, given_ones)
    found = parsed((folder / marking.MARKS).read_bytes(), "m")
    assert {name: one.marks for name, one in found.items() if name} == {
        name: one.marks for name, one in given_ones.items() if name
    }


@FUZZ
@given(st.text(max_size=80))
def test_nothing_odd_passes_the_gate(text):
    assert gate.shown(text).isprintable()
    cell, page = gate.cell(text), gate.escaped(text)
    assert cell.isprintable() and not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert not set('<>"') & set(page) and "\x1b" not in page
    html = pages.page_of(Result(text, facts=(Fact("a", text, text, text, Outcome.WRONG, text),)))
    assert html.count("<script>") == 1 and "\u202e" not in html
