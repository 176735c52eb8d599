"""Taking a submission in, without trusting it: nothing is executed, written or followed.

A submission is a folder, a zip file or a notebook. Only notebooks, JSON, safetensors and ONNX are
read, into memory and within limits; whatever breaks a limit refuses the whole submission with one
sentence. So no name in a zip file ever becomes a path on this disk. Pickles (.pt, .pkl, …) are
never opened: they run code when they are loaded.
"""

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

MB = 2**20
PICKLES = frozenset({".pt", ".pth", ".pkl", ".pickle", ".joblib", ".npy", ".npz", ".ckpt", ".bin"})
Listed = tuple[str, int, Callable[[], IO[bytes]]]  # name, size as declared, how it is opened
SKIPPED = re.compile(r"(^|/)(\.[^/]+|__MACOSX|__pycache__|node_modules)(/|$)")


@dataclass(frozen=True)
class Limits:
    """More than any honest submission needs; sizes in bytes, unpacked."""

    packed: int = 300 * MB  # the zip file itself
    files: int = 5000
    together: int = 400 * MB
    notebook: int = 50 * MB
    record: int = 2 * MB
    tensors: int = 100 * MB

    def of(self, suffix: str) -> int | None:
        """The most bytes that a file of this kind may have; None for kinds that are not read."""
        sizes = {".ipynb": self.notebook, ".json": self.record}
        sizes |= dict.fromkeys((".safetensors", ".onnx"), self.tensors)
        return sizes.get(suffix)


LIMITS = Limits()


class RefusedError(ValueError):
    """The submission is not taken in; the message says why, in one sentence."""


@dataclass(frozen=True)
class TakenIn:
    """``files``: the bytes of what is read, by name with "/" between folders."""

    files: dict[str, bytes]
    pickles: tuple[str, ...] = ()  # names of files that were not opened


def take_in(path: Path, limits: Limits = LIMITS) -> TakenIn:
    """Read what is wanted of the submission at ``path``.

    Raises RefusedError for what is not there, not of a known kind, over a limit, or hostile.
    """
    try:
        return _taken(path, limits)
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise RefusedError(f"{shown(path.name)} cannot be read ({shown(words)})") from None
    except (ValueError, EOFError, IndexError) as error:  # zipfile and lzma, on damaged bytes
        if isinstance(error, RefusedError):
            raise
        raise RefusedError(f"{shown(path.name)} is damaged ({shown(str(error))})") from None


def shown(text: str, length: int = 120) -> str:
    """A name or message of somebody else's, fit for one line: no control characters, not long."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return line if len(line) <= length else line[: length - 1] + "…"


def _taken(path: Path, limits: Limits) -> TakenIn:
    if path.is_symlink():
        raise RefusedError(f"{shown(path.name)} is a link; give what it points to")
    if not path.exists():
        raise RefusedError(f"{shown(path.name)} is not there; give a folder, a .zip or an .ipynb")
    if path.is_dir():
        return _read(_in_folder(path), limits)
    if not path.is_file():
        raise RefusedError(f"{shown(path.name)} is no regular file")
    if path.suffix.lower() == ".ipynb":
        return _read(iter([(path.name, path.stat().st_size, partial(_opened, path))]), limits)
    if not zipfile.is_zipfile(path):
        raise RefusedError(
            f"{shown(path.name)} is neither a folder, nor a whole zip file, nor a notebook"
        )
    if path.stat().st_size > limits.packed:
        raise RefusedError(f"the zip file has more than {limits.packed // MB} MB")
    with zipfile.ZipFile(path) as archive:
        return _read(_in_zip(archive, limits), limits)


def _read(listed: Iterator[Listed], limits: Limits) -> TakenIn:
    """Read the files of a listing that are wanted."""
    files: dict[str, bytes] = {}
    pickles, total = [], 0
    for count, (name, declared, opened) in enumerate(listed, start=1):
        if count > limits.files:
            raise RefusedError(f"it has more than {limits.files:,} files")
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in PICKLES:
            pickles.append(shown(name))
        if (most := limits.of(suffix)) is None:
            continue
        content = b""
        if declared <= most:
            with opened() as file:
                content = file.read(most + 1)  # a declared size may be a lie
        if max(declared, len(content)) > most:
            raise RefusedError(f"{shown(name)} has more than {most // MB} MB")
        total += len(content)
        if total > limits.together:
            raise RefusedError(f"its files together have more than {limits.together // MB} MB")
        if name in files:
            raise RefusedError(f"two of its files are named {shown(name)}")
        files[name] = content
    return TakenIn(files, tuple(pickles))


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _in_folder(top: Path) -> Iterator[Listed]:
    """The files of a folder; hidden folders are left out, and no link is followed."""

    def stopped(error: OSError) -> None:
        raise error

    for folder, inside, files in os.walk(top, onerror=stopped):
        at = Path(folder)
        inside[:] = sorted(name for name in inside if not SKIPPED.search(name))
        for name in [*inside, *sorted(files)]:
            path = at / name
            relative = path.relative_to(top).as_posix()
            if SKIPPED.search(relative):
                continue
            found = path.lstat()
            if stat.S_ISLNK(found.st_mode):
                raise RefusedError(f"{shown(relative)} is a link; links are not followed")
            if stat.S_ISREG(found.st_mode):
                yield relative, found.st_size, partial(_opened, path)
            elif not stat.S_ISDIR(found.st_mode):
                raise RefusedError(f"{shown(relative)} is no regular file")


def _in_zip(archive: zipfile.ZipFile, limits: Limits) -> Iterator[Listed]:
    """The files of a zip; a name that would leave the folder, or a link, refuses all of it."""
    entries = archive.infolist()
    if len(entries) > limits.files:
        raise RefusedError(f"it has more than {limits.files:,} files")
    if sum(entry.file_size for entry in entries) > 10 * limits.together:
        raise RefusedError(f"unpacked, it would have more than {10 * limits.together // MB:,} MB")
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
            raise RefusedError(f"{shown(name)} would leave the folder it is unpacked in")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise RefusedError(f"{shown(name)} is a link; links are not followed")
        if entry.is_dir() or SKIPPED.search(name):
            continue
        if entry.flag_bits & 1:
            raise RefusedError(f"{shown(name)} is locked with a password")
        yield name, entry.file_size, partial(archive.open, entry)
