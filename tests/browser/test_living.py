"""The living network, in a page opened from its folder: computed there, and equal to torch."""

import base64
import re

import pytest
import torch
from helpers import SHOTS
from playwright.sync_api import expect
from test_pages import rendered, shown, url  # noqa: F401 (a fixture: the book is there)

import cnnlib
from cnnlib.plots import LIVING
from cnnlib.training import predict_logits

CHAPTER = "19_feature_maps"
COUNT = 200
LOGITS = """([name, images]) => {
    const pixels = Living.bytes(images), model = Living.model(name);
    return Array.from({length: pixels.length / 784}, (_, i) =>
        Array.from(Living.logits(Living.forward(model, pixels.subarray(784 * i, 784 * (i + 1))))));
}"""
PLACE = ".living-network"


def maps_of(page, side, layer):
    """The canvas of a layer: ``side`` is 0 or 1, ``layer`` the name that torch has for it."""
    within = page.locator(f"{PLACE} .model").nth(side).locator(".layer")
    return within.filter(has_text=layer).locator(".maps:not(.filters) canvas").first


def point_at(page, canvas, across, down):
    """Move the pointer to a place of a canvas, as fractions of its sides."""
    canvas.evaluate("one => one.scrollIntoView({block: 'center'})")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])


def panel(page):
    return page.locator(f"{PLACE} .value")


@pytest.fixture
def living(page):
    page.goto(url("index"))
    shown(page)
    expect(page.locator(f"{PLACE} .model")).to_have_count(2)
    return page


@pytest.mark.parametrize("name", LIVING)
def test_the_page_computes_what_torch_computes(living, name):
    some, settings = cnnlib.load().val[:COUNT], cnnlib.CATALOGUE[name].data
    wanted = predict_logits(cnnlib.run(name, train=False).model(), some.images, settings)
    sent = base64.b64encode(some.images.numpy().tobytes()).decode()
    found = torch.tensor(living.evaluate(LOGITS, [name, sent]), dtype=torch.float64)
    assert found.shape == (COUNT, 10) == wanted.shape
    assert (found - wanted).abs().max() < 1e-4


# 50 milliseconds where nothing else runs; more for the one with 20 times the products, because
# other programs may take the processor from it in each of the nine
@pytest.mark.parametrize(("right", "most"), [("maxpool", 50), ("capstone-stack", 250)])
def test_two_models_are_computed_within_a_blink(living, right, most):
    living.locator(f"{PLACE} .model select").nth(1).select_option(right)
    network = living.locator(PLACE)
    times = []
    for _ in range(9):
        living.locator(".given").press("ArrowRight")
        living.wait_for_timeout(30)
        times.append(float(network.get_attribute("data-milliseconds")))
    assert 0 < min(times) < most


def test_a_garment_is_chosen_by_the_keys_and_both_models_answer(living):
    living.get_by_label("ankle boot 1").focus()
    living.keyboard.press("ArrowDown")
    expect(living.get_by_label("ankle boot 2")).to_be_checked()
    said = living.locator(f"{PLACE} .said")
    living.get_by_label("trouser 1").check()
    expect(said).to_contain_text("It is: trouser. maxpool: trouser,")
    expect(living.locator(f"{PLACE} [role=status]")).to_contain_text("maxpool: trouser,")
    shares = living.locator(f"{PLACE} .model").first.locator(".share").all_inner_texts()
    assert len(shares) == 10 and abs(sum(float(s.split()[0]) for s in shares) - 100) < 1


def test_the_picture_is_dragged_drawn_turned_and_brought_back(living):
    given, said = living.locator(".given"), living.locator(f"{PLACE} .said")
    before = pixels(living)
    box = given.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    living.mouse.move(*middle)
    living.mouse.down()
    living.mouse.move(middle[0] + 4 * box["width"] / 28, middle[1], steps=4)
    living.mouse.up()
    expect(living.get_by_label("right", exact=True)).to_have_value("4")
    moved = pixels(living)
    assert moved[100] != before[100] and moved[104] == before[100]
    given.press("ArrowLeft")
    expect(living.get_by_label("right", exact=True)).to_have_value("3")
    for button in ("mirror", "invert", "empty"):
        earlier = pixels(living)
        living.get_by_role("button", name=button, exact=True).click()
        assert pixels(living) != earlier
    expect(said).to_contain_text("Your own drawing.")
    living.get_by_label("draw", exact=True).check()
    living.mouse.click(*middle)
    assert max(pixels(living)) == 255
    given.focus()
    given.press(" ")  # where the pen stands
    living.get_by_role("button", name="as it was").click()
    assert pixels(living) == before
    expect(said).to_contain_text("It is: ankle boot.")


def pixels(page):
    """What both models are given, as the page draws it."""
    page.wait_for_timeout(60)  # drawn with the next picture on the screen
    return page.evaluate(
        """() => { const one = document.querySelector('.given'), size = one.width / 28;
        const data = one.getContext('2d').getImageData(0, 0, one.width, one.height).data;
        return Array.from({length: 784}, (_, i) => data[4 * (size * Math.floor(i / 28) * one.width
            + size * (i % 28))]); }"""
    )


def numbers(page, caption):
    table = panel(page).locator("table.cells").filter(has_text=caption)
    return [float(text.replace("−", "-")) for text in table.locator("td").all_inner_texts()]


