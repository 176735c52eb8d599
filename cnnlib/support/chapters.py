"""Notebooks for a reader: a copy in a folder of their own, in which nothing is given away.

Only the standard library is imported here, so that copying works with whatever is missing.
"""

from __future__ import annotations  # an old Python must get as far as the message about versions

import importlib.util
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .files import write_whole
from .folders import ROOT

FIRST = "00_start_here.ipynb"
MINE = "cnnlib-notebooks"  # the folder of a reader's copies, where none is named
PREDICT = "cnnlib.predict_first("  # of the cell that asks; what comes after it would tell
OPENS = "mine.test()"  # chapter 23's cell that opens the test set, for whatever models are there
SHUT = """TEST = False  # True once your own five are trained: opens the test set for the two best
if TEST:
    display(mine.test())"""


def unseen(notebook: str) -> str:
    """A notebook's JSON without what came out after its first prediction, for whom it is asked.

    The cell that opens the test set gets a switch, so that running all cells does not open it.
    """
    content: dict[str, Any] = json.loads(notebook)
    asked = False
    for cell in content["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and asked:
            cell.update(outputs=[], execution_count=None)
            if source == OPENS:
                cell["source"] = SHUT.splitlines(keepends=True)
        asked = asked or (cell["cell_type"] == "code" and PREDICT in source)
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def numbered(number: str) -> str:
    """The notebook with this number, ``5`` or ``05``; RuntimeError if there is none."""
    found = shipped(f"{number.zfill(2)}_*.ipynb") if number.isdecimal() else []
    if not found:
        there = [path.name[:2] for path in shipped()]
        raise RuntimeError(f"no chapter has the number {number!r}: {there[0]} to {there[-1]} are")
    return found[0].name


def shipped(pattern: str = "[0-9][0-9]_*.ipynb") -> Sequence[Path]:
    """The chapters as they come with the workbook, in order."""
    return sorted((ROOT / "notebooks").glob(pattern))


def copied(folder: Path) -> str:
    """Copy the chapters that ``folder`` lacks, ``unseen``; one sentence says what was done.

    What is there is a reader's work and is left as it is. Raises RuntimeError where the folder
    cannot be written.
    """
    new, kept = 0, 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in shipped():
            if os.path.lexists(folder / source.name):
                kept += 1
            else:
                write_whole(folder / source.name, unseen(source.read_text("utf-8")))
                new += 1
    except OSError as error:
        raise RuntimeError(
            f"the notebooks cannot be copied to {folder} ({error.strerror or error}); "
            "name another folder: python -m cnnlib start FOLDER"
        ) from error
    if not kept:
        return f"Notebooks: {new} copied to {folder}"
    rest = f", and {new} that were missing are copied" if new else ""
    return (
        f"Notebooks: {folder} has {kept} of them, which are left as they are{rest}; "
        "for a fresh one rename yours, for all fresh ones name another folder"
    )


def lacks(package: str) -> bool:
    """Is there no such package in this Python?"""
    return importlib.util.find_spec(package) is None
