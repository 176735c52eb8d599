"""Compared: runs and texts with those of other submissions, and with the runs of the book.

What is alike is a question to the instructor, with both names, and never a verdict: two students
who declare the same network and seed on the same kind of machine may well train the same weights.
"""

import functools
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from safetensors.numpy import load_file

from book.notebooks import ROOT
from cnnlib.exercises.fields import PROMPT
from cnnlib.runs import PREDICTIONS, RECORD, WEIGHTS

from .marks import of_history, of_predictions
from .results import KINDS, Fact, Mark, Outcome, Result

DASH, PART = "–", "compared"
WORDS, FEWEST, SHARE = 5, 10, 0.5  # a shingle's words; shingles of the shorter text; in common
NAMED, MOST = 5, 12  # others named in a question; questions of a kind


def compared(results: Sequence[Result]) -> list[Result]:
    """The same results, with the questions that follow from comparing them."""
    others = _between(results)
    texts = _texts(results)
    return [
        replace(one, facts=(*one.facts, *_with_book(one), *others[i][:MOST], *texts[i][:MOST]))
        for i, one in enumerate(results)
    ]


def ask(name: str, claimed: str, why: str, model: str = "", check: str = "") -> Fact:
    """A question about what is alike."""
    return Fact(PART, name, claimed, DASH, Outcome.JUDGE, why, model, check)


# Runs ----------------------------------------------------------------------------------------


@functools.cache
def book(folder: Path = ROOT / "runs") -> dict[str, dict[str, str]]:
    """The names of the book's runs, by kind of mark and mark."""
    found: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for record in sorted(folder.glob(f"*/{RECORD}")):
        run = json.loads(record.read_bytes())
        marks = {
            "weights": run["provenance"].get("sha256", {}).get(WEIGHTS, ""),
            "history": of_history(run["history"]),
        }
        if (stored := record.with_name(PREDICTIONS)).is_file():
            marks["predictions"] = of_predictions(load_file(stored).get("val"))
        for kind, mark in marks.items():
            if mark:
                found[kind].setdefault(mark, record.parent.name)
    return found


def _with_book(one: Result) -> Iterator[Fact]:
    """One question about all runs that are the book's own."""
    alike = {
        mark.model: f"{name} ({kind})"
        for mark in one.marks for kind, value in reversed(mark.kinds())
        if (name := book()[kind].get(value))
    }  # fmt: skip
    if alike:
        told = ", ".join(f"{model}: {name}" for model, name in alike.items())
        why = "these runs are stored in the book: they were loaded, and not trained by the student"
        yield ask("runs of the book", told, why)


def _between(results: Sequence[Result]) -> list[list[Fact]]:
    """Questions about equal marks of different submissions, for each of them."""
    where: dict[tuple[str, str], list[tuple[int, Mark]]] = defaultdict(list)
    for i, one in enumerate(results):
        for mark in one.marks:
            for kind, value in mark.kinds():
                if value not in book()[kind]:
                    where[kind, value].append((i, mark))
    found: list[list[Fact]] = [[] for _ in results]
    known: set[tuple[int, str]] = set()  # equal weights predict the same: one question is enough
    for kind, value in sorted(where, key=lambda key: KINDS.index(key[0])):
        for i, mark in where[kind, value]:
            theirs = [(j, other) for j, other in where[kind, value] if j != i]
            if theirs and (i, mark.model) not in known:
                known.add((i, mark.model))
                found[i].append(_alike(kind, mark, theirs, results))
    return found


def _alike(
    kind: str, mark: Mark, theirs: list[tuple[int, Mark]], results: Sequence[Result]
) -> Fact:
    """The question about a run and those of others with the same mark."""
    same = all(other.identity == mark.identity != "" for _, other in theirs)
    why = (
        "declared alike and with one seed, so the same kind of machine may give the same: did each "
        "train?"
        if same
        else "declared differently, and alike to the last bit: whose is it?"
        if mark.identity
        else "alike to the last bit: whose is it?"
    )
    names = [f"{results[j].name}: {other.model}" for j, other in theirs]
    return ask(f"{mark.model}: the same {kind} as others", _few(names), why, mark.model)


def _few(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if names[NAMED:] else "")


# Texts ---------------------------------------------------------------------------------------


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Every few words in a row (Broder 1997), without headings, prompts and addresses.

    Of a text too short for them, all of its words as one, if there are at least six.
    """
    plain = re.sub(r"^#.*$|https?://\S+", " ", PROMPT.sub(" ", text), flags=re.M)
    words = re.findall(r"\w+", plain.casefold())
    found = frozenset(zip(*(words[i:] for i in range(WORDS)), strict=False))
    if len(found) >= FEWEST:
        return found
    return frozenset([tuple(words)]) if len(words) > WORDS else frozenset()


def _texts(results: Sequence[Result]) -> list[list[Fact]]:
    """Questions about texts of which at least half is in another submission's text as well."""
    having: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    sizes: dict[tuple[int, str], int] = {}
    for i, one in enumerate(results):
        for field, text in one.texts.items():
            parts = shingles(text)
            sizes[i, field] = len(parts)
            for part in parts:
                having[part].append((i, field))
    common: dict[tuple[tuple[int, str], tuple[int, str]], int] = defaultdict(int)
    for places in having.values():
        for one_place in places:
            for other in places:
                if one_place[0] != other[0]:
                    common[one_place, other] += 1
    alike: dict[tuple[int, str], list[str]] = defaultdict(list)
    for (mine, theirs), count in common.items():
        share = count / min(sizes[mine], sizes[theirs])
        if share >= SHARE:
            alike[mine].append(f"{results[theirs[0]].name}: “{theirs[1]}” ({100 * share:.0f} %)")
    found: list[list[Fact]] = [[] for _ in results]
    for (i, field), names in alike.items():
        why = f"so much of the shorter text, in rows of {WORDS} words, is in both: who wrote it?"
        found[i].append(ask(f"text “{field}”: nearly that of others", _few(names), why))
    return found
