"""Pages that are soon there: no script that nothing needs, and pictures beside the page."""

import base64
import hashlib
import re
import struct
from pathlib import Path
from typing import Any

# The theme draws nine icons by 1.6 MB of script, which its fonts have as well; the others are
# Sphinx's search, in whose place is our own.
UNUSED = ("fontawesome", "searchtools", "language_data", "searchindex")
SCRIPT = re.compile(rf'\s*<script\b[^>]*\bsrc="[^"]*\b(?:{"|".join(UNUSED)})\.js[^>]*></script>')
INSIDE = re.compile(r'src="data:image/png;base64,([^"]+)"([^>]*\bwidth="(\d+)")?')
PICTURES = "pictures"  # folder of the book


def offer(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Sphinx's ``html-page-context``: what ``templates/layout.html`` calls."""
    context["without_unused"] = without_unused


def without_unused(head: str) -> str:
    """HTML of a page's head without the scripts that are not used."""
    return SCRIPT.sub("", head)


def beside(html: str, folder: Path) -> str:
    """HTML whose pictures, which it carries inside, are files of ``folder``/pictures.

    The browser loads each when it is shown: most are hidden until a slider is moved. Where a
    width is given, a height is, too, so that nothing on the page moves when one is loaded.
    """

    def put(picture: re.Match[str]) -> str:
        content = base64.b64decode(picture[1])
        name = f"{PICTURES}/{hashlib.sha256(content).hexdigest()[:32]}.png"
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        sized = picture[2] or ""
        if sized:
            width, height = struct.unpack(">II", content[16:24])  # as every PNG begins
            sized += f' height="{round(int(picture[3]) * height / width)}"'
        return f'src="{name}" loading="lazy"{sized}'

    return INSIDE.sub(put, html)
