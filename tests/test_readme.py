"""What README.md and runs/README.md say of the code and the runs is what is there."""

import re
from pathlib import Path

import pytest

from cnnlib import CATALOGUE
from cnnlib.analysis import readme, tables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
STALE = "is not up to date; run: make table"


def test_the_readme_is_up_to_date():
    assert readme.filled(README, readme.parts()) == README, f"README.md {STALE}"


def test_the_page_of_runs_is_up_to_date_and_complete():
    page = (ROOT / "runs" / "README.md").read_text("utf-8")
    assert page == readme.runs_page(), f"runs/README.md {STALE}"
    assert re.findall(r"^\| `([\w.-]+)` \|(?: from|  *–)", page, re.M) == list(CATALOGUE)


def test_the_core_is_read_in_an_evening():
    files = re.findall(r"^\d\. \[`[\w.]+`\]\(([\w/.]+)\), (\d+) lines", README, re.M)
    assert 3 <= len(files) <= 7
    counted = {name: (ROOT / name).read_bytes().count(b"\n") for name, _ in files}
    assert counted == {name: int(lines) for name, lines in files}, STALE
    assert sum(counted.values()) <= readme.MOST_LINES


def test_the_readme_shows_ten_runs():
    shown = re.findall(r"^\| `([\w.-]+)` \|", README, re.M)
    assert [name for name in shown if name in CATALOGUE] == list(readme.IN_README)
    assert len(readme.IN_README) == 10


def test_every_folder_that_the_readme_names_is_there():
    named = re.findall(r"^\| `([\w/]+/)`", README, re.M)
    made_later = {"cache/"}
    assert {"cnnlib/", "book/", "instructors/"} <= set(named)
    assert [name for name in set(named) - made_later if not (ROOT / name).is_dir()] == []
    folders = {f"cnnlib/{p.parent.name}/" for p in (ROOT / "cnnlib").glob("*/__init__.py")}
    assert folders <= set(named)


def test_only_what_is_between_the_marks_changes():
    text = "before\n<!-- a: begin -->\nold\n<!-- a: end -->\nafter\n"
    new = readme.filled(text, {"a": "new"})
    assert new == text.replace("old", "new") and readme.filled(new, {"a": "new"}) == new


@pytest.mark.parametrize(
    "text",
    ["no marks", "<!-- a: end --> <!-- a: begin -->", 2 * "<!-- a: begin --><!-- a: end -->"],
)
def test_marks_that_are_missing_or_doubled_are_refused(text):
    with pytest.raises(ValueError, match="expected one line <!-- a: begin -->"):
        readme.filled(text, {"a": "new"})


def test_writing_touches_only_what_is_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(readme, "catalogue_table", lambda names=(): "| head |\n|---|\n| row |")
    (tmp_path / "runs").mkdir()
    (tmp_path / "README.md").write_text(README, "utf-8")
    assert readme.write(tmp_path) == ["README.md", "runs/README.md"]
    assert readme.write(tmp_path) == []
    assert "| row |" in (tmp_path / "README.md").read_text("utf-8")


def test_an_unshipped_seed_does_not_count(monkeypatch):
    monkeypatch.setattr(tables, "stored_seeds", lambda name: [*range(20), 99])
    assert "| 20 |" in tables.catalogue_table(["maxpool"])
