"""From notebooks to pages: execute copies, carry the text alternatives over, run Sphinx.

``report`` leaves the committed notebooks as they are; ``refresh`` re-executes those in place,
byte-identical where nothing changed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS, BUILD, REPORT = ROOT / "notebooks", ROOT / "build" / "book", ROOT / "report"
INSTRUCTORS = ROOT / "editions" / "book"  # never in REPORT, which is for students
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
PARTS = {  # heading of each part of the contents, by the number of its first chapter
    0: "Foundations",
    5: "Report 1: a star of variants",
    10: "Report 2: a chain of variants",
    15: "Evidence",
    19: "Looking inside",
    22: "Finish",
}


def execute(path: Path, **settings: Any) -> NotebookNode:
    """Run a notebook from a fresh kernel, in its own folder; metadata come out stable.

    ``settings`` are NotebookClient's, in place of those here.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    usual = dict(
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # a warning about local sockets
    )
    NotebookClient(notebook, **(usual | settings)).execute()
    return stable(notebook, prefix=path.stem[:2])


def stable(notebook: NotebookNode, prefix: str) -> NotebookNode:
    """Only metadata that do not change from run to run or from machine to machine."""
    widgets = notebook.metadata.get("widgets")
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    if widgets:
        notebook.metadata["widgets"] = widgets
    for i, cell in enumerate(notebook.cells):
        cell.id = f"{re.sub(r'[^a-zA-Z0-9]', '_', prefix)}-{i:03d}"
        cell.metadata = NotebookNode({k: v for k, v in cell.metadata.items() if k == "tags"})
    text = json.dumps(notebook)
    state = (widgets or {}).get(WIDGET_STATE, {}).get("state", {})
    for i, model in enumerate(state):  # in the order of their making
        text = text.replace(model, f"{i:032x}")
    notebook = nbformat.from_dict(json.loads(text))
    nbformat.validate(notebook)
    return notebook


def refresh(names: list[str]) -> None:
    """Re-execute the committed notebooks whose names start with one of ``names`` (or all)."""
    os.environ["CNNLIB_PROGRESS"] = "off"  # as in the tests, which compare these outputs
    chosen = [p for p in chapters() if not names or p.stem.startswith(tuple(names))]
    if not chosen:
        sys.exit(f"error: no notebook's name starts with {' or '.join(names)}")
    for path in with_progress(chosen, "executing"):
        before = path.read_bytes()
        text = nbformat.writes(execute(path)) + "\n"
        if text.encode() != before:
            scratch = path.with_suffix(".tmp")
            scratch.write_text(text, "utf-8", newline="\n")
            scratch.replace(path)


def report(stored: bool = False, instructors: bool = False) -> None:
    """Execute a copy of every notebook and render report/index.html with a page a chapter.

    ``stored``: render the outputs as they are committed, which takes seconds instead of minutes.
    ``instructors``: with the instructors' pages and the answers, in a folder of its own.
    """
    target = INSTRUCTORS if instructors else REPORT
    os.environ["CNNLIB_PROGRESS"] = "off"
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    for path in with_progress(chapters(), "reading" if stored else "executing"):
        copy = BUILD / path.name
        shutil.copy(path, copy)
        notebook = nbformat.read(copy, as_version=4) if stored else execute(copy)
        nbformat.write(told(notebook), copy)
    texts = {"index.md": contents(instructors)}
    if instructors:
        from instructors import pages_of  # here alone: it imports this module

        try:
            texts |= pages_of(chapters())
        except (RuntimeError, ValueError) as error:
            sys.exit(f"error: {error}")
    for name, text in texts.items():
        (BUILD / name).write_text(text, "utf-8")
    shutil.copytree(ROOT / "book" / "static", BUILD / "static")
    print(f"rendering {target / 'index.html'}", flush=True)
    pages = BUILD.parent / "html"
    shutil.rmtree(pages, ignore_errors=True)
    # warnings are errors; doctrees are Sphinx's own cache and no part of the book
    words = ["-q", "-W", "-c", ROOT / "book", "-d", BUILD / "doctrees", BUILD, pages]
    if subprocess.run([sys.executable, "-m", "sphinx", *words], check=False).returncode:
        sys.exit("error: rendering failed; the lines above say why")
    if (mine := target / "my-report").is_dir():
        shutil.copytree(mine, pages / mine.name)  # a student's own report stays
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(exist_ok=True)
    pages.rename(target)
    print(f"Done. Open {target / 'index.html'} in a browser.", flush=True)


def told(notebook: NotebookNode) -> NotebookNode:
    """myst-nb takes an image's text alternative from the cell: carry it over from the output."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")
            if alt:
                cell.metadata["mystnb"] = {"image": {"alt": alt}}
    return notebook


def contents(instructors: bool = False) -> str:
    """The first page: the words of welcome, then the chapters by part, then what is asked for."""
    pages = [(ROOT / "book" / "welcome.md").read_text("utf-8").strip(), ""]
    starts = list(PARTS)
    for i, (start, heading) in enumerate(PARTS.items()):
        end = starts[i + 1] if i + 1 < len(starts) else 100
        inside = [p.stem for p in chapters() if start <= int(p.stem[:2]) < end]
        if inside:
            pages += _toctree(heading, inside)
    if instructors:
        pages += _toctree("For instructors", ["instructors", "answers"])
    return "\n".join(pages)


def _toctree(heading: str, inside: list[str]) -> list[str]:
    return ["```{toctree}", ":maxdepth: 1", f":caption: {heading}", *inside, "```", ""]


def chapters() -> list[Path]:
    """The numbered notebooks, in order."""
    return sorted(p for p in NOTEBOOKS.glob("*.ipynb") if re.match(r"\d\d_", p.name))


def with_progress(paths: list[Path], doing: str):  # noqa: ANN201 (a generator of Path)
    """Each path in turn; says before it what runs and how many are left, after it the time."""
    for i, path in enumerate(paths, start=1):
        left = len(paths) - i
        print(f"[{i}/{len(paths)}] {doing} {path.stem} ({left} left) … ", end="", flush=True)
        started = time.perf_counter()
        yield path
        print(f"{time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("report", "refresh"))
    parser.add_argument("names", nargs="*", help="refresh: notebooks whose names start so")
    parser.add_argument("--stored", action="store_true", help="report: do not execute anything")
    parser.add_argument(
        "--instructors",
        action="store_true",
        help="report: with the instructors' pages and the answers, in editions/book/",
    )
    options = parser.parse_args()
    if options.command == "refresh":
        refresh(options.names)
    else:
        report(options.stored, options.instructors)
