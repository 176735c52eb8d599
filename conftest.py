"""Settings for every test, and for the kernels that nbval starts (they inherit them)."""

import os
from pathlib import Path

import pytest

from book.notebooks import CHAPTER_NAME

os.environ["CNNLIB_PROGRESS"] = "off"  # bars would differ from the stored outputs
os.environ["CNNLIB_SLIDERS"] = "off"  # so would sliders
os.environ["OMP_NUM_THREADS"] = "1"  # two notebooks run side by side on two cores


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Copies that Jupyter made of a chapter, and notebooks of one's own, are nobody's to test."""
    other = collection_path.suffix == ".ipynb" and not CHAPTER_NAME.fullmatch(collection_path.name)
    return True if other else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Chapters first: files go to the two workers in this order, and the short ones even it out."""
    items.sort(key=lambda item: item.path.suffix != ".ipynb")
