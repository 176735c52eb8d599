"""What computes in the pages: its scripts, and the data that they need, beside the pages."""

from collections.abc import Callable, Mapping
from pathlib import Path

from cnnlib.plots.alive import NETWORK, living_data
from cnnlib.plots.embedded import PAGES, Embedded
from cnnlib.plots.explorer import EXPLORER, explorer_data

KINDS: Mapping[Embedded, Callable[[], str]] = {NETWORK: living_data, EXPLORER: explorer_data}


def put_scripts(folder: Path) -> None:
    """Write all that the pages need in order to live into ``folder``, which is made.

    Raises StoredRunError where a shipped model is not as it was, DataError without the images.
    """
    folder.mkdir()
    for kind, data in KINDS.items():
        (folder / kind.data).write_text(data(), "utf-8")
        for name in (*kind.styles, *kind.scripts):
            (folder / name).write_bytes((PAGES / name).read_bytes())
