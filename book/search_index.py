"""What the search page looks through: every section's words, in a script.

Pages that are opened from a folder may not fetch one another, so the words are part of the page.
"""

import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes

from .glossary import terms

NAME = "search-index.js"
SKIPPED = {"cell_output", "take-along"}  # classes of containers
Section = tuple[str, str, str, str, str]  # page, anchor, heading, words, code


def collect(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Sphinx's ``html-page-context``: note the page's sections."""
    if tree is not None and page != "index":
        found = app.env.workbook_sections = getattr(app.env, "workbook_sections", {})
        found[page] = [(page, *one) for one in map(_section, tree.findall(nodes.section))]


def write(app: Any, error: Exception | None) -> None:
    """Sphinx's ``build-finished``: the script, beside the others."""
    if error is None:
        pages: dict[str, list[Section]] = getattr(app.env, "workbook_sections", {})
        index = {
            "titles": {page: sections[0][2] for page, sections in pages.items() if sections},
            "sections": [one for page in sorted(pages) for one in pages[page]],
            "terms": [
                [term.name, list(term.also), term.page.stem, f"where-{term.slug}", term.words]
                for term in terms()
                if term.page
            ],
        }
        words = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
        (Path(app.outdir) / "_static" / NAME).write_text(f"const WORKBOOK = {words};\n", "utf-8")


def _section(section: nodes.section) -> tuple[str, str, str, str]:
    """Anchor, heading, words and code of a section, without those of the sections in it."""
    prose: list[str] = []
    code: list[str] = []
    _gather([one for one in section.children if not isinstance(one, nodes.title)], prose, code)
    title = section.next_node(nodes.title)
    heading = title.astext() if title else ""
    return section["ids"][0], heading, _flat(prose), _flat(code)


def _gather(children: list[nodes.Node], prose: list[str], code: list[str]) -> None:
    for one in children:
        if isinstance(one, nodes.section | nodes.raw | nodes.comment | nodes.image):
            continue
        if isinstance(one, nodes.literal_block):
            code.append(one.astext())
        elif isinstance(one, nodes.container):
            if not SKIPPED & set(one["classes"]):
                _gather(list(one.children), prose, code)
        else:
            prose.append(one.astext())


def _flat(parts: list[str]) -> str:
    return re.sub(r"\s+", " ", " ".join(parts)).strip()
