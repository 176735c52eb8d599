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
    intervals,
    lines,
    path,
    show,
    style,
)
from .choosing import sliders
from .drawings import lenet, receptive_field, stepping
from .explorer import explore, first_of_each_class
from .inside import flow, window
from .maps import feature_maps, signed
from .pictures import images
from .results import confusion, confusions, curves, frontier, losses
from .scattered import (
    CLASS_COLOURS,
    MARKERS,
    garments,
    neighbourhood,
    scatter,
    scatter_wrong,
    scatters,
)

__all__ = [
    "CLASS_COLOURS",
    "DPI",
    "LIVING",
    "MARKERS",
    "PALETTE",
    "bars",
    "class_bars",
    "confusion",
    "confusions",
    "curves",
    "describe",
    "explore",
    "feature_maps",
    "figure_of",
    "first_of_each_class",
    "flow",
    "frontier",
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
