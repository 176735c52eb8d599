"""Figures that are drawn anew when a slider or a menu is moved; on pages, drawn in advance."""

import base64
import html
import inspect
import itertools
import json
import math
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..support.progress import sliders_are_off
from .basic import DPI, rendered, show, wide

IN_ADVANCE = 3 * DPI // 2  # pixels per inch of a picture that many see none of
#: Beside the picture of the start: all the pictures, which the book makes a place in its page of.
#: JupyterLab, and others that do not know this type, show the picture of the start.
CHOICES = "text/x-choices"


def sliders(
    draw: Callable[..., Axes | Figure], /, *, most: int = 48, **choices: Sequence[Any]
) -> None:
    """Show the figure ``draw(**chosen)``, and draw it anew when a slider or a menu is moved.

    Each of ``choices`` is an argument of ``draw``: a range of integers makes a slider, any
    other sequence a menu of its values. They start at the defaults of ``draw``, else at the
    first value. With ``CNNLIB_SLIDERS=off`` (rendered pages, tests) nobody is there to draw anew:
    up to ``most`` figures are drawn in advance, of some values where there are more, and the page
    has the sliders. Raises ValueError if a start is not among the values.
    """
    parameters = inspect.signature(draw).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    start = {name: defaults.get(name, next(iter(v), None)) for name, v in choices.items()}
    for name, values in choices.items():
        if not len(values):
            raise ValueError(f"{name} has no values to choose from")
        if start[name] not in values:
            raise ValueError(
                f"{name} starts at {start[name]!r}; expected one of its {len(values)} values"
            )
    if sliders_are_off():
        show(draw(**start), more=_in_advance(draw, choices, start, most))
        return
    controls = {name: _control(name, values, start[name]) for name, values in choices.items()}
    # no Output widget, as interact has one: those can stall where a notebook is executed whole.
    # HTML, because ipywidgets' Image has no text alternative
    place = ipywidgets.HTML(_as_html(draw(**start)))

    def redraw(change: Any) -> None:
        try:
            place.value = _as_html(draw(**{name: one.value for name, one in controls.items()}))
        except Exception:  # an error that is raised here is shown nowhere
            place.value = f'<pre role="alert">{html.escape(traceback.format_exc())}</pre>'

    for control in controls.values():
        control.observe(redraw, names="value")
    display(ipywidgets.VBox([*controls.values(), place]))


def _in_advance(
    draw: Callable[..., Axes | Figure],
    choices: dict[str, Sequence[Any]],
    start: dict[str, Any],
    most: int,
) -> dict[str, str]:
    """All figures as HTML, in the order of ``itertools.product``; nothing for a single one."""
    some = {name: list(values) for name, values in choices.items()}
    while (count := math.prod(map(len, some.values()))) > max(most, 1):
        longest = max(some, key=lambda name: len(some[name]))
        room = max(1, max(most, 1) * len(some[longest]) // count)
        some[longest] = _thinned(some[longest], start[longest], room)
    if count == 1:
        return {}
    told = [
        {"name": n, "values": [str(v) for v in some[n]], "at": some[n].index(start[n])}
        | {"slider": isinstance(choices[n], range)}
        for n in some
    ]
    pictures = [
        _as_html(draw(**dict(zip(some, chosen, strict=True))), dpi=IN_ADVANCE)
        for chosen in itertools.product(*some.values())
    ]
    place = f'<div class="choices" data-choices="{html.escape(json.dumps(told))}">'
    return {CHOICES: "\n".join([place, *pictures, "</div>"])}


def _thinned(values: list[Any], start: Any, room: int) -> list[Any]:
    """At most ``room`` of the values, evenly over all of them; ``start`` is one."""
    first = values.index(start)
    step = math.ceil(len(values) / room)
    return values[first % step :: step]


def _control(name: str, values: Sequence[Any], start: Any) -> ipywidgets.ValueWidget:
    """A slider for a range of integers, a menu for all else."""
    look = dict(description=name, style=dict(description_width="5em"), layout=dict(width="28em"))
    if not isinstance(values, range):
        return ipywidgets.Dropdown(options=list(values), value=start, **look)
    ends = dict(min=values[0], max=values[-1], step=values.step)
    return ipywidgets.IntSlider(start, **ends, continuous_update=False, **look)


def _as_html(drawn: Axes | Figure, dpi: int | None = None) -> str:
    """The picture in one <img>, no wider than its place, with its text alternative."""
    picture, alt = rendered(drawn, dpi=dpi)
    data = base64.b64encode(picture).decode()
    width = wide(picture, dpi)
    look = f'alt="{html.escape(alt)}" width="{width}" style="max-width: 100%"'
    return f'<img src="data:image/png;base64,{data}" {look}>'
