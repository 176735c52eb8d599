"""Figures on their way to the pages; how they look there is tested in a browser."""

import base64
import re

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book.figures import for_pages
from cnnlib import plots
from cnnlib.plots.choosing import CHOICES


def shown_by(monkeypatch, draw):
    """The output that a notebook stores of ``draw()``."""
    put_out = []
    monkeypatch.setattr(plots.basic, "display", lambda data, **more: put_out.append((data, more)))
    monkeypatch.setenv("CNNLIB_SLIDERS", "off")
    draw()
    ((data, more),) = put_out
    data["image/png"] = base64.b64encode(data["image/png"]).decode()
    return new_output("display_data", data=data, metadata=more["metadata"])


def bars(n=2):
    return plots.bars({"a": float(n)}, xlabel="x")


@pytest.fixture
def on_page(tmp_path):
    """The cell with these outputs as the book has it, whose files are in ``tmp_path``."""

    def on_page(*outputs):
        cell = new_code_cell(outputs=list(outputs))
        notebook = new_notebook(cells=[new_markdown_cell("Words"), cell])
        return for_pages(notebook, tmp_path).cells[1]

    return on_page


def test_words_width_and_kind_are_carried_over(monkeypatch, on_page):
    output = shown_by(monkeypatch, lambda: plots.show(bars()))
    width = output.metadata["image/png"]["width"]
    assert 500 < width < 900
    assert on_page(output).metadata.mystnb == {
        "image": {
            "alt": "Bar chart of x. a 2.",
            "classes": "figure figure-drawing",
            "width": f"{width}px",
        }
    }


@pytest.mark.parametrize("metadata", [{}, {"image/png": {}}, {"image/png": {"width": 90}}])
def test_a_picture_that_is_not_ours_is_left_as_it_is(metadata, on_page):
    output = new_output("display_data", data={"image/png": "AAAA"}, metadata=metadata)
    cell = on_page(output)
    assert "mystnb" not in cell.metadata and cell.outputs[0].data == {"image/png": "AAAA"}


def test_figures_drawn_in_advance_become_a_place_in_the_page(monkeypatch, on_page, tmp_path):
    output = shown_by(monkeypatch, lambda: plots.sliders(bars, n=range(5)))
    assert set(output.data) == {"image/png", "text/plain", CHOICES}
    (shown,) = on_page(output).outputs
    assert set(shown.data) == {"text/html"} and isinstance(shown.data, NotebookNode)
    image = r'<img class="figure figure-drawing" src="(pictures/[0-9a-f]+\.png)" loading="lazy" '
    images = re.findall(image, shown.data["text/html"])
    assert len(set(images)) == 5 and "data:image" not in shown.data["text/html"]
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in images)
    assert shown.data["text/html"].startswith('<div class="choices" ')
    width, height = map(
        int, re.search(r'width="(\d+)" height="(\d+)"', shown.data["text/html"]).groups()
    )
    assert 0.2 < height / width < 1  # its room, before it is loaded
