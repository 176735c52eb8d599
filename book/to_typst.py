"""HTML, as nbconvert writes it, to Typst markup: what a report of one notebook can contain.

Text travels as Typst strings, in which only the quote and the backslash mean something, so
that nothing a page says is taken for markup.
"""

import base64
import binascii
import re
import unicodedata
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString, Tag

WRAPPED = {
    "em": "emph", "i": "emph", "strong": "strong", "b": "strong", "del": "strike", "s": "strike",
    "u": "underline", "mark": "highlight", "sub": "sub", "sup": "super",
}  # fmt: skip
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BLOCKS = {"[document]", "html", "body", "main", "section", "div", "ul", "ol", "dl", "blockquote"}
PARAGRAPHS = {"p", "section", "div", "dt", "dd", "figure", "figcaption", "details", "summary"}
DROPPED = {"script", "style", "head", "title", "template", "svg", "iframe", "object", "link"}
KINDS = {"png": ".png", "jpeg": ".jpg", "gif": ".gif", "webp": ".webp", "svg+xml": ".svg"}
NUMERIC = re.compile(r"[+\-−]?[\d.,]+(e[+-]?\d+)?( ?%)?( to [+\-−]?[\d.,]+( ?%)?)?|[–-]|nan|")
LINK = re.compile(r"(https?|mailto):", re.I)
PX_PER_INCH = 110  # figures are drawn so; on paper they come a little smaller than on screen
ON_PAPER = 0.62


class TypstPages:
    """Turns a page into markup; its pictures become files in ``folder``.

    ``left_out`` names what could not be taken along, such as pictures from the internet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.pictures = folder, 0
        self.left_out: list[str] = []

    def convert(self, html: str) -> str:
        """The markup of a page's <main>, or of all of it where there is none."""
        page = BeautifulSoup(html, "html.parser")
        return self.inside(page.main or page)

    def inside(self, tag: Tag) -> str:
        """The markup of all that a tag contains."""
        parts = []
        for node in tag.children:
            if isinstance(node, Tag):
                parts.append(self.element(node))
            elif type(node) is NavigableString:  # no comment, no doctype
                text = re.sub(r"\s+", " ", node)
                if text != " " or tag.name not in BLOCKS:
                    parts.append("#" + quoted(text))
        return "".join(parts)

    def element(self, tag: Tag) -> str:
        """The markup of one tag."""
        name, classes = tag.name, classes_of(tag)
        if name in DROPPED:
            return ""
        if name in ("table", "img"):
            return getattr(self, name)(tag)
        if name in ("ul", "ol"):
            return self.list(tag)
        if name == "pre":
            return f"#raw(block: true, {quoted(tag.get_text().strip(chr(10)))})\n\n"
        if name == "code":
            return f"#raw({quoted(tag.get_text())})"
        if name == "br":
            return "#linebreak()"
        if name == "hr":
            return "#line(length: 100%, stroke: 0.4pt)\n\n"
        if name == "input":  # of a task list
            return "#" + quoted("[x] " if tag.has_attr("checked") else "[ ] ")
        if "outputs" in classes and len(tables := tag.find_all("table")) > 1:
            others = tag.find_all(["pre", "img"])
            beside = ", ".join(f"[{self.table(table, small=True)}]" for table in tables)
            return f"#beside({beside})\n\n" + "".join(map(self.element, others))
        inside = self.inside(tag)
        if "unfinished" in classes:
            return f"#unfinished[{inside}]\n\n"
        if name == "a":
            url = str(tag.get("href", "")).strip()
            text = inside or "#" + quoted(url)
            return f"#link({quoted(url)})[{text}]" if LINK.match(url) else text
        if name in HEADINGS:
            return f"#heading(level: {name[1]})[{inside}]\n\n"
        if name == "blockquote":
            return f"#quote(block: true)[{inside}]\n\n"
        if name in WRAPPED:
            return f"#{WRAPPED[name]}[{inside}]"
        if name == "p" and _leads(tag):
            return f"#block(sticky: true, width: 100%)[{inside}]\n\n"
        return f"{inside}\n\n" if name in PARAGRAPHS else inside

    def list(self, tag: Tag) -> str:
        """A list, numbered or not."""
        items = [f"[{self.inside(item).strip()}]" for item in tag.find_all("li", recursive=False)]
        start = str(tag.get("start", "1"))
        kind = f"enum(start: {start if start.isdecimal() else 1}, " if tag.name == "ol" else "list("
        return f"#{kind}{', '.join(items)})\n\n" if items else ""

    def table(self, tag: Tag, small: bool = False) -> str:
        """A table; columns of numbers stand right."""
        if not (rows := table_rows(tag)):
            return ""
        heads = len([row for row in rows if row[0].find_parent("thead")])
        head, body = ("".join(map(self.cell, _flat(part))) for part in (rows[:heads], rows[heads:]))
        if heads:
            head = f"table.header({head}), table.hline(stroke: 0.5pt), "
        size = "size: 6.8pt, " if small else ""
        aligned = sides(tag)
        columns = f"columns: {len(aligned)}, align: ({', '.join(aligned)},)"
        return f"#data({columns}, {size}{head}{body})\n\n"

    def cell(self, tag: Tag) -> str:
        """One cell, with a comma after it."""
        spans = [f"{name}: {_span(tag, name)}" for name in ("colspan", "rowspan")]
        inside = self.inside(tag).strip()
        if spans == ["colspan: 1", "rowspan: 1"]:
            return f"[{inside}], "
        return f"table.cell({', '.join(spans)})[{inside}], "

    def img(self, tag: Tag) -> str:
        """A picture: a file in ``folder``, or its text where it does not lie in the page."""
        alt, source = str(tag.get("alt") or ""), str(tag.get("src", ""))
        name = self.file(source)
        if name is None:
            self.left_out.append(source[:80])
            return "#" + quoted(f"[picture left out: {alt or source[:80]}]")
        words = f"{quoted(name)}, alt: {quoted(alt)}"
        if "formula" in classes_of(tag):
            height, drop = (float(str(tag[f"data-{what}"])) for what in ("height", "drop"))
            display = "true" if "display" in classes_of(tag.parent) else "false"
            sizes = f"height: {height:.3f}em, drop: {drop:.3f}em, display: {display}"
            return f"#formula({words}, {sizes})"
        width = str(tag.get("width") or _png_width(self.folder / name) or "")
        inches = f"{float(width) / PX_PER_INCH * ON_PAPER:.2f}in" if width.isdecimal() else "none"
        return f"#picture({words}, width: {inches})\n\n"

    def file(self, source: str) -> str | None:
        """Write the content of a data URL into ``folder``; its name, None for anything else."""
        found = re.match(r"data:image/([a-z+]+)(;[^,;]*)*,", source)
        if not found or found[1] not in KINDS:
            return None
        body = source[found.end() :]
        try:
            base64ed = ";base64," in found[0]
            content = base64.b64decode(body) if base64ed else urllib.parse.unquote_to_bytes(body)
        except (binascii.Error, ValueError):
            return None
        self.pictures += 1
        name = f"{self.pictures}{KINDS[found[1]]}"
        (self.folder / name).write_bytes(content)
        return name


