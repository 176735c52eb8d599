"""A student's report: one notebook, executed, as one HTML file and a PDF of a few pages.

What goes into the page is said by the cells' tags, which JupyterLab keeps: ``report`` for what
goes in; ``field-NAME`` for a text that the student writes in the place of "✎ *Write here: …*";
``choice-NAME`` for the parts of an optional section, which is left out as long as nothing is
done in it.
"""

import argparse
import html
import os
import re
import shutil
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import typst
from bs4 import BeautifulSoup
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from to_html import ReportError, as_html
from to_typst import PX_PER_INCH as DPI
from to_typst import TypstPages, quoted

from build import NOTEBOOKS, REPORT, execute

BOOK = Path(__file__).resolve().parent
CHAPTER = NOTEBOOKS / "23_your_report.ipynb"
SHARPER = 2  # figures are drawn with so many times the pixels: paper shows more than a screen
PAGES = range(2, 6)  # how long the assignment wants a report
REQUIRED = (
    *("names", "baseline", "variant-1", "variant-2", "variant-3", "variant-4"),
    *("pairs", "test", "weights"),
)
PROMPT = re.compile(r"✎\s*\*Write here[:,]\s+(.+?)\*", re.S)


class Unfinished(NamedTuple):
    """A field that is not written yet, and what its prompt asks for."""

    field: str
    prompt: str


# What goes in --------------------------------------------------------------------------------


def chosen(notebook: NotebookNode) -> tuple[NotebookNode, list[Unfinished]]:
    """The cells that go into the page, unfinished fields marked, and a list of those."""
    cells = [cell.copy() for cell in notebook.cells if "report" in tags(cell)]
    if not cells:
        raise ReportError(
            "no cell of the notebook has the tag 'report'; start from a copy of "
            f"{CHAPTER.name}, and give the tag to each cell that shall be in the page"
        )
    touched = {name for cell in cells if done(cell) for name in named(cell, "choice-")}
    cells = [cell for cell in cells if set(named(cell, "choice-")) <= touched]
    missing = []
    for cell in cells:
        for field in named(cell, "field-"):
            if not written(cell.source):
                missing.append(Unfinished(field, prompt(cell.source)))
                cell.source = marked(cell.source)
            else:
                cell.source = PROMPT.sub("", cell.source).replace("✎", "")
    for name in sorted(touched):
        code = [
            cell for cell in cells if cell.cell_type == "code" and name in named(cell, "choice-")
        ]
        if code and not any(cell.outputs for cell in code):
            missing.append(Unfinished(name, "nothing is shown: set its switch to True"))
    there = {field for cell in cells for field in named(cell, "field-")}
    gone = "its cell is gone: take it from the chapter again, with its tags"
    missing += [Unfinished(field, gone) for field in REQUIRED if field not in there]
    page = nbformat.v4.new_notebook(cells=cells)
    page.metadata.language_info = {"name": "python"}
    return page, missing


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def named(cell: NotebookNode, kind: str) -> list[str]:
    """The names in a cell's tags of a kind: 'field-test' is of the kind 'field-'."""
    return [tag.removeprefix(kind) for tag in tags(cell) if tag.startswith(kind)]


def done(cell: NotebookNode) -> bool:
    """Has something been made of this cell: a text in a field, an output of code?"""
    if cell.cell_type == "code":
        return bool(cell.outputs)
    return bool(named(cell, "field-")) and written(cell.source)


def written(source: str) -> bool:
    """Is there a text besides the prompt and the headings?"""
    return bool(re.sub(r"^#.*$|<!--[\s\S]*?-->", "", PROMPT.sub("", source), flags=re.M).strip())


def prompt(source: str) -> str:
    """What the prompt asks for."""
    found = PROMPT.search(source)
    return " ".join(found[1].split()) if found else "nothing is written here"


def marked(source: str) -> str:
    """The headings of an unfinished field, and a box that says that it is one."""
    headings = re.findall(r"^#.*$", source, re.M)
    box = f'<div class="unfinished">Not written yet: {html.escape(prompt(source))}</div>'
    return "\n\n".join([*headings, box])


