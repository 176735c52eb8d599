"""A student's report: one notebook, executed, as one HTML file and a PDF of a few pages.

Both, the executed notebook and the five runs go into one file to hand in.

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
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import nbformat
import typst
from bs4 import BeautifulSoup
from nbformat import NotebookNode

from cnnlib import store
from cnnlib.exercises.assignment import MODELS
from cnnlib.exercises.fields import PROMPT, REQUIRED, written
from cnnlib.runs import NETWORK, PREDICTIONS, RECORD, WEIGHTS, runs_folder
from cnnlib.support.chapters import MINE, OPENS
from cnnlib.support.folders import INSTALLED, made_in
from cnnlib.support.progress import nobody_watches

from .notebooks import (
    CHAPTER,
    REPORT,
    ReportError,
    executed,
    named,
    neighbours_joined,
    tables,
    tags,
)
from .to_html import as_html
from .to_typst import PX_PER_INCH as DPI
from .to_typst import TypstPages, quoted

BOOK = Path(__file__).resolve().parent
SHARPER = 2  # figures are drawn with so many times the pixels: paper shows more than a screen
PAGES_MADE, HAND_IN = ("my-report.html", "my-report.pdf"), "hand-in.zip"
PAGES = range(2, 6)  # how long the assignment wants a report


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
    shut = [cell for cell in cells if OPENS in cell.source and not cell.get("outputs")]
    missing += [Unfinished("test set", "it is not opened yet: set TEST to True") for _ in shut]
    there = {field for cell in cells for field in named(cell, "field-")}
    gone = "its cell is gone: take it from the chapter again, with its tags"
    missing += [Unfinished(field, gone) for field in REQUIRED if field not in there]
    page = nbformat.v4.new_notebook(cells=cells)
    page.metadata.language_info = {"name": "python"}
    return page, missing


def done(cell: NotebookNode) -> bool:
    """Is this cell filled in: has a field its text, or code its output?"""
    if cell.cell_type == "code":
        return bool(cell.outputs)
    return bool(named(cell, "field-")) and written(cell.source)


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
    title = BeautifulSoup(page, "html.parser").title
    heading = title.get_text() if title else ""
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


def runs_of(notebook: NotebookNode) -> list[Path]:
    """The folders of the five runs, as the table of weights in the notebook says."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    found = [
        one for output in outputs for one in tables(output.get("data", {}).get("text/html", ""))
    ]
    files = {file for table in found for file in table.column("file in runs/").values()}
    names = [PurePosixPath(file).parent.name for file in sorted(files)]
    return [store.found(name) or runs_folder() / name for name in names]


def pack(target: Path, notebook: NotebookNode, pages: list[Path], runs: list[Path]) -> None:
    """Write the file to hand in: the executed notebook, the pages and the runs' folders."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.ipynb", nbformat.writes(notebook))
        for page in pages:
            archive.write(page, page.name)
        for run in runs:
            own = [NETWORK] if (run / NETWORK).exists() else []  # by which it is checked
            for name in (RECORD, WEIGHTS, PREDICTIONS, *own):
                archive.write(run / name, f"runs/{run.name}/{name}")


def make(path: Path, output: Path) -> tuple[int, list[Unfinished], list[str], int]:
    """Execute a copy of the notebook and write all files; nothing is written if that fails.

    Gives the number of sheets, the unfinished fields, the pictures that were left out, and the
    number of runs in the file to hand in.
    """
    # a line that is printed above a figure stays above it
    notebook = neighbours_joined(executed(path, coalesce_streams=False))
    page, missing = chosen(notebook)
    text = as_html(page, path.resolve().parent)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".writing-") as folder:
        scratch = Path(folder)
        sheets, left_out = as_pdf(text, scratch / "my-report.pdf", scratch)
        (scratch / "my-report.html").write_text(text, "utf-8", newline="\n")
        runs = runs_of(notebook)
        pack(scratch / HAND_IN, notebook, [scratch / name for name in PAGES_MADE], runs)
        for name in (*PAGES_MADE, HAND_IN):
            (scratch / name).replace(output / name)
    return sheets, missing, left_out, len(runs)


def usual() -> Path:
    """Chapter 23 as its reader has it: the copy that `lab` has made, or the chapter."""
    copy = made_in() / MINE / CHAPTER.name
    return copy if not INSTALLED and copy.is_file() else CHAPTER


def main(argv: list[str] | None = None) -> int:
    """Make the report and say what is left to do."""
    parser = argparse.ArgumentParser(prog="python -m cnnlib my-report", description=__doc__)
    parser.add_argument("--notebook", type=Path, default=usual(), help="chapter 23, or your copy")
    parser.add_argument("--output", type=Path, default=REPORT / "my-report", help="a folder")
    options = parser.parse_args(argv)
    nobody_watches()
    os.environ["CNNLIB_DPI"] = str(SHARPER * DPI)
    print(
        f"executing {options.notebook}; a model that is not stored is trained first",
        flush=True,
    )
    started = time.perf_counter()
    try:
        sheets, missing, left_out, runs = make(options.notebook, options.output)
    except (ReportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing was written.", file=sys.stderr)
        return 130
    print(f"{time.perf_counter() - started:.0f} s, {sheets} pages. Open:")
    print(*(f"  {options.output / name}" for name in PAGES_MADE), sep="\n")
    print(f"To hand in: {options.output / HAND_IN} (all of it, and {runs} runs)")
    if runs != MODELS:
        print(f"Five runs are expected in {HAND_IN}: display mine.weights() in the report.")
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
