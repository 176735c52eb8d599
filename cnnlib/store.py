"""Where stored runs lie, and how a folder gets there whole or not at all.

A run is a folder ``NAME-seedS-IDENTITY``, IDENTITY being 12 hex digits; folders of any other name
(a reader's backup, say) are nobody's business here. ``SHA256SUMS`` holds the checksum of every
other file in it, in the form that ``sha256sum --check`` reads.

A run that replaces another is written beside it, the old one is renamed (``.old-…``), the new one
takes its place, and the old one is removed. Wherever that stops, one of the two is whole, and
``found`` finds it.

Runs that were shipped apart from it (``SHIPPED``) are a second place to look, never to write to.
"""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from .support.files import write_whole
from .support.folders import INSTALLED, ROOT, named_folder

SUMS = "SHA256SUMS"
# where only to read: beside an installed wheel, or in a clone that is not ours to write to; in a
# clone of one's own, what was shipped lies in the store itself
SHIPPED = ROOT / "runs" if INSTALLED or not os.access(ROOT / "runs", os.W_OK) else None
_RUN = re.compile(r"(?P<name>[\w.-]+)-seed(?P<seed>\d+)-(?P<identity>[0-9a-f]{12})")
_STALE = 600  # seconds after which what another process left in the middle of writing is no longer
# being written: all content is ready before the first file is


class StoreError(OSError):
    """The store cannot be written; the message says why, and where the run is."""


def runs_folder() -> Path:
    """``$CNNLIB_RUNS``, or ``runs/`` beside the notebooks, or in the user's own folder."""
    return named_folder("CNNLIB_RUNS")


def split_name(folder: str) -> tuple[str, int, str] | None:
    """Name, seed and identity of a run's folder; None for a folder of another kind."""
    if not (match := _RUN.fullmatch(folder)):
        return None
    return match["name"], int(match["seed"]), match["identity"]


def listed() -> dict[str, tuple[str, int, str]]:
    """The folders of stored runs, by name in order: experiment's name, seed, identity."""
    entries = [name for folder in _looked_in() for name in _folders_in(folder)]
    replaced = (n.removeprefix(".old-").split("@")[0] for n in entries if n.startswith(".old-"))
    names = sorted({*(name for name in entries if not name.startswith(".")), *replaced})
    return {name: parts for name in names if (parts := split_name(name)) and found(name)}


def _looked_in() -> list[Path]:
    """The store, if there can be one, and then what was shipped."""
    folders = [SHIPPED] if SHIPPED else []
    with contextlib.suppress(RuntimeError):  # no home: reported when something is to be stored
        folders.insert(0, runs_folder())
    return folders


def _folders_in(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder) if entry.is_dir()]
    except OSError:  # no store yet
        return []


def found(name: str) -> Path | None:
    """The folder of a stored run, whatever happened while it was being replaced; else None."""
    for folder in _looked_in():
        with contextlib.suppress(OSError):  # a name that no disk takes, for one
            for _ in range(5):  # another process may be between two renames, and then at the next
                if (folder / name).is_dir():
                    return folder / name
                older = sorted(one for one in folder.glob(f".old-{name}@*") if one.is_dir())
                if older:
                    return older[-1]
    return None


# Writing -------------------------------------------------------------------------------------


def check_writable() -> None:
    """StoreError, in one sentence, where a run could not be stored; called before training."""
    folder = runs_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as scratch:
            put(Path(scratch) / "test", bytes(1 << 20))
    except OSError as error:
        raise StoreError(
            f"runs cannot be stored in {folder} ({error.strerror or error}); nothing was trained. "
            "Make room or set CNNLIB_RUNS to a folder that you may write to"
        ) from error


