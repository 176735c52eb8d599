"""The way through the pages: predict, search, look up, take along; all from a folder."""

import json

import pytest
from helpers import ROOT, SHOTS
from playwright.sync_api import expect
from test_pages import CHAPTERS, PAGES, REPORT, file_of, rendered, shown, url  # noqa: F401

from cnnlib.support.chapters import unseen

MOST, SOON = 5_000_000, 0.5  # bytes of a page with all it loads; seconds until it is there
BUSY = ("Performance.enable", {"timeDomain": "threadTicks"})  # time of the page's own thread


def opened(page, name="05_max_pooling"):
    page.goto(url(name))
    shown(page)
    return page.locator(".prediction")


def folded(page):
    return page.locator(".not-yet").count()


# Predict, then see -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_was_found_is_folded_until_the_reader_has_predicted(page, name):
    asking = opened(page, name)
    told = page.get_by_text("(You made no prediction.)")
    buttons = asking.get_by_role("button")
    assert told.count() == 1 and not told.is_visible() and folded(page) > 0
    assert buttons.count() >= 2 + 1  # two to choose from, and "show"
    buttons.first.click()
    chosen = buttons.first.inner_text()
    expect(asking.get_by_role("status")).to_contain_text(f"Noted: {chosen}.")
    assert folded(page) == 0 and page.get_by_text("Found: '").last.is_visible()
    verdict = page.get_by_text("Found: '").last.inner_text()
    right = asking.get_attribute("data-found") == chosen
    assert ("as you predicted." if right else f"you predicted '{chosen}'.") in verdict


def test_a_prediction_is_remembered_and_can_be_forgotten(page):
    opened(page).get_by_role("button", name="lower").click()
    asking = opened(page)  # another visit
    assert folded(page) == 0
    expect(asking.get_by_role("button", name="lower")).to_have_attribute("aria-pressed", "true")
    assert folded(opened(page, "06_more_filters").page) > 0  # another chapter, another question
    opened(page).get_by_role("button", name="fold it again").click()
    assert folded(page) > 0
    opened(page)
    assert folded(page) > 0


def test_a_browser_that_keeps_nothing_remembers_while_the_page_is_open(page):
    page.add_init_script("""for (const name of ["getItem", "setItem", "removeItem"]) {
        const real = Storage.prototype[name];
        Storage.prototype[name] = function (key, ...more) {
            if (key.startsWith("prediction:")) throw new DOMException("denied", "SecurityError");
            return real.call(this, key, ...more);
        };
    }""")
    asking = opened(page)
    asking.get_by_role("button", name="lower").click()
    assert folded(page) == 0
    expect(asking.get_by_role("button", name="lower")).to_have_attribute("aria-pressed", "true")
    asking.get_by_role("button", name="fold it again").click()
    assert folded(page) > 0


def test_the_keys_predict(page):
    opened(page).get_by_role("button", name="cannot tell").focus()
    page.keyboard.press("Enter")
    assert folded(page) == 0
    expect(page.get_by_role("button", name="fold it again")).to_be_focused()


def test_a_link_into_what_is_folded_unfolds_it(page):
    opened(page)
    page.locator(".bd-sidebar-secondary a", has_text="Reading the result").click()
    expect(page.get_by_role("heading", name="Reading the result")).to_be_in_viewport()
    page.goto(url("06_more_filters") + "#reading-the-result")
    expect(page.get_by_role("heading", name="Reading the result")).to_be_in_viewport()


def test_paper_and_readers_without_scripts_have_everything(browser, page):
    opened(page)
    page.emulate_media(media="print")
    assert page.get_by_role("heading", name="Reading the result").is_visible()
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(url("05_max_pooling"))
    assert plain.get_by_role("heading", name="Reading the result").is_visible()
    assert plain.get_by_text("(You made no prediction.)").is_visible()
    context.close()


# Search and look up ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "chapter", "words"),
    [
        ("max pooling", "05_max_pooling", "5. Max pooling"),
        ("Max-Pooling", "05_max_pooling", None),
        ("saliency", "19_feature_maps", "19. Feature maps › occlusion map"),
        ("receptive field", "07_extra_convolution", "7. One more convolution › receptive field"),
        ("receptive fields", "07_extra_convolution", "7. One more convolution › receptive field"),
        ("overfitting", "09_dropout", "9. Dropout › overfitting"),
        ("confusion matrices", "20_confusion_matrices", "20. Confusion matrices"),
    ],
)
def test_search_finds_where_a_word_is_meant(page, query, chapter, words):
    page.goto(url("index"))
    page.locator("button.search-button-field").click()
    page.locator("#pst-search-dialog input[type=search]").fill(query)
    page.keyboard.press("Enter")
    results = page.locator("#search-results li")
    expect(page.locator("#search-results [role=status]")).to_be_visible()
    first = results.first
    if words:
        expect(first.locator("a")).to_contain_text(words)
    assert len(first.locator("p").inner_text()) > 20  # what stands there
    page.screenshot(path=SHOTS / f"search-{query.replace(' ', '-')}.png")
    first.locator("a").click()
    assert file_of(page.url).stem == chapter
    anchor = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    place = page.locator(f"[id='{anchor}']") if anchor else page.locator("article h1")
    expect(place).to_be_in_viewport()


