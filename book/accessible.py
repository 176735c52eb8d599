"""Mends what the makers of tables, signatures and the theme leave to a screen reader's guess."""

import re
from typing import Any

PARAMETERS = re.compile(r"<dl>\s*(<dd><em class=\"sig-param\">.*?)</dl>", re.S)


def mend(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Sphinx's ``html-page-context``: the page's body, mended."""
    if "body" in context:
        context["body"] = mended(context["body"])


def mended(body: str) -> str:
    """HTML in which no header of a table is empty, and no list has definitions without terms.

    pandas puts an empty header into the corner of a table, Sphinx sets long signatures so.
    """
    body = re.sub(
        r"<th(\s[^>]*)?>\s*(?:<p>\s*</p>\s*)?</th>", lambda one: f"<td{one[1] or ''}></td>", body
    )
    return PARAMETERS.sub(
        lambda one: (
            '<span class="sig-params">'
            + one[1].replace("<dd>", "<span>").replace("</dd>", "</span>")
            + "</span>"
        ),
        body,
    )
