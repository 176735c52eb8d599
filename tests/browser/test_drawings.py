"""The three drawings, in pages opened from their folder: their numbers are those of torch."""

import re

import pytest
import torch
import torch.nn.functional as F
from helpers import SHOTS
from playwright.sync_api import expect
from test_pages import rendered, shown, url  # noqa: F401 (a fixture: the book is there)

import cnnlib
from cnnlib.training import normalise

LENET, STEPPING, FIELD = ".lenet-drawing", ".stepping-window", ".seen-pixels"
PLACES = {
    "03_lenet5_baseline": LENET,
    "02_convolution_by_hand": STEPPING,
    "07_extra_convolution": FIELD,
    "19_feature_maps": FIELD,
}
FOUND = f"document.querySelector('{STEPPING}').drawing.found"


@pytest.fixture(scope="module")
def baseline():
    return cnnlib.run("baseline", train=False).model()


@pytest.fixture(scope="module")
def boot():
    """The ankle boot of the drawings, as the model's input."""
    val = cnnlib.load().val
    first = val.images[(val.labels == 9).nonzero()[0]]
    return normalise(first, cnnlib.CATALOGUE["baseline"].data)


def opened(page, name):
    page.goto(url(name))
    shown(page)
    place = page.locator(PLACES[name])
    expect(place.locator(".words")).not_to_be_empty()
    return place


def read(text):
    """The number at the end of a text, as Python writes it."""
    return float(re.search(r"([−\d.]+)\.$", text)[1].replace("−", "-"))


# LeNet-5 --------------------------------------------------------------------------------------


def test_every_layer_has_its_shape_and_its_parameters(page, baseline, boot):
    place = opened(page, "03_lenet5_baseline")
    names = {"features.block1": "pool1", "features.block2.conv": "conv2", "features": "pool2"}
    names |= {"features.block1.conv": "conv1", "head.fc1": "fc1", "head.fc2": "fc2", "head": "fc3"}
    shapes = {}
    hooks = [
        baseline.get_submodule(layer).register_forward_hook(
            lambda _, __, given, name=name: shapes.update({name: given.shape[1:]})
        )
        for layer, name in names.items()
    ]
    baseline(boot)
    for hook in hooks:
        hook.remove()
    counts = {name: baseline.get_submodule(layer) for layer, name in names.items()}
    stages = place.locator(".stage")
    assert stages.count() == 9
    for name, shape in shapes.items():
        stage = stages.filter(has=page.get_by_text(name, exact=True))
        sides = f"{shape[0]} of {shape[1]}×{shape[2]}" if len(shape) == 3 else f"{shape[0]}"
        assert stage.locator("span").inner_text() == sides
        stage.click()
        told = place.locator(".words").inner_text()
        if name.startswith(("conv", "fc")):
            layer = baseline.head.fc3 if name == "fc3" else counts[name]
            assert f" = {cnnlib.count_parameters(layer):,} parameters" in told
        else:
            assert "No parameters." in told
    stages.last.click()
    expect(place.locator(".words")).to_contain_text("The largest of them says: ankle boot.")


def test_another_garment_gives_another_answer_and_keys_reach_every_layer(page):
    place = opened(page, "03_lenet5_baseline")
    place.get_by_label("garment").select_option("trouser")
    place.get_by_label("garment").focus()
    heard = []
    for _ in range(place.locator(".stage").count()):
        page.keyboard.press("Tab")
        heard.append(place.locator("[role=status]").inner_text())
    assert [words.partition(":")[0] for words in heard][:3] == ["image", "conv1", "pool1"]
    assert heard[-1].startswith("fc3:") and heard[-1].endswith("says: trouser.")


# The window that steps --------------------------------------------------------------------------


