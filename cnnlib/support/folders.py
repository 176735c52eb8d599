"""Where things lie: in a clone of the workbook, or beside an installed wheel; or as named.

In a clone, data and runs lie beside the notebooks. A wheel carries notebooks and runs as well, in
``cnnlib/shipped/``, but nothing is written there: data, new runs and the cache then have their
places in the user's own folders. The environment's variables name other places, for both.

A relative path in them means the folder where the first of a tree of processes was started. It is
resolved there once and written back, so that a notebook's kernel, which works elsewhere, sees what
the shell saw. Only the standard library is imported at the top.
"""

from __future__ import annotations  # an old Python must get as far as the message about versions

import contextlib
import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
INSTALLED = (PACKAGE / "shipped").is_dir()  # from a wheel: a clone has no such folder
ROOT = PACKAGE / "shipped" if INSTALLED else PACKAGE.parent  # of notebooks/ and the shipped runs/
USUAL = {"CNNLIB_DATA": "data", "CNNLIB_RUNS": "runs", "CNNLIB_CACHE": "cache"}


def named_folder(name: str) -> Path:
    """The folder in the environment's variable ``name``, or the usual one: an absolute path.

    Raises RuntimeError where that needs a home folder, and the system knows none.
    """
    if not (said := os.environ.get(name)):
        return _users_own(name) if INSTALLED else ROOT / USUAL[name]
    try:
        folder = (_started_in() / Path(said).expanduser()).resolve()
    except RuntimeError as error:
        raise RuntimeError(f"{name} is {said!r}, of which the system knows no home") from error
    os.environ[name] = str(folder)
    return folder


def settle() -> None:
    """Resolve each folder that is named, here and for every process that we start."""
    for name in USUAL:
        # what cannot be resolved is reported where the folder is used
        with contextlib.suppress(RuntimeError, OSError):
            if os.environ.get(name):
                named_folder(name)


def made_in() -> Path:
    """Where commands put the folders that they make: the clone, or where they are called."""
    return Path.cwd() if INSTALLED else ROOT


def _users_own(name: str) -> Path:
    """The system's place for a user's data or cache, for example ``~/.local/share/cnnlib/runs``."""
    import platformdirs  # needed nowhere else, and not there before the set-up

    of_user = platformdirs.PlatformDirs("cnnlib", appauthor=False)
    cache = name == "CNNLIB_CACHE"
    # a user whom the system does not know, in a container say: newer releases raise RuntimeError
    with contextlib.suppress(RuntimeError):
        folder = of_user.user_cache_path if cache else of_user.user_data_path / USUAL[name]
        if folder.is_absolute():
            return folder
    raise RuntimeError(
        f"the system knows no home folder of this user: set {name} to a folder for the "
        f"{USUAL[name]}, or HOME"
    )


def _started_in() -> Path:
    """Where a relative path begins.

    A kernel of a Jupyter that a shell started works in the notebook's folder; the shell's own
    is still in PWD.
    """
    shell = os.environ.get("PWD", "") if "JPY_PARENT_PID" in os.environ else ""
    return Path(shell) if Path(shell).is_absolute() else Path.cwd()
