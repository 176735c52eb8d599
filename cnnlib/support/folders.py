"""Folders that the environment names: one folder for a whole tree of processes.

A relative path means the folder where the first of them was started. It is resolved there once
and written back, so that a notebook's kernel, which works elsewhere, sees what the shell saw.
Only the standard library is imported here.
"""

from __future__ import annotations  # an old Python must get as far as the message about versions

import contextlib
import os
from pathlib import Path

NAMES = ("CNNLIB_DATA", "CNNLIB_RUNS", "CNNLIB_CACHE")


def named_folder(name: str, usual: Path) -> Path:
    """The folder in the environment's variable ``name``, or ``usual``: an absolute path.

    Raises RuntimeError for a ``~`` of which the system knows no home.
    """
    if not (said := os.environ.get(name)):
        return usual.resolve()
    folder = (_started_in() / Path(said).expanduser()).resolve()
    os.environ[name] = str(folder)
    return folder


def settle() -> None:
    """Resolve each folder that is named, here and for every process that we start."""
    for name in NAMES:
        # what cannot be resolved is reported where the folder is used
        with contextlib.suppress(RuntimeError, OSError):
            named_folder(name, Path())


def _started_in() -> Path:
    """Where a relative path begins.

    A kernel of a Jupyter that a shell started works in the notebook's folder; the shell's own
    is still in PWD.
    """
    shell = os.environ.get("PWD", "") if "JPY_PARENT_PID" in os.environ else ""
    return Path(shell) if Path(shell).is_absolute() else Path.cwd()
