"""What computes in the pages: its scripts, and the data that they need, beside the pages."""

from collections.abc import Callable, Mapping
from pathlib import Path

from cnnlib.plots.alive import NETWORK, living_data
from cnnlib.plots.drawings import FIELD, LENET, STEPPING, drawings_data
from cnnlib.plots.embedded import PAGES, Embedded
from cnnlib.plots.explorer import EXPLORER, explorer_data

KINDS: Mapping[Embedded, Callable[[], str]] = {
    NETWORK: living_data,
    EXPLORER: explorer_data,
    **dict.fromkeys((LENET, STEPPING, FIELD), drawings_data),
}


def put_scripts(folder: Path) -> None:
    """Write all that the pages need in order to live into ``folder``, which is made.

    Raises StoredRunError where a shipped model is not as it was, DataError without the images.
    """
    folder.mkdir()
    for kind, data in KINDS.items():
        (folder / kind.data).write_text(data(), "utf-8")
        for name in (*kind.styles, *kind.scripts):
            (folder / name).write_bytes((PAGES / name).read_bytes())


def needed(body: str) -> tuple[list[str], list[str]]:
    """Style sheets and scripts of what computes in a page, each once, in the order to load them."""
    styles: dict[str, None] = {}
    scripts: dict[str, None] = {}
    for kind in KINDS:
        if f'class="{kind.kind}"' in body:
            styles |= dict.fromkeys(kind.styles)
            scripts |= dict.fromkeys((kind.data, *kind.scripts))
    return list(styles), list(scripts)
