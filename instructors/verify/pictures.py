"""The graph of the losses: is it the one that the histories of the runs give?"""

import io
import os
import re
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from cnnlib import plots
from cnnlib.plots.basic import DPI, rendered

from .reading import Picture, is_number
from .results import Fact, Outcome
from .submission import Model, Submission

DASH = "–"
LONGEST, PIXELS = 1000, 20_000_000  # epochs that are drawn; of a picture that is opened
CLOSE, SAME = 48, 0.0005  # grey levels by which a pixel may differ; the part of them that may more


def of_losses(made: Submission) -> Iterator[Fact]:
    """Is there a graph, and is it that of the histories? If not, a human compares the two."""
    found = [
        picture for cell in made.report for picture in cell.pictures
        if re.search(r"\bloss", f"{cell.source} {picture.alt}")
    ]  # fmt: skip
    name, count, check = "report: graphs of the losses", str(len(found)), "graphs of the losses"
    if not found:
        why = "no picture of losses is displayed"
        yield Fact("report", name, DASH, count, Outcome.MISSING, why, check=check)
        return
    for width in dict.fromkeys(_width(one) for one in found):
        ours = drawn(made.models, width)
        if ours and any(alike(one, ours) for one in found if _width(one) == width):
            yield Fact("report", name, DASH, count, Outcome.RIGHT, check=check)
            return
        made.drawn = ours or made.drawn
    why = "no picture is the one that the histories give: is it of these runs?"
    why += " That one is the last on this page" if made.drawn else ""
    yield Fact("report", name, DASH, count, Outcome.JUDGE, why, check=check)


def drawn(models: list[Model], width: int) -> Picture | None:
    """The graph as the library draws it, so wide in pixels; None without whole histories."""
    runs: list[Any] = []
    for model in models:
        history = model.record.history if model.record else []
        keys = ("epoch", "train_loss", "val_loss")
        if not 0 < len(history) <= LONGEST or not all(
            isinstance(epoch, dict) and all(is_number(epoch.get(key)) for key in keys)
            for epoch in history
        ):
            return None
        runs.append(SimpleNamespace(name=model.name, history=history))
    if not runs:
        return None
    picture = _rendered(runs, DPI)
    dots = round(DPI * width / _width(picture))
    return _rendered(runs, dots) if dots != DPI and 50 <= dots <= 600 else picture


def _rendered(runs: list[Any], dots: int) -> Picture:
    before = os.environ.get("CNNLIB_DPI")
    os.environ["CNNLIB_DPI"] = str(dots)
    try:
        with warnings.catch_warnings(action="ignore"):  # of letters that no font has
            content, alt = rendered(plots.losses(runs))
    finally:
        os.environ.pop("CNNLIB_DPI")
        if before is not None:
            os.environ["CNNLIB_DPI"] = before
    return Picture(content, f"Drawn from the histories handed in: {alt}"[:1000])


def alike(one: Picture, other: Picture) -> bool:
    """Do two pictures show the same, up to another version's smoothing of lines?"""
    if one.content == other.content:
        return True
    first, second = _grey(one), _grey(other)
    if first is None or second is None:
        return False
    (high, wide), (tall, broad) = first.shape, second.shape
    if abs(high - tall) > 2 or abs(wide - broad) > 2:
        return False
    first, second = (grey[: min(high, tall), : min(wide, broad)] for grey in (first, second))
    return bool((np.abs(first - second) > CLOSE).mean() <= SAME)


def _grey(picture: Picture) -> np.ndarray | None:
    """Its grey levels (H, W), int16; None for what is no PNG, or a huge one."""
    try:
        with Image.open(io.BytesIO(picture.content), formats=["PNG"]) as image:
            if image.width * image.height > PIXELS:
                return None
            return np.asarray(image.convert("L"), dtype=np.int16)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _width(picture: Picture) -> int:
    """In pixels, as the head of the file says."""
    return int.from_bytes(picture.content[16:20], "big")
