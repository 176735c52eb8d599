"""axe, which judges pages as a screen reader would meet them: nothing to complain about.

axe comes with axe-playwright-python; its script is put into each page, so no server is asked.
"""

from pathlib import Path

import axe_playwright_python
import pytest
from test_pages import PAGES, rendered, shown, url  # noqa: F401 (a fixture: the book is there)

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
# with one rule more than usual: what is spoken begins with what is seen; and without fetching
# style sheets again, which a page in a folder may not
RUN = """() => axe.run({preload: false, resultTypes: ['violations'],
    rules: {'label-content-name-mismatch': {enabled: true}}}).then(found => found.violations.map(
    one => `${one.id}: ${one.nodes.length} times, first ${one.nodes[0].html.slice(0, 300)}`))"""
WIDTHS, SCHEMES = (1280, 390), ("light", "dark")
SETTLED = 500  # milliseconds; the theme lets the keys reach what scrolls a while after a change


@pytest.mark.parametrize("name", ["index", *PAGES, "search"])
def test_axe_finds_nothing(page, name):
    found = []
    page.goto(url(name) + ("?q=pooling" if name == "search" else ""))
    shown(page)
    unfold = page.get_by_role("button", name="show what was found")
    if unfold.count():  # what is folded is judged, too
        unfold.click()
    page.evaluate(AXE)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(SETTLED)
            found += [f"{scheme}, {width}: {one}" for one in page.evaluate(RUN)]
    assert page.evaluate("document.documentElement.dataset.theme") == SCHEMES[-1]
    assert found == []


def test_axe_does_find_what_is_wrong(page):
    page.goto(url("runs"))
    page.evaluate("document.querySelector('article').append(new Image())")
    page.evaluate(AXE)
    assert [one for one in page.evaluate(RUN) if one.startswith("image-alt: 1 times")]
