"""The report that is checked is the report that is read."""

import json

import made_up_files as made_up
import nbformat
import pytest
from made_up_files import NOTEBOOK

from book import my_report
from instructors.verify import Outcome, rendered
from instructors.verify.intake import Limits, take_in
from instructors.verify.reading import notebook
from instructors.verify.submission import Submission

pytestmark = pytest.mark.slow  # renders


def report(change=lambda nb: None):
    """The bytes of an honest notebook, changed, and as `make my-report` renders it: HTML, PDF."""
    content = made_up.honest().notebook(change)[NOTEBOOK]
    page, missing = my_report.chosen(nbformat.reads(content.decode(), as_version=4))
    assert not missing
    return content, page


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """An honest notebook, its page and its PDF, as bytes."""
    pytest.importorskip("pypdf")
    folder = tmp_path_factory.mktemp("report")
    content, page = report()
    html = my_report.as_html(page, folder)
    my_report.as_pdf(html, folder / "my-report.pdf", folder)
    return content, html.encode(), (folder / "my-report.pdf").read_bytes()


def facts(files):
    made = Submission(notebook(files[NOTEBOOK], NOTEBOOK), [], "chain", notebooks=(NOTEBOOK,))
    return [*rendered.of_pages(made, files)]


def test_the_pages_of_the_same_notebook_say_the_same(pages):
    content, html, pdf = pages
    files = {NOTEBOOK: content, "my-report.html": html, "doejohn_12_345_Mine.PDF": pdf}
    assert [fact.verdict for fact in facts(files)] == [Outcome.RIGHT] * 2
    spaced = html.replace(b" ", b"\n  ").replace(b"<p>", b"\n\n<p>")
    assert facts({NOTEBOOK: content, "report.html": spaced})[0].verdict == Outcome.RIGHT


@pytest.mark.parametrize("kind", ["html", "pdf"])
@pytest.mark.parametrize("old, new", [("91.15", "93.15"), ("Because.", "Therefore.")])
def test_what_is_another_text_is_asked_with_its_place(kind, old, new, pages, tmp_path):
    content, html, _ = pages
    other = html.replace(old.encode(), new.encode(), 1)
    if kind == "pdf":
        my_report.as_pdf(other.decode(), tmp_path / "a.pdf", tmp_path)
        other = (tmp_path / "a.pdf").read_bytes()
    (fact,) = facts({NOTEBOOK: content, f"my-report.{kind}": other})
    assert fact.verdict == Outcome.JUDGE and "which of them do you read?" in fact.why
    assert new in fact.claimed and old in fact.recomputed


def test_two_figures_exchanged_are_another_text(pages):
    content, html, _ = pages
    swapped = html.replace(b">249<", b">x<").replace(b">252<", b">249<").replace(b">x<", b">252<")
    (fact,) = facts({NOTEBOOK: content, "report.html": swapped})
    assert swapped != html and fact.verdict == Outcome.JUDGE


@pytest.mark.parametrize(
    "name, bad", [("my-report.pdf", b"%PDF-1.7 cut"), ("my-report.pdf", b""), ("report.html", b"")]
)
def test_a_page_that_cannot_be_read_is_for_a_human_and_no_fault(name, bad, pages):
    (fact,) = facts({NOTEBOOK: pages[0], name: bad})
    assert fact.verdict == Outcome.JUDGE


def test_a_notebook_that_cannot_be_rendered_is_for_a_human(pages):
    odd = json.loads(pages[0])
    odd["cells"][0]["outputs"] = odd["cells"][0]["attachments"] = 5
    (fact,) = facts({NOTEBOOK: json.dumps(odd).encode(), "my-report.html": pages[1]})
    assert fact.verdict == Outcome.JUDGE and "could not be rendered" in fact.why


@pytest.mark.parametrize(
    "name", ["slides.html", "onlinetext.html", "report.ipynb", "report.html.zip", "pdf"]
)
def test_other_files_are_no_pages(name):
    assert not rendered.is_page(name)


@pytest.mark.parametrize(
    "picture", ["![a](/etc/hostname)", "![a][b]", "<img src=/dev/zero>", "<IMG\nsrc='x'"]
)
def test_no_file_of_this_machine_is_opened_for_a_picture(picture):
    assert rendered.without_pictures(f"Why!{picture}") == "Why!"
    assert rendered.without_pictures("So! [a link](b) and so![1]") == "So! [a link](b) and so![1]"


def test_many_and_large_pages_are_passed_over(tmp_path):
    for i in range(9):
        (tmp_path / f"{i}.html").write_bytes(b"x" * (200 if i == 0 else 10))
    (tmp_path / "a.ipynb").write_text("{}")
    taken = take_in(tmp_path, Limits(page=100, pages=3))
    assert sorted(taken.files) == ["1.html", "2.html", "3.html", "a.ipynb"]
