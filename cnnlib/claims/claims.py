"""The claims of the two reports, and questions of our own, with what the runs say of each.

A verdict is computed when it is asked for, by the rule of `protocol.toml`: *explored* on the
seeds 0 to 4, which were seen when the rule was written, and *confirmed* on seeds that nobody had
seen. The confirmed one counts. It is given when every run that its family needs is stored.
"""

import functools
import html
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd
from IPython.display import display

from .facts import settled
from .figures import Figures, figures_now
from .protocol import ENTRIES, EXPLORED, FAMILIES, RULE, Entry, confirming
from .rule import (
    ALPHA,
    FIRM,
    SMALL,
    SUGGESTIVE,
    Found,
    Verdict,
    benjamini_hochberg,
    entry_p,
    found,
    holm,
    verdict,
)

EXPLORATION, CONFIRMATION, TOGETHER = "explored", "confirmed", "all seeds"
TEST_SET = "test-set"  # met by the seeds 0 to 4 before the rule was written; not opened again


class Judged(NamedTuple):
    """What the runs of ``seeds`` say of one entry; ``adjusted`` is Holm's p in its family."""

    entry: Entry
    seeds: tuple[int, ...]
    parts: tuple[Found, ...]
    p_value: float
    adjusted: float
    verdict: Verdict

    @property
    def figures(self) -> str:
        """The contrasts, with their 95 % intervals; of more than two, how many are clear."""
        if len(self.parts) == 1:
            return str(self.parts[0])
        if len(self.parts) == 2:
            return "; ".join(
                f"{what.metric} of {_child(what.weights)} {part}"
                for what, part in zip(self.entry.parts, self.parts, strict=True)
            )
        right = [part for part in self.parts if part.side > 0]
        return (
            f"{len(right)} of {len(self.parts)} on their side, "
            f"{sum(part.clear for part in right)} of them clear of 0"
        )

    @property
    def said(self) -> str:
        """The verdict in words; of several contrasts, which is the one that is small."""
        if self.verdict.strength != SMALL or len(self.parts) == 1:
            return str(self.verdict)
        level = ALPHA / len(self.parts)
        pairs = zip(self.entry.parts, self.parts, strict=True)
        small = [str(what) for what, part in pairs if part.p_small < level]
        return f"{self.verdict} ({'; '.join(small)})"


def _child(weights: Mapping[str, int]) -> str:
    return max(weights, key=lambda name: weights[name])


def seeds_of(entry: Entry, which: str) -> tuple[int, ...]:
    """The seeds of an analysis: ``"explored"``, ``"confirmed"`` or ``"all seeds"``."""
    choices = {
        EXPLORATION: EXPLORED,
        CONFIRMATION: confirming(entry),
        TOGETHER: EXPLORED + confirming(entry),
    }
    if which not in choices:
        raise ValueError(f"which is {which!r}; expected one of {', '.join(map(repr, choices))}")
    return choices[which]


def judged(which: str = CONFIRMATION, families: Iterable[str] = FAMILIES) -> dict[str, Judged]:
    """Every entry of these families that the runs of these seeds can judge, by its id.

    A family is judged when all runs that its members need are stored, and not before.
    """
    figures, out = figures_now(), {}
    for family in families:
        out.update(_family(family, which, figures))
    return out


def _open(entry: Entry, which: str) -> bool:
    """Can this analysis judge the entry at all? Times were measured once, after the rule."""
    if entry.seeds == "rounds":
        return which != EXPLORATION
    return entry.family != TEST_SET or which == EXPLORATION


@functools.lru_cache(maxsize=64)  # of the latest store: each family of each analysis once
def _family(family: str, which: str, figures: Figures) -> dict[str, Judged]:
    entries = [ENTRIES[name] for name in FAMILIES[family]]
    seeds = {entry.id: seeds_of(entry, which) for entry in entries}
    if not all(_open(one, which) and figures.ready(one, seeds[one.id]) for one in entries):
        return {}
    parts = {
        entry.id: tuple(
            found(figures.contrast(part, seeds[entry.id]), part.expected, part.margin)
            for part in entry.parts
        )
        for entry in entries
    }
    p_values = {entry.id: entry_p(entry.kind, parts[entry.id]) for entry in entries}
    adjusted, out = holm(p_values), {}
    for entry in entries:
        name, expected = entry.id, entry.parts[0].expected
        said = verdict(entry.kind, expected, parts[name], adjusted[name])
        if entry.family == TEST_SET and said.strength == FIRM:
            said = said._replace(strength=SUGGESTIVE)  # explored, and so suggestive at most
        out[name] = Judged(entry, seeds[name], parts[name], p_values[name], adjusted[name], said)
    return out


# Tables ------------------------------------------------------------------------------------------


def claims_table(
    chapter: int | None = None, report: int | None = None, family: str | None = None
) -> pd.DataFrame:
    """Claims (``report`` 1 or 2) and questions of our own (0), with their verdicts.

    ``explored`` is what the seeds 0 to 4 say, ``confirmed`` what the seeds that nobody had seen
    say: the verdict, and in a second line the mean over seeds with its 95 % interval.

    >>> cnnlib.claims_table(chapter=5)[["claim", "explored"]].shape
    (4, 2)
    """
    entries, rows = _chosen(chapter, report, family), {}
    families = [name for name in FAMILIES if any(e.family == name for e in entries.values())]
    first, last = (judged(which, families) for which in (EXPLORATION, CONFIRMATION))
    for name, entry in entries.items():
        explored, confirmed = _shown(name, first), _shown(name, last)
        if fixed := settled(name):
            explored, confirmed = "no luck in it", f"{fixed.verdict}\n{fixed.figures}"
        confirmed = confirmed or _pending(entry)
        rows[name] = (entry.where, _claim(entry), explored or "no runs", confirmed)
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["where", "claim", EXPLORATION, CONFIRMATION]
    )


