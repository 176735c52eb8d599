"""One page for one student, to be sent: points, marks, comment, and what is not right.

No other submission is named on it: questions to the instructor, which may name some, are left out.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cnnlib.support.files import write_whole

from .frame import forget, page, table
from .gate import escaped
from .marking import Marking, key, number, summed
from .results import Fact, Result
from .rubric import MOST_CHOICE

FOLDER = "feedback"


def write_feedback(
    results: Sequence[Result], pages: Sequence[str], markings: Mapping[str, Marking], folder: Path
) -> list[Path]:
    """A page for each submission that is marked in full; a refused one needs a comment."""
    content = {}
    for result, name in zip(results, pages, strict=True):
        one = markings.get(key(result), Marking())
        done = summed(result.lines, one).total is not None
        if name and (done or (result.refused and one.comment)):
            content[name] = feedback(result, one)
    for name, text in content.items():
        write_whole(folder / FOLDER / name, text)
    forget(folder / FOLDER, content)
    return [folder / FOLDER / name for name in content]


def feedback(result: Result, marking: Marking) -> str:
    """The page of one student; it has no script."""
    parts = [f"<h1>{escaped(result.name)}</h1>"]
    total = summed(result.lines, marking).total
    if total is not None:
        parts.append(f'<p class="sum">{number(total)} points of 100</p>')
    if result.refused:
        parts.append(f"<p>It could not be taken in: {escaped(result.refused)}</p>")
    if marking.comment:
        parts += ["<h2>Comment</h2>", f"<blockquote>{escaped(marking.comment)}</blockquote>"]
    if result.lines:
        rows = [
            [
                escaped(line.part), str(line.points), str(line.given),
                number(marking.marks.get(line.part)) if line.left else "–",
            ]
            for line in result.lines
        ]  # fmt: skip
        head = ("part", "points", "from what was recomputed", "from reading it")
        parts += ["<h2>Points</h2>", table(head, rows)]
        parts.append(f"<p>Of the choice tasks {MOST_CHOICE} points count at most.</p>")
    if failing := [fact for fact in result.facts if fact.fails]:
        parts += ["<h2>What is not right, or missing</h2>", _facts(failing)]
    return page(f"Feedback: {result.name}", "\n".join(parts))


def _facts(facts: Sequence[Fact]) -> str:
    rows = [
        [*map(escaped, (fact.name, fact.claimed, fact.recomputed, str(fact.verdict), fact.why))]
        for fact in facts
    ]
    return table(("what", "as handed in", "recomputed", "verdict", "why"), rows)