# PDF -----------------------------------------------------------------------------------------


def as_pdf(page: str, target: Path, scratch: Path) -> tuple[int, list[str]]:
    """Write the page as a PDF; how many sheets it has, and which pictures were left out.

    Raises ReportError for what Typst cannot set, such as a damaged picture.
    """
    shutil.copy(BOOK / "my_report.typ", scratch)
    pages = TypstPages(scratch)
    heading = BeautifulSoup(page, "html.parser").title.get_text()
    body = pages.convert(page)
    main = scratch / "main.typ"
    start = f'#import "my_report.typ": *\n#show: report.with(title: {quoted(heading)})\n'
    main.write_text(start + body, "utf-8")
    try:
        typst.compile(main, output=target)
        count = typst.query(main, "<pages>", field="value", one=True)
    except RuntimeError as error:
        raise ReportError(f"the PDF cannot be made: {str(error).splitlines()[0]}") from None
    return int(count), pages.left_out


# The command ---------------------------------------------------------------------------------


def executed(path: Path) -> NotebookNode:
    """The notebook, run from a fresh kernel; ReportError says in which cell it stopped."""
    try:
        total = len(nbformat.read(path, as_version=4).cells)
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror}") from None
    except Exception as error:  # nbformat has many for what is no notebook
        words = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise ReportError(f"{path} is not a notebook that can be read: {words}") from None
    at = {}
    try:
        return execute(path, timeout=None, on_cell_start=at.update)
    except (CellExecutionError, DeadKernelError) as error:
        first = (at["cell"].source.strip().splitlines() or ["an empty cell"])[0]
        evalue = (getattr(error, "evalue", "").splitlines() or [""])[0]
        why = f"{error.ename}: {evalue}" if hasattr(error, "ename") else "a kernel that died"
        raise ReportError(
            f"cell {at['cell_index'] + 1} of {total} ({first}) stopped with {why}"
        ) from None


def make(path: Path, output: Path) -> tuple[int, list[Unfinished], list[str]]:
    """Execute a copy of the notebook and write both files; nothing is written if that fails.

    Gives the number of sheets, the unfinished fields, and the pictures that were left out.
    """
    page, missing = chosen(executed(path))
    text = as_html(page, path.resolve().parent)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".writing-") as folder:
        scratch = Path(folder)
        sheets, left_out = as_pdf(text, scratch / "my-report.pdf", scratch)
        (scratch / "my-report.html").write_text(text, "utf-8", newline="\n")
        for name in ("my-report.html", "my-report.pdf"):
            (scratch / name).replace(output / name)
    return sheets, missing, left_out


def main(argv: list[str] | None = None) -> int:
    """Make the report and say what is left to do."""
    parser = argparse.ArgumentParser(prog="python -m cnnlib my-report", description=__doc__)
    parser.add_argument("--notebook", type=Path, default=CHAPTER, help="chapter 23, or your copy")
    parser.add_argument("--output", type=Path, default=REPORT / "my-report", help="a folder")
    options = parser.parse_args(argv)
    os.environ["CNNLIB_PROGRESS"] = "off"  # bars are for those who watch
    os.environ["CNNLIB_DPI"] = str(SHARPER * DPI)
    print(
        f"executing {options.notebook.name}; a model that is not stored is trained first",
        flush=True,
    )
    started = time.perf_counter()
    try:
        sheets, missing, left_out = make(options.notebook, options.output)
    except (ReportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing was written.", file=sys.stderr)
        return 130
    print(f"{time.perf_counter() - started:.0f} s, {sheets} pages. Open:")
    print(*(f"  {options.output / name}" for name in ("my-report.html", "my-report.pdf")), sep="\n")
    if missing:
        print(f"Not finished yet, and marked in the page ({len(missing)}):")
        for field, words in missing:
            print(f"  {field:12} {textwrap.shorten(words, 80, placeholder=' …')}")
    for picture in left_out:
        print(f"Left out, because it is not in the notebook or its folder: {picture}")
    if sheets not in PAGES:
        print(f"The assignment wants {PAGES[0]} to {PAGES[-1]} pages; these are {sheets}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
