"""Open hand-ins: networks as ONNX, made with any framework, and the tables beside them.

A folder with ``models.csv``, an ONNX file and a history for each model, and a report. What is in
it is said on the book's page *From any framework*. Read leniently, as other hand-ins are: what
cannot be read is a problem of the model that it belongs to.
"""

import csv
import io
import math
import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from torch import Tensor

from cnnlib.exercises.hand_in import ALIASES, COLUMNS, MODELS_FILE, VALIDATION_FILE, positions
from cnnlib.experiment import Data
from cnnlib.runs import RECORD
from cnnlib.support.layouts import Layout, layout

from .gate import shown
from .intake import TakenIn
from .jail import Jailed
from .submission import Submission

MOST_MODELS, MOST_EPOCHS = 8, 1000  # that are looked at
WORDS = {"accuracy": "acc", "training": "train", "validation": "val", "top-1": "acc"}
NAMES = {"batch size": "batch", "batch_size": "batch", "changes": "what changes"}


@dataclass
class OpenModel:
    """A row of ``models.csv``, with its network and history. ``found`` None: see why."""

    name: str
    row: dict[str, str]
    content: bytes | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    history_problem: str = ""
    network: Jailed | None = None
    data: Data = field(default_factory=Data)
    found: Any = None  # its figures on the validation images, or None
    train: Any = None
    problem: str = ""  # why its network is none, or its row says nothing of use
    declared: bool = True


@dataclass
class OpenHandIn:
    """What facts are found in. ``problem``: why there are no models."""

    models: list[OpenModel]
    report: Submission  # of a notebook, if there is one
    pages: tuple[str, ...]  # names of PDF files
    validation: Tensor | None = None
    problem: str = ""
    pickles: tuple[str, ...] = ()

    @property
    def rule(self) -> str:
        """Star or chain: the one by which its table compares more of the models."""
        told = [model.row.get("compared with", "") for model in self.models]
        names = [model.row.get("name", "") for model in self.models]
        fitting = {
            "chain": sum(one == two for one, two in zip(told[1:], names, strict=False)),
            "star": sum(one == names[0] for one in told[1:]),
        }
        return max(fitting, key=lambda rule: fitting[rule])

    @property
    def pairs(self) -> list[tuple[OpenModel, OpenModel]]:
        """Each variant with the model that the rule compares it with, as (that model, it)."""
        before = self.models if self.rule == "chain" else self.models[:1] * len(self.models)
        return list(zip(before, self.models[1:], strict=False))


def is_open(files: dict[str, bytes]) -> bool:
    """Is it one? It has a table of models, and no runs of the library."""
    runs = any(PurePosixPath(name).name == RECORD for name in files)
    return not runs and _table(files) is not None


def _table(files: dict[str, bytes]) -> str | None:
    """The name of the table of models that lies nearest to the top."""
    found = [name for name in files if PurePosixPath(name).name.lower() == MODELS_FILE]
    return min(found, key=lambda name: (name.count("/"), name), default=None)


def opened(taken: TakenIn, report: Submission) -> OpenHandIn:
    """Read the tables; nothing is computed yet."""
    table = _table(taken.files)
    assert table is not None
    pages = tuple(
        shown(name) for name, content in taken.files.items()
        if name.lower().endswith(".pdf") and content.startswith(b"%PDF-")
    )  # fmt: skip
    made = OpenHandIn([], report, pages, pickles=taken.pickles)
    folder = PurePosixPath(table).parent
    beside = {
        PurePosixPath(name).name: content for name, content in taken.files.items()
        if PurePosixPath(name).parent == folder
    }  # fmt: skip
    try:
        rows = rows_of(taken.files[table])
        if VALIDATION_FILE in beside:
            made.validation = _positions(beside[VALIDATION_FILE])
    except ValueError as error:
        made.problem = shown(str(error), 300)
        return made
    made.models = [_model(row, beside) for row in rows[:MOST_MODELS]]
    return made


