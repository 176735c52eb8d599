"""From notebooks to pages: execute copies, carry the text alternatives over, run Sphinx.

``report`` leaves the committed notebooks as they are; ``refresh`` re-executes those in place,
byte-identical where nothing changed.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from filelock import FileLock, Timeout

from cnnlib.analysis.readme import runs_page
from cnnlib.runs import StoredRunError
from cnnlib.support.files import write_whole
from cnnlib.support.progress import nobody_watches
from cnnlib.support.sources import DataError

from . import book_map, glossary
from .alive import put_scripts
from .api import page
from .chapter_pages import as_page, put_notebook
from .kept import executed_once, files_hash, surroundings
from .notebooks import (
    REPORT,
    ROOT,
    ReportError,
    chapters,
    chosen,
    executed,
    read,
    stable,
    with_progress,
)
from .swap import is_current, put_in_place

BUILD = ROOT / "build" / "book"
PARTS = {  # heading of each part of the contents, by the number of its first chapter
    0: "Foundations",
    5: "Report 1: a star of variants",
    10: "Report 2: a chain of variants",
    15: "Evidence",
    19: "Looking inside",
    22: "Finish",
}
PAGES = ("any_framework.md",)  # in this folder, beside the chapters


def refresh(names: list[str]) -> int:
    """Re-execute the committed notebooks whose names start with one of ``names`` (or all).

    Returns the exit status: 1 if a chapter failed, which is left as it was.
    """
    nobody_watches()  # as in the tests, which compare these outputs
    try:
        paths = chosen(names)
    except ValueError as error:
        sys.exit(f"error: {error}")
    failed = {}
    for path in with_progress(paths, "executing"):
        try:
            text = nbformat.writes(executed(path, timeout=600)) + "\n"
        except ReportError as error:
            failed[path.stem] = str(error)
            print("failed, ", end="", flush=True)
            continue
        if text.encode() != path.read_bytes():
            write_whole(path, text)
    return status(failed, len(paths))


def report(
    stored: bool = False,
    target: Path = REPORT,
    more: Mapping[str, str] | None = None,
    heading: str = "",
) -> int:
    """Execute a copy of every notebook and render ``target``/index.html with a page a chapter.

    ``stored``: render the outputs as they are committed, which takes seconds instead of minutes.
    ``more``: Markdown of further pages, by the name of their file, listed under ``heading``.
    Returns the exit status: 1 if a chapter failed. The others are rendered all the same.
    """
    nobody_watches()
    with one_at_a_time():
        shutil.rmtree(BUILD, ignore_errors=True)
        BUILD.mkdir(parents=True)
        around = surroundings()
        failed = _chapters(stored, around)
        made = {"index.md": contents(heading, list(more or {})), "api.md": page()}
        made["glossary.md"] = glossary.page()
        made["runs.md"] = runs_page("table-of-runs")
        made |= {name: (ROOT / "book" / name).read_text("utf-8") for name in PAGES}
        for name, text in (made | dict(more or {})).items():
            (BUILD / name).write_text(text, "utf-8")
        # a page that says that its chapter failed lacks what others link to
        shows = "" if failed else f"{around} {files_hash(BUILD)} {files_hash(ROOT / 'book')}"
        if failed or not is_current(target, shows):
            print(f"rendering {target / 'index.html'}", flush=True)
            put_in_place(_rendered(strict=not failed), target, shows)
    print(f"Done. Open {target / 'index.html'} in a browser.", flush=True)
    return status(failed, len(chapters()))


def status(failed: Mapping[str, str], total: int, what: str = "failed") -> int:
    """List why chapters failed, by their names; 1 if one did."""
    if failed:
        print(f"error: {len(failed)} of {total} chapters {what}:", file=sys.stderr)
        print(*(f"  {name}: {why}" for name, why in failed.items()), sep="\n", file=sys.stderr)
    return 1 if failed else 0


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait, and say so, while another process makes a report in this folder."""
    BUILD.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(BUILD.parent / "report.lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        print("Another report is being made in this folder; waiting until it is done.", flush=True)
        held = lock.acquire()
    with held:
        yield


def _chapters(stored: bool, around: str) -> dict[str, str]:
    """Fill BUILD with the notebooks as pages; gives why chapters failed, by their names."""
    failed = {}
    scratch = BUILD.parent / "scratch"  # what chapters write where they run is no page
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for path in with_progress(chapters(), "reading" if stored else "executing"):
        try:
            notebook = read(path) if stored else executed_once(path, around, scratch)
        except ReportError as error:
            failed[path.stem] = str(error)
            print("failed, ", end="", flush=True)
            words = f"# {path.stem}\n\nThis chapter is not here:\n\n```text\n{error}\n```"
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(words)])
            nbformat.write(stable(notebook, path.stem[:2]), BUILD / path.name)
            continue
        nbformat.write(as_page(notebook, path, BUILD / "extra"), BUILD / path.name)
        put_notebook(path, BUILD / "extra" / "notebooks")
    return failed


def _rendered(strict: bool) -> Path:
    """The folder into which Sphinx has rendered BUILD; its warnings are errors if ``strict``."""
    shutil.copytree(ROOT / "book" / "static", BUILD / "static")
    try:
        put_scripts(BUILD / "alive")
    except (StoredRunError, DataError) as error:
        sys.exit(f"error: what computes in the pages cannot be made: {error}")
    pages = BUILD.parent / "html"
    shutil.rmtree(pages, ignore_errors=True)
    # doctrees are Sphinx's own cache and no part of the book
    words: list[str | Path] = ["-q", *(["-W"] if strict else []), "-c", ROOT / "book"]
    words += ["-d", BUILD / "doctrees", BUILD, pages]
    # a session of its own: Ctrl-C is for us to answer, in one line, and ends Sphinx as well
    if subprocess.run(
        [sys.executable, "-m", "sphinx", *words], check=False, start_new_session=True
    ).returncode:
        sys.exit("error: rendering failed; the lines above say why")
    return pages


def contents(heading: str = "", more: Sequence[str] = ()) -> str:
    """The first page: the words of welcome, then the chapters by part, then the reference."""
    welcome = (ROOT / "book" / "welcome.md").read_text("utf-8").strip()
    pages = [welcome.replace("MAP", book_map.drawing(PARTS)), ""]
    starts = list(PARTS)
    for i, (start, title) in enumerate(PARTS.items()):
        end = starts[i + 1] if i + 1 < len(starts) else 100
        inside = [p.stem for p in chapters() if start <= int(p.stem[:2]) < end]
        if inside:
            pages += _toctree(title, inside)
    pages += _toctree(
        "Reference", ["glossary", "runs", "api", *(Path(name).stem for name in PAGES)]
    )
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
        sys.exit(refresh(options.names))
    else:
        sys.exit(report(options.stored))
