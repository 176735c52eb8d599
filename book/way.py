"""The last cell of each notebook: the chapter before it and the one after it.

``python -m book.way`` writes it; ``refresh`` does, too. Pages have the theme's own, and leave
this one out.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cnnlib.support.files import write_whole

from .notebooks import chapters, read

TAGS = ["remove-cell", "way"]  # myst-nb leaves a cell with the first one out; the second is ours


def write() -> list[str]:
    """Bring the last cell of each chapter up to date; the names of those that were changed."""
    paths, changed = chapters(), []
    for path in paths:
        notebook = with_way(read(path), path, paths)
        text = nbformat.writes(notebook) + "\n"
        if text.encode() != path.read_bytes():
            write_whole(path, text)
            changed.append(path.stem)
    return changed


def with_way(notebook: NotebookNode, path: Path, paths: Sequence[Path]) -> NotebookNode:
    """The notebook, with the line of its neighbours in ``paths`` as its last cell."""
    others = [cell for cell in notebook.cells if "way" not in cell.metadata.get("tags", [])]
    cell = nbformat.v4.new_markdown_cell(line(path, paths), metadata={"tags": TAGS})
    cell.id = f"{path.stem[:2]}-{len(others):03d}"
    notebook.cells = [*others, cell]
    return notebook


def line(path: Path, paths: Sequence[Path]) -> str:
    """Links to the chapter before and the one after ``path``."""
    at = paths.index(path)
    before, after = paths[max(at - 1, 0) : at], paths[at + 1 : at + 2]
    words = [f"← Before: {_link(one)}" for one in before] + [
        f"Next: {_link(one)} →" for one in after
    ]
    return " · ".join(words)


def _link(path: Path) -> str:
    found = re.match(r"# (\d+)\. (.+)", read(path).cells[0].source)
    if not found:
        raise ValueError(f"{path.name} does not begin with its number and title: # 5. Max pooling")
    return f"[chapter {found[1]}, {found[2]}]({path.name})"


if __name__ == "__main__":
    print("written:", ", ".join(write()) or "nothing; all is up to date")
