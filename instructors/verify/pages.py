"""Pages for the instructor: one of each submission, one of the class, and the class as CSV.

Whatever a submission says is escaped; its pictures are PNG alone. The pages hold no script, and a
Content-Security-Policy lets no request leave them.
"""

import base64
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from cnnlib.support.files import write_whole

from .gate import cell, escaped
from .results import WAITING, Fact, Line, Result
from .rubric import MOST_CHOICE, given, reachable

OURS = 'content="cnnlib verify"'
LETTERS = 6000  # of one text on the page
CLASS, TABLE = "index.html", "class.csv"
COLUMNS = (
    "submission", "verdict", "points given", "points reachable", "not right", "questions",
    "first problem",
    "mark for the rest",
)  # fmt: skip
HEAD = """<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="cnnlib verify">
<title>{title}</title>
<style>
body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a;
  font: 16px/1.5 "Segoe UI", "Helvetica Neue", "Liberation Sans", sans-serif; }}
table {{ border-collapse: collapse; font-size: 0.85rem; width: 100%; margin: 0.5rem 0 1.5rem; }}
th, td {{ text-align: left; vertical-align: top; padding: 0.25rem 0.6rem;
  border-bottom: 1px solid #ccc; overflow-wrap: anywhere; }}
th {{ white-space: nowrap; }}
td > span {{ white-space: nowrap; }}
thead {{ border-bottom: 2px solid #333; }}
.wrong, .missing, .refused, .incomplete {{ color: #9a1b00; font-weight: 600; }}
.right {{ color: #0b5a2a; }}
blockquote {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.3rem 0 1rem;
  padding: 0.5rem 1rem; background: #f4f4f2; }}
img {{ max-width: 100%; }}
input {{ width: 3rem; }}
</style>
</head>
<body>
"""


def write(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write a page for each result, the class as a page and as CSV; the files, in that order.

    Pages of an earlier call that are none of these are deleted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pages = [
        "" if result.waiting else f"{i:03d}-{_slug(result.name)}.html"
        for i, result in enumerate(results, start=1)
    ]
    found = zip(pages, results, strict=True)
    content = {page: page_of(result) for page, result in found if page}
    content[CLASS] = class_page(results, pages)
    for name, text in content.items():
        write_whole(folder / name, text)
    for old in folder.glob("[0-9][0-9][0-9]*-*.html"):
        if old.name not in content and OURS in old.read_text("utf-8", "replace")[:600]:
            old.unlink()
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=csv.QUOTE_ALL)  # a ; in a name parts no cell
    writer.writerow(COLUMNS)
    writer.writerows([cell(value) for value in _row(result)] for result in results)
    write_whole(folder / TABLE, table.getvalue().encode("utf-8-sig", "replace"))
    return [folder / name for name in (*content, TABLE)]


def page_of(result: Result) -> str:
    """The page of one submission."""
    parts = [HEAD.format(title=escaped(result.name)), f"<h1>{escaped(result.name)}</h1>"]
    said = f"refused: {result.refused}" if result.refused else result.verdict
    parts.append(f'<p class="{result.verdict}">{escaped(said)}</p>')
    if not result.refused:
        failing = [fact for fact in result.facts if fact.fails]
        count = f"{len(result.facts)} facts, {len(failing)} of them not right"
        count += f", {questions_of(result)}"
        parts.append(f"<p>{count}; {result.seconds:.0f} s.</p>")
        if failing:
            parts += ["<h2>What is not right</h2>", _facts(failing)]
        if result.questions:
            parts += ["<h2>Questions for you to judge</h2>", _facts(result.questions)]
        parts += ["<h2>Points</h2>", _rubric(result.lines)]
        parts.append(_written(result))
        parts += ["<h2>All facts</h2>", _facts(result.facts)]
    return "\n".join([*parts, "</body>", "</html>", ""])


def class_page(results: Sequence[Result], pages: Sequence[str]) -> str:
    """The page of the class: a row per submission."""
    rows = []
    for result, page in zip(results, pages, strict=True):
        name, *cells = map(escaped, _row(result))
        link = f'<a href="{escaped(page)}">{name}</a>' if page else name
        verdict = f'<span class="{result.verdict}">{cells[0]}</span>'
        rows.append([link, verdict, *cells[1:-1]])
    left = sum(result.waiting for result in results)
    title = f"{len(results)} submissions" + (f", {left} of them {WAITING}" if left else "")
    body = _table(COLUMNS[:-1], rows)
    return f"{HEAD.format(title=title)}<h1>{title}</h1>\n{body}\n</body>\n</html>\n"


def problem_of(result: Result) -> str:
    """The first thing that is not right, or the first question, in one line; empty if all is."""
    if result.refused:
        return result.refused
    failing = sorted(
        (fact for fact in result.facts if fact.fails), key=lambda f: f.verdict != "wrong"
    )
    first = next(iter([*failing, *result.questions]), None)
    return f"{first.name}: {first.why}" if first else ""


# Parts of a page -----------------------------------------------------------------------------


def _facts(facts: Iterable[Fact]) -> str:
    rows = [
        [
            *map(escaped, (fact.name, fact.claimed, fact.recomputed)),
            f'<span class="{fact.verdict.name.lower()}">{fact.verdict}</span>', escaped(fact.why),
        ]
        for fact in facts
    ]  # fmt: skip
    return _table(("fact", "claimed", "recomputed", "verdict", "why"), rows)


def _rubric(lines: Sequence[Line]) -> str:
    rows = [
        [
            escaped(line.part), str(line.points), str(line.given),
            _mark(line.left, line.part) if line.left else "–", escaped(line.why),
        ]
        for line in lines
    ]  # fmt: skip
    limit = f"of the choice tasks {MOST_CHOICE} at most"
    total = [f"together ({limit})", "100", str(given(lines)), "", f"at most {reachable(lines)}"]
    return _table(("line", "points", "given", "your mark", "why"), [*rows, total])


def _mark(left: int, part: str) -> str:
    label = escaped(f"Mark for {part}, 0 to {left}")
    return f'<input type="number" min="0" max="{left}" aria-label="{label}"> of&nbsp;{left}'


def _written(result: Result) -> str:
    parts = ["<h2>What the student wrote and shows</h2>"]
    for field, text in result.texts.items():
        parts.append(f"<h3>{escaped(field)}</h3><blockquote>{escaped(text[:LETTERS])}</blockquote>")
    for picture in result.pictures:
        coded = base64.b64encode(picture.content).decode()
        alt = escaped(picture.alt)
        parts.append(f'<p><img src="data:image/png;base64,{coded}" alt="{alt}"></p>')
    return "\n".join(parts)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{word}</th>" for word in header)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _row(result: Result) -> list[str]:
    failing = sum(fact.fails for fact in result.facts)
    points = [str(given(result.lines)), str(reachable(result.lines))]
    return [
        result.name, result.verdict, *(points if result.lines else ("", "")), str(failing),
        str(len(result.questions)), problem_of(result), "",
    ]  # fmt: skip


def questions_of(result: Result) -> str:
    """How many there are, in words."""
    count = len(result.questions)
    return f"{count} question{'s' * (count != 1)}"


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", re.sub(r"\.(zip|ipynb)$", "", name))
    words = re.sub(r"[^A-Za-z0-9]+", "-", plain.encode("ascii", "ignore").decode())
    return words.strip("-")[:40] or "submission"
