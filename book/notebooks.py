"""Notebooks as the pages, the reports and the editions need them: listed, executed, read."""

import json
import re
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.validator import normalize

from cnnlib.support.folders import INSTALLED, ROOT, made_in

NOTEBOOKS, REPORT = ROOT / "notebooks", made_in() / "report"
# what becomes a student's report
CHAPTER = (Path.cwd() if INSTALLED else NOTEBOOKS) / "23_your_report.ipynb"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
CHAPTER_NAME = re.compile(r"\d\d_[a-z0-9_]+\.ipynb")
NEWEST = nbformat.v4.nbformat_minor
TOKEN = re.compile(  # of HTML; html.parser needs quadratic time for what is never closed
    r"<(?P<hidden>!--|script\b|style\b|template\b|textarea\b)"
    r"|<(?P<slash>/?)(?P<tag>table|tr|th|td)\b[^<>]*>|<[^<>]*>|(?P<words>[^<]+)|<",
    re.I,
)
LONGEST_TABLE = 200_000  # characters: the library makes no longer table


class ReportError(RuntimeError):
    """The report cannot be made; the message says why, in one sentence."""


# Listed and executed ---------------------------------------------------------------------------


def anchor(heading: str) -> str:
    """The name of a heading in links, as JupyterLab has it: ``#Train-it-yourself``."""
    return heading.replace(" ", "-")


def chapters() -> list[Path]:
    """The numbered notebooks, in order: ``05_max_pooling.ipynb``, but no copy that Jupyter made."""
    return sorted(p for p in NOTEBOOKS.glob("*.ipynb") if CHAPTER_NAME.fullmatch(p.name))


def chosen(names: Sequence[str]) -> list[Path]:
    """The chapters with these numbers, or whose names begin so; all, if none is named.

    Raises ValueError for one that no chapter has: nothing that was asked for is passed over.
    """
    found = {
        name: [
            p for p in chapters() if p.stem.startswith(name.zfill(2) if name.isdigit() else name)
        ]
        for name in names
    }
    if unknown := [repr(name) for name, paths in found.items() if not paths]:
        raise ValueError(f"no chapter's number or name is {' or '.join(unknown)}")
    wanted = {path for paths in found.values() for path in paths}
    return [path for path in chapters() if path in wanted or not names]


def with_progress(paths: list[Path], doing: str) -> Iterator[Path]:
    """Each path in turn; says before it what runs and how many are left, after it the time."""
    for i, path in enumerate(paths, start=1):
        left = len(paths) - i
        print(f"[{i}/{len(paths)}] {doing} {path.stem} ({left} left) … ", end="", flush=True)
        started = time.perf_counter()
        yield path
        print(f"{time.perf_counter() - started:.0f} s", flush=True)


def execute(path: Path, **settings: Any) -> NotebookNode:
    """Run a notebook from a fresh kernel, in its own folder; metadata come out stable.

    ``settings`` are NotebookClient's, in place of those here.
    """
    notebook = read(path)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    usual: dict[str, Any] = dict(
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # local sockets, a Ctrl-C
    )
    client = NotebookClient(notebook, **(usual | settings))
    try:
        client.execute()
    except Exception:
        # at a Ctrl-C, nbclient ends its kernel and then reports a kernel that died
        if hasattr(client, "_async_cleanup_kernel_future"):
            raise KeyboardInterrupt from None
        raise
    return stable(notebook, prefix=path.stem[:2])


def neighbours_joined(notebook: NotebookNode) -> NotebookNode:
    """What was printed in pieces is one text again, as far as no figure or table is between."""
    for cell in notebook.cells:
        joined: list[NotebookNode] = []
        for output in cell.get("outputs", []):
            last = joined[-1] if joined else None
            if last and output.output_type == last.output_type == "stream" and (
                output.name == last.name
            ):  # fmt: skip
                last.text += output.text
            else:
                joined.append(output)
        if cell.cell_type == "code":
            cell.outputs = joined
    return notebook


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


