"""What computes in a page: in JupyterLab a frame that holds everything, in the book a place.

JupyterLab serves files to frames without rights, so the frame carries its scripts inside it.
The stored output is the place alone; the book's pages have the scripts beside them.
"""

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.display import display

from ..support.progress import sliders_are_off

PAGES = Path(__file__).with_name("pages")
FRAME = """<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title><style>{style}</style></head>
<body class="embedded">{place}{scripts}</body></html>"""


@dataclass(frozen=True)
class Embedded:
    """A kind of place, which is its class in HTML, and the files in ``pages/`` that fill it.

    ``data`` is the name of a script beside them in the book, which is made with it. ``height`` is
    that of the frame in JupyterLab.
    """

    kind: str
    title: str
    data: str
    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    height: str = "46rem"

    def place(self, **settings: str) -> str:
        """The empty place, with words for those whose browser runs no scripts."""
        given = "".join(f' data-{key}="{html.escape(value)}"' for key, value in settings.items())
        words = (
            f"{self.title} is shown here by scripts: run this cell in JupyterLab, or open "
            "the chapter's page in a browser."
        )
        return f'<div class="{self.kind}"{given}><p>{words}</p></div>'

    def frame(self, data: str, **settings: str) -> str:
        """A whole page in an <iframe>, which asks for no file; ``data`` is a script."""
        codes = [data, *((PAGES / name).read_text("utf-8") for name in self.scripts)]
        scripts = "".join(f"<script>{closed(code)}</script>" for code in codes)
        style = "\n".join((PAGES / name).read_text("utf-8") for name in self.styles)
        title, place = self.title, self.place(**settings)
        page = FRAME.format(title=title, style=style, place=place, scripts=scripts)
        look = f"width: 100%; height: {self.height}; border: 1px solid #8888"
        return f'<iframe title="{title}" style="{look}" srcdoc="{html.escape(page)}"></iframe>'


def declaring(name: str, what: Mapping[str, Any]) -> str:
    """A script that puts ``what`` where the scripts look for it; a page may have several."""
    told = json.dumps(what, separators=(",", ":"))
    return f"var Living = window.Living ?? {{}};\nLiving.{name} = {told};\n"


def closed(code: str) -> str:
    """The script, so that nothing in it can end its element."""
    return re.sub("</(script)", r"<\\/\1", code, flags=re.I)


def display_embedded(
    what: Embedded, data: Callable[[], str], words: Sequence[str], **settings: str
) -> None:
    """Show ``what``: the frame where somebody can use it, else the place alone.

    ``words`` are what a terminal, which can show neither, says of it.
    """
    place = what.place(**settings)
    shown = place if sliders_are_off() else what.frame(data(), **settings)
    plain = f"[{what.title.lower()}: {', '.join(words)}]"
    display({"text/html": shown, "text/plain": plain}, raw=True)
