"""The one gate through which words of strangers reach a terminal, a page or a table.

Names of files, texts and messages of a submission are kept as they are, and made harmless where
they are put out: control characters, escapes that colour or clear a terminal and marks that turn
the direction of writing around become a replacement character.
"""

import html
import unicodedata

ODD = "\N{REPLACEMENT CHARACTER}"
JOINERS = "\u00ad\u200c\u200d"  # soft hyphen; what joins letters and emoji, or keeps them apart
FORMULA = ("=", "+", "-", "@", "|", "%")  # what a spreadsheet may take for the start of one


def shown(text: str, length: int = 120) -> str:
    """Fit for one line of a terminal: nothing that is not printed, and not long."""
    line = "".join(c if c.isprintable() else ODD for c in text)
    return line if len(line) <= length else line[: length - 1] + "…"


def escaped(text: str) -> str:
    """Fit for a page: as text, with its lines; also within the quotes of an attribute."""
    plain = "".join(c if c.isprintable() or c in "\n\t" + JOINERS else ODD for c in text)
    return html.escape(plain)


def cell(text: str) -> str:
    """Fit for a cell of a table: one line, and no formula, whatever its width and blanks."""
    line = shown(text, 1000)
    start = unicodedata.normalize("NFKC", line).lstrip(f" '\"{ODD}")
    return f"'{line}" if start.startswith(FORMULA) else line
