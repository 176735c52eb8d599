"""Finished results, kept beside the pages: a second call goes on where the first one stopped.

A result is kept under what it follows from: the files handed in, by their names, sizes and times,
the options, and the sources that verify. If one of these changes, the submission is verified anew.
"""

import base64
import dataclasses
import functools
import hashlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from book.notebooks import ROOT
from cnnlib.support.files import write_whole

from .arrivals import HandIn
from .reading import Picture
from .results import Fact, Line, Mark, Outcome, Result, Trained

FOLDER = ".kept"  # in the folder of pages


class Kept:
    """The results in a folder of pages; ``train``: those with figures on the training images."""

    def __init__(self, output: Path, train: bool) -> None:
        self.folder, self.train = output / FOLDER, train

    def get(self, one: HandIn) -> Result | None:
        """The finished result of this hand-in, if there is one and it can be read."""
        try:
            return _result(json.loads(self._path(one).read_bytes()))
        except (OSError, ValueError, TypeError, KeyError):  # not there, or not whole
            return None

    def put(self, one: HandIn, result: Result) -> None:
        """Keep it, if it is finished: what ran out of time or memory may do better next time."""
        if result.finished:
            write_whole(self._path(one), json.dumps(dataclasses.asdict(result), default=_coded))

    def _path(self, one: HandIn) -> Path:
        parts = [_sources(), self.train, one.name, one.inside, *_stamps(one.path)]
        key = hashlib.sha256("\n".join(map(repr, parts)).encode("utf-8", "replace"))
        return self.folder / f"{key.hexdigest()[:32]}.json"


@functools.cache
def _sources() -> str:
    """A checksum of all code that a result depends on."""
    parts = ("instructors", "book", "cnnlib")
    files = sorted(path for part in parts for path in (ROOT / part).rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _stamps(path: Path) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of change of every file that is handed in."""
    inside = sorted(path.rglob("*")) if path.is_dir() and not path.is_symlink() else []
    for place in [path, *inside]:
        try:
            found = place.lstat()
        except OSError:
            continue
        if not stat.S_ISDIR(found.st_mode):
            yield str(place.absolute()), found.st_size, found.st_mtime_ns


def _coded(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"a result holds a {type(value).__name__}")


def _result(found: dict[str, Any]) -> Result:
    """A result from its JSON."""
    facts = [Fact(**one | {"verdict": Outcome(one["verdict"])}) for one in found["facts"]]
    pictures = [
        Picture(**one | {"content": base64.b64decode(one["content"])}) for one in found["pictures"]
    ]
    lines = [Line(**one) for one in found["lines"]]
    marks = [Mark(**one) for one in found["marks"]]
    trained = [Trained(**one) for one in found["trained"]]
    parts = dict(
        facts=tuple(facts), lines=tuple(lines), pictures=tuple(pictures), marks=tuple(marks),
        trained=tuple(trained),
    )  # fmt: skip
    return Result(**found | parts)