def test_search_shows_section_and_words_and_says_when_there_is_nothing(page):
    page.goto(url("search") + "?q=neighbours")
    results = page.locator("#search-results li")
    assert results.count() > 3
    for i in range(3):
        assert " › " in results.nth(i).locator("a").inner_text() or i == 0
        assert results.nth(i).locator("mark").count() > 0
    field = page.locator(".bd-search-container input[type=search]")
    field.fill("<b>zzz</b>")
    expect(page.locator("#search-results")).to_have_text("Nothing was found for “<b>zzz</b>”.")
    field.fill("(")
    expect(page.locator("#search-results li").first).to_be_visible()


def test_a_word_leads_to_the_glossary_and_on_to_its_chapter(page):
    opened(page, "16_augmentation")
    page.locator("a.glossary-term", has_text="softmax").first.click()
    entry = page.locator("#term-softmax")
    expect(entry).to_be_in_viewport()
    page.locator("#term-softmax + dd a").click()
    assert file_of(page.url).stem == "04_training_loop"
    expect(page.locator("#where-softmax")).to_be_in_viewport()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_leads_to_the_chapters_and_fits(page, width, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 1000})
    opened(page, "index")
    drawing = page.locator("svg.book-map")
    drawing.scroll_into_view_if_needed()
    drawing.screenshot(path=SHOTS / f"map-{scheme}-{width}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    size = "one => parseFloat(getComputedStyle(one).fontSize) * one.ownerSVGElement.clientWidth"
    assert drawing.locator("text").first.evaluate(f"one => ({size})(one) / 360") >= 11.5  # pixels
    overlaps = """all => all.filter(one => {
        const [title, minutes] = [...one.querySelectorAll("text")].map(t => t.getBBox());
        return title.x + title.width > minutes.x; }).length"""
    assert drawing.locator("a").evaluate_all(overlaps) == 0
    drawing.get_by_label("5. Max pooling, 35 minutes").locator("circle").click()
    page.wait_for_load_state()
    assert file_of(page.url).stem == "05_max_pooling"


# Take along ------------------------------------------------------------------------------------


def test_a_page_offers_its_notebook_and_the_command_that_opens_it(page):
    opened(page)
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download this notebook").click()
    path = caught.value.path()
    original = (ROOT / "notebooks" / "05_max_pooling.ipynb").read_text("utf-8")
    assert path.read_text("utf-8") == unseen(original) and json.loads(path.read_text("utf-8"))
    assert page.locator(".take-along pre").inner_text().strip() == "make lab ARGS=05"


def test_every_page_offers_its_own_notebook():
    for name in CHAPTERS:
        assert f'href="notebooks/{name}.ipynb" download' in (REPORT / f"{name}.html").read_text()
        assert (REPORT / "notebooks" / f"{name}.ipynb").is_file()


def test_code_is_copied_with_one_click_and_outputs_are_not(page):
    opened(page)
    page.evaluate(
        "document.addEventListener('copy', () => { window.copied = document.activeElement.value })"
    )
    code = page.locator(".cell_input").nth(1)
    code.hover()
    code.locator("button.copybtn").click()
    page.wait_for_function("window.copied")
    wanted = code.locator("pre").inner_text().strip()
    assert page.evaluate("window.copied").strip() == wanted
    expect(code.locator("button.copybtn")).to_have_class("copybtn o-tooltip--left success")
    assert page.locator(".cell_output button.copybtn").count() == 0


# Small and quick -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index", *PAGES, "search"])
def test_a_page_is_small_and_soon_there(page, name):
    inside = page.context.new_cdp_session(page)
    inside.send(*BUSY)  # what the page computes, whatever else the machine does meanwhile
    page.goto(url(name), wait_until="domcontentloaded")
    found = inside.send("Performance.getMetrics")["metrics"]
    took = next(one["value"] for one in found if one["name"] == "TaskDuration")
    shown(page)
    files = {file_of(one) for one in page.requested if one.startswith("file:")}
    size = sum(file.stat().st_size for file in files if file.is_file())
    assert len(files) > 5 and size < MOST, f"{size:,} bytes"
    assert 0 < took < SOON
    with (SHOTS / "sizes.csv").open("a") as log:
        log.write(f"{name},{size},{took:.2f}\n")
