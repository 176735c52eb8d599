"""The class as tables: for reading, and in the shapes that Canvas and Moodle import.

Canvas's "Import" of the gradebook takes the columns Student, ID, SIS User ID, SIS Login ID and
Section first, in this order, then one for each assignment; a row "Points Possible" may come
before the students. Students are found by ID. Source: its own importer,
https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb.

Moodle's "Upload grading worksheet" of an assignment wants the columns Identifier ("Participant"
and a number), Grade and Last modified (grade), and takes "Feedback comments", whatever else there
is. Source: https://docs.moodle.org/en/Assignment_settings (offline grading worksheet) and
https://github.com/moodle/moodle, mod/assign/feedback/offline/importgradeslib.php.

Both know a student by the number in the names of the files that they let an instructor download.
Only whole totals are written: an empty cell might delete a grade.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cnnlib.support.files import write_whole

from .gate import cell
from .marking import COMMENT, NAME, PARTS, Marking, key, note, number, summed, table
from .results import Result
from .rubric import given, reachable

CLASS_TABLE, CANVAS, MOODLE = "class.csv", "canvas.csv", "moodle.csv"
COLUMNS = (
    NAME, "verdict", "points given", "points reachable", "not right", "questions",
    "first problem",
)  # fmt: skip
NUMBERED = re.compile(r"(?P<name>.+) \((?P<id>\d+)\)", re.S)
CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Report")
MOODLE_COLUMNS = (
    "Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)",
    "Feedback comments",
)  # fmt: skip
POINTS = "100"  # 70 + 30


def problem_of(result: Result) -> str:
    """The first thing that is not right, or the first question, in one line; empty if all is."""
    if result.refused:
        return result.refused
    failing = sorted(
        (fact for fact in result.facts if fact.fails), key=lambda f: f.verdict != "wrong"
    )
    first = next(iter([*failing, *result.questions]), None)
    return f"{first.name}: {first.why}" if first else ""


def facts_row(result: Result) -> list[str]:
    """The cells of a submission below ``COLUMNS``."""
    failing = sum(fact.fails for fact in result.facts)
    points = [str(given(result.lines)), str(reachable(result.lines))]
    return [
        result.name, result.verdict, *(points if result.lines else ("", "")), str(failing),
        str(len(result.questions)), problem_of(result),
    ]  # fmt: skip


def write_tables(
    results: Sequence[Result], markings: Mapping[str, Marking], folder: Path
) -> list[Path]:
    """Write the class as CSV, and what the platforms import; those without rows do not stay."""
    more = {line.part for result in results for line in result.lines}
    parts = dict.fromkeys([*PARTS, *sorted(more)])
    rows = []
    for result in results:
        one = markings.get(key(result), Marking())
        sums = summed(result.lines, one)
        rows.append([
            *map(cell, facts_row(result)), *(number(one.marks.get(part)) for part in parts),
            number(sums.marks), number(sums.total), note(one.comment),
        ])  # fmt: skip
    head = [*COLUMNS, *parts, "marks", "total", COMMENT]
    write_whole(folder / CLASS_TABLE, table([head, *rows]).encode("utf-8-sig", "replace"))
    graded = _graded(results, markings)
    return [folder / CLASS_TABLE, *(
        path for name, made in ((CANVAS, canvas(graded)), (MOODLE, moodle(graded)))
        if (path := _written(folder / name, made, bool(graded)))
    )]  # fmt: skip


Graded = list[tuple[str, str, str, str]]  # name, number, total, comment


def _graded(results: Sequence[Result], markings: Mapping[str, Marking]) -> Graded:
    """Those whose number and total are known."""
    found = []
    for result in results:
        one = markings.get(key(result), Marking())
        total, who = summed(result.lines, one).total, NUMBERED.fullmatch(result.name)
        if total is not None and who:
            found.append((cell(who["name"]), who["id"], number(total), note(one.comment)))
    return found


def canvas(graded: Graded) -> str:
    """For Canvas; the last column's head is to be changed to the name of the assignment."""
    possible = ["    Points Possible", "", "", "", "", POINTS]
    rows = [[name, who, "", "", "", total] for name, who, total, _ in graded]
    return table([CANVAS_COLUMNS, possible, *rows])


def moodle(graded: Graded) -> str:
    """For Moodle, in English."""
    rows = [
        [f"Participant {who}", name, total, POINTS, "-", comment]
        for name, who, total, comment in graded
    ]
    return table([MOODLE_COLUMNS, *rows])


def _written(path: Path, content: str, wanted: bool) -> Path | None:
    if not wanted:
        first = content.partition("\r\n")[0].encode()
        if path.exists() and path.read_bytes().startswith(first):  # an earlier call's, not yours
            path.unlink()
        return None
    write_whole(path, content)
    return path
