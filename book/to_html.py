"""One notebook as one HTML page that needs nothing else: nbconvert, with our template."""

import base64
import html
import re
from pathlib import Path
from typing import Any

import ziamath
from bs4 import BeautifulSoup
from jinja2 import pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from .notebooks import ReportError
from .to_typst import sides, table_rows

EM = 16  # size of the letters in formulas, in their own unit
ziamath.config.svg2 = False  # every reader of SVG draws version 1


class Words(IPythonRenderer):
    """Markdown as HTML: headings one level up, because the page has one; formulas as pictures."""

    def heading(self, text: str, level: int, **more: Any) -> str:
        return super().heading(text, max(1, level - 1), **more)

    def inline_math(self, body: str) -> str:
        return formula(body, inline=True)

    def block_math(self, body: str) -> str:
        return f'<div class="display">{formula(body, inline=False)}</div>'


def formula(tex: str, *, inline: bool) -> str:
    """A formula as an SVG picture whose text is the TeX; the TeX itself if it cannot be drawn."""
    text = html.escape(tex.strip())
    try:
        svg = ziamath.Latex(tex, size=EM, inline=inline).svg()
    except Exception:  # the library stops in many ways at TeX that it does not know
        return f"<code>{text}</code>"
    if not (box := re.search(r'viewBox="([^"]+)"', svg)):
        return f"<code>{text}</code>"
    *_, top, _, height = map(float, box[1].split())
    height, drop = height / EM, (top + height) / EM  # drop: how far it reaches below the line
    source = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    style = f"height: {height:.3f}em; vertical-align: {-drop:.3f}em"
    sizes = f'data-height="{height:.3f}" data-drop="{drop:.3f}"'
    return f'<img class="formula" src="{source}" alt="{text}" style="{style}" {sizes}>'


class Page(HTMLExporter):
    """nbconvert, with our template and our Markdown."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        cell = context.get("cell", {})
        renderer = Words(
            escape=False,
            attachments=cell.get("attachments", {}),
            embed_images=True,
            path=context.get("resources", {}).get("metadata", {}).get("path", ""),
            exclude_anchor_links=True,
        )
        return MarkdownWithMath(renderer=renderer).render(source)


def as_html(notebook: NotebookNode, folder: Path) -> str:
    """One page, no code; pictures that lie in ``folder``, the notebook's, are put into it.

    Raises ReportError for a picture that was pasted into a cell and is no longer in it.
    """
    page = Page(
        template_file="my_report.html.j2",
        extra_template_paths=[str(Path(__file__).parent)],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        embed_images=True,
    )
    resources = {"metadata": {"path": str(folder)}, "title": title(notebook)}
    try:
        text = page.from_notebook_node(notebook, resources)[0]
    except InvalidNotebook as error:
        raise ReportError(f"{error}; paste the picture into its cell again") from None
    whole = BeautifulSoup(text, "html.parser")
    for own in whole.select("main style"):  # pandas sends one with each table
        own.decompose()
    for table in whole.find_all("table"):
        aligned = sides(table)
        for row in table_rows(table):
            for cell, side in zip(row, aligned, strict=False):
                cell["class"] = side
    return str(whole)


def title(notebook: NotebookNode) -> str:
    """The first heading."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = re.search(r"^#+ +(.+)$", text, re.M)
    return found[1].strip() if found else "Report"
