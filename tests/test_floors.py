"""Imports point downwards only, by the list in CONTRIBUTING.md."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIST = re.findall(r"^\d+\. (`.+)$", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.M)
NAMES = [re.findall(r"`(\w+/.*?)`", line) for line in LIST]
FLOORS = [[re.sub(r"/$|\.py$", "", path).replace("/", ".") for path in names] for names in NAMES]
LEVEL = {name: level for level, names in enumerate(reversed(FLOORS)) for name in names}
FILES = [path for top in ("cnnlib", "book", "instructors") for path in (ROOT / top).rglob("*.py")]
FRONT_DOOR = {"cnnlib.__init__", "cnnlib.__main__"}  # these hand on to every floor


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def floor_of(name):
    """The floor of a dotted name: that of the longest listed name that it begins with."""
    parts = name.split(".")
    heads = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return next((head for head in heads if head in LEVEL), None)


def imported(path):
    """Full names that a file imports from this repository, wherever in the file."""
    package = list(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *filter(None, [node.module])]
            yield from (".".join([*module, alias.name]) for alias in node.names)


def test_every_file_has_a_floor():
    assert len(FLOORS) >= 10
    homeless = {name_of(path) for path in FILES if floor_of(name_of(path)) is None}
    assert homeless == FRONT_DOOR


@pytest.mark.parametrize("top", sorted({floor for names in FLOORS for floor in names}))
def test_no_arrow_points_up(top):
    up = []
    for path in FILES:
        if floor_of(name_of(path)) != top:
            continue
        for name in imported(path):
            floor = floor_of(name)
            if floor not in (None, top) and LEVEL[floor] >= LEVEL[top]:
                up.append(f"{path.relative_to(ROOT)} imports {name}")
    assert up == []