def test_a_value_is_the_sum_of_its_25_products(living):
    canvas = maps_of(living, 0, "features.block1.conv")
    point_at(living, canvas, 0.08, 0.6)
    words = panel(living).inner_text()
    window, filters = numbers(living, "window"), numbers(living, "filter")
    products = numbers(living, "25 products")
    assert len(window) == len(filters) == len(products) == 25 and max(map(abs, products)) > 0.05
    for one, weight, product in zip(window, filters, products, strict=True):
        assert abs(one * weight - product) < 0.02  # all three are rounded
    total = float(re.search(r"sum of 25 products ([−\d.]+)", words)[1].replace("−", "-"))
    assert abs(sum(products) - total) < 0.1
    bias = float(re.search(r"[+−] bias [\d.]+", words)[0].replace(" bias ", "").replace("−", "-"))
    value = float(panel(living).locator("b").last.inner_text().replace("−", "-"))
    assert abs(total + bias - value) < 0.015
    assert living.locator(".input .box.window").count() == 1  # where in the picture


def test_a_value_of_the_second_convolution_adds_up_six_maps(living):
    point_at(living, maps_of(living, 1, "features.block2.conv"), 0.3, 0.3)
    expect(panel(living)).to_contain_text("all 6 maps")
    expect(panel(living).get_by_label("input map")).to_be_visible()
    first = numbers(living, "window")
    choice = panel(living).get_by_label("input map")
    other = "2" if choice.input_value() != "1" else "1"
    choice.select_option(label=other)
    expect(panel(living)).to_contain_text(f"window of input map {other}")
    assert numbers(living, "window") != first


def test_a_pooling_window_shows_which_value_won(living):
    point_at(living, maps_of(living, 0, "features.block1.pool"), 0.1, 0.6)
    four = numbers(living, "window")
    won = panel(living).locator("td.won")
    expect(won).to_have_count(1)
    assert float(won.inner_text()) == max(four) and len(four) == 4
    expect(panel(living)).to_contain_text("has won")
    expect(living.locator(f"{PLACE} .box.winner")).to_have_count(1)


def test_every_layer_is_reached_and_explained_by_the_keys(living):
    living.locator(f"{PLACE} .model select").nth(0).select_option("lenet5-var4-mended")
    canvases = living.locator(f"{PLACE} .model").first.locator('[role="application"]')
    assert canvases.count() == 13
    spoken = living.locator(f"{PLACE} [role=status]")
    living.locator(f"{PLACE} .model select").nth(0).focus()
    for i in range(canvases.count()):
        living.keyboard.press("Tab")
        expect(canvases.nth(i)).to_be_focused()
        living.keyboard.press("PageDown")
        living.keyboard.press("ArrowRight")
        words = spoken.inner_text()
        assert re.match(r"(map 2, row \d+, column \d+|number 3): −?[\d.]+\. \S", words), words
        assert panel(living).locator(".where").inner_text().startswith("lenet5-var4-mended, ")
    living.keyboard.press("Escape")
    expect(panel(living)).to_contain_text("Point at a value")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_screen_and_follows_light_and_dark(living, width, scheme):
    living.set_viewport_size({"width": width, "height": 900})
    living.evaluate(f"document.documentElement.dataset.theme = '{scheme}'")
    expect(living.locator(PLACE)).to_have_attribute("data-scheme", scheme)
    point_at(living, maps_of(living, 0, "features.block1.conv"), 0.25, 0.5)
    assert living.evaluate("document.documentElement.scrollWidth") <= width
    cut = living.eval_on_selector_all(
        f"{PLACE} *:not(.spoken, option)",
        "all => all.filter(one => one.getBoundingClientRect().right > innerWidth + 1).length",
    )
    assert cut == 0
    living.screenshot(path=SHOTS / f"living-{scheme}-{width}.png")


def test_on_paper_it_is_a_still_picture(living):
    living.emulate_media(media="print")
    assert (
        living.locator(f"{PLACE} :is(button, .garments, .value)").locator("visible=true").count()
        == 0
    )
    maps = living.locator(f"{PLACE} .layer canvas")
    assert maps.locator("visible=true").count() == maps.count() > 20
    living.pdf(path=SHOTS / "living.pdf", format="A4", prefer_css_page_size=True)


def test_the_chapter_has_its_own_pair(page):
    page.goto(url(CHAPTER))
    shown(page)
    page.get_by_role("button", name="show what was found").click()
    chosen = page.locator(f"{PLACE} .model select")
    assert [chosen.nth(i).input_value() for i in (0, 1)] == ["baseline", "maxpool"]
    canvas = maps_of(page, 0, "features.block1.conv")
    canvas.focus()
    page.keyboard.press("ArrowUp")  # from row 15, column 15 of map 1 to row 13, column 13
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(panel(page).locator(".where")).to_contain_text("map 1, row 13, column 13: ")
    value = panel(page).locator(".where").inner_text().rpartition(" ")[2].replace("−", "-")
    printed = page.locator("article").get_by_text(re.compile(r"\+ bias .* = "), exact=False)
    assert any(text.strip().endswith(f" = {value}") for text in printed.all_inner_texts())
    point_at(page, canvas, 0.1, 0.5)
    box, screen = panel(page).bounding_box(), page.viewport_size["height"]
    assert 0 < box["y"] < box["y"] + box["height"] <= screen  # in view, wherever the map is
    for scheme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{scheme}'")
        behind = "one => getComputedStyle(one.closest('.text_html')).backgroundColor"
        assert page.locator(PLACE).evaluate(behind) == "rgba(0, 0, 0, 0)"  # no pale sheet
        page.screenshot(path=SHOTS / f"living-chapter-{scheme}.png")


def test_pages_without_it_do_not_load_it(page):
    page.goto(url("05_max_pooling"))
    shown(page)
    assert [one for one in page.requested if "living" in one or "forward.js" in one] == []