def put(path: Path, content: bytes) -> None:
    """Write one file, down to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def rename(source: Path, target: Path) -> None:
    source.rename(target)


def keep_whole(name: str, files: Mapping[str, bytes], replace: bool) -> Path:
    """Store a run's files as the folder ``name``; give back where they are.

    With ``replace``, a run that is there gives way, unless another process stored it meanwhile:
    then theirs stays. Raises StoreError where that cannot be done; then the run that was there is
    as it was, and the message names the folder that holds the new one.
    """
    recover()
    folder = runs_folder()
    target, before = folder / name, which(folder / name)
    if before and not replace:
        return target
    scratch = _written(folder, name, files)
    try:
        for _ in range(3):
            if which(target) not in (None, before):
                break  # another process was first: its run is as new as ours
            if _swapped(scratch, target):
                return target
    except OSError as error:
        raise StoreError(
            f"{target} could not be replaced ({error.strerror or error}); the new run is kept in "
            f"{_set_aside(scratch, folder / f'{name}.not-stored')}"
        ) from error
    _remove(scratch)
    return target


def _written(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """A scratch folder with these files and their checksums; or, where there is no room, the
    error names the folder of the system's temporary files that has them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _filled(Path(tempfile.mkdtemp(dir=folder, prefix=f".writing-{name}@")), files)
    except OSError as error:
        try:
            refuge = _filled(Path(tempfile.mkdtemp(prefix=f"{name}-")), files)
        except OSError:
            raise StoreError(
                f"the run could not be stored in {folder} ({error.strerror or error}), nor "
                "anywhere else; it is lost when this process ends"
            ) from error
        raise StoreError(
            f"the run could not be stored in {folder} ({error.strerror or error}); it is kept in "
            f"{refuge}: move that folder to {folder / name} when there is room"
        ) from error


def _filled(scratch: Path, files: Mapping[str, bytes]) -> Path:
    try:
        scratch.chmod(0o755)
        for name, content in {**files, SUMS: sums(files)}.items():  # the sums last
            put(scratch / name, content)
    except BaseException:
        _remove(scratch)
        raise
    return scratch


def _swapped(scratch: Path, target: Path) -> bool:
    """Put ``scratch`` in the place of ``target``; False where another process came between."""
    old = target.parent / f".old-{target.name}@{time.time_ns()}"
    was_there = target.exists()
    if was_there:
        rename(target, old)
    try:
        rename(scratch, target)
    except OSError:
        if target.is_dir():
            _remove(old)
            return False
        if was_there:
            rename(old, target)
        raise
    _remove(old)
    return True


def _set_aside(scratch: Path, place: Path) -> Path:
    """A name that says what it is, if it can be had."""
    try:
        while place.exists():
            place = place.with_name(f"{place.name}+")
        rename(scratch, place)
    except OSError:
        return scratch
    return place


def recover() -> None:
    """Put back what a crash left between two renames, and remove what it left half-written."""
    folder = runs_folder()
    with contextlib.suppress(OSError):
        for left in [*folder.glob(".old-*@*"), *folder.glob(".writing-*")]:
            if time.time() - left.stat().st_ctime < _STALE:
                continue  # perhaps of a process that is at it
            name = left.name.split("@")[0].removeprefix(".old-").removeprefix(".writing-")
            whole = left.name.startswith(".old-") or (left / SUMS).exists()
            if whole and split_name(name) and not (folder / name).exists():
                rename(left, folder / name)
            else:
                _remove(left)


def remove(name: str) -> None:
    """Remove a stored run, from the list first and then from the disk."""
    folder = runs_folder()
    gone = folder / f".writing-gone@{time.time_ns()}"
    with contextlib.suppress(FileNotFoundError):
        rename(folder / name, gone)
    _remove(gone)


def _remove(folder: Path) -> None:
    """What cannot be removed now is removed by ``recover`` later; nothing reads it."""
    with contextlib.suppress(OSError):
        shutil.rmtree(folder, ignore_errors=True)


def which(folder: Path) -> tuple[int, int] | None:
    """Tells whether it is still the same folder."""
    try:
        stat = folder.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def own(folder: Path) -> Path:
    """Where a run's further files are written: beside it, or for a shipped one in the store."""
    return runs_folder() / folder.name if folder.parent == SHIPPED else folder


def add(folder: Path, name: str, content: bytes) -> Path:
    """Put one more file into a stored run's folder, whole, and its checksum into the list.

    A shipped run is copied into the store for that. Gives the file's path.
    """
    if own(folder) != folder:
        files = {one.name: one.read_bytes() for one in folder.iterdir() if one.name != SUMS}
        folder = keep_whole(folder.name, files, replace=False)
    stated = stated_sums(folder)
    write_whole(folder / name, content)
    if stated:  # a run of an older edition has no list
        lines = {**stated, name: hashlib.sha256(content).hexdigest()}
        write_whole(folder / SUMS, _listing(lines))
    return folder / name


# Checksums -----------------------------------------------------------------------------------


def sums(files: Mapping[str, bytes]) -> bytes:
    """The content of ``SHA256SUMS`` for these files."""
    return _listing({name: hashlib.sha256(files[name]).hexdigest() for name in files})


def _listing(digests: Mapping[str, str]) -> bytes:
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()


def stated_sums(folder: Path) -> dict[str, str]:
    """Checksums by file, as ``SHA256SUMS`` states them; {} where there is no such file."""
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
