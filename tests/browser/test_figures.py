"""Figures in the rendered book: enlarged, with sliders, sharp, in the dark, on a phone."""

import re

import pytest
from helpers import SHOTS
from playwright.sync_api import expect
from test_pages import CHAPTERS, rendered, shown, url  # noqa: F401 (a fixture: the book is there)

CHOICES = ".choices"
# mean brightness of a picture as the page shows it, 0 to 255
BRIGHTNESS = """bytes => createImageBitmap(new Blob([new Uint8Array(bytes)])).then(image => {
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    return data.reduce((sum, one, i) => sum + (i % 4 === 3 ? 0 : one), 0) / (0.75 * data.length);
})"""


@pytest.fixture
def windows(page):
    """Chapter 2, whose first figures are a garment with its map, and a slider's."""
    page.goto(url("02_convolution_by_hand"))
    shown(page)
    return page


def visible(page):
    return page.locator(f"{CHOICES} >> nth=0").locator("img").locator("visible=true")


def test_a_slider_chooses_among_figures_that_were_drawn_in_advance(windows):
    slider = windows.get_by_label("step", exact=True)
    assert slider.get_attribute("max") == "8" and visible(windows).count() == 1
    assert "Outlined: the window at step 0," in visible(windows).get_attribute("alt")
    slider.focus()
    for step in (1, 2):
        windows.keyboard.press("ArrowRight")
        expect(visible(windows)).to_have_attribute("alt", re.compile(f"at step {step}, stride 1"))
        assert slider.get_attribute("aria-valuetext") == str(step)


def test_menus_and_sliders_go_together(windows):
    place = windows.locator(CHOICES).nth(1)
    shown_now = place.locator("img").locator("visible=true")
    assert "for 'blur', stride 2, padding 0" in shown_now.get_attribute("alt")
    place.get_by_label("kernel").select_option(label="edges down")
    place.get_by_label("padding").fill("2")
    place.get_by_label("stride").fill("0")
    expect(shown_now).to_have_count(1)
    told = shown_now.get_attribute("alt")
    assert "for 'edges down', stride 1, padding 2" in told and told.endswith("side 30.")


def test_a_click_or_a_key_enlarges_a_figure_and_lets_it_go(windows):
    button = windows.locator("article button.enlarges").locator("visible=true").first
    small = button.locator("img").bounding_box()["width"]
    large = windows.locator("dialog.large img")
    for opens, closes in (
        (button.click, lambda: windows.keyboard.press("Escape")),
        (lambda: windows.keyboard.press("Enter"), large.click),
        (
            lambda: button.press("Space"),
            windows.get_by_role("button", name="close", exact=True).click,
        ),
    ):
        opens()
        expect(large).to_be_visible()
        assert large.bounding_box()["width"] > 1.3 * small
        assert large.get_attribute("alt") == button.locator("img").get_attribute("alt")
        windows.screenshot(path=SHOTS / "enlarged.png")
        closes()
        expect(large).to_have_count(0)
        expect(button).to_be_focused()


def test_on_a_phone_a_figure_is_enlarged_to_the_size_in_which_it_was_drawn(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(url("19_feature_maps"))
    shown(page)
    images = page.locator("article button.enlarges img").locator("visible=true")
    drawn = [one for one in images.all() if one.evaluate("i => i.naturalWidth") > 1400]
    assert drawn and page.evaluate("document.documentElement.scrollWidth") <= 390
    for one in drawn[:3]:
        assert one.bounding_box()["width"] <= 390
        one.click()
        large = page.locator("dialog.large img")
        half = one.evaluate("i => i.naturalWidth") / 2
        assert large.bounding_box()["width"] == pytest.approx(half, abs=1)
        page.screenshot(path=SHOTS / "enlarged-390.png")
        page.keyboard.press("Escape")


def test_figures_have_two_pixels_for_one_of_the_page(windows):
    wide = """all => Promise.all(all.map(async one => {
        one.loading = "eager";  // else it comes when it is scrolled to
        await one.decode();
        return [one.naturalWidth, one.getBoundingClientRect().width];
    }))"""
    sizes = windows.locator("article div.cell_output > img, button.enlarges img").locator(
        "visible=true"
    )
    for natural, width in sizes.evaluate_all(wide):
        assert natural >= 1.45 * width  # 1.5 where one of many


def test_in_the_dark_drawings_are_turned_over_and_garments_are_not(windows):
    drawing = windows.locator("img.figure-drawing").locator("visible=true").first
    garment = windows.locator("img.figure-pictures").locator("visible=true").first
    brightness = {}
    for scheme in ("light", "dark"):
        windows.evaluate(f"document.documentElement.dataset.theme = '{scheme}'")
        for name, one in (("drawing", drawing), ("garment", garment)):
            one.scroll_into_view_if_needed()
            taken = one.screenshot(path=SHOTS / f"figure-{name}-{scheme}.png")
            brightness[name, scheme] = windows.evaluate(BRIGHTNESS, list(taken))
    assert brightness["drawing", "light"] > 200 > 70 > brightness["drawing", "dark"]
    difference = brightness["garment", "light"] - brightness["garment", "dark"]
    assert abs(difference) < 25  # a margin is added


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_figure_can_be_enlarged_and_none_is_wider_than_a_phone(page, name):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(url(name))
    shown(page)
    page.get_by_role("button", name="show what was found").click()
    images = page.locator("article div.cell_output img").locator("visible=true")
    assert images.count() == images.and_(page.locator("button.enlarges img")).count() > 0
    right = "all => Math.max(...all.map(one => one.getBoundingClientRect().right))"
    assert images.evaluate_all(right) <= 390
