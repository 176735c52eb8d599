"""What a chapter's page has beyond its notebook: words for pictures, a way to run it, predictions.

The notebook that is rendered is changed here, never the one that is committed.
"""

import ast
import html
import json
import re
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from cnnlib.support.chapters import PREDICT, unseen

from .figures import for_pages

REVEAL, READING = "cnnlib.reveal(", "## Reading the result"
ASKED = re.compile(r"Write your prediction first: one of (.+)\.\n", re.S)
FOUND = re.compile(r"Found: ('.*'|\".*\")\. \(You made no prediction\.\)")
END = '<div class="found-end"></div>'  # of what is folded until the reader has predicted


def as_page(notebook: NotebookNode, path: Path, folder: Path) -> NotebookNode:
    """The notebook of the file ``path``, changed into what is rendered; it is changed in place.

    ``folder``: where files lie that go beside the pages as they are.
    """
    for_pages(notebook, folder)
    with_prediction(notebook, path.stem)
    notebook.cells.insert(1, _text(to_take_along(path), "take-along"))
    return notebook


def put_notebook(path: Path, folder: Path) -> None:
    """Write a reader's copy of the notebook into ``folder``: to download, and as a script.

    A browser saves no file that lies beside a page in a folder; ``take.js`` saves what the script
    says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = unseen(path.read_text("utf-8"))
    (folder / path.name).write_text(text, "utf-8")
    script = f"takeNotebook({json.dumps(path.name)}, {json.dumps(text)});\n"
    (folder / path.name).with_suffix(".js").write_text(script, "utf-8")


def to_take_along(path: Path) -> str:
    """Markdown that offers the notebook, and says how to open it."""
    number = path.stem[:2]
    return f""":::{{container}} take-along
<a href="notebooks/{path.name}" download>Download this notebook</a>, or open your copy of it in \
JupyterLab (without make: `python -m cnnlib lab {number}`):

```shell
make lab ARGS={number}
```
:::"""


def with_prediction(notebook: NotebookNode, name: str) -> NotebookNode:
    """Places for a script: one for the reader's prediction, one where what was found ends.

    Without the script, and on paper, nothing is folded. A page whose reader has predicted, or
    whose chapter did not come so far, has neither.
    """
    asks = _first(notebook, PREDICT)
    tells = _first(notebook, REVEAL)
    asked = ASKED.search(_printed(notebook.cells[asks])) if asks is not None else None
    found = FOUND.search(_printed(notebook.cells[tells])) if tells is not None else None
    if asks is None or tells is None or not asked or not found:
        return notebook
    options = html.escape(json.dumps(list(ast.literal_eval(f"[{asked[1]}]"))))
    actual = html.escape(ast.literal_eval(found[1]))
    _end_after(notebook, tells)
    place = f'<div class="prediction" data-chapter="{name}" data-options="{options}" '
    place += f'data-found="{actual}"></div>'
    notebook.cells.insert(asks + 1, _text(place, "prediction"))
    return notebook


def _end_after(notebook: NotebookNode, tells: int) -> None:
    """Mark the end of what is folded: "Reading the result", too, if it is the next section."""
    texts = [cell for cell in notebook.cells[tells + 1 :] if cell.cell_type == "markdown"]
    headings = [(cell, one) for cell in texts for one in re.finditer("^## .+$", cell.source, re.M)]
    if len(headings) > 1 and headings[0][1][0] == READING:
        cell, next_one = headings[1]
        at = next_one.start()
        cell.source = f"{cell.source[:at]}{END}\n\n{cell.source[at:]}"
    else:
        notebook.cells.insert(tells + 1, _text(END, "found-end"))


def _text(words: str, name: str) -> NotebookNode:
    """A cell of text with an id of ours: a random one would make every page a new one."""
    return new_markdown_cell(words, id=name)


def _first(notebook: NotebookNode, words: str) -> int | None:
    """The number of the first cell of code with these words."""
    cells = enumerate(notebook.cells)
    return next((i for i, c in cells if c.cell_type == "code" and words in c.source), None)


def _printed(cell: NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.get("outputs", []))
