"""The environment of the workbook: ``.venv``, made once, with everything installed.

The standard library is all that is imported here: the first call has to make the environment.
"""

from __future__ import annotations  # an old Python must get as far as the message about versions

import hashlib
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .ending import STOPPED
from .folders import ROOT

ENV = ROOT / ".venv"
STAMP = ENV / "installed-for"  # the hash of the pyproject.toml that was installed, and the clone
UNFINISHED = ENV / "installing"  # there until pip has ended well
DELETE = f"delete {ENV} and start again with a Python outside it"
PYTHON = ENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
EXTRAS = "test,book,cluster"  # what every set-up installs
NEEDED = ("cnnlib", "torch", "lazy-loader", "nbval", "mypy", "sphinx-book-theme", "typst")


# run by .venv's own Python: says in a few words what it lacks, or nothing
PROBE = """
import importlib.metadata, pathlib, sys
if pathlib.Path(sys.prefix).resolve() != pathlib.Path(sys.argv[1]).resolve():
    sys.exit("its Python belongs to " + sys.prefix)
if sys.version_info < (3, 11):
    sys.exit("its Python is older than 3.11")
for package in sys.argv[2:]:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        sys.exit(package + " is missing in it")
"""


def environment_is_ready() -> bool:
    """Is this Python one that has the workbook and what it needs?

    True inside an up-to-date .venv, and in any other environment (conda, say) into which the
    workbook was installed with all its extras. Raises RuntimeError if it was installed there
    from another clone, whose code and runs would be the ones used.
    """
    try:
        for package in NEEDED:
            importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    if Path(sys.prefix).resolve() == ENV.resolve():
        return stamped()
    if other := other_clone():
        raise RuntimeError(
            f"{sys.prefix} has the workbook installed from {other}, but this clone is {ROOT}: "
            "deactivate that environment, or install this clone into it instead with "
            f'"{sys.executable}" -m pip install -e "{ROOT}[{EXTRAS}]"'
        )
    return True


def other_clone() -> str | None:
    """The folder from which this Python imports cnnlib elsewhere, if it is not this clone."""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if any(entry and Path(entry).resolve() == ROOT for entry in named):
        return None
    for found in importlib.metadata.distributions(name="cnnlib"):
        # the .egg-info that an editable install leaves in the clone has no such record
        record = json.loads(found.read_text("direct_url.json") or "{}")
        if record.get("dir_info", {}).get("editable"):
            folder = url2pathname(urlsplit(record["url"]).path)
            return None if Path(folder).resolve() == ROOT else folder
    return None


def stamped() -> bool:
    """Was .venv made whole, in this folder, and for this pyproject.toml?"""
    return (
        not UNFINISHED.exists() and STAMP.is_file() and STAMP.read_bytes() == os.fsencode(wanted())
    )


def set_up() -> int:
    """Make .venv and install the workbook; nothing is done twice.

    Whatever an earlier call left is mended, or made anew. RuntimeError if that cannot be done.
    """
    if stamped() and not lacks(*NEEDED):
        return 0
    print(f"Environment: installing into {ENV} (several minutes the first time)", flush=True)
    try:
        make_folder()
        STAMP.unlink(missing_ok=True)
        UNFINISHED.touch()
        if code := install(EXTRAS, interpreter=PYTHON):
            return code
        if lack := lacks(*NEEDED):
            raise RuntimeError(f"the installation ended, but {lack}: {DELETE}")
        STAMP.write_bytes(os.fsencode(wanted()))
        UNFINISHED.unlink()
    except (OSError, subprocess.CalledProcessError) as error:
        raise RuntimeError(f"the set-up could not be made ({error}): {DELETE}") from error
    except KeyboardInterrupt:
        print("\nStopped during the set-up; the next call makes it anew.", file=sys.stderr)
        return STOPPED
    return 0