def show_claims(
    chapter: int | None = None, report: int | None = None, family: str | None = None
) -> None:
    """Display ``claims_table`` in a notebook, each claim with its place in the report."""
    table = claims_table(chapter, report, family)
    lines = [
        f"{name}: {row.claim}\n{row['where'] or 'our own question'}\n"
        f"explored: {row.explored}\nconfirmed: {row.confirmed}".replace("\n", "\n  ")
        for name, row in table.iterrows()
    ]
    shown = table.map(html.escape).replace("\n", "<br>", regex=True)
    shown["claim"] += "<br><small>" + shown["where"].replace("", "our own question")
    shown["claim"] += " · <code>" + shown.index + "</code></small>"
    page = shown.drop(columns="where").to_html(escape=False, index=False)
    display({"text/plain": "\n".join(lines), "text/html": page}, raw=True)


def latest() -> str:
    """``"confirmed"`` once every family can be judged on unseen seeds; till then ``"explored"``."""
    figures, wanted = figures_now(), {name for name in FAMILIES if name != TEST_SET}
    judgeable = all(
        figures.ready(ENTRIES[name], confirming(ENTRIES[name]))
        for family in wanted
        for name in FAMILIES[family]
    )
    return CONFIRMATION if judgeable else EXPLORATION


def counts(which: str) -> pd.Series:
    """How many entries of each strength, firm first; ``which`` analysis as in ``judged``."""
    strengths = [one["name"] for one in RULE["strength"]]
    found = pd.Series([one.verdict.strength for one in judged(which).values()])
    return found.value_counts().reindex(strengths, fill_value=0)


def _chosen(chapter: int | None, report: int | None, family: str | None) -> dict[str, Entry]:
    """The entries of a chapter, a report, a family; None is any."""
    wanted = {"chapter": chapter, "report": report, "family": family}
    asked = {field: value for field, value in wanted.items() if value is not None}
    found = {
        name: entry
        for name, entry in ENTRIES.items()
        if all(getattr(entry, field) == value for field, value in asked.items())
    }
    if not found:
        said = " and ".join(f"{field} {value!r}" for field, value in asked.items())
        raise ValueError(
            f"no claim belongs to {said}; reports are 1, 2 and 0 (questions of our own), "
            f"families {', '.join(FAMILIES)}"
        )
    return found


def _claim(entry: Entry) -> str:
    return f"{entry.says} (hedged: {entry.hedge})" if entry.hedge else entry.says


def _shown(name: str, verdicts: dict[str, Judged]) -> str:
    one = verdicts.get(name)
    return f"{one.said}\n{one.figures}" if one else ""


def _pending(entry: Entry) -> str:
    """Why there is no confirmed verdict."""
    if entry.family == TEST_SET:
        return "explored only: the test set is not opened again"
    if entry.kind in ("rate", "reproduction", "undecided"):
        return "a table of its own"
    if entry.seeds == "rounds":
        return "not measured yet"
    first, last = confirming(entry)[0], confirming(entry)[-1]
    return f"not yet: the seeds {first} to {last} decide, once all runs of its family are stored"


def changed_table() -> pd.DataFrame:
    """Entries whose confirmed verdict differs from the explored one, and in which way."""
    first, last = judged(EXPLORATION), judged(CONFIRMATION)
    rows = {}
    for name, after in last.items():
        before = first.get(name)
        if before is None or before.verdict[:2] != after.verdict[:2]:
            said = before.said if before else ""
            rows[name] = (after.entry.says, said, after.said, _change(before, after))
    columns = ["claim", EXPLORATION, CONFIRMATION, "change"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    turned = table["change"].eq("the direction turned")
    return pd.concat([table[turned], table[~turned]])


def _change(before: Judged | None, after: Judged) -> str:
    if before is None:
        return "no explored verdict"
    ways = before.verdict.direction, after.verdict.direction
    if all(ways) and ways[0] != ways[1]:
        return "the direction turned"
    ranks = {one["name"]: one["rank"] for one in RULE["strength"]}
    gained = ranks[after.verdict.strength] < ranks[before.verdict.strength]
    return "strength was gained" if gained else "strength was lost"


def second_account() -> pd.DataFrame:
    """Holm's p within the family beside Benjamini and Hochberg's over all entries.

    Empty until every family can be judged. ``differ`` names where the two fall on different
    sides of 0.05: there Holm decides.
    """
    last = judged(CONFIRMATION)
    columns = ["p", "Holm", "Benjamini-Hochberg", "differ"]
    if (
        {entry.family for entry in ENTRIES.values()}
        - {"", TEST_SET}
        - {one.entry.family for one in last.values()}
    ):
        return pd.DataFrame(columns=columns)
    rates = benjamini_hochberg({name: one.p_value for name, one in last.items()})
    rows = {
        name: (
            one.p_value,
            one.adjusted,
            rates[name],
            (one.adjusted < ALPHA) != (rates[name] < ALPHA),
        )
        for name, one in last.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)
