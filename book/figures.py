"""Figures on the pages: their words and their size, light or dark, and those with sliders."""

from pathlib import Path

from nbformat import NotebookNode

from cnnlib.plots.choosing import CHOICES

from .lean import beside


def for_pages(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """myst-nb takes what it knows of a picture from the cell: carry it over from the output.

    Figures that were drawn in advance for a slider become a place in the page, which
    ``static/figures.js`` makes the slider for, and files in ``folder``, which is the book's.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            shown = output.get("metadata", {}).get("image/png", {})
            kind = f"figure-{shown.get('kind', 'pictures')}"
            if "alt" in shown:
                image = {"alt": shown["alt"], "classes": f"figure {kind}"}
                if "width" in shown:
                    image["width"] = f"{shown['width']}px"
                cell.metadata["mystnb"] = {"image": image}
            if place := output.get("data", {}).get(CHOICES):
                html = beside(place, folder).replace("<img ", f'<img class="figure {kind}" ')
                output.data = NotebookNode({"text/html": html})
    return notebook