def rows_of(content: bytes) -> list[dict[str, str]]:
    """The rows of a table with a header, by the names of their columns; ValueError if it is none.

    Decimal commas are read where semicolons part the columns, as some spreadsheets write them.
    """
    text = content.decode("utf-8-sig", "replace").replace("\0", "")
    first = text.partition("\n")[0]
    marks = {mark: first.count(mark) for mark in ",;\t"}
    mark = max(marks, key=lambda one: marks[one])
    try:
        lines = [line for line in csv.reader(io.StringIO(text), delimiter=mark) if any(line)]
    except csv.Error as error:
        raise ValueError(f"a table cannot be read ({error})") from None
    if len(lines) < 2:
        raise ValueError(f"{MODELS_FILE} has no rows below its header")
    header = [_column(name) for name in lines[0]]
    rows = [dict(zip(header, map(str.strip, line), strict=False)) for line in lines[1:]]
    if mark == ";":
        rows = [
            {k: v.replace(",", ".") if re.fullmatch(r"-?\d+,\d+", v) else v for k, v in one.items()}
            for one in rows
        ]
    return rows


def _column(name: str) -> str:
    words = re.sub(r"[\s_]+", " ", name.strip().lower())
    words = " ".join(WORDS.get(word, word) for word in words.split(" "))
    return NAMES.get(words, words)


def _positions(content: bytes) -> Tensor:
    words = content.decode("utf-8-sig", "replace").split()
    whole = [int(word) for word in words[not words[:1] or not words[0].isdecimal() :]
             if re.fullmatch(r"\d{1,6}", word, re.A)]  # fmt: skip
    if len(whole) < len(words) - 1:
        raise ValueError(f"{VALIDATION_FILE} holds more than positions, one a line")
    return positions(whole)


def _model(row: dict[str, str], beside: dict[str, bytes]) -> OpenModel:
    name = row.get("name", "")
    content = beside.get(f"{name}.onnx") if name else None
    model = OpenModel(shown(name or "a model without name", 60), row, content)
    try:
        model.history = history_of(beside.get(f"{name}.csv"))
    except ValueError as error:
        model.history_problem = shown(str(error), 300)
    if lacking := [one for one in COLUMNS[3:8] if not row.get(one)]:
        model.problem = f"{MODELS_FILE} does not say its {', '.join(lacking)}"
        model.declared = False
    elif content is None:
        model.problem = f"{shown(name, 60)}.onnx is not handed in"
    return model


def history_of(content: bytes | None) -> list[dict[str, float]]:
    """A dict for each epoch, with what its table has of the library's columns; else ValueError."""
    if content is None:
        raise ValueError("its history, a CSV file of its name, is not handed in")
    rows = rows_of(content)
    if len(rows) > MOST_EPOCHS:
        raise ValueError(f"its history has {len(rows):,} epochs")
    found = [{ALIASES.get(_key(k), _key(k)): number(v) for k, v in row.items()} for row in rows]
    for key in ("train_acc", "val_acc"):
        if 1 < max((one.get(key, 0.0) for one in found), default=0.0) <= 100:  # per cent
            found = [one | {key: one.get(key, math.nan) / 100} for one in found]
    return found


def _key(column: str) -> str:
    return column.replace(" ", "_")


def number(text: str) -> float:
    """The number that a cell of a table is; NaN if it is none."""
    plain = text.removesuffix("%").strip().replace("−", "-")
    try:
        return float(plain) if len(plain) < 40 and "_" not in plain else math.nan
    except ValueError:
        return math.nan


def scaling(row: dict[str, str]) -> Data:
    """How pixels are scaled before the network gets them; ValueError where the row is unclear.

    ``inside``, for both or for std: the network does it, and gets grey levels from 0 to 255.
    """
    mean, std = row["mean"].lower(), row["std"].lower()
    if std == "inside":
        mean, std = ("0" if mean == "inside" else mean), "1/255"
    try:
        values = [float(Fraction(one)) if "/" in one[:40] else number(one) for one in (mean, std)]
        return Data(mean=values[0], std=values[1])
    except (ValueError, ZeroDivisionError, OverflowError):
        raise ValueError(
            f"mean and std are {shown(mean, 30)!r} and {shown(std, 30)!r}; expected those of "
            "pixels from 0 to 1, or “inside”, if the network itself scales 0 to 255"
        ) from None


def wanted_layout(row: dict[str, str]) -> Layout:
    """The layout that the row declares; ValueError if it is none."""
    return layout(row["layout"])