def torch_at(baseline, boot, work, filter_number, row, column):
    """What a window sees, and the number that it gives, by torch: a list and a number."""
    conv = baseline.features.block1.conv
    if work == "convolution":
        seen = F.pad(boot, (2, 2, 2, 2))[0, 0, row : row + 5, column : column + 5]
        return seen.flatten().tolist(), conv(boot)[0, filter_number, row, column].item()
    maps = torch.relu(conv(boot))
    pool = F.max_pool2d if work == "max pooling" else F.avg_pool2d
    seen = maps[0, filter_number, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
    return seen.flatten().tolist(), pool(maps, 2)[0, filter_number, row, column].item()


@pytest.mark.parametrize("work", ["convolution", "max pooling", "average pooling"])
@pytest.mark.parametrize("filter_number", [0, 3, 5])
@torch.no_grad()
def test_windows_products_and_sums_are_torchs(page, baseline, boot, work, filter_number):
    place = opened(page, "02_convolution_by_hand")
    place.get_by_label("what the window does").select_option(work)
    place.get_by_label("filter").select_option(str(filter_number))
    side = 28 if work == "convolution" else 14
    for row, column in [(0, 0), (side // 2, side // 3), (side - 1, side - 1), (3, side - 1)]:
        place.get_by_label("place of the window").fill(str(row * side + column))
        found = page.evaluate(FOUND)
        part = found["parts"][0] if "parts" in found else found
        seen, value = torch_at(baseline, boot, work, filter_number, row, column)
        assert part["window"] == pytest.approx(seen, abs=1e-6)
        assert found["value"] == pytest.approx(value, abs=1e-5)
        if "parts" in found:
            weight = baseline.features.block1.conv.weight[filter_number, 0].flatten().tolist()
            assert part["filter"] == pytest.approx(weight, abs=1e-6)
            products = [a * b for a, b in zip(seen, weight, strict=True)]
            assert part["products"] == pytest.approx(products, abs=1e-6)
            assert part["sum"] + found["bias"] == pytest.approx(value, abs=1e-5)
        words = place.locator(".words").inner_text()
        assert f"row {row + 1}, column {column + 1} of the map" in words
        assert read(words) == pytest.approx(value, abs=0.00501)


def test_play_pause_step_and_the_end(page):
    place = opened(page, "02_convolution_by_hand")
    at = f"document.querySelector('{STEPPING}').drawing.step"

    def press(name):
        place.get_by_role("button", name=name, exact=True).click()
        return page.evaluate(at)

    start = page.evaluate(at)
    assert press("one step") == start + 1 and press("one step back") == start
    assert press("from the start") == 0 == press("one step back")
    place.get_by_label("pace").select_option("fast")
    press("play")
    page.wait_for_function(f"{at} > 5")
    stopped = press("pause")
    page.wait_for_timeout(200)
    assert page.evaluate(at) == stopped > 5
    place.get_by_label("place of the window").fill("781")
    press("play")
    expect(place.get_by_role("button", name="play", exact=True)).to_be_visible()
    assert page.evaluate(at) == 783 == press("one step")
    spoken = place.locator("[role=status]").inner_text()
    assert re.match(r"row 28, column 28: 25 products with the sum .* with the bias ", spoken)


def test_keys_and_clicks_move_the_window_and_what_comes_later_is_not_drawn(page):
    place = opened(page, "02_convolution_by_hand")
    at = f"document.querySelector('{STEPPING}').drawing.at()"
    canvas = place.locator(".both figure canvas").nth(1)
    row, column = page.evaluate(at)
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    assert page.evaluate(at) == [row + 1, column + 2]
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 9.5 / 28, "y": box["height"] * 4.5 / 28})
    assert page.evaluate(at) == [4, 9]
    opaque = canvas.evaluate(
        """one => { const { data } = one.getContext('2d').getImageData(0, 0, 224, 224);
            return [...Array(784).keys()].filter(i =>
                data[4 * ((8 * Math.floor(i / 28) + 4) * 224 + 8 * (i % 28) + 4) + 3]); }"""
    )
    assert opaque == list(range(4 * 28 + 9 + 1))


# What one number sees ---------------------------------------------------------------------------

BLOCKS = {"conv1": 1, "pool1": 3, "conv2": 4, "pool2": 6}


def touched(baseline, number, row, column):
    """Which pixels the gradient of one place of a layer touches, with all weights set to 1."""
    b1, b2 = baseline.features.block1, baseline.features.block2
    layers = [b1.conv, torch.relu, b1.pool, b2.conv, torch.relu, b2.pool][:number]
    image = torch.ones(1, 1, 28, 28, requires_grad=True)
    maps = image
    for layer in layers:
        maps = layer(maps)
    maps[:, :, row, column].sum().backward()
    seen = image.grad[0, 0] != 0
    rows, columns = seen.any(dim=1).nonzero(), seen.any(dim=0).nonzero()
    ends = [[int(some.min()), int(some.max())] for some in (rows, columns)]
    assert int(seen.sum()) == (ends[0][1] - ends[0][0] + 1) * (ends[1][1] - ends[1][0] + 1)
    return {"rows": ends[0], "columns": ends[1]}


@pytest.mark.parametrize("name", BLOCKS)
def test_the_field_is_what_gradients_touch(page, name):
    model = cnnlib.build("baseline")
    for weights in model.parameters():
        weights.data.fill_(1)
    opened(page, "19_feature_maps")
    number, side = BLOCKS[name], {"conv1": 28, "pool1": 14, "conv2": 10, "pool2": 5}[name]
    for row in range(0, side, 1 if side < 11 else 3):
        column = side - 1 - row // 2
        field = page.evaluate(
            f"([n, at]) => Living.field(document.querySelector('{FIELD}').drawing.steps, n, at)[0]",
            [number, [row, column]],
        )
        assert field == touched(model, number, row, column)


def test_a_number_is_chosen_by_pointer_and_keys_and_its_pixels_are_told(page):
    place = opened(page, "19_feature_maps")
    words = place.locator(".words")
    expect(words).to_contain_text("14×14 pixels: rows 9 to 22, columns 9 to 22.")
    last = place.locator("figure canvas").nth(4)
    last.focus()
    page.keyboard.press("ArrowLeft")
    expect(words).to_have_text(
        re.compile(r"pool2, row 3, column 2, comes from 2×2 numbers of conv2")
    )
    expect(words).to_contain_text("these from 16×16 pixels: rows 7 to 22, columns 3 to 18.")
    assert place.locator("[role=status]").inner_text() == words.inner_text()
    first = place.locator("figure canvas").nth(1)
    first.evaluate("one => one.scrollIntoView({block: 'center'})")
    box = first.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    expect(words).to_have_text(
        "conv1, row 1, column 1, comes from 3×3 pixels: rows 1 to 3, columns 1 to 3."
    )


def test_the_page_of_chapter_7_begins_at_its_last_layer_and_has_no_other_network(page):
    place = opened(page, "07_extra_convolution")
    expect(place.locator(".words")).to_contain_text("pool2, row 3, column 3, comes from")
    assert [one for one in page.requested if "living-data" in one] == []


# As pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("width", [1280, 390])
def test_they_fit_a_screen_in_light_and_dark(page, name, width):
    place = opened(page, name)
    page.set_viewport_size({"width": width, "height": 900})
    for scheme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{scheme}'")
        expect(place).to_have_attribute("data-scheme", scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        behind = "one => getComputedStyle(one.closest('.text_html')).backgroundColor"
        assert place.evaluate(behind) == "rgba(0, 0, 0, 0)"  # no pale sheet
        room = place.bounding_box()
        for part in place.locator("canvas, table, button, select").locator("visible=true").all():
            box = part.bounding_box()
            assert room["x"] - 1 <= box["x"] and box["x"] + box["width"] <= width
        place.screenshot(path=SHOTS / f"drawing-{name[:2]}-{width}-{scheme}.png")


@pytest.mark.parametrize("name", PLACES)
def test_on_paper_they_stand_still(page, name):
    place = opened(page, name)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})
    assert place.locator(".controls, .buttons").locator("visible=true").count() == 0
    canvases = place.locator("canvas")
    assert canvases.locator("visible=true").count() == canvases.count() >= 2
    assert place.locator(".words").is_visible()
