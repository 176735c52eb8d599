"""The edition's number is the same wherever it stands, and the files about it can be read."""

import datetime
import re
from pathlib import Path

import yaml

import cnnlib

ROOT = Path(__file__).parents[1]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
CHANGES = (ROOT / "CHANGELOG.md").read_text("utf-8")
RELEASES = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", CHANGES, re.M)


def test_version_is_the_same_everywhere():
    version, date = RELEASES[0]
    assert cnnlib.__version__ == version == str(CITATION["version"])
    assert CITATION["date-released"] == datetime.date.fromisoformat(date)


def test_releases_stand_newest_first_below_what_is_not_released():
    numbers = [tuple(map(int, version.split("."))) for version, _ in RELEASES]
    assert numbers == sorted(set(numbers), reverse=True)
    headings = re.findall(r"^## \[(.+?)\]", CHANGES, re.M)
    assert headings == ["Unreleased", *(version for version, _ in RELEASES)]


def test_citation_has_what_cff_1_2_0_requires_and_the_readmes_title():
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["message"] and CITATION["type"] == "software" and CITATION["license"] == "MIT"
    assert CITATION["authors"] == [{"name": "The workbook's authors"}]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert readme.startswith(f"# {CITATION['title']}\n")


def test_the_form_for_mistakes_asks_for_what_is_needed():
    path = ROOT / ".github" / "ISSUE_TEMPLATE" / "mistake-in-a-chapter.yml"
    form = yaml.safe_load(path.read_text("utf-8"))
    assert form["name"] and form["description"]
    fields = {part["id"]: part for part in form["body"] if part["type"] != "markdown"}
    asked = {name for name, part in fields.items() if part.get("validations", {}).get("required")}
    assert asked == {"chapter", "says", "expected", "version"}
    assert cnnlib.__version__ == fields["version"]["attributes"]["placeholder"]
