"""The map of the book on its first page: chapters, their minutes, and what leads to what.

Drawn from what each notebook states in its first cell: "**You need** chapters … **Time**: …".
"""

import contextlib
import html
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .notebooks import ReportError, chapters, read

# all in the units of the drawing, which is as wide as a phone
WIDTH, ROW, TOP, DOT, FAR = 360, 27, 8, 92, 84
LONGEST = 32  # letters of a title


@dataclass(frozen=True)
class Stop:
    """A chapter on the map; ``needs`` are the numbers of those that it builds on."""

    number: int
    page: str
    title: str
    minutes: int
    needs: tuple[int, ...]


def stops() -> list[Stop]:
    """The chapters, in order; one that cannot be read, or does not say, is on no map."""
    found = []
    for path in chapters():
        with contextlib.suppress(ReportError, ValueError, IndexError):
            found.append(stop(path, read(path).cells[0].source))
    return found


def stop(path: Path, first: str) -> Stop:
    """A chapter as its ``first`` cell states it; ValueError if it does not."""
    said = re.match(r"# \d+\. (.+)\n(?:.*\n)*?\*\*You need\*\*(.+?)\*\*Time\*\*: (.+)", first)
    if not said:
        raise ValueError(f"{path.name} does not begin with title, **You need** and **Time**")
    title, needed, time = said.groups()
    needed = needed.partition(";")[0]  # after it stands what only helps
    pairs = re.findall(r"\[(?:chapter )?(\d+)\]\(\d\d_\w+\.ipynb\)( to )?", needed)
    needs: set[int] = {int(number) for number, _ in pairs}
    for (start, to), (end, _) in itertools.pairwise(pairs):
        if to:
            needs |= set(range(int(start), int(end)))
    return Stop(int(path.stem[:2]), f"{path.stem}.html", title, minutes(time), tuple(sorted(needs)))


def minutes(time: str) -> int:
    """How long a chapter takes: "60 minutes to read and try, and 40 more for …" → 100."""
    said = re.match(r"(\d+) minutes", time)
    if not said:
        raise ValueError(f"a chapter's time begins with its minutes, and not {time[:30]!r}")
    sentence = time.partition(";")[0]
    more = re.search(r"and (\d+) more", sentence)
    again = "as much again" in sentence
    return int(said[1]) * (1 + again) + (int(more[1]) if more else 0)


def steps(found: Sequence[Stop]) -> dict[int, list[int]]:
    """What each chapter builds on directly: what those need in their turn is left out."""
    behind: dict[int, set[int]] = {}
    direct: dict[int, list[int]] = {}
    for one in found:
        farther: set[int] = set().union(*(behind.get(number, ()) for number in one.needs))
        direct[one.number] = [number for number in one.needs if number not in farther]
        behind[one.number] = set(one.needs) | farther
    return direct


def drawing(parts: Mapping[int, str]) -> str:
    """The map as Markdown, a block of HTML: one SVG with links.

    ``parts``: headings by their first chapter.
    """
    found = stops()
    places: dict[int, float] = {}
    lines, y = [], TOP
    for one in found:
        if one.number in parts:
            lines.append(
                f'<text class="part" x="{DOT - 6}" y="{y + 18}">{parts[one.number]}</text>'
            )
            y += ROW
        places[one.number] = y + ROW / 2
        y += ROW
    direct = steps(found)
    lines += [_row(one, places, direct[one.number]) for one in found]
    hours = round(sum(one.minutes for one in found) / 60)
    words = f"Map of the book: {len(found)} chapters, about {hours} hours. Curves at the left lead "
    words += "from a chapter to those that build on it."
    return (
        f'<div><svg class="book-map" viewBox="0 0 {WIDTH} {y + TOP}" '
        f'role="group" aria-label="{words}">' + "".join(lines) + "</svg></div>"
    )


def _row(one: Stop, places: Mapping[int, float], needs: Sequence[int]) -> str:
    """A chapter's link: the curves that lead to it, its dot, title and minutes."""
    y = places[one.number]
    curves = "".join(_curve(places[number], y) for number in needs if number in places)
    title = one.title
    if len(title) > LONGEST:
        title = re.split("[,:]", title)[0]
    built = f"; builds on {', '.join(map(str, one.needs))}" if one.needs else ""
    label = html.escape(f"{one.number}. {one.title}, {one.minutes} minutes{built}")
    return (
        f'<a href="{one.page}" aria-label="{label}">{curves}'
        f'<rect x="{DOT - 8}" y="{y - ROW / 2}" width="{WIDTH - DOT + 8}" height="{ROW}"/>'
        f'<circle cx="{DOT}" cy="{y}" r="4.5"/>'
        f'<text x="{DOT + 12}" y="{y + 4.5}">{one.number}. {html.escape(title)}</text>'
        f'<text class="minutes" x="{WIDTH - 4}" y="{y + 4.5}">{one.minutes} min</text></a>'
    )


def _curve(start: float, end: float) -> str:
    """From one dot down to another, the farther the wider."""
    out = DOT - 4 - min(FAR, 3.5 * math.sqrt(end - start)) * 4 / 3
    return f'<path d="M{DOT - 4} {start} C{out:.0f} {start} {out:.0f} {end} {DOT - 4} {end}"/>'