def table_rows(table: Tag) -> list[list[Tag]]:
    """The cells of each row of a table that has any."""
    rows = [row.find_all(["th", "td"], recursive=False) for row in table.find_all("tr")]
    return [row for row in rows if row]


def sides(table: Tag) -> list[str]:
    """``left`` or ``right`` for each column: numbers stand right, but not in the first column."""
    rows = table_rows(table)
    width = max((sum(_span(cell, "colspan") for cell in row) for row in rows), default=0)
    body = [row for row in rows if not row[0].find_parent("thead")]
    texts = [[row[i].get_text().strip() for row in body if i < len(row)] for i in range(width)]
    return [
        "right" if i and all(map(NUMERIC.fullmatch, t)) else "left" for i, t in enumerate(texts)
    ]


def quoted(text: str) -> str:
    """A Typst string that says just this; characters that no page can show are left out."""
    shown = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return '"' + "".join(shown).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _leads(tag: Tag) -> bool:
    """Is this the last paragraph before a result? Then they belong on one sheet."""
    above = tag.parent
    after = above.find_next_sibling() if above and above.name == "section" else None
    return "outputs" in classes_of(after) and not tag.find_next_sibling()


def classes_of(tag: Tag | None) -> list[str]:
    """The classes of a tag; none where there is no tag."""
    return list(tag.get_attribute_list("class")) if tag and tag.has_attr("class") else []


def _flat(rows: Iterable[Iterable[Tag]]) -> list[Tag]:
    return [cell for row in rows for cell in row]


def _span(tag: Tag, name: str) -> int:
    value = str(tag.get(name, "1"))
    return max(1, int(value)) if value.isdecimal() else 1


def _png_width(path: Path) -> int | None:
    head = path.read_bytes()[:24]
    return int.from_bytes(head[16:20], "big") if head.startswith(b"\x89PNG") else None
