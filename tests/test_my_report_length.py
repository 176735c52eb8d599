"""A report with full texts and three choice tasks stays within the pages that are asked for."""

import base64
import dataclasses

import nbformat
import pytest

import cnnlib
from book import my_report
from cnnlib.exercises.fields import PROMPT
from cnnlib.plots.basic import rendered, wide

pytestmark = pytest.mark.slow  # renders

CHAPTER = nbformat.read(my_report.CHAPTER, as_version=4)
# Words as long as students write them who have much to say; the prompts ask for some sentences.
WORDS = {"names": 20, "baseline": 160, "pairs": 320, "test": 110, "weights": 12, "references": 50}
VARIANT, TASK = 60, 90
SENTENCE = [
    "The",
    "validation",
    "accuracy",
    "rises",
    "by",
    "half",
    "a",
    "point,",
    "which",
    "the",
    "confidence",
    "interval",
    "of",
    "one",
    "run",
    "does",
    "not",
    "exclude",
    "as",
    "luck,",
    "because",
    "regularisation",
    "and",
    "normalisation",
    "work",
    "on",
    "the",
    "same",
    "overfitting.",
]
TASKS = ("confusion", "halving", "folds", "layers", "augmentation", "tsne")


def prose(count):
    """So many words, in paragraphs."""
    text = (SENTENCE * (count // len(SENTENCE) + 1))[:count]
    return "\n\n".join(" ".join(text[i : i + 80]) for i in range(0, count, 80))


@pytest.fixture(scope="module")
def outputs():
    """What each choice task displays, from stored runs in the place of those that it trains."""
    best = cnnlib.run("adam-halved")
    names, shown = {}, []
    start = [c.source for c in CHAPTER.cells if "cnnlib.Assignment(" in c.source]
    imports = next(c.source for c in CHAPTER.cells if c.source.startswith("import torch"))

    def show(drawn, alt=None):
        png, words = rendered(drawn, alt)
        data = {"image/png": base64.b64encode(png).decode(), "text/plain": "[figure]"}
        meta = {"image/png": {"alt": words, "width": wide(png)}}
        shown.append(nbformat.v4.new_output("display_data", data, metadata=meta))

    def display(table):
        data = {"text/html": table._repr_html_(), "text/plain": "table"}
        shown.append(nbformat.v4.new_output("display_data", data))

    def told(*words):
        shown.append(nbformat.v4.new_output("stream", text=" ".join(map(str, words)) + "\n"))

    with pytest.MonkeyPatch.context() as patch:
        exec("\n".join([imports, *start]), names)
        names |= {"display": display, "print": told}
        patch.setattr(names["plots"], "show", show)
        patch.setattr(names["features"], "tsne", lambda vectors: vectors[:, :2])
        patch.setattr(
            cnnlib,
            "run",
            lambda one, **more: dataclasses.replace(best, experiment=one),
            raising=False,
        )
        patch.setattr(cnnlib.assignment, "cross_validate", lambda *what: [best] * 5)
        found = {}
        for task in TASKS:
            switch = f"{task.upper()} = False"
            (cell,) = (c for c in CHAPTER.cells if c.source.startswith(switch))
            exec(cell.source.replace("= False", "= True", 1), names)
            found[task], shown[:] = list(shown), []
    return found


def filled(outputs, tasks):
    """Chapter 23 with a long text in every field, and these tasks done."""
    cells = []
    for cell in (nbformat.from_dict(dict(one)) for one in CHAPTER.cells):
        own = set(my_report.named(cell, "choice-"))
        if cell.cell_type == "code" and own & set(tasks):
            cell.outputs = outputs[own.pop()]
        elif not own or own & {*tasks, "references"}:
            for field in my_report.named(cell, "field-"):
                count = WORDS.get(field, VARIANT if field.startswith("variant") else TASK)
                cell.source = PROMPT.sub("", cell.source) + "\n\n" + prose(count)
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells)


@pytest.mark.parametrize(
    "tasks", [("halving", "layers", "augmentation"), ("confusion", "folds", "tsne")], ids="-".join
)
def test_the_longest_report_has_five_pages_at_most(tasks, outputs, tmp_path):
    page, missing = my_report.chosen(filled(outputs, tasks))
    assert not missing
    html = my_report.as_html(page, tmp_path)
    sheets, left_out = my_report.as_pdf(html, tmp_path / "report.pdf", tmp_path)
    assert sheets in my_report.PAGES and not left_out
    assert all(f"{task.upper()} = " not in html for task in tasks)
    assert sum(len(one) for one in outputs.values()) >= 9 and html.count("<img") >= 3