def make_folder() -> None:
    """Have a .venv into which pip can install: a sound one is kept, any other made anew."""
    why = unsound()
    if not why:
        return
    if os.path.lexists(ENV):
        inside = list(ENV.iterdir()) if ENV.is_dir() else [ENV]
        ours = not ENV.is_symlink() and (not inside or (ENV / "pyvenv.cfg").is_file())
        if not ours or Path(sys.prefix).resolve() == ENV.resolve():
            # what is not ours is not deleted, nor the Python that would do it
            raise RuntimeError(f"{ENV} cannot be used ({why}): {DELETE}")
        print(f"Environment: {why}, so it is made anew", flush=True)
    venv.create(ENV, clear=True, with_pip=True)


def unsound() -> str:
    """Why pip could not install into .venv; empty if it could."""
    if not PYTHON.exists():
        return "it has no Python"
    if UNFINISHED.exists():
        return "its installation was interrupted"  # pip takes half a package for a whole one
    if STAMP.is_file() and STAMP.read_bytes().split(b"\n")[1:] not in ([], [os.fsencode(ROOT)]):
        return "it was made in another folder"  # its scripts name that folder
    return lacks() or ("" if ask("-m", "pip", "--version")[0] == 0 else "it has no pip")


def lacks(*packages: str) -> str:
    """What is wrong with .venv's Python, or which of these packages it lacks; empty if nothing."""
    code, said = ask("-c", PROBE, ENV, *packages)
    return (said[-1] if said else "its Python cannot start") if code else ""


def ask(*words: str | Path) -> tuple[int, list[str]]:
    """Run .venv's Python alone, out of reach of this folder: its exit status, and its words."""
    try:
        asked = subprocess.run(
            [PYTHON, "-I", *words], capture_output=True, text=True, errors="replace", timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return 1, []
    return asked.returncode, asked.stderr.split("\n")[:-1]


def install(extras: str, interpreter: str | Path = sys.executable) -> int:
    """Install the workbook with these of its extras; hand back pip's exit status.

    Raises KeyboardInterrupt if pip was stopped by one.
    """
    words = ("-m", "pip", "install", "--disable-pip-version-check", "-e", f"{ROOT}[{extras}]")
    code = python(*words, interpreter=interpreter)
    if code == STOPPED:
        raise KeyboardInterrupt
    if code:
        print("error: the installation failed; its last lines say why", file=sys.stderr)
    return code


def wanted() -> str:
    """What has to be installed, as a hash, and where: a change of either installs again."""
    return f"{hashlib.sha256((ROOT / 'pyproject.toml').read_bytes()).hexdigest()}\n{ROOT}"


def python(
    *words: str | Path, interpreter: str | Path = sys.executable, folder: Path | None = ROOT
) -> int:
    """Run Python in a folder (None: where the caller is) and hand back its exit status.

    ``book`` and ``instructors`` are found from everywhere, though they are not installed.
    """
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    started: list[subprocess.Popen[bytes]] = []
    with _told_to_end(started) as told:
        process = subprocess.Popen(
            [interpreter, *words], cwd=folder, env=os.environ | {"PYTHONPATH": path}
        )
        started.append(process)
        if told:  # between the two lines above
            process.terminate()
        stopped = False
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                stopped = True  # the child got the Ctrl-C as well, and ends by itself
                continue
            if stopped and code:  # of which some, such as pip, say no more than that they failed
                return STOPPED
            return code if code >= 0 else 128 - code  # as shells count what a signal ended


@contextmanager
def _told_to_end(children: Sequence[subprocess.Popen[bytes]]) -> Iterator[list[int]]:
    """SIGTERM goes on to our children, instead of ending us, which would leave them running.

    Gives the list of the signals that came. Signals can only be had in the main thread.
    """
    told: list[int] = []

    def on_signal(number: int, frame: object) -> None:
        told.append(number)
        for process in children:
            process.terminate()

    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    before = signal.signal(signal.SIGTERM, on_signal)
    try:
        yield told
    finally:
        signal.signal(signal.SIGTERM, before)
