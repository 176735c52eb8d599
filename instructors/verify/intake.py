"""Taking a submission in, without trusting it: nothing is executed, written or followed.

A submission is a folder, a zip file or a notebook. Only notebooks, JSON, CSV, safetensors, ONNX and
a few pages and PDFs are read, into memory and within limits; whatever breaks a limit refuses the
whole submission with one sentence. So no name in a zip file ever becomes a path on this disk. A zip
in a zip is read as well, within the same limits; one in that is not. Pickles (.pt, .pkl, …) are
never opened: they run code when they are loaded.
"""

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from .gate import shown

MB = 2**20
PICKLES = frozenset({".pt", ".pth", ".pkl", ".pickle", ".joblib", ".npy", ".npz", ".ckpt", ".bin"})
Listed = tuple[str, int, Callable[[], IO[bytes]]]  # name, size as declared, how it is opened
PACKED = frozenset({".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".xz", ".bz2"})
SKIPPED = re.compile(
    r"(^|/)(\.[^/]+|__MACOSX|__pycache__|node_modules|site-packages|venv)(/|$)", re.I
)
PAGE_FILES = frozenset({".html", ".htm", ".pdf"})
PDF_HEAD = 5  # of a PDF that is too much, so many bytes are read: that it is what it is called
ENVIRONMENT = "pyvenv.cfg"  # lies in every virtual environment, whatever its folder is called
ZIPS = 2  # a zip, and a zip in it


@dataclass(frozen=True)
class Limits:
    """More than any honest submission needs; sizes in bytes, unpacked."""

    packed: int = 300 * MB  # the zip file itself
    files: int = 5000
    together: int = 400 * MB
    notebook: int = 50 * MB
    record: int = 2 * MB
    tensors: int = 100 * MB
    page: int = 20 * MB  # larger pages and PDFs, and more of them, are passed over
    pages: int = 6

    def of(self, suffix: str) -> int | None:
        """The most bytes that a file of this kind may have; None for kinds that are not read."""
        sizes = {".ipynb": self.notebook, ".json": self.record}
        sizes |= {".csv": self.record} | dict.fromkeys((".safetensors", ".onnx"), self.tensors)
        return sizes.get(suffix)


LIMITS = Limits()


class RefusedError(ValueError):
    """The submission is not taken in; the message says why, in one sentence."""


@dataclass(frozen=True)
class TakenIn:
    """``files``: the bytes of what is read, by name with "/" between folders."""

    files: dict[str, bytes]
    pickles: tuple[str, ...] = ()  # names of files that were not opened
    packed: tuple[str, ...] = ()  # the same, of archives of other kinds and zips too deep


def take_in(path: Path, limits: Limits = LIMITS, inside: tuple[str, ...] = ()) -> TakenIn:
    """Read what is wanted of the submission at ``path``, or of its entries ``inside``.

    Raises RefusedError for what is not there, not of a known kind, over a limit, or hostile.
    """
    try:
        return _taken(path, limits, inside)
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise RefusedError(f"{shown(path.name)} cannot be read ({shown(words)})") from None
    except (ValueError, EOFError, IndexError) as error:  # zipfile and lzma, on damaged bytes
        if isinstance(error, RefusedError):
            raise
        raise RefusedError(f"{shown(path.name)} is damaged ({shown(str(error))})") from None


def leaves(name: str) -> bool:
    """Would a file of this name, unpacked, lie outside of the folder?"""
    return bool(name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"))


def skipped(name: str) -> bool:
    """Is it nothing that anybody hands in: hidden, a cache, a virtual environment?"""
    return bool(SKIPPED.search(name))


def _taken(path: Path, limits: Limits, inside: tuple[str, ...]) -> TakenIn:
    if path.is_symlink():
        raise RefusedError(f"{shown(path.name)} is a link; give what it points to")
    if not path.exists():
        raise RefusedError(f"{shown(path.name)} is not there; give a folder, a .zip or an .ipynb")
    reader = _Reader(limits)
    if path.is_dir():
        for one in [path / name for name in inside] or [path]:
            within = f"{one.name}/" if len(inside) > 1 and one.is_dir() else ""
            reader.read(_in_folder(one) if one.is_dir() else _alone(one), ZIPS, within)
    elif not path.is_file():
        raise RefusedError(f"{shown(path.name)} is no regular file")
    elif path.suffix.lower() == ".ipynb":
        reader.read(_alone(path))
    elif not zipfile.is_zipfile(path):
        raise RefusedError(
            f"{shown(path.name)} is neither a folder, nor a whole zip file, nor a notebook"
        )
    elif path.stat().st_size > limits.packed and not inside:
        raise RefusedError(f"the zip file has more than {limits.packed // MB} MB")
    else:
        with zipfile.ZipFile(path) as archive:
            reader.read(_in_zip(archive, limits, inside), zips=ZIPS - 1)
    return TakenIn(reader.files, tuple(reader.pickles), tuple(reader.packed))


@dataclass
class _Reader:
    """Reads the files of listings that are wanted, all of them within the same limits."""

    limits: Limits
    files: dict[str, bytes] = field(default_factory=dict)
    pickles: list[str] = field(default_factory=list)
    packed: list[str] = field(default_factory=list)
    count: int = 0
    total: int = 0

    def read(self, listed: Iterator[Listed], zips: int = 0, within: str = "") -> None:
        """``zips``: so many of them may be opened, one in the other."""
        for name, declared, opened in listed:
            self.count += 1
            if self.count > self.limits.files:
                raise RefusedError(f"it has more than {self.limits.files:,} files")
            name, suffix = within + name, PurePosixPath(name).suffix.lower()
            if suffix in PICKLES:
                self.pickles.append(shown(name))
            if suffix == ".zip" and zips:
                content = self._content(name, declared, opened, self.limits.together)
                self._unpack(name, content, zips - 1)
            elif suffix in PACKED:
                self.packed.append(shown(name))
            elif suffix in PAGE_FILES:
                pages = sum(one.lower().endswith((*PAGE_FILES,)) for one in self.files)
                if declared <= self.limits.page and pages < self.limits.pages:
                    content = self._content(name, declared, opened, self.limits.page)
                    self.files.setdefault(name, content)
                elif suffix == ".pdf":
                    with opened() as file:
                        self.files.setdefault(name, file.read(PDF_HEAD))
            elif suffix == ".csv" and declared > self.limits.record:
                continue  # a table of something else: nothing that is asked for is so large
            elif (most := self.limits.of(suffix)) is not None:
                content = self._content(name, declared, opened, most)
                if name in self.files:
                    raise RefusedError(f"two of its files are named {shown(name)}")
                self.files[name] = content

    def _content(
        self, name: str, declared: int, opened: Callable[[], IO[bytes]], most: int
    ) -> bytes:
        content = b""
        if declared <= most:
            with opened() as file:
                content = file.read(most + 1)  # a declared size may be a lie
        if max(declared, len(content)) > most:
            raise RefusedError(f"{shown(name)} has more than {most // MB} MB")
        self.total += len(content)
        if self.total > (together := self.limits.together):
            raise RefusedError(f"its files together have more than {together // MB} MB")
        return content

    def _unpack(self, name: str, content: bytes, zips: int) -> None:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                self.read(_in_zip(archive, self.limits), zips, f"{name}/")
        except zipfile.BadZipFile:
            raise RefusedError(f"{shown(name)} is not a whole zip file") from None


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _alone(path: Path) -> Iterator[Listed]:
    """One file as a listing."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise RefusedError(f"{shown(path.name)} is no regular file")
    yield path.name, path.stat().st_size, partial(_opened, path)


def _in_folder(top: Path) -> Iterator[Listed]:
    """The files of a folder; hidden folders and environments are left out, links not followed."""

    def stopped(error: OSError) -> None:
        raise error

    for folder, inside, files in os.walk(top, onerror=stopped):
        at = Path(folder)
        if ENVIRONMENT in files and at != top:
            inside.clear()
            continue
        inside[:] = sorted(name for name in inside if not skipped(name))
        for name in [*inside, *sorted(files)]:
            path = at / name
            relative = path.relative_to(top).as_posix()
            if skipped(relative) or (path / ENVIRONMENT).is_file():
                continue
            found = path.lstat()
            if stat.S_ISLNK(found.st_mode):
                raise RefusedError(f"{shown(relative)} is a link; links are not followed")
            if stat.S_ISREG(found.st_mode):
                yield relative, found.st_size, partial(_opened, path)
            elif not stat.S_ISDIR(found.st_mode):
                raise RefusedError(f"{shown(relative)} is no regular file")


def _in_zip(
    archive: zipfile.ZipFile, limits: Limits, inside: tuple[str, ...] = ()
) -> Iterator[Listed]:
    """The files of a zip; a name that would leave the folder, or a link, refuses all of it."""
    names = {entry: entry.filename.replace("\\", "/") for entry in archive.infolist()}
    if inside:
        own = tuple(f"{name}/" for name in inside)
        names = {e: name for e, name in names.items() if name in inside or name.startswith(own)}
    if odd := next((name for name in names.values() if leaves(name)), None):
        raise RefusedError(f"{shown(odd)} would leave the folder it is unpacked in")
    left_out = tuple(
        name.removesuffix(ENVIRONMENT) for name in names.values()
        if name.endswith(f"/{ENVIRONMENT}")
    )  # fmt: skip
    entries = [
        (entry, name) for entry, name in names.items()
        if not (entry.is_dir() or skipped(name) or name.startswith(left_out))
    ]  # fmt: skip
    if len(entries) > limits.files:
        raise RefusedError(f"it has more than {limits.files:,} files")
    if sum(entry.file_size for entry, _ in entries) > 10 * limits.together:
        raise RefusedError(f"unpacked, it would have more than {10 * limits.together // MB:,} MB")
    for entry, name in entries:
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise RefusedError(f"{shown(name)} is a link; links are not followed")
        if entry.flag_bits & 1:
            raise RefusedError(f"{shown(name)} is locked with a password")
        yield name, entry.file_size, partial(archive.open, entry)
