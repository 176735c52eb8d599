"""The marks that a human gives: read from CSV files, kept in ``marks.csv``, added up.

``marks.csv`` lies in the folder of pages, with a row for each submission and a column for each
line of the rubric. It is filled in with a spreadsheet, or the boxes of the pages write files like
it. It is read and written back by every call, so that no mark is ever lost.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cnnlib.support.files import write_whole

from .facts_testing import CHOICES
from .gate import cell, shown
from .results import Line, Result
from .rubric import MOST_CHOICE

MARKS, NAME, COMMENT = "marks.csv", "submission", "comment"
PARTS = ("five CNNs", "train and validate", "test", "report",
         *(f"choice task: {name}" for name in CHOICES))  # fmt: skip
NUMBER = re.compile(r"\d{1,3}([.,]\d{1,4})?", re.A)
MOST = 100  # points
LETTERS = 5000  # of a comment
BYTES = 10_000_000  # of a file


class MarksError(ValueError):
    """A file of marks cannot be used; the message says why, in one sentence."""


@dataclass(frozen=True)
class Marking:
    """What a human gives to one submission: points by line of the rubric, and a comment."""

    marks: Mapping[str, float] = field(default_factory=dict)
    comment: str = ""

    def over(self, other: "Marking") -> "Marking":
        """Both; where they differ, this one's."""
        return Marking({**other.marks, **self.marks}, self.comment or other.comment)


@dataclass(frozen=True)
class Summed:
    """``marks`` given by a human, and the ``total``: None while a mark is missing or too high."""

    marks: float
    total: float | None
    missing: tuple[str, ...] = ()
    too_high: tuple[str, ...] = ()


def summed(lines: Sequence[Line], marking: Marking) -> Summed:
    """Add up what facts and a human give, of the choice tasks 30 at most."""
    points = {True: 0.0, False: 0.0}  # of choice tasks, of the others
    given, missing, too_high = 0.0, [], []
    for line in lines:
        mark = marking.marks.get(line.part)
        if mark is None and line.left:
            missing.append(line.part)
        elif mark and mark > line.left:
            too_high.append(f"{number(mark)} of {line.left} for {line.part}")
            mark = None
        given += mark or 0
        points[line.part.startswith("choice")] += line.given + (mark or 0)
    total = points[False] + min(points[True], MOST_CHOICE)
    whole = lines and not missing and not too_high
    return Summed(given, total if whole else None, tuple(missing), tuple(too_high))


def number(value: float | None) -> str:
    """As it is printed: 7, 7.5, or nothing."""
    return "" if value is None else f"{round(value, 4):g}"


# Files ---------------------------------------------------------------------------------------


def read(path: Path) -> dict[str, Marking]:
    """The marks of a CSV file, by submission. Any columns may be missing but the first.

    Commas, semicolons or tabs, as spreadsheets write them. Raises MarksError.
    """
    try:
        with path.open("rb") as file:
            content = file.read(BYTES + 1)
    except OSError as error:
        raise MarksError(f"{shown(str(path))} cannot be read ({error.strerror})") from None
    if len(content) > BYTES:
        raise MarksError(f"{shown(path.name)} has more than {BYTES:,} bytes: is it of marks?")
    try:
        return parsed(content, shown(path.name))
    except csv.Error as error:
        raise MarksError(f"{shown(path.name)} is no table ({error})") from None


def parsed(content: bytes, name: str) -> dict[str, Marking]:
    """The marks in the bytes of a file that is called ``name``."""
    text = _decoded(content).removeprefix("\ufeff")
    head = re.match(rf'"?{NAME}"?([,;\t\r\n]|$)', text)
    if not head:
        first = shown(text.split("\n")[0], 40)
        raise MarksError(
            f"{name} begins with “{first}”; expected the column “{NAME}” first, as in {MARKS}"
        )
    between = head[1] if head[1] in (",", ";", "\t") else ","
    found: dict[str, Marking] = {}
    for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=between):
        who = (row.pop(NAME) or "").strip()
        if who in found:
            raise MarksError(f"{name} has two rows of {shown(who)}; leave one")
        if who:
            where = f"{name}, row of {shown(who)}"
            marks = {
                part: _mark(text.strip(), f"{where}: “{shown(part, 40)}”")
                for part, text in row.items()
                if _is_part(part) and isinstance(text, str) and text.strip()
            }
            found[who] = Marking(marks, _plain((row.get(COMMENT) or "").strip())[:LETTERS])
    return found


def _decoded(content: bytes) -> str:
    """UTF-8, UTF-16 as spreadsheets mark it, or what Windows takes in the west."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _is_part(column: str | None) -> bool:
    """Is a column of marks? Others, as ``class.csv`` has them, are passed over."""
    return column is not None and (column in PARTS or column.startswith("choice task"))


def _mark(text: str, where: str) -> float:
    value = float(text.replace(",", ".")) if NUMBER.fullmatch(text) else MOST + 1
    if value > MOST:
        raise MarksError(f"{where} is “{shown(text, 40)}”; expected a number of points, or nothing")
    return value


def _plain(text: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    bare = text[1:]
    return bare if text[:1] == "'" and note(bare) == text else text


def kept(
    results: Sequence[Result], folder: Path, given: Mapping[str, Marking]
) -> dict[str, Marking]:
    """The markings by submission: those in ``marks.csv``, ``given`` over them; both written back.

    A row for each result, then those of other submissions. A file that somebody is just editing
    and that cannot be read is left as it is.
    """
    path = folder / MARKS
    try:
        before = read(path) if path.exists() else {}
    except MarksError:
        return dict(given)
    names = [key(result) for result in results]
    both = before | {
        (who := _known(name, names)): one.over(before.get(who, Marking()))
        for name, one in given.items()
    }
    more = {line.part for result in results for line in result.lines}
    more |= {part for one in both.values() for part in one.marks}
    columns = dict.fromkeys([*PARTS, *sorted(more)])
    rows = [
        [name, *(number(one.marks.get(part)) for part in columns), note(one.comment)]
        for name in dict.fromkeys([*names, *both])
        for one in [both.get(name, Marking())]
    ]
    content = table([[NAME, *columns, COMMENT], *rows]).encode("utf-8-sig", "replace")
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content)
    return both


def key(result: Result) -> str:
    """How a submission is called in tables."""
    return cell(result.name).strip()


def _known(name: str, names: Sequence[str]) -> str:
    """The name of a submission that is meant: spreadsheets take the zeros off a number."""
    if name in names:
        return name
    alike = [one for one in names if one.lstrip("0") == name.lstrip("0")]
    return alike[0] if len(alike) == 1 else name


def strangers(given: Iterable[str], results: Sequence[Result]) -> list[str]:
    """Names in files of marks that are no submission of this call."""
    names = [key(result) for result in results]
    return [name for name in given if _known(name, names) not in names]


def note(text: str) -> str:
    """A comment for a cell: its lines stay."""
    first, *others = text.splitlines() or [""]
    return "\n".join([cell(first), *(shown(line, 1000) for line in others)])


def table(rows: Iterable[Sequence[str]]) -> str:
    """CSV with every cell in quotes: a ; in a name parts no cell."""
    made = io.StringIO(newline="")
    csv.writer(made, quoting=csv.QUOTE_ALL).writerows(rows)
    return made.getvalue()
