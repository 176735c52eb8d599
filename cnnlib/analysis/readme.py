"""What ``README.md`` and ``runs/README.md`` take from the code: written by ``make table``."""

from pathlib import Path

from ..support.files import write_whole
from ..support.folders import ROOT
from .tables import catalogue_table

# Where a reader starts, in this order: what every run needs.
READING = {
    "experiment": "what an experiment is, as a frozen declaration, and the difference between two",
    "catalogue": "every experiment of the book, each stating only what it changes, and why",
    "data": "Fashion-MNIST, split once; the test set counts its openings",
    "models": "LeNet-5 and all its variants in one class, which is told what to build",
    "training": "the training loop, and evaluation in eval mode",
    "runs": "loads a stored run, or trains and stores it",
}
MOST_LINES = 1500  # to be read in an evening

# The runs that README.md shows: the models that the chapters and the claims come back to.
IN_README = (
    *("baseline", "maxpool", "filters", "convolution", "lr-0.1", "dropout"),
    *("lenet5", "lenet5-var4", "lenet5-var4-mended", "capstone-late"),
)

RUNS_PAGE = """\
# Every run, beside the reports' figures

All {experiments} experiments of `cnnlib/catalogue.py`, computed from the stored runs by \
`make table`.

15 epochs, 48,000 training and 12,000 validation images, accuracies as fractions. Training \
accuracy is that of the last epoch as training saw it (as the reports print it), validation \
accuracy is in eval mode. Each figure is the mean over all stored seeds ± half of its 95 % \
interval (Student's t). **Two models whose intervals overlap may be the same**: chapters 5 and \
17 explain how to compare them, and chapter 18 says what of the reports' claims holds.

The models named `lenet5…` end in a softmax layer and are trained with a loss that applies \
softmax again, as report 2 did; `…-mended` is the same model without that layer. `capstone-…` \
are the steps of chapter 24.

{table}

## What a run's folder holds

A folder is named `NAME-seedS-IDENTITY`; the identity is a hash of what was declared, so that a \
run and its declaration cannot drift apart.

| file | what it holds |
|---|---|
| `run.json` | the declaration, every epoch's figures, the final metrics, versions and checksums |
| `predictions.safetensors` | the predicted class of each of the 12,000 validation images |
| `weights.safetensors` | the trained weights; only seed 0 ships them |
| `test.safetensors` | the models of chapters 22 and 24 only: predicted classes of the test images |

Folders with `-stratified-N` or `-plain-N` in their names are folds of a cross-validation \
(chapter 15), those with `-all` were trained on all 60,000 images (chapters 22 and 24). \
`make reproduce` trains every run again, from nothing, and puts both accuracies side by side.
"""


def runs_page(css_class: str = "") -> str:
    """The table of all runs with what explains it, in Markdown: ``runs/README.md``.

    With a ``css_class`` the table stands in a MyST block of that class, as the book wants it.
    """
    table = catalogue_table()
    experiments = len(table.splitlines()) - 2
    if css_class:
        table = f":::{{container}} {css_class}\n{table}\n:::"
    return RUNS_PAGE.format(table=table, experiments=experiments)


def reading_order() -> str:
    """The files to read first, as a numbered list in Markdown, with their lines."""
    lengths = {name: _lines(ROOT / "cnnlib" / f"{name}.py") for name in READING}
    items = [
        f"{i}. [`{name}.py`](cnnlib/{name}.py), {lengths[name]} lines: {what}"
        for i, (name, what) in enumerate(READING.items(), start=1)
    ]
    total = f"Together: {sum(lengths.values()):,} lines. `augment.py` waits for chapter 16."
    return "\n".join([*items, "", total])


def parts() -> dict[str, str]:
    """What stands between the marks of ``README.md``, by the name in the marks."""
    return {"reading order": reading_order(), "table of runs": catalogue_table(IN_README)}


def filled(text: str, parts: dict[str, str]) -> str:
    """``text`` with each part between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``.

    Raises ValueError unless there is exactly one of each mark, in this order.
    """
    for name, new in parts.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
            raise ValueError(f"README.md: expected one line {begin} and, below, one line {end}")
        head, tail = text.split(begin)[0], text.split(end)[1]
        text = f"{head}{begin}\n{new}\n{end}{tail}"
    return text


def write(root: Path = ROOT) -> list[str]:
    """Bring ``README.md`` and ``runs/README.md`` up to date; which of them that changed."""
    readme = (root / "README.md").read_text("utf-8")
    wanted = {"README.md": filled(readme, parts()), "runs/README.md": runs_page()}
    changed = []
    for name, new in wanted.items():
        path = root / name
        if not path.exists() or path.read_text("utf-8") != new:
            write_whole(path, new)
            changed.append(name)
    return changed


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())
