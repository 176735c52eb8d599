"""Notebooks for a reader of the installed package: copied to a folder, opened in JupyterLab there.

Only the standard library is imported here, so that copying works with whatever is missing.
"""

from __future__ import annotations  # an old Python must get as far as the message about versions

import importlib.util
import os
from pathlib import Path

from .files import write_whole
from .folders import ROOT

FIRST = "00_start_here.ipynb"


def copied(folder: Path) -> str:
    """Copy the chapters that ``folder`` lacks; one sentence says what was done.

    What is there is a reader's work and is left as it is. Raises RuntimeError where the folder
    cannot be written.
    """
    new, kept = 0, 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
            if os.path.lexists(folder / source.name):
                kept += 1
            else:
                write_whole(folder / source.name, source.read_bytes())
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
        "for fresh ones name another folder"
    )


def lacks(package: str) -> bool:
    """Is there no such package in this Python?"""
    return importlib.util.find_spec(package) is None
