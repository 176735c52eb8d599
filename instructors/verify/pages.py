"""Pages for the instructor: one of each submission, one of the class; and the tables of it.

Whatever a submission says is escaped; its pictures are PNG alone. What a page may do, ``frame``
says.
"""

import base64
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cnnlib.support.files import write_whole

from .feedback import write_feedback
from .frame import forget, page, table, verdict
from .gate import escaped
from .gradebook import COLUMNS, facts_row, write_tables
from .marking import COMMENT, Marking, kept, key, number, summed
from .results import WAITING, Fact, Line, Result
from .rubric import MOST_CHOICE, given, reachable
from .seen import folded

LETTERS = 6000  # of one text on the page
CLASS = "index.html"
MORE_COLUMNS = ("your marks", "total")
HOW = (
    "Marks stay in this browser until you download them. Read them back with "
    "<code>--marks FILE</code>: then they are in <code>marks.csv</code> and in all tables."
)


def write(
    results: Sequence[Result], folder: Path, marks: Mapping[str, Marking] | None = None
) -> list[Path]:
    """Write a page for each result, the class as a page and as tables, and feedback; the files.

    ``marks`` are added to those that the folder has. Pages of an earlier call that are none of
    these are deleted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    markings = kept(results, folder, marks or {})
    pages = [
        "" if result.waiting else f"{i:03d}-{_slug(result.name)}.html"
        for i, result in enumerate(results, start=1)
    ]
    found = zip(pages, results, strict=True)
    content = {name: page_of(one, markings.get(key(one))) for name, one in found if name}
    content[CLASS] = class_page(results, pages, markings)
    for name, text in content.items():
        write_whole(folder / name, text)
    forget(folder, content)
    tables = write_tables(results, markings, folder)
    sent = write_feedback(results, pages, markings, folder)
    return [*(folder / name for name in content), *tables, *sent]


def page_of(result: Result, marking: Marking | None = None) -> str:
    """The page of one submission, with boxes for the marks."""
    parts = [f"<h1>{escaped(result.name)}</h1>"]
    said = f"refused: {result.refused}" if result.refused else result.verdict
    parts.append(f"<p>{verdict(result.verdict, said)}</p>")
    if not result.refused:
        failing = [fact for fact in result.facts if fact.fails]
        count = f"{len(result.facts)} facts, {len(failing)} of them not right"
        count += f", {questions_of(result)}"
        parts.append(f"<p>{count}; {result.seconds:.0f} s.</p>")
        if failing:
            parts += ["<h2>What is not right</h2>", _facts(failing)]
        if result.questions:
            parts += ["<h2>Questions for you to judge</h2>", _facts(result.questions)]
    parts.append(_marking(result, marking or Marking()))
    if not result.refused:
        parts.append(_written(result))
        parts += ["<h2>All facts</h2>", _facts(result.facts)]
    parts.append(folded())
    return page(result.name, "\n".join(parts), script=True)


def class_page(
    results: Sequence[Result], pages: Sequence[str], markings: Mapping[str, Marking]
) -> str:
    """The page of the class: a row per submission, to sort and to filter."""
    rows = []
    for result, name in zip(results, pages, strict=True):
        rows.append(_class_row(result, name, markings.get(key(result), Marking())))
    left = sum(result.waiting for result in results)
    title = f"{len(results)} submissions" + (f", {left} of them {WAITING}" if left else "")
    heads = "".join(
        f'<th><button type="button">{word}</button></th>' for word in (*COLUMNS, *MORE_COLUMNS)
    )
    body = [
        f"<h1>{title}</h1>", _controls(results), f"<p>{HOW}</p>",
        f'<table class="class">\n<thead><tr>{heads}</tr></thead>\n<tbody>', *rows,
        "</tbody>\n</table>",
    ]  # fmt: skip
    return page(title, "\n".join(body), script=True)


# Parts of a page -----------------------------------------------------------------------------


def _class_row(result: Result, name: str, one: Marking) -> str:
    first, kind, *others = map(escaped, facts_row(result))
    link = f'<a href="{escaped(name)}">{first}</a>' if name else first
    sums = summed(result.lines, one)
    own = number(sums.marks) if one.marks else ""
    cells = "".join(f"<td>{cell}</td>" for cell in (link, verdict(kind, kind), *others))
    base = {part: number(mark) for part, mark in one.marks.items()} | {COMMENT: one.comment}
    told = _data(submission=key(result), verdict=kind, lines=_lines(result.lines),
                 base=json.dumps(base))  # fmt: skip
    return (
        f'<tr {told}>{cells}<td class="own">{own}</td>'
        f'<td class="total">{number(sums.total)}</td></tr>'
    )


def _controls(results: Sequence[Result]) -> str:
    kinds = dict.fromkeys(sorted(result.verdict for result in results))
    options = "".join(f"<option>{escaped(kind)}</option>" for kind in kinds)
    return (
        '<div class="controls" hidden>'
        '<label>Find <input type="search" autocomplete="off"></label>'
        f'<label>Verdict <select><option value="">all</option>{options}</select></label>'
        '<span class="count" role="status"></span><span class="marked"></span>'
        '<button type="button" class="download">Download all marks</button></div>'
    )


def _data(**values: str) -> str:
    return " ".join(f'data-{name}="{escaped(value)}"' for name, value in values.items())


def _lines(lines: Sequence[Line]) -> str:
    return json.dumps([[line.part, line.given, line.left] for line in lines])


def _facts(facts: Iterable[Fact]) -> str:
    rows = [
        [
            *map(escaped, (fact.name, fact.claimed, fact.recomputed)),
            verdict(fact.verdict.name.lower(), fact.verdict), escaped(fact.why),
        ]
        for fact in facts
    ]  # fmt: skip
    return table(("fact", "claimed", "recomputed", "verdict", "why"), rows)


def _marking(result: Result, marking: Marking) -> str:
    """The lines of the rubric with a box each, the comment, and what becomes of them."""
    parts = [f'<div class="marking" {_data(submission=key(result), lines=_lines(result.lines))}>']
    if result.lines:
        parts += ["<h2>Points</h2>", _rubric(result.lines, marking)]
    parts += [
        f'<p><label>Comment for the student <textarea rows="4" data-field="{COMMENT}" '
        f'autocomplete="off">\n{escaped(marking.comment)}</textarea></label></p>',
        '<p class="controls"><output class="sum"></output>'
        '<button type="button" class="download">Download these marks</button>'
        '<span class="kept" role="status"></span></p>',
        f"<p>{HOW}</p></div>",
    ]
    return "\n".join(parts)


def _rubric(lines: Sequence[Line], marking: Marking) -> str:
    rows = [
        [
            escaped(line.part), str(line.points), str(line.given),
            _mark(line, marking.marks.get(line.part)) if line.left else "–", escaped(line.why),
        ]
        for line in lines
    ]  # fmt: skip
    limit = f"of the choice tasks {MOST_CHOICE} at most"
    total = [f"together ({limit})", "100", str(given(lines)), "", f"at most {reachable(lines)}"]
    return table(("line", "points", "given", "your mark", "why"), [*rows, total])


def _mark(line: Line, mark: float | None) -> str:
    label = escaped(f"Mark for {line.part}, 0 to {line.left}")
    return (
        f'<input type="number" min="0" max="{line.left}" step="any" value="{number(mark)}" '
        f'data-field="{escaped(line.part)}" aria-label="{label}" autocomplete="off"> '
        f"of&nbsp;{line.left}"
    )


def _written(result: Result) -> str:
    parts = ["<h2>What the student wrote and shows</h2>"]
    for field, text in result.texts.items():
        parts.append(f"<h3>{escaped(field)}</h3><blockquote>{escaped(text[:LETTERS])}</blockquote>")
    for picture in result.pictures:
        coded = base64.b64encode(picture.content).decode()
        alt = escaped(picture.alt)
        parts.append(f'<p><img src="data:image/png;base64,{coded}" alt="{alt}"></p>')
    return "\n".join(parts)


def questions_of(result: Result) -> str:
    """How many there are, in words."""
    count = len(result.questions)
    return f"{count} question{'s' * (count != 1)}"


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", re.sub(r"\.(zip|ipynb)$", "", name))
    words = re.sub(r"[^A-Za-z0-9]+", "-", plain.encode("ascii", "ignore").decode())
    return words.strip("-")[:40] or "submission"
