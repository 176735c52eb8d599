"""The rule and the claims, as `protocol.toml` states them: read, never changed.

The file was committed before the runs that decide it existed, and each of these runs records its
SHA-256. What was unclear in it is settled in `protocol-errata.md`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..catalogue import CATALOGUE
from ..recording import PROTOCOL

SOFTMAX_LOSSES = ("val_loss", "train_loss_seen")  # these move on a shorter scale after a softmax


@dataclass(frozen=True)
class Contrast:
    """One figure a seed: the sum of weight times ``metric`` over the models of ``weights``."""

    weights: Mapping[str, int]
    metric: str
    expected: str  #: "higher", "lower", "either" or "within the margin"

    def __str__(self) -> str:
        if sorted(self.weights.values()) == [-1, 1]:
            child, parent = sorted(self.weights, key=lambda name: -self.weights[name])
            return f"{self.metric}, {child} minus {parent}"
        terms = [f"{weight:+d} {name}" for name, weight in self.weights.items()]
        return f"{self.metric}, {', '.join(terms).replace('+1 ', '').replace('-1 ', '- ')}"

    @property
    def margin(self) -> float:
        """What a difference must reach to matter, in the metric's own unit."""
        stated = METRICS[self.metric]
        last = [CATALOGUE[name].arch.softmax for name in self.weights if name in CATALOGUE]
        if self.metric in SOFTMAX_LOSSES and last and all(last):
            return float(stated["margin_softmax_twice"])
        return float(stated["margin"])


@dataclass(frozen=True)
class Entry:
    """A claim of a report (``report`` is 1 or 2), or a question of our own (0)."""

    id: str
    says: str
    kind: str
    chapter: int
    report: int = 0
    place: str = ""
    hedge: str = ""
    family: str = ""
    seeds: str = ""
    parts: tuple[Contrast, ...] = ()
    models: tuple[str, ...] = ()
    reported: Mapping[str, Any] = field(default_factory=dict)
    decided: str = ""
    note: str = ""
    beside: str = ""

    @property
    def where(self) -> str:
        """The report, and the place in it; empty for a question of our own."""
        return f"report {self.report}: {self.place}" if self.report else ""


def _contrasts(stated: Mapping[str, Any]) -> tuple[Contrast, ...]:
    if "parts" in stated:
        return tuple(Contrast(**part) for part in stated["parts"])
    if "metric" not in stated:
        return ()
    weights = stated.get("weights") or {stated["child"]: 1, stated["parent"]: -1}
    return (Contrast(weights, stated["metric"], stated["expected"]),)


def _entry(stated: Mapping[str, Any]) -> Entry:
    kept = {name: stated[name] for name in Entry.__dataclass_fields__ if name in stated}
    return Entry(
        **kept
        | {
            "says": stated.get("says") or stated["asks"],
            "parts": _contrasts(stated),
            "models": tuple(stated.get("models", ())),
        }
    )


STATED: dict[str, Any] = tomllib.loads(PROTOCOL.read_text("utf-8"))
RULE: dict[str, Any] = STATED["rule"]
METRICS: dict[str, dict[str, Any]] = {one["name"]: one for one in STATED["metric"]}

#: The claims of both reports and the questions of our own, by their ids, in the protocol's order.
ENTRIES: dict[str, Entry] = {
    one["id"]: _entry(one) for one in [*STATED["claim"], *STATED["question"]]
}
#: The members of each family that shares one account of chance (Holm), by its name.
FAMILIES: dict[str, tuple[str, ...]] = {
    one["name"]: tuple(one["members"]) for one in STATED["family"]
}
#: The seeds that were seen when the rule was written.
EXPLORED: tuple[int, ...] = tuple(RULE["explored_seeds"])
#: The seeds that decide: nobody had seen a run with one of them when the rule was written.
CONFIRMING: tuple[int, ...] = tuple(RULE["confirming_seeds"])


def confirming(entry: Entry) -> tuple[int, ...]:
    """The seeds that decide an entry: 5 to 19, or 5 to 9; none where the rule opens no more."""
    stated = {"full": "confirming_seeds", "short": "confirming_seeds_short"}.get(entry.seeds)
    return tuple(RULE[stated]) if stated else ()
