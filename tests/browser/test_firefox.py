"""The rendered book in Firefox, from its folder: the main things, by real clicks and keys.

Playwright does not drive the Firefox that people have; Mozilla's own marionette-driver does.
"""

import base64
import os
import shutil
from types import SimpleNamespace

import pytest
import torch
from helpers import ROOT, SHOTS, left_this_machine
from marionette_driver.by import By
from marionette_driver.keys import Keys
from marionette_driver.marionette import Marionette
from marionette_driver.wait import Wait
from test_explorer import LONELY, SPOT
from test_living import LOGITS
from test_pages import rendered, url  # noqa: F401 (a fixture: the book is there)

import cnnlib
from cnnlib.support.chapters import unseen
from cnnlib.training import predict_logits

USUAL = (
    *("firefox", "firefox-esr", "/Applications/Firefox.app/Contents/MacOS/firefox"),
    r"C:\Program Files\Mozilla Firefox\firefox.exe",
)
MISSING = (
    "no Firefox was found: install one (Debian: apt-get install firefox-esr), or set FIREFOX to "
    "the program's path"
)
ERRORS = """return Services.console.getMessageArray()
    .filter(one => one instanceof Ci.nsIScriptError && !(one.flags & one.warningFlag))
    .filter(one => one.sourceName.startsWith("file:")).map(one => one.toString())"""
ASKED = "return performance.getEntriesByType('resource').map(one => one.name)"

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # its sockets, while it waits


class Reader:
    """Somebody at Firefox: goes to a page, waits for things and uses them."""

    def __init__(self, firefox, downloads):
        self.firefox, self.downloads = firefox, downloads

    def goes_to(self, name):
        self.firefox.navigate(url(name))

    def tells(self, script, *arguments):
        """What the page's own scripts give for a function's text."""
        return self.firefox.execute_script(
            f"return ({script})(...arguments)", arguments, sandbox=None
        )

    def sees(self, selector):
        """The element, once it is shown."""
        found = SimpleNamespace()

        def shown(firefox):
            all_of_them = firefox.find_elements(By.CSS_SELECTOR, selector)
            found.first = next((one for one in all_of_them if one.is_displayed()), None)
            return found.first

        Wait(self.firefox, timeout=20).until(shown, message=f"{selector} is not shown")
        return found.first

    def reads(self, selector, words):
        """Wait for these words in an element that is shown."""
        Wait(self.firefox, timeout=20).until(
            lambda _: words in self.sees(selector).text, message=f"no {words!r} in {selector}"
        )

    def points_at(self, x, y, click=False):
        pointer = self.firefox.actions.sequence("pointer", "mouse", {"pointerType": "mouse"})
        pointer.pointer_move(round(x), round(y))
        (pointer.click() if click else pointer).perform()

    def shoots(self, name):
        (SHOTS / f"firefox-{name}.png").write_bytes(
            self.firefox.screenshot(format="binary", full=False)
        )


def find_firefox():
    """The program's path: $FIREFOX or a usual place; or None."""
    given = os.environ.get("FIREFOX")
    return next(filter(None, map(shutil.which, (given,) if given else USUAL)), None)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    if (program := find_firefox()) is None:
        pytest.skip(MISSING)
    downloads = tmp_path_factory.mktemp("downloads")
    firefox = Marionette(
        app="fxdesktop",  # where the program is a script, as in Debian, it cannot tell
        bin=program,
        headless=True,
        port=0,  # a free one
        gecko_log=str(SHOTS / "firefox.log"),
        prefs={"browser.download.folderList": 2, "browser.download.dir": str(downloads)},
    )
    firefox.start_session()
    firefox.set_window_rect(width=1400, height=1000)
    yield Reader(firefox, downloads)
    firefox.cleanup()


@pytest.fixture
def reader(firefox):
    """Fails at the end where a script of the last page has an error, or asked another machine."""
    yield firefox
    assert left_this_machine(firefox.firefox.execute_script(ASKED)) == []
    with firefox.firefox.using_context("chrome"):
        assert firefox.firefox.execute_script(ERRORS) == []


