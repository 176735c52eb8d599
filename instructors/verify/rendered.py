"""The report that is checked is the report that is read: the pages handed in, and ours.

What is checked is the notebook; what is read may be a page or a PDF beside it. So the notebook's
report is rendered here, as ``make my-report`` does, and its text is compared with theirs.
"""

import html
import io
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from bs4 import BeautifulSoup

from book.my_report import as_html, chosen
from book.notebooks import ReportError, read

from .gate import shown
from .results import Fact, Outcome, words_of
from .submission import Submission

DASH, PART = "–", "report"
PAGES = re.compile(r"\.pdf$|report[^/]*\.html?$", re.I)
MOST, SHEETS = 4, 60  # pages that are compared; sheets of a PDF that are read
AROUND = 60  # characters shown of where two texts part


def is_page(name: str) -> bool:
    """May it be the report as a page or PDF?"""
    return bool(PAGES.search(PurePosixPath(name).name))


def of_pages(made: Submission, files: Mapping[str, bytes]) -> Iterator[Fact]:
    """A fact for each page handed in: does it say what the notebook's report says?"""
    pages = [name for name in files if is_page(name)][:MOST]
    if not pages or made.problem or not made.tagged:
        return
    try:
        ours = text_of_report(files[made.notebooks[0]])
    except Exception as error:  # what a stranger's notebook makes of the libraries
        why = f"the notebook's report could not be rendered to be compared ({words_of(error)})"
        yield Fact(PART, "report: its pages", DASH, DASH, Outcome.JUDGE, why)
        return
    for name in pages:
        title = f"report: {shown(PurePosixPath(name).name, 60)} says what the notebook says"
        try:
            theirs = text_of_page(name, files[name])
        except ImportError:
            why = "PDFs are read with pypdf, which is not installed: pip install pypdf"
            yield Fact(PART, title, DASH, DASH, Outcome.JUDGE, why)
        except Exception as error:
            why = f"its text cannot be read ({words_of(error)}): compare them yourself"
            yield Fact(PART, title, DASH, DASH, Outcome.JUDGE, why)
        else:
            yield _compared(title, theirs, ours)


def _compared(name: str, theirs: str, ours: str) -> Fact:
    """The same text, whatever its white space?"""
    one, two = ("".join(text.split()) for text in (theirs, ours))
    if one == two:
        return Fact(PART, name, DASH, DASH, Outcome.RIGHT)
    at = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), None)
    start = max(0, (min(len(one), len(two)) if at is None else at) - AROUND // 3)
    why = "it is another text than the notebook's, from here on: which of them do you read?"
    first, second = (shown(text[start : start + AROUND]) or DASH for text in (one, two))
    return Fact(PART, name, f"… {first}", f"… {second}", Outcome.JUDGE, why)


def text_of_report(notebook: bytes) -> str:
    """The text of the report that ``make my-report`` renders of an executed notebook."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.ipynb"
        path.write_bytes(notebook)
        page, _ = chosen(read(path))
        for cell in page.cells:  # a picture's address may be any file of this machine
            if cell.cell_type == "markdown":
                cell.source = without_pictures(cell.source)
        return _text(as_html(page, Path(folder)))


def without_pictures(markdown: str) -> str:
    """The same text, in which no picture has an address that is opened."""
    plain = re.sub(r"!\[([^\]]*)\]\s*(\([^)]*\)|\[[^\]]*\])", "", markdown)
    return re.sub(r"<\s*img\b[^>]*>?", "", plain, flags=re.I)


def text_of_page(name: str, content: bytes) -> str:
    """The text of a page or PDF that was handed in."""
    if not name.lower().endswith(".pdf"):
        return _text(content.decode("utf-8", "replace"))
    from pypdf import PdfReader

    sheets = PdfReader(io.BytesIO(content)).pages
    if len(sheets) > SHEETS:
        raise ReportError(f"it has {len(sheets)} pages")
    # the last line of each is its number
    return "\n".join(re.sub(r"\s*\d+\s*/\s*\d+\s*$", "", one.extract_text()) for one in sheets)


def _text(page: str) -> str:
    whole = BeautifulSoup(page, "html.parser")
    return html.unescape((whole.main or whole).get_text(" "))
