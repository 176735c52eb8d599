"""The book's words: a page of them, and the first use of each on a chapter's page as a link.

The words stand in ``glossary.toml`` alone. Links are made when pages are rendered, so nobody
types them: the chapter that explains a word gets the place that the glossary leads to.
"""

import functools
import html
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import download_reference, pending_xref

from .notebooks import ReportError, chapters, read

SOURCE = Path(__file__).with_name("glossary.toml")
NOT_IN: tuple[type[nodes.Node], ...] = (
    *(nodes.title, nodes.literal, nodes.literal_block, nodes.reference, nodes.raw, nodes.math),
    *(nodes.math_block, nodes.comment, nodes.target, pending_xref, download_reference),
)
NOT_BELOW = {"cell_input", "cell_output", "take-along"}  # classes of containers


@dataclass(frozen=True)
class Term:
    """A word of the book; ``chapter`` is the number of the one that explains it."""

    name: str
    chapter: int
    words: str
    also: tuple[str, ...] = ()
    exactly: bool = False
    not_in: tuple[int, ...] = ()

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def page(self) -> Path | None:
        return next((path for path in chapters() if int(path.stem[:2]) == self.chapter), None)

    def is_meant_by(self, written: str) -> bool:
        """Is ``written``, as a page has it, this word or one that stands for it?"""
        if self.exactly:
            return written in (self.name, *self.also)
        forms = {form.lower() for form in (self.name, *self.also)}
        return bool(forms & {written.lower(), written.lower().removesuffix("s")})


@functools.cache
def terms() -> tuple[Term, ...]:
    """All words, in the order of the alphabet."""
    found: list[dict[str, Any]] = tomllib.loads(SOURCE.read_text("utf-8"))["term"]
    made = [
        Term(**one | {key: tuple(one.get(key, ())) for key in ("also", "not_in")}) for one in found
    ]
    return tuple(sorted(made, key=lambda term: term.name.lower()))


def page() -> str:
    """The glossary, as Markdown."""
    lines = ["# Glossary", "", "The words of the book, and the chapter that explains each.", ""]
    lines.append('<dl class="glossary-page">')
    for term in terms():
        also = f" <span>also: {html.escape(', '.join(term.also))}</span>" if term.also else ""
        lines.append(
            f'<dt id="term-{term.slug}">{html.escape(term.name)}{also}</dt><dd>'
            f"{html.escape(term.words)} {_where(term)}</dd>"
        )
    return "\n".join([*lines, "</dl>"])


def _where(term: Term) -> str:
    """A link to the chapter that explains the word; nothing where that chapter is not there."""
    try:
        first = read(term.page).cells[0].source if term.page else ""
    except ReportError:  # its page says so
        return ""
    if not term.page or not (title := re.match("# (.+)", first)):
        return ""
    return f'<a href="{term.page.stem}.html#where-{term.slug}">{html.escape(title[1])}</a>'


def link(app: Any, doctree: nodes.document) -> None:
    """Sphinx's ``doctree-read``: the first use of each word on a chapter's page is a link."""
    found = re.match(r"(\d\d)_", app.env.docname)
    if not found:
        return
    places = list(_places(doctree))
    first: dict[Term, tuple[nodes.Text, re.Match[str]]] = {}
    for text, match, term in places:
        if int(found[1]) in term.not_in:
            continue
        own = term.chapter == int(found[1])
        if term not in first or (own and _stressed(text, match) and not _stressed(*first[term])):
            first[term] = (text, match)
    by_text: dict[nodes.Text, list[tuple[re.Match[str], Term]]] = {}
    for term, (text, match) in first.items():
        by_text.setdefault(text, []).append((match, term))
    for text, matches in by_text.items():
        _replace(text, sorted(matches, key=lambda one: one[0].start()), int(found[1]))


def _places(doctree: nodes.document) -> Iterator[tuple[nodes.Text, re.Match[str], Term]]:
    """Each use of each word in running text, in order."""
    pattern = _pattern()
    for text in doctree.findall(nodes.Text):
        if _is_running(text):
            for match in pattern.finditer(str(text)):
                term = next((term for term in terms() if term.is_meant_by(match[0])), None)
                if term:
                    yield text, match, term


@functools.cache
def _pattern() -> re.Pattern[str]:
    """All words, the longest first, so that "pooling" is not found in "max pooling"."""
    forms = {form for term in terms() for form in (term.name, *term.also)}
    ordered = sorted(forms, key=len, reverse=True)
    return re.compile(rf"(?<![\w/-])(?:{'|'.join(map(re.escape, ordered))})s?(?!\w)", re.I)


def _is_running(text: nodes.Text) -> bool:
    """Is it neither code, heading, link or formula, nor in the list of what to read?"""
    at = text.parent
    while at is not None:
        if isinstance(at, NOT_IN) or NOT_BELOW & set(getattr(at, "attributes", {})["classes"]):
            return False
        if isinstance(at, nodes.paragraph) and at.astext().startswith("To read"):
            return False
        at = at.parent
    return True


def _stressed(text: nodes.Text, match: re.Match[str]) -> bool:
    """Is it all of what is set in italics or bold, as a word is where it is explained?"""
    whole = str(text).strip() == match[0]
    return whole and isinstance(text.parent, nodes.emphasis | nodes.strong)


def _replace(text: nodes.Text, matches: list[tuple[re.Match[str], Term]], chapter: int) -> None:
    """Put the links, or the places that links lead to, into a piece of text."""
    words, at = str(text), 0
    made: list[nodes.Node] = []
    for match, term in matches:
        made.append(nodes.Text(words[at : match.start()]))
        if term.chapter == chapter:
            made.append(nodes.inline("", match[0], ids=[f"where-{term.slug}"], classes=["defined"]))
        else:
            uri = f"glossary.html#term-{term.slug}"
            more = {"refuri": uri, "reftitle": term.words, "classes": ["glossary-term"]}
            made.append(nodes.reference("", match[0], internal=True, **more))
        at = match.end()
    made.append(nodes.Text(words[at:]))
    text.parent.replace(text, [one for one in made if one.astext()])
