"""The rendered book, opened from its folder as an instructor opens it: no server, no network."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urldefrag, urlsplit
from urllib.request import url2pathname

import pytest
from helpers import ROOT, SHOTS, left_this_machine, visit

from book.notebooks import chapters

REPORT = ROOT / "report"
CHAPTERS = [path.stem for path in chapters()]
PAGES = [*CHAPTERS, "glossary", "runs", "api", "any_framework"]  # in the order of the contents
LOOK = """async () => {
    for (const one of document.images) one.loading = "eager"; // and what a slider has not shown
    await Promise.allSettled([...document.images].map(one => one.decode()));
    return {
    links: [...document.links].map(link => link.href),
    anchors: [...document.querySelectorAll("[id]")].map(one => one.id),
    pictures: [...document.images].map(i => [i.src, i.alt, i.complete && i.naturalWidth > 0]),
    formulas: document.querySelectorAll("mjx-container").length,
    broken: document.querySelectorAll("mjx-merror, .math:not(:has(mjx-container))").length,
    prose: [...document.querySelectorAll("article :is(p, li, h1, h2)")].map(one => one.innerText),
}}"""


@pytest.fixture(scope="module", autouse=True)
def rendered():
    """The book; where it is missing or older than its sources, made from the stored outputs."""
    first = REPORT / "index.html"
    sources = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "book").rglob("*.*")]
    sources += (ROOT / "cnnlib" / "plots").rglob("*.*")  # scripts of the pages, too
    newest = max(path.stat().st_mtime for path in sources)
    if not first.exists() or first.stat().st_mtime < newest:
        command = [sys.executable, "-m", "book.build", "report", "--stored"]
        subprocess.run(command, check=True)
    assert first.exists() and CHAPTERS


def url(name):
    return (REPORT / f"{name}.html").as_uri()


def file_of(address):
    return Path(url2pathname(urlsplit(address).path))


def shown(page):
    """Wait until everything is there, formulas included."""
    page.wait_for_load_state()
    page.wait_for_function("!window.MathJax?.startup || MathJax.startup.promise.then(() => true)")


@pytest.fixture(scope="module")
def pages(browser, rendered):
    """What is on each page that a reader can come to from the first one, by its address."""
    found, to_visit = {}, [url("index")]
    with visit(browser) as page:
        while to_visit:
            address = to_visit.pop()
            page.goto(address)
            shown(page)
            found[address] = SimpleNamespace(**page.evaluate(LOOK))
            targets = {urldefrag(link)[0] for link in found[address].links}
            to_visit += [
                target
                for target in sorted(targets - {*found, *to_visit})
                if file_of(target).suffix == ".html" and file_of(target).is_file()
            ]
    return found


def test_addresses_of_other_machines_are_told_from_those_of_this_one():
    own = ["file:///a/b.html", "data:,x", "http://127.0.0.1:88/lab", "ws://localhost:88/api"]
    others = ["https://example.org/x.js", "http://127.0.0.1.example.org/", "wss://example.org/"]
    assert left_this_machine([*own, *others]) == others


def test_every_chapter_can_be_reached(pages):
    assert set(pages) == {url("index"), *map(url, PAGES)}


def test_every_link_leads_somewhere(pages):
    count = 0
    for address, page in pages.items():
        for link in page.links:
            if link.startswith("https://doi.org/"):
                continue  # a reference, which nothing but a reader's click opens
            target, anchor = urldefrag(link)
            assert left_this_machine([link]) == [], f"{address} leads out of the book"
            assert file_of(target).is_file(), f"{address} links to {link}, which is not there"
            if target in pages and anchor:
                assert unquote(anchor) in pages[target].anchors, f"{address}: no {link}"
                count += 1
    assert count > 5 * len(CHAPTERS)  # a chapter has that many sections


def test_every_picture_is_there_and_has_its_words(pages):
    pictures = [picture for page in pages.values() for picture in page.pictures]
    assert len(pictures) > 2 * len(CHAPTERS)
    assert [where for where, alt, loaded in pictures if not (loaded and len(alt) > 30)] == []


def test_formulas_are_set_and_none_is_left_as_text(pages):
    assert sum(page.formulas for page in pages.values()) > 20
    for address, page in pages.items():
        assert page.broken == 0, address
        assert [text for text in page.prose if re.search(r"\$[^$]+\$|\\[(a-z]", text)] == []


def test_from_the_first_chapter_to_the_last_and_back(page):
    page.goto(url("index"))
    way = []
    for button in ("a.right-next", "a.left-prev"):
        while page.locator(button).count():
            page.locator(button).click()
            page.wait_for_load_state()
            way.append(file_of(page.url).stem)
    assert way == [*PAGES, *reversed(PAGES[:-1]), "index"]


def test_light_and_dark_and_paper(page):
    page.goto(url("05_max_pooling"))
    shown(page)
    page.locator("article img").first.scroll_into_view_if_needed()
    brightness = {}
    for chosen in ("dark", "light"):
        page.locator("button.theme-switch-button").locator("visible=true").click()
        page.locator(f"button.theme-change-button[data-mode={chosen}]").click()
        assert scheme(page) == chosen
        brightness[chosen] = background(page)
        page.locator("article h1").click()  # the menu closes
        page.screenshot(path=SHOTS / f"chapter-{chosen}.png")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert scheme(page) == "light"
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert scheme(page) == chosen
    assert brightness["light"] > 240 and brightness["dark"] < 60


def scheme(page):
    return page.evaluate("document.documentElement.dataset.theme")


def background(page):
    """Mean of red, green and blue behind the page, 0 to 255."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(number) for number in re.findall(r"\d+", colour)[:3]) / 3


def test_a_printed_chapter_has_its_text_and_no_controls(page):
    page.goto(url("05_max_pooling"))
    shown(page)
    controls = (
        ".bd-sidebar-primary, .bd-sidebar-secondary, .prev-next-footer, button:not(.enlarges)"
    )
    assert page.locator(controls).locator("visible=true").count() > 3
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})  # A4 without its margins, at 96 dpi
    assert page.locator(controls).locator("visible=true").count() == 0
    assert page.locator("article h1").is_visible()
    pictures = page.locator("article img")
    assert pictures.locator("visible=true").count() == pictures.count() > 2
    cut_off = """all => all.filter(one => one.getBoundingClientRect().right > innerWidth)
                           .map(one => one.textContent.slice(0, 80))"""
    assert page.eval_on_selector_all("article *:not(mjx-container *)", cut_off) == []
    page.pdf(path=SHOTS / "05_max_pooling.pdf", format="A4", prefer_css_page_size=True)
