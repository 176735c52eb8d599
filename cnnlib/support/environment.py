"""The environment of the workbook: ``.venv``, made once, with everything installed.

The standard library is all that is imported here: the first call has to make the environment.
"""

from __future__ import annotations  # an old Python must get as far as the message about versions

import hashlib
import importlib.metadata
import os
import signal
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENV = ROOT / ".venv"
STAMP = ENV / "installed-for"  # holds the hash of the pyproject.toml that was installed
PYTHON = ENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
EXTRAS = "test,book,cluster"  # what every set-up installs
NEEDED = ("cnnlib", "torch", "lazy-loader", "nbval", "mypy", "sphinx-book-theme", "typst")


def environment_is_ready() -> bool:
    """Is this Python one that has the workbook and what it needs?

    True inside an up-to-date .venv, and in any other environment (conda, say) into which the
    workbook was installed with all its extras.
    """
    if Path(sys.prefix).resolve() == ENV.resolve():
        return STAMP.exists() and STAMP.read_text() == wanted()
    try:
        for package in NEEDED:
            importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def set_up() -> int:
    """Make .venv and install the workbook; nothing is done twice."""
    if STAMP.exists() and STAMP.read_text() == wanted() and PYTHON.exists():
        return 0
    print(f"Environment: installing into {ENV} (several minutes the first time)", flush=True)
    if not PYTHON.exists():
        venv.create(ENV, with_pip=True)
    if not (code := install(EXTRAS, interpreter=PYTHON)):
        STAMP.write_text(wanted())
    return code


def install(extras: str, interpreter: str | Path = sys.executable) -> int:
    """Install the workbook with these of its extras; hand back pip's exit status."""
    words = ("-m", "pip", "install", "--disable-pip-version-check", "-e", f"{ROOT}[{extras}]")
    if code := python(*words, interpreter=interpreter):
        print("error: the installation failed; its last lines say why", file=sys.stderr)
    return code


def wanted() -> str:
    """What has to be installed, as a hash: a changed pyproject.toml installs again."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


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
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                continue  # the child got the Ctrl-C as well, and ends by itself
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
