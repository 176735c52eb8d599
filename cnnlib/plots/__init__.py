"""Figures: each takes data that is already computed and draws it in one style.

Functions with an ``ax`` argument return the Axes, grids return the Figure. Each writes a
text alternative from the data it draws; ``show`` displays the picture together with it.
"""

from .alive import LIVING, living, living_source
from .basic import (
    DPI,
    PALETTE,
    bars,
    class_bars,
    describe,
    figure_of,
    images,
    intervals,
    lines,
    path,
    show,
    style,
)
from .drawings import lenet, receptive_field, stepping
from .explorer import explore, first_of_each_class
from .inside import (
    CLASS_COLOURS,
    MARKERS,
    feature_maps,
    flow,
    garments,
    neighbourhood,
    scatter,
    scatter_wrong,
    scatters,
    signed,
    sliders,
    window,
)
from .results import confusion, curves, losses

__all__ = [
    "CLASS_COLOURS",
    "DPI",
    "LIVING",
    "MARKERS",
    "PALETTE",
    "bars",
    "class_bars",
    "confusion",
    "curves",
    "describe",
    "explore",
    "feature_maps",
    "figure_of",
    "first_of_each_class",
    "flow",
    "garments",
    "images",
    "intervals",
    "lenet",
    "lines",
    "living",
    "living_source",
    "losses",
    "neighbourhood",
    "path",
    "receptive_field",
    "scatter",
    "scatter_wrong",
    "scatters",
    "show",
    "signed",
    "sliders",
    "stepping",
    "style",
    "window",
]
