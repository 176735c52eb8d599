"""The table of what is caught, flagged and not detectable, line by line."""

from pathlib import Path

import made_up_class
import pytest
from bs4 import BeautifulSoup

from instructors.verify import Result, pages, seen
from instructors.verify.seen import CAUGHT, FLAGGED, TABLE, UNSEEN

TESTS = Path(__file__).parent


@pytest.mark.parametrize("line", TABLE, ids=[one.held for one in TABLE])
def test_a_line_is_held_by_the_made_up_class_or_by_a_test(line):
    """The class is verified by test_verify_class.py, and as a whole by made_up_class.py."""
    if "::" in line.held:
        file, name = line.held.split("::")
        assert f"def {name}(" in (TESTS / file).read_text("utf-8")
        return
    _, verdict, words, asked = made_up_class.whole_class()[line.held]
    if line.how == CAUGHT:
        assert (verdict != "right" and line.says in words) or words in line.says != ""
    elif line.how == FLAGGED:
        assert line.says in asked
    else:
        assert (verdict, words, asked) == ("right", "", "")


def test_every_kind_is_there_and_named_once():
    assert {one.how for one in TABLE} == {CAUGHT, FLAGGED, UNSEEN}
    assert len({one.what for one in TABLE}) == len(TABLE)
    # what the class has for the table is in the table
    held = {one.held for one in TABLE}
    assert set(made_up_class.UNSEEN) <= held


def test_it_is_on_every_page_and_on_the_instructors():
    for result in (Result("x"), Result("y", refused="it is a link")):
        page = BeautifulSoup(pages.page_of(result), "html.parser")
        rows = page.details.find_all("tr")[1:]
        assert [row.td.get_text() for row in rows] == [one.what for one in TABLE]
    text = (TESTS.parent / "instructors" / "instructors.md").read_text("utf-8")
    assert "<!-- seen -->" in text
    assert seen.markdown().count("\n") == len(TABLE) + 1
