"""Notebooks and run records as plain data, read leniently: what is odd is left out or named."""

import base64
import binascii
import json
import math
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeGuard

from book.notebooks import StoredTable, tables
from cnnlib.experiment import Experiment
from cnnlib.records import from_dict
from cnnlib.runs import NETWORK, PREDICTIONS, RECORD, WEIGHTS

from .gate import shown

TEXT = 20_000  # characters kept of a student's text
PICTURE = 4_000_000  # characters of base64
PNG = b"\x89PNG\r\n\x1a\n"


class UnreadableError(ValueError):
    """A file is not what its name says; the message says why, in one sentence."""


@dataclass(frozen=True)
class Picture:
    """A PNG, whole as far as its first bytes say, and the words that stand for it."""

    content: bytes
    alt: str


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook, with those of its outputs that matter here."""

    code: bool
    source: str
    tags: tuple[str, ...]
    count: int | None  # the execution count
    printed: str
    tables: tuple[StoredTable, ...]
    pictures: tuple[Picture, ...]

    @property
    def shows(self) -> bool:
        """Is anything displayed by it?"""
        return bool(self.printed.strip() or self.tables or self.pictures)

    def named(self, kind: str) -> list[str]:
        """The names in its tags of a kind: 'choice-tsne' is of the kind 'choice-'."""
        return [tag.removeprefix(kind) for tag in self.tags if tag.startswith(kind)]


@dataclass(frozen=True)
class Record:
    """What a run's folder holds. ``problem`` says what is wrong with its declaration."""

    place: str  # its path in the hand-in
    experiment: Experiment | None
    problem: str
    seed: Any
    split: Any
    history: list[Any]
    metrics: dict[str, Any]
    sha256: dict[str, Any]
    weights: bytes | None
    predictions: bytes | None
    network: bytes | None

    @property
    def folder(self) -> str:
        """The last part of its path."""
        return PurePosixPath(self.place).name


def load_json(content: bytes, name: str) -> dict[str, Any]:
    """A JSON object; UnreadableError says what is wrong with the bytes."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableError(f"{shown(name)} is not text in UTF-8") from None
    except RecursionError:
        raise UnreadableError(f"{shown(name)} is nested too deeply to be read") from None
    except ValueError as error:
        raise UnreadableError(f"{shown(name)} is not whole JSON ({shown(str(error))})") from None
    if not isinstance(found, dict):
        raise UnreadableError(f"{shown(name)} is not a JSON object")
    return found


# Notebooks -----------------------------------------------------------------------------------


def notebook(content: bytes, name: str) -> list[Cell]:
    """The cells of a notebook; UnreadableError if it is none."""
    cells = load_json(content, name).get("cells")
    if not isinstance(cells, list):
        raise UnreadableError(f"{shown(name)} is not a notebook of format 4: it has no cells")
    return [_cell(cell) for cell in cells if isinstance(cell, dict)]


def _cell(cell: dict[str, Any]) -> Cell:
    tags = _dict(cell.get("metadata")).get("tags")
    count = cell.get("execution_count")
    outputs = [one for one in _list(cell.get("outputs")) if isinstance(one, dict)]
    bundles = [(_dict(one.get("data")), _dict(one.get("metadata"))) for one in outputs]
    printed = "".join(_text(one.get("text")) for one in outputs if one.get("name") == "stdout")
    found = (_picture(data, metadata) for data, metadata in bundles)
    return Cell(
        code=cell.get("cell_type") == "code",
        source=_text(cell.get("source"))[:TEXT],
        tags=tuple(tag for tag in _list(tags) if isinstance(tag, str)),
        count=count if isinstance(count, int) else None,
        printed=printed[:TEXT],
        tables=tuple(
            table for data, _ in bundles for table in tables(_text(data.get("text/html")))
        ),
        pictures=tuple(picture for picture in found if picture),
    )


def _picture(data: dict[str, Any], metadata: dict[str, Any]) -> Picture | None:
    coded = _text(data.get("image/png"))
    if not 0 < len(coded) <= PICTURE:
        return None
    try:
        content = base64.b64decode(re.sub(r"\s", "", coded), validate=True)
    except (binascii.Error, ValueError):
        return None
    alt = _text(_dict(metadata.get("image/png")).get("alt")) or _text(data.get("text/plain"))
    return Picture(content, alt[:1000]) if content.startswith(PNG) else None


# Run records ---------------------------------------------------------------------------------


def records(files: dict[str, bytes]) -> list[Record]:
    """Every run of a submission, in the order of their folders' names."""
    found = [name for name in sorted(files) if PurePosixPath(name).name == RECORD]
    return [_record(name, files) for name in found]


def _record(name: str, files: dict[str, bytes]) -> Record:
    at, problem, experiment = PurePosixPath(name).parent, "", None
    try:
        record = load_json(files[name], name)
    except UnreadableError as error:
        record, problem = {}, str(error)
    else:
        try:
            experiment = from_dict(record["experiment"])
        except Exception as error:  # a submission's JSON may hold anything
            what = {KeyError: f"{error} is not in it", TypeError: "a value is of another kind"}.get(
                type(error), str(error)
            )
            problem, experiment = f"{shown(name)} does not declare a model: {shown(what)}", None
    return Record(
        place=str(at),
        experiment=experiment,
        problem=problem,
        seed=record.get("seed"),
        split=record.get("split"),
        history=_list(record.get("history")),
        metrics=_dict(record.get("metrics")),
        sha256=_dict(_dict(record.get("provenance")).get("sha256")),
        weights=files.get(str(at / WEIGHTS)),
        predictions=files.get(str(at / PREDICTIONS)),
        network=files.get(str(at / NETWORK)),
    )


def is_number(value: Any) -> TypeGuard[float]:
    """Is it a finite number, and not true or false?"""
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:  # a whole number of more than 300 digits
        return False


def _text(value: Any) -> str:
    """A multi-line text of a notebook, which is one string or a list of them."""
    lines = value if isinstance(value, list) else [value]
    return "".join(line for line in lines if isinstance(line, str))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
