"""Facts about the notebook itself: which one is judged, its tags, the order of its cells.

Nothing here is recomputed: what is odd is a question for the instructor, with the place.
"""

import re
from collections import Counter
from collections.abc import Iterator

from cnnlib.exercises.fields import written

from .facts_testing import CHOICES
from .gate import shown
from .reading import Cell
from .results import Fact, Outcome
from .submission import TAG, Submission

DASH = "–"
OPENS = re.compile(
    r"\.test\b|(?<!plots)\.confusion\s*\(|\bfinal\s*\(|\.predict\s*\(\s*['\"]test['\"]"
    r"|\btrain\s*=\s*False\b|\bt10k\b"
)
TRAINS = re.compile(r"\.train\s*\(|\bcnnlib\.(run|fit|sweep|cross_validate)\s*\(|\bAssignment\s*\(")
AGAIN = re.compile(r"\.train\s*\(\s*\)")  # loads what is stored, and all is
OPENED = re.compile(r"The test set is opened \(opening (\d+)")
TRAINED = ": trained, "  # as the call that trains says it
OTHER_TABLES = ("what changes", "train top-1 (%)", "test top-1 (%)")


def of_notebook(made: Submission) -> Iterator[Fact]:
    """Which notebook is judged, and what about its tags needs a look."""
    judged, *others = map(shown, made.notebooks)
    if others:
        why = "the one with most fields written and cells executed is judged: is it the one meant?"
        yield _ask("report: which notebook", ", ".join(others[:5]), judged, why)
    for problem in made.unreadable:
        yield _ask("report: another notebook", DASH, DASH, problem)
    if not made.tagged:
        why = (
            f"no cell has the tag “{TAG}”: the last tables displayed are compared, and which text "
            "and which choice task is which cannot be told"
        )
        yield Fact("report", "report: tags of its cells", DASH, DASH, Outcome.UNCHECKED, why)
    yield from _tags(made)
    for column in OTHER_TABLES if made.models and made.tagged else ():
        names = {model.name for model in made.models}
        for number, cell in enumerate(made.cells, start=1):
            odd = [t for t in cell.tables if column in t.header[1:] and not names & set(t.rows)]
            if odd and TAG in cell.tags:
                why = f"cell {number} is in the report and shows other models: it is not compared"
                yield _ask("report: another table", ", ".join(list(odd[0].rows)[:5]), DASH, why)


def _tags(made: Submission) -> Iterator[Fact]:
    """Fields in several cells, and choice tasks that the assignment does not have."""
    cells = list(enumerate(made.cells, start=1))
    fields = Counter(
        name for _, cell in cells if not cell.code and written(cell.source)
        for name in set(cell.named("field-"))
    )  # fmt: skip
    for name, count in fields.items():
        if count > 1:
            at = [str(number) for number, cell in cells if name in cell.named("field-")]
            why = f"cells {', '.join(at[:9])} have its tag: all their texts are shown"
            yield _ask(f"report: text “{shown(name, 40)}”", f"{count} texts", DASH, why)
    known = {*CHOICES, "references"}
    odd = {name: n for n, cell in cells for name in cell.named("choice-") if name not in known}
    for name, number in list(odd.items())[:9]:
        why = f"the tag of cell {number} is of no choice task: nothing of it is counted"
        yield _ask(f"report: tag “choice-{shown(name, 40)}”", DASH, DASH, why)


def _ask(name: str, claimed: str, found: str, why: str, part: str = "report", **more: str) -> Fact:
    return Fact(part, shown(name), shown(claimed), found, Outcome.JUDGE, why, **more)


# The order of the cells ------------------------------------------------------------------------


def of_order(made: Submission) -> Iterator[Fact]:
    """The notebook ran from top to bottom, and opens the test set after the last training.

    A look at the text of the cells, not more: whoever hides an opening is not found out here, and
    what looks like training may be none. So nothing here is wrong; it is for a human to judge.
    """
    counts = [cell.count for cell in made.cells if cell.code and cell.source.strip()]
    ran = [count for count in counts if count is not None]
    if not ran:
        why = "it was handed in without being executed"
        yield Fact("test", "notebook executed", DASH, DASH, Outcome.MISSING, why)
        return
    straight = counts == [*range(1, len(counts) + 1)]
    why = "" if straight else "cells were run in another order, or not at all"
    verdict = Outcome.RIGHT if straight else Outcome.JUDGE
    yield Fact("test", "executed from top to bottom", DASH, f"{len(ran)} cells", verdict, why)
    yield _opened(made)
    told = [int(n) for cell in made.cells for n in OPENED.findall(cell.printed)]
    name, count = "openings that were printed", str(len(told))
    if (last := max([*told, len(told)], default=0)) > 1:
        why = f"it was opened {last} times or more: what for?"
        yield _ask(name, DASH, count, why, "test")
    else:
        yield Fact("test", name, DASH, count, Outcome.RIGHT)


def _opened(made: Submission) -> Fact:
    """Is the test set opened after the last training? Choice tasks may train after it."""
    plain = [
        (i, active(cell.source), cell) for i, cell in enumerate(made.cells, start=1)
        if cell.code and cell.count is not None and not cell.named("choice-")
    ]  # fmt: skip
    opens = [i for i, source, cell in plain if OPENS.search(source) or OPENED.search(cell.printed)]
    name, part, check = "test set opened after training (by the cells' text)", "test", "opened last"
    if not opens:
        table = made.tables("test top-1 (%)")
        why = "no cell opens the test set"
        why += ", and a table of it is displayed: where was it opened?" if table else ""
        verdict = Outcome.JUDGE if table else Outcome.MISSING
        return Fact(part, name, DASH, DASH, verdict, why, check=check)
    before = any(TRAINS.search(source) for i, source, _ in plain if i < opens[0])
    late = [
        i for i, source, cell in plain
        if i > opens[0] and TRAINS.search(source) and not (before and _loads(source, cell))
    ]  # fmt: skip
    if not late:
        return Fact(part, name, DASH, f"opened in cell {opens[0]}", Outcome.RIGHT, check=check)
    why = (
        f"cell {opens[0]} seems to open the test set, and cell {late[0]} to train after it: could "
        "models still be changed?"
    )
    found = f"opened in cell {opens[0]}, trained in cell {late[0]}"
    return _ask(name, DASH, found, why, part, check=check)


def _loads(source: str, cell: Cell) -> bool:
    """Does this cell only load what was trained before?"""
    return TRAINED not in cell.printed and not TRAINS.search(AGAIN.sub("", source))


def active(source: str) -> str:
    """The code without comments, and without blocks whose switch is off in the same cell."""
    off = set(re.findall(r"^(\w+) *= *False\b", source, re.M))
    kept, skipping = [], False
    for line in source.splitlines():
        if skipping and (not line.strip() or line[0] in " \t"):
            continue
        switch = re.match(r"if (\w+):", line)
        skipping = bool(switch and switch[1] in off)
        kept.append(re.sub(r"#.*", "", line))
    return "\n".join(kept)