def read(path: Path) -> NotebookNode:
    """The notebook in a file, in the newest format; ReportError, with the file's name, if none is.

    Colab, VS Code and older editors write formats 4.0 to 4.4, whose cells have no ids.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # of ids: mended here
            found = nbformat.read(path, as_version=4)
            found = nbformat.v4.upgrade(found) if found.nbformat_minor < NEWEST else found
            return normalize(found)[1]
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror}") from None
    except Exception as error:  # nbformat has many for what is no notebook
        words = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise ReportError(f"{path} is not a notebook that can be read: {words}") from None


def executed(path: Path, **settings: Any) -> NotebookNode:
    """The notebook, run from a fresh kernel; ReportError says in which cell it stopped.

    ``settings`` are NotebookClient's. Unless one is said, there is no limit of time.
    """
    total = len(read(path).cells)
    at: dict[str, Any] = {}
    try:
        return execute(path, **(dict(timeout=None, on_cell_start=at.update) | settings))
    except CellExecutionError as error:
        evalue = (error.evalue.splitlines() or [""])[0]
        why = f"{error.ename}: {evalue}"
    except DeadKernelError:
        why = "a kernel that died"
    except CellTimeoutError:
        why = f"no end after {settings['timeout']} seconds"
    except nbformat.ValidationError as error:
        raise ReportError(f"{path} is not a notebook that can be read: {error.message}") from None
    except RuntimeError as error:  # jupyter_client's, before the first cell
        words = (str(error).splitlines() or [""])[0]
        raise ReportError(f"no kernel can be started for {path}: {words}") from None
    first = (at["cell"].source.strip().splitlines() or ["an empty cell"])[0]
    raise ReportError(f"cell {at['cell_index'] + 1} of {total} ({first}) stopped with {why}")


# Read ------------------------------------------------------------------------------------------


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def named(cell: NotebookNode, kind: str) -> list[str]:
    """The names in a cell's tags of a kind: 'field-test' is of the kind 'field-'."""
    return [tag.removeprefix(kind) for tag in tags(cell) if tag.startswith(kind)]


@dataclass(frozen=True)
class StoredTable:
    """A table of a stored output: the words of its header, and its rows, by their first word."""

    header: tuple[str, ...]
    rows: dict[str, tuple[str, ...]]

    def column(self, name: str) -> dict[str, str]:
        """The cells below a word of the header, by row; empty if there is none."""
        if name not in self.header[1:]:
            return {}
        at = self.header.index(name, 1) - 1
        return {row: cells[at] for row, cells in self.rows.items() if at < len(cells)}


def tables(html: str) -> Iterator[StoredTable]:
    """The tables of a piece of HTML, as words; nothing of it is kept or run.

    A table in a table is part of its cell's words: one pass reads them all, however they nest.
    """
    if not 0 < len(html) <= LONGEST_TABLE or "<table" not in html:
        return
    reader = _Tables()
    at = 0
    while token := TOKEN.match(html, at):
        hidden, tag, words = token["hidden"], token["tag"], token["words"]
        at = token.end()
        if hidden:  # a comment, or what no browser shows: its end is looked for, at most once
            end = re.compile("-->" if hidden == "!--" else f"</{hidden}", re.I).search(html, at)
            at = end.end() if end else len(html)
        elif tag and token["slash"]:
            reader.end(tag.lower())
        elif tag:
            reader.start(tag.lower())
        elif words and reader.words is not None:
            reader.words.append(unescape(words))
    reader.end_cell()
    for header, *rest in (rows or [[]] for rows in reader.found):
        yield StoredTable(tuple(header), {row[0]: tuple(row[1:]) for row in rest if row})


class _Tables:
    """Collects ``found``: of each outermost table its rows, of each row its cells' words."""

    def __init__(self) -> None:
        self.found: list[list[list[str]]] = []
        self.depth = 0
        self.words: list[str] | None = None  # of the cell that is open

    def start(self, tag: str) -> None:
        if tag == "table":
            self.depth += 1
            if self.depth == 1:
                self.found.append([])
        elif self.depth == 1:
            self.end_cell()
            if tag == "tr" or not self.found[-1]:
                self.found[-1].append([])
            if tag != "tr":
                self.words = []

    def end(self, tag: str) -> None:
        if self.depth == 1:
            self.end_cell()
        if tag == "table":
            self.depth = max(0, self.depth - 1)

    def end_cell(self) -> None:
        if self.words is not None:
            self.found[-1][-1].append(" ".join(" ".join(self.words).split()))
        self.words = None
