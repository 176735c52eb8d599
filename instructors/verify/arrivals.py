"""What was handed in, hand-in by hand-in: the downloads of course platforms, taken apart.

Moodle gives a zip with a folder per student, or files that begin with the student's name and
number; Canvas gives a zip of files that do. A folder, or a zip, of several hand-ins is taken apart
by what lies where; nothing but names is read here.
"""

import contextlib
import glob
import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from cnnlib.exercises.hand_in import MODELS_FILE
from cnnlib.runs import RECORD

from .intake import ENVIRONMENT, leaves, skipped

PLATFORMS = (
    re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_[a-z]+(_.*)?", re.S),  # Moodle
    re.compile(r"(?P<name>[^\W_]+)_(?:LATE_)?(?P<id>\d{2,})_\d{3,}_.+", re.S),  # Canvas
)
PLATFORM_NAME = re.compile(r".+ \(\d+\)", re.S)  # as ``student`` makes it
MOST_NAMES, DEEPEST = 500_000, 30  # of a class; what is more is one hand-in, which is refused
DIRECTORY = 64 * 2**20  # bytes of a zip's list of names that are read outside the jail
Tree = dict[str, Any]  # a folder: each entry's own tree, or None for a file


@dataclass(frozen=True)
class HandIn:
    """One hand-in: its name for the instructor, and where it lies.

    ``inside``: the entries of a folder or zip of several that are this one's; all, if empty.
    """

    name: str
    path: Path
    inside: tuple[str, ...] = ()


def hand_ins(paths: Sequence[str | Path]) -> list[HandIn]:
    """The hand-ins at these paths, in their order; patterns such as ``class/*`` are expanded."""
    found: list[HandIn] = []
    for path in (one for given in paths for one in expanded(str(given))):
        own = student(path.name) or student(path.parent.name)
        where = f"{path.name}: " if len(paths) > 1 else ""
        parts = {} if own else _hand_ins(_tree(path))
        for name, inside in parts.items():
            name = name if PLATFORM_NAME.fullmatch(name) else where + name
            found.append(HandIn(name, path, tuple(inside)))
        if not parts:
            found.append(HandIn(own or path.name, path))
    return _unlike(found)


def student(entry: str) -> str | None:
    """“Name (number)” of an entry that a platform named; None if none did."""
    found = next((one for pattern in PLATFORMS if (one := pattern.fullmatch(entry))), None)
    return f"{found['name']} ({found['id']})" if found else None


def expanded(given: str) -> list[Path]:
    """The paths that a pattern stands for, where no shell has expanded it."""
    if os.path.lexists(given) or not glob.has_magic(given):
        return [Path(given)]
    return [Path(one) for one in sorted(glob.glob(given))] or [Path(given)]  # noqa: PTH207


def _unlike(found: list[HandIn]) -> list[HandIn]:
    """No two of one name: the folder is said as well, and then a number."""
    often = Counter(one.name for one in found)
    named = [
        replace(one, name=f"{one.path.resolve().parent.name}/{one.name}")
        if often[one.name] > 1 and not PLATFORM_NAME.fullmatch(one.name)
        else one
        for one in found
    ]
    seen: Counter[str] = Counter()
    for i, one in enumerate(named):
        seen[one.name] += 1
        if seen[one.name] > 1:
            named[i] = replace(one, name=f"{one.name} #{seen[one.name]}")
    return named


# Which entries are whose -----------------------------------------------------------------------


def _hand_ins(tree: Tree, at: str = "", inner: bool = False) -> dict[str, list[str]]:
    """The names of the hand-ins in a folder, and the entries of each; empty if it is just one.

    ``inner``: it is the folder of one student, as far as is known.
    """
    if (own := _by_platform(tree, at)) or _has_runs(tree):
        return own
    folders = [name for name, below in tree.items() if below]
    bearing = [name for name in folders if _bears(tree[name])]
    zips, notebooks = (
        [name for name, below in tree.items() if below is None and name.lower().endswith(end)]
        for end in (".zip", ".ipynb")
    )
    if inner:
        several = len(bearing) > 1 and not (zips or notebooks)
    elif notebooks:
        several = len(zips) > 1
    else:
        several = len(zips + bearing) > 1 or any(_zips_in(tree[name]) for name in bearing)
    if not several:
        if len(bearing) == 1 and not (inner or notebooks):  # a folder around it all
            return _hand_ins(tree[bearing[0]], f"{at}{bearing[0]}/")
        return {}
    found: dict[str, list[str]] = {}
    for name in sorted([*folders, *zips, *notebooks]):
        below = _hand_ins(tree[name], f"{at}{name}/", inner=True) if tree[name] else {}
        found |= {f"{name}/{one}": inside for one, inside in below.items()} or {
            name: [f"{at}{name}"]
        }
    return found


def _by_platform(tree: Tree, at: str) -> dict[str, list[str]]:
    """The entries by student, where a platform has named them."""
    whose = {name: student(name) for name in sorted(tree)}
    files = [name for name in tree if tree[name] is None]
    by_folder = any(who and tree[name] is not None for name, who in whose.items())
    if not by_folder and not (files and all(whose[name] for name in files)):
        return {}
    found: dict[str, list[str]] = {}
    for name, who in whose.items():
        if who or (tree[name] and _bears(tree[name])):
            found.setdefault(who or name, []).append(f"{at}{name}")
    return found


def _has_runs(tree: Tree) -> bool:
    """Does this folder hold runs or networks itself, so that it is one hand-in?"""
    return RECORD in tree or MODELS_FILE in tree or bool(tree.get("runs"))


def _bears(tree: Tree) -> bool:
    """Is there a notebook, a zip or a table of models anywhere in it?"""
    return any(
        name.lower().endswith((".ipynb", ".zip", MODELS_FILE)) if below is None else _bears(below)
        for name, below in tree.items()
    )


def _zips_in(tree: Tree) -> bool:
    return any(below is None and name.lower().endswith(".zip") for name, below in tree.items())


# Names -----------------------------------------------------------------------------------------


def _tree(path: Path) -> Tree:
    """The names in a folder or zip; nothing of what cannot be listed, or is odd: it is one."""
    top: Tree = {}
    with contextlib.suppress(OSError, ValueError, RuntimeError, NotImplementedError,
                             EOFError, IndexError, zipfile.BadZipFile, zlib.error):  # fmt: skip
        for count, name in enumerate(_names(path), start=1):
            *folders, last = PurePosixPath(name).parts
            if count > MOST_NAMES or len(folders) > DEEPEST or leaves(name):
                return {}
            at: Any = top
            for folder in folders:
                at = at.setdefault(folder, {})
                if at is None:
                    return {}  # a file and a folder of one name
            at.setdefault(last, None)
    return top


def _names(path: Path) -> Iterator[str]:
    if path.is_symlink():
        return
    if path.is_dir():
        for at, folders, files in os.walk(path):
            inside = Path(at).relative_to(path)
            if ENVIRONMENT in files and inside.parts:
                folders.clear()
                continue
            folders[:] = sorted(one for one in folders if not skipped(one))
            yield from ((inside / one).as_posix() for one in sorted(files) if not skipped(one))
    elif path.is_file() and zipfile.is_zipfile(path) and _directory(path) <= DIRECTORY:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                name = entry.filename.replace("\\", "/")
                if leaves(name) or not (entry.is_dir() or skipped(name)):
                    yield name


def _directory(path: Path) -> int:
    """Bytes of a zip's list of names, as its last record says (of a huge one: 4 GB)."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2**16 - 22))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    return int.from_bytes(tail[at + 12 : at + 16], "little")