def test_predicting_unfolds_what_was_found_and_is_remembered(reader):
    reader.goes_to("05_max_pooling")
    assert reader.tells("() => document.querySelectorAll('.not-yet').length") > 0
    reader.sees(".prediction button").click()
    for _ in range(2):  # another visit
        reader.reads(".prediction [role=status]", "Noted: higher.")
        assert reader.tells("() => document.querySelectorAll('.not-yet').length") == 0
        reader.goes_to("05_max_pooling")
    reader.shoots("predicted")


def test_the_living_network_computes_what_torch_computes(reader):
    reader.goes_to("index")
    reader.sees(".living-network .given").send_keys(Keys.ARROW_RIGHT)
    reader.reads(".living-network output", "1")
    reader.reads(".living-network .said", "It is: ")
    some, settings = cnnlib.load().val[:20], cnnlib.CATALOGUE["baseline"].data
    wanted = predict_logits(cnnlib.run("baseline", train=False).model(), some.images, settings)
    sent = base64.b64encode(some.images.numpy().tobytes()).decode()
    found = torch.tensor(reader.tells(LOGITS, ["baseline", sent]), dtype=torch.float64)
    assert (found - wanted).abs().max() < 1e-4
    reader.shoots("living")


def test_pointing_at_the_map_shows_a_garment_and_a_click_its_neighbours(reader):
    reader.goes_to("21_tsne")
    reader.sees(".map-explorer .both canvas")
    lonely = reader.tells(LONELY)
    reader.points_at(*reader.tells(SPOT, [lonely]))
    reader.reads(".map-explorer .side figcaption", ", the network says ")
    reader.points_at(*reader.tells(SPOT, [lonely]), click=True)
    reader.sees(".map-explorer .ten figcaption")
    assert reader.tells("() => document.querySelectorAll('.ten figcaption').length") == 10
    reader.shoots("explored")


def test_a_slider_changes_its_figure_and_a_figure_is_enlarged(reader):
    reader.goes_to("02_convolution_by_hand")
    slider, figure = reader.sees(".choices input[type=range]"), ".choices button.enlarges img"
    for step in (1, 2):
        slider.send_keys(Keys.ARROW_RIGHT)
        assert f"at step {step}, stride 1" in reader.sees(figure).get_attribute("alt")
    small = reader.sees(figure).rect["width"]
    reader.sees(figure).click()
    large = reader.sees("dialog.large img")
    assert large.rect["width"] > 1.3 * small
    reader.shoots("enlarged")
    reader.sees("dialog.large button").send_keys(Keys.ESCAPE)
    Wait(reader.firefox).until(lambda f: not f.find_elements(By.CSS_SELECTOR, "dialog.large"))


def test_the_search_finds_and_leads_on(reader):
    reader.goes_to("index")
    reader.sees("button.search-button-field").click()
    reader.sees("#pst-search-dialog input[type=search]").send_keys(f"max pooling{Keys.ENTER}")
    reader.reads("#search-results li a", "5. Max pooling")
    reader.shoots("found")
    reader.sees("#search-results li a").click()
    reader.reads("h1", "5. Max pooling")


def test_a_notebook_is_saved_from_its_page(reader):
    reader.goes_to("05_max_pooling")
    reader.sees(".take-along a[download]").click()
    saved = reader.downloads / "05_max_pooling.ipynb"
    Wait(reader.firefox, timeout=20).until(lambda _: saved.exists() and saved.stat().st_size)
    original = (ROOT / "notebooks" / saved.name).read_text("utf-8")
    assert saved.read_text("utf-8") == unseen(original)


def test_formulas_are_set(reader):
    reader.goes_to("04_training_loop")
    reader.sees("mjx-container")
    Wait(reader.firefox, timeout=20).until(
        lambda _: reader.tells("() => !document.querySelector('.math:not(:has(mjx-container))')")
    )
