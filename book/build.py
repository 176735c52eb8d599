"""From notebooks to pages: execute copies, carry the text alternatives over, run Sphinx.

``report`` leaves the committed notebooks as they are; ``refresh`` re-executes those in place,
byte-identical where nothing changed.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cnnlib.analysis.readme import runs_page
from cnnlib.support.files import write_whole
from cnnlib.support.progress import nobody_watches

from .api import page
from .notebooks import REPORT, ROOT, chapters, execute, with_progress

BUILD = ROOT / "build" / "book"
PARTS = {  # heading of each part of the contents, by the number of its first chapter
    0: "Foundations",
    5: "Report 1: a star of variants",
    10: "Report 2: a chain of variants",
    15: "Evidence",
    19: "Looking inside",
    22: "Finish",
}


def refresh(names: list[str]) -> None:
    """Re-execute the committed notebooks whose names start with one of ``names`` (or all)."""
    nobody_watches()  # as in the tests, which compare these outputs
    chosen = [p for p in chapters() if not names or p.stem.startswith(tuple(names))]
    if not chosen:
        sys.exit(f"error: no notebook's name starts with {' or '.join(names)}")
    for path in with_progress(chosen, "executing"):
        before = path.read_bytes()
        text = nbformat.writes(execute(path)) + "\n"
        if text.encode() != before:
            write_whole(path, text)


def report(
    stored: bool = False,
    target: Path = REPORT,
    more: Mapping[str, str] | None = None,
    heading: str = "",
) -> None:
    """Execute a copy of every notebook and render ``target``/index.html with a page a chapter.

    ``stored``: render the outputs as they are committed, which takes seconds instead of minutes.
    ``more``: Markdown of further pages, by the name of their file, listed under ``heading``.
    """
    more = more or {}
    nobody_watches()
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    for path in with_progress(chapters(), "reading" if stored else "executing"):
        copy = BUILD / path.name
        shutil.copy(path, copy)
        notebook = nbformat.read(copy, as_version=4) if stored else execute(copy)
        nbformat.write(with_text_alternatives(notebook), copy)
    made = {"index.md": contents(heading, list(more)), "api.md": page()}
    made["runs.md"] = runs_page("table-of-runs")
    for name, text in (made | dict(more)).items():
        (BUILD / name).write_text(text, "utf-8")
    shutil.copytree(ROOT / "book" / "static", BUILD / "static")
    print(f"rendering {target / 'index.html'}", flush=True)
    pages = BUILD.parent / "html"
    shutil.rmtree(pages, ignore_errors=True)
    # warnings are errors; doctrees are Sphinx's own cache and no part of the book
    words: list[str | Path] = [
        "-q",
        "-W",
        "-c",
        ROOT / "book",
        "-d",
        BUILD / "doctrees",
        BUILD,
        pages,
    ]
    if subprocess.run([sys.executable, "-m", "sphinx", *words], check=False).returncode:
        sys.exit("error: rendering failed; the lines above say why")
    if (mine := target / "my-report").is_dir():
        shutil.copytree(mine, pages / mine.name)  # a student's own report stays
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(exist_ok=True)
    pages.rename(target)
    print(f"Done. Open {target / 'index.html'} in a browser.", flush=True)


def with_text_alternatives(notebook: NotebookNode) -> NotebookNode:
    """myst-nb takes an image's text alternative from the cell: carry it over from the output."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")
            if alt:
                cell.metadata["mystnb"] = {"image": {"alt": alt}}
    return notebook


def contents(heading: str = "", more: Sequence[str] = ()) -> str:
    """The first page: the words of welcome, then the chapters by part, then the reference."""
    pages = [(ROOT / "book" / "welcome.md").read_text("utf-8").strip(), ""]
    starts = list(PARTS)
    for i, (start, title) in enumerate(PARTS.items()):
        end = starts[i + 1] if i + 1 < len(starts) else 100
        inside = [p.stem for p in chapters() if start <= int(p.stem[:2]) < end]
        if inside:
            pages += _toctree(title, inside)
    pages += _toctree("Reference", ["runs", "api"])
    if more:
        pages += _toctree(heading, [Path(name).stem for name in more])
    return "\n".join(pages)


def _toctree(heading: str, inside: list[str]) -> list[str]:
    return ["```{toctree}", ":maxdepth: 1", f":caption: {heading}", *inside, "```", ""]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("report", "refresh"))
    parser.add_argument("names", nargs="*", help="refresh: notebooks whose names start so")
    parser.add_argument("--stored", action="store_true", help="report: do not execute anything")
    options = parser.parse_args()
    if options.command == "refresh":
        refresh(options.names)
    else:
        report(options.stored)
