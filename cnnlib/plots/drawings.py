"""Three drawings that compute in the page: LeNet-5, a window that steps, what one number sees.

Their numbers are those of the stored ``baseline``, seed 0, and of one garment of each class. Each
has a small script of its own in ``pages/``, on top of the one that computes the layers.
"""

import functools

from ..data import CLASS_NAMES, load
from ..runs import run
from .alive import base64_of, exported
from .embedded import Embedded, declaring, display_embedded
from .explorer import first_of_each_class

COMMON = ("forward.js", "explain.js", "drawing.js", "values.js", "drawn.js")
LENET, STEPPING, FIELD = (
    Embedded(
        kind=kind,
        title=title,
        data="drawings-data.js",
        scripts=(*COMMON, script),
        styles=("drawings.css",),
        height=height,
    )
    for kind, title, script, height in (
        ("lenet-drawing", "LeNet-5, layer by layer", "lenet.js", "30rem"),
        ("stepping-window", "A window that steps over an image", "stepping.js", "42rem"),
        ("seen-pixels", "What one number sees", "field.js", "30rem"),
    )
)
WORKS = ("convolution", "max pooling", "average pooling")
SEERS = ("conv1", "pool1", "conv2", "pool2")


def lenet() -> None:
    """Show LeNet-5 with the shape of every layer, and what the trained one makes of a garment."""
    display_embedded(LENET, drawings_data, ("every layer with its shape and its maps",))


def stepping(work: str = "convolution") -> None:
    """Show a window that steps over a garment: play, pause, go step by step; its sum is worked out.

    ``work`` is what the window does at first. Raises ValueError for one that is not in ``WORKS``.
    """
    _one_of(work, WORKS, "work")
    display_embedded(STEPPING, drawings_data, (work,), work=work)


def receptive_field(layer: str = "conv2") -> None:
    """Show which pixels one number of a layer sees, traced back through the layers before it.

    ``layer`` is the one at the start. Raises ValueError for one that is not in ``SEERS``.
    """
    _one_of(layer, SEERS, "layer")
    display_embedded(FIELD, drawings_data, (f"from a number of {layer} to the image",), layer=layer)


def _one_of(given: str, known: tuple[str, ...], what: str) -> None:
    if given not in known:
        raise ValueError(f"{what} is {given!r}; expected one of {', '.join(known)}")


@functools.cache
def drawings_data() -> str:
    """The trained baseline and the first validation image of each class: a script."""
    first = first_of_each_class(1)
    declared = {
        "classes": CLASS_NAMES,
        "model": exported(run("baseline", train=False, verbose=False)),
        "pixels": base64_of(load().val.images[first].numpy()),
    }
    return declaring("drawings", declared)
