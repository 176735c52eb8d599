"""The map to explore in chapter 21's page: point, click, filter, switch, by pointer and by keys."""

import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from helpers import SHOTS
from playwright.sync_api import expect
from test_pages import rendered, shown, url  # noqa: F401 (a fixture: the book is there)

PLACE = ".map-explorer"
LARGEST = 3_000_000  # bytes of a page with its own pictures and scripts
# where an image is on the screen, for the pointer
SPOT = """([i]) => { const map = document.querySelector('.map-explorer').explorer.map;
    map.canvas.scrollIntoView({block: 'center'});
    const box = map.canvas.getBoundingClientRect(), scale = box.width / map.canvas.width;
    return map.at(i).map((one, k) => one * scale + [box.left, box.top][k]); }"""
# an image that the network gets wrong, with none beside it that could be meant instead
LONELY = """() => { const { map, wrong } = document.querySelector('.map-explorer').explorer;
    const apart = i => Math.min(...wrong.map((_, j) => j === i ? Infinity
        : Math.hypot(...map.at(i).map((one, k) => one - map.at(j)[k]))));
    const all = wrong.map((one, i) => one ? i : -1).filter(i => i >= 0);
    return all.reduce((best, i) => apart(i) > apart(best) ? i : best); }"""


@pytest.fixture
def explorer(page):
    page.goto(url("21_tsne"))
    shown(page)
    expect(page.locator(f"{PLACE} .both canvas").first).to_be_visible()
    return page


def count(page):
    return [int(one) for one in re.findall(r"\d+", page.locator(f"{PLACE} .count").inner_text())]


def pixels(page):
    return page.evaluate("document.querySelector('.map-explorer .both canvas').toDataURL()")


def test_pointing_shows_garment_label_and_prediction(explorer):
    lonely = explorer.evaluate(LONELY)
    explorer.mouse.move(*explorer.evaluate(SPOT, [lonely]))
    side = explorer.locator(f"{PLACE} .side")
    words = side.locator("figcaption").inner_text()
    assert re.fullmatch(r"\S.*, the network says \S.*", words)
    assert side.locator("figure.wrong canvas").count() == 1
    bright = (
        "one => one.getContext('2d').getImageData(0, 0, 140, 140).data.filter(v => v > 99).length"
    )
    assert side.locator("canvas").evaluate(bright) > 140 * 140  # more than its alpha: a garment


def test_a_click_draws_the_ten_nearest_on_every_map(explorer):
    before = pixels(explorer)
    explorer.mouse.click(*explorer.evaluate(SPOT, [explorer.evaluate(LONELY)]))
    ten = explorer.locator(f"{PLACE} .ten figcaption").all_inner_texts()
    assert len(ten) == 10 and pixels(explorer) != before
    maps = [pixels(explorer)]
    for name in ("784 pixels", "84 numbers, untrained"):
        explorer.get_by_label(name, exact=True).check()
        maps.append(pixels(explorer))
        assert explorer.locator(f"{PLACE} .ten figcaption").all_inner_texts() == ten
    assert len(set(maps)) == 3


def test_the_neighbours_are_those_of_the_84_numbers(explorer):
    """The page's neighbours, against those that the library computes anew."""
    import cnnlib
    from cnnlib import plots
    from cnnlib.analysis.features import embed, neighbours

    run, chosen = cnnlib.run("baseline", train=False), plots.first_of_each_class()
    vectors = embed(run.model(), cnnlib.load().val.images[chosen], run.experiment.data)
    wanted = neighbours(vectors)
    found = explorer.evaluate(
        "[...document.querySelector('.map-explorer').explorer.labels.keys()]"
        ".map(i => document.querySelector('.map-explorer').explorer.tenOf(i))"
    )
    same = [len(set(a) & set(b.tolist())) for a, b in zip(found, wanted, strict=True)]
    assert sum(same) / len(same) > 9.9  # rounding may exchange two at the same distance


def test_wrong_only_and_classes_are_filters(explorer):
    total, _, wrong = count(explorer)
    assert total == 1500 > wrong > 50
    explorer.get_by_label("wrong only").check()
    assert count(explorer) == [wrong, total, wrong]
    box = explorer.locator(f"{PLACE} fieldset").get_by_label("shirt", exact=True)
    box.uncheck()
    left = count(explorer)[0]
    assert left < wrong
    explorer.get_by_role("button", name="none", exact=True).click()
    assert count(explorer)[0] == 0
    box.check()
    assert count(explorer)[0] == wrong - left
    explorer.get_by_label("wrong only").uncheck()
    assert count(explorer)[0] == 150
    explorer.get_by_role("button", name="all", exact=True).click()
    assert count(explorer)[0] == total


def test_the_keys_go_from_image_to_image(explorer):
    explorer.locator(f"{PLACE} .both > canvas").focus()
    spoken = explorer.locator(f"{PLACE} [role=status]")
    heard = []
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowDown", "ArrowDown"):
        explorer.keyboard.press(key)
        heard.append(spoken.inner_text())
        assert re.fullmatch(r"\S.*, (so says the network|the network says \S.*)\.", heard[-1])
    looked = "document.querySelector('.map-explorer').explorer.looked"
    here = explorer.evaluate(looked)
    explorer.keyboard.press("Enter")
    expect(spoken).to_contain_text("of its 10 nearest are of its class:")
    explorer.keyboard.press("ArrowRight")
    assert explorer.evaluate(looked) != here
    explorer.keyboard.press("Escape")
    expect(explorer.locator(f"{PLACE} .ten")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_screen_and_follows_light_and_dark(explorer, width, scheme):
    explorer.set_viewport_size({"width": width, "height": 900})
    explorer.evaluate(f"document.documentElement.dataset.theme = '{scheme}'")
    expect(explorer.locator(PLACE)).to_have_attribute("data-scheme", scheme)
    explorer.mouse.click(*explorer.evaluate(SPOT, [explorer.evaluate(LONELY)]))
    expect(explorer.locator(f"{PLACE} .ten figure")).to_have_count(10)
    assert explorer.evaluate("document.documentElement.scrollWidth") <= width
    behind = "one => getComputedStyle(one.closest('.text_html')).backgroundColor"
    assert explorer.locator(PLACE).evaluate(behind) == "rgba(0, 0, 0, 0)"  # no pale sheet
    explorer.locator(PLACE).screenshot(path=SHOTS / f"explorer-{scheme}-{width}.png")


@pytest.mark.parametrize("name", ["index", "19_feature_maps", "21_tsne"])
def test_a_page_with_its_pictures_and_scripts_stays_small(page, name):
    loaded = {}
    for one in ("09_dropout", name):  # the first has nothing but what every page has, and pictures
        page.requested.clear()
        page.goto(url(one))
        shown(page)
        files = {Path(url2pathname(urlsplit(address).path)) for address in page.requested}
        loaded[one] = {file for file in files if file.is_file()}
    own = loaded[name] - loaded["09_dropout"]
    assert len(own) > 5 and sum(file.stat().st_size for file in own) < LARGEST
