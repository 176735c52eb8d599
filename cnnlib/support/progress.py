"""Progress bars that can be switched off, so that stored outputs stay comparable."""

import os

from tqdm.auto import tqdm


def bar(total: int, description: str, unit: str) -> tqdm:
    """A bar to feed by hand (``bar.update(n)``); silent when ``CNNLIB_PROGRESS=off``.

    Never wrap an iterable in tqdm here: in a notebook ``tqdm.auto`` calls ``iter()`` twice,
    which draws the shuffled order twice and changes the training.
    """
    off = os.environ.get("CNNLIB_PROGRESS") == "off"
    return tqdm(total=total, desc=description, unit=unit, disable=off, leave=False)
