"""Executed notebooks, kept by content: a second report executes only what may have changed.

A plain folder, and not jupyter-cache: that one's key is the notebook's code alone, so what
depends on the library, the stored runs and the packages would need a key of ours beside it.
"""

import contextlib
import hashlib
import importlib.metadata
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cnnlib.runs import runs_folder
from cnnlib.support.files import write_whole

from .notebooks import NOTEBOOKS, ROOT, executed, read

KEPT = ROOT / "build" / "executed"
SETTINGS = ("CNNLIB_DPI", "CNNLIB_PROGRESS", "CNNLIB_SLIDERS")  # what changes an output


def surroundings() -> str:
    """A hash of all that a chapter's outputs may depend on, apart from the chapter.

    The data are not in it: every file of theirs is checked against a published checksum.
    """
    packages = {f"{one.name} {one.version}" for one in importlib.metadata.distributions()}
    how = hashlib.sha256(Path(__file__).with_name("notebooks.py").read_bytes()).hexdigest()
    words = [sys.version, how, *sorted(packages), *(f"{s}={os.environ.get(s)}" for s in SETTINGS)]
    beside = (path for path in NOTEBOOKS.rglob("*") if path.suffix != ".ipynb")
    hashes = (files_hash(ROOT / "cnnlib"), files_hash(runs_folder()), _hash_of(NOTEBOOKS, beside))
    return hashlib.sha256("\n".join([*words, *hashes]).encode()).hexdigest()


def files_hash(folder: Path) -> str:
    """A hash of the names and the contents of all files in a folder; caches left out."""
    return _hash_of(folder, folder.rglob("*"))


def _hash_of(folder: Path, paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not re.search(r"(^|/)(\.|__pycache__/)", name):
            total.update(f"{name}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def executed_once(path: Path, around: str, folder: Path) -> NotebookNode:
    """The notebook, executed in ``folder``: kept from an earlier time if nothing has changed.

    ``around`` is ``surroundings()``. Raises ReportError, naming the cell, if it does not run.
    """
    cells = [(c.cell_type, c.source, c.metadata.get("tags", [])) for c in read(path).cells]
    key = hashlib.sha256(f"{around} {cells!r}".encode("utf-8", "replace")).hexdigest()[:24]
    file = KEPT / f"{path.stem}-{key}.ipynb"
    with contextlib.suppress(Exception):  # not there, or damaged: it is executed again
        return nbformat.read(file, as_version=4)
    notebook = executed(path, timeout=600, resources={"metadata": {"path": str(folder)}})
    with contextlib.suppress(OSError):  # where nothing can be kept, each report executes
        write_whole(file, nbformat.writes(notebook) + "\n")
        for older in KEPT.glob(f"{path.stem}-{'?' * len(key)}.ipynb"):
            if older != file:
                older.unlink()
    return notebook
