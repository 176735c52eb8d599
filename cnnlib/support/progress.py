"""Progress bars and sliders, each of which can be switched off: stored outputs stay comparable.

``CNNLIB_PROGRESS=off`` leaves out the bars; ``CNNLIB_SLIDERS=off`` shows the picture at which a
slider starts, and no slider.
"""

import os

from tqdm.auto import tqdm


def bar(total: int, description: str, unit: str) -> tqdm:
    """A bar to feed by hand (``bar.update(n)``); silent when ``CNNLIB_PROGRESS=off``.

    Never wrap an iterable in tqdm here: in a notebook ``tqdm.auto`` calls ``iter()`` twice,
    which draws the shuffled order twice and changes the training.
    """
    off = os.environ.get("CNNLIB_PROGRESS") == "off"
    return tqdm(total=total, desc=description, unit=unit, disable=off, leave=False)


def sliders_are_off() -> bool:
    """Is there nobody to move a slider?"""
    return os.environ.get("CNNLIB_SLIDERS") == "off"


def nobody_watches() -> None:
    """No bars and no sliders from here on, in this process and those that it starts."""
    os.environ.update(CNNLIB_PROGRESS="off", CNNLIB_SLIDERS="off")
