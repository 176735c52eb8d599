"""A chapter in JupyterLab, as a student has it: real clicks, a live kernel, a slider that moves."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
from helpers import ROOT, SHOTS
from nbformat.reader import NotJSONError
from playwright.sync_api import expect

from cnnlib.support import chapters, saving

CHAPTER = "19_feature_maps.ipynb"
SLIDERS = ".jupyter-widgets.widget-vbox:has(.widget-slider)"
SETTINGS = (
    *("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
    *("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR"),
)
NUMBERED = """count => {
    const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
    return prompts.length === count && prompts.every(one => /\\[\\d+\\]/.test(one.textContent));
}"""
MINUTES = 60_000  # Playwright counts in milliseconds


@pytest.fixture
def folder(tmp_path):
    """A copy of the notebooks, so that the committed ones stay as they are."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*"))
    return tmp_path / "notebooks"


@pytest.fixture
def lab(folder, tmp_path):
    """The address of a JupyterLab of our own, without the settings of whoever runs this."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    environment = os.environ | {name: str(tmp_path / name) for name in SETTINGS}
    environment["JUPYTER_CONFIG_PATH"] = str(saving.SETTINGS)  # as `make lab` has it
    del environment["CNNLIB_PROGRESS"], environment["CNNLIB_SLIDERS"]  # both are live
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"]
    command += [f"--port={address.rpartition(':')[2]}", "--ServerApp.port_retries=0"]
    command += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token="]
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with (SHOTS / "jupyterlab.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(f"{address}/api/status", server)
            yield address
        finally:
            server.terminate()  # it ends its kernels, too
            server.wait(60)


def wait_for(address, server):
    for _ in range(240):
        assert server.poll() is None, f"JupyterLab stopped; see {SHOTS / 'jupyterlab.log'}"
        try:
            return urlopen(address, timeout=2).close()
        except (URLError, TimeoutError):
            time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not start; see {SHOTS / 'jupyterlab.log'}")


def test_a_student_runs_a_chapter_and_moves_its_sliders(page, lab, folder):
    page.goto(f"{lab}/lab/tree/{CHAPTER}")
    notebook = page.locator(".jp-NotebookPanel")
    idle = page.get_by_role("button", name=re.compile(r"^Python 3.* \| Idle$"))
    expect(idle).to_be_visible(timeout=2 * MINUTES)

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('[role="menuitem"][data-command="runmenu:run-all"]').click()
    sliders = notebook.locator(SLIDERS)
    expect(sliders).to_be_visible(timeout=3 * MINUTES)
    page.wait_for_function(NUMBERED, arg=len(code_cells(folder)), timeout=9 * MINUTES)
    expect(idle).to_be_visible(timeout=MINUTES)
    assert notebook.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0

    frame = notebook.frame_locator('iframe[title="The living network"]')
    expect(frame.locator(".living-network .said")).to_contain_text("baseline: ankle boot")
    frame.locator(".given").press("ArrowRight")
    expect(frame.locator("output").first).to_have_text("1")
    page.screenshot(path=SHOTS / "lab-living.png")

    drawing = notebook.frame_locator('iframe[title="What one number sees"]')
    drawing.locator("figure canvas").nth(3).press("ArrowUp")
    expect(drawing.locator("[role=status]")).to_contain_text("these from 14×14 pixels: rows 7 to")
    drawing.locator(".words").scroll_into_view_if_needed()
    page.screenshot(path=SHOTS / "lab-field.png")

    picture = sliders.locator("img")
    start = look(picture)
    assert "baseline, 6 maps of 28×28" in start["alt"]
    picture.scroll_into_view_if_needed()
    page.screenshot(path=SHOTS / "lab-before.png")

    value = int(sliders.locator(".widget-readout").inner_text())
    sliders.locator(".noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    expect(sliders.locator(".widget-readout")).to_have_text(str(value + 1))
    next_image = changed(picture, start, "baseline, 6 maps of 28×28")

    sliders.get_by_label("model").select_option("maxpool")
    other_model = changed(picture, next_image, "maxpool, 6 maps of 28×28")

    sliders.get_by_label("layer").select_option("features.block2.pool")
    changed(picture, other_model, "maxpool, 16 maps of 5×5")
    picture.scroll_into_view_if_needed()
    page.screenshot(path=SHOTS / "lab-after.png")

    page.get_by_role("menuitem", name="File", exact=True).click()
    page.locator('[role="menuitem"][data-command="docmanager:save"]').click()
    check_saved(folder)


def test_nothing_pops_up_and_a_notebook_that_is_only_opened_stays_as_it_was(page, lab, folder):
    before = {path.name: path.read_bytes() for path in folder.glob("*.ipynb")}
    for name in ("05_max_pooling.ipynb", CHAPTER):
        page.goto(f"{lab}/lab/tree/{name}")
        idle = page.get_by_role("button", name=re.compile(r"^Python 3.* \| Idle$"))
        expect(idle).to_be_visible(timeout=2 * MINUTES)
        page.wait_for_timeout(3000)  # a toast would be here by now
        assert page.locator(".Toastify__toast").count() == 0
        saved = (folder / name).stat().st_mtime_ns
        page.get_by_role("menuitem", name="File", exact=True).click()
        page.locator('[role="menuitem"][data-command="docmanager:save"]').click()
        deadline = time.monotonic() + 30
        while (folder / name).stat().st_mtime_ns == saved and time.monotonic() < deadline:
            time.sleep(0.3)
    assert {path.name: path.read_bytes() for path in folder.glob("*.ipynb")} == before


SHOWN = """() => [...document.querySelectorAll(".jp-CodeCell")].map(cell => ({
    asks: cell.querySelector(".cm-content").textContent.includes("cnnlib.predict_first("),
    told: cell.querySelectorAll(".jp-OutputArea-output").length > 0,
    number: cell.querySelector(".jp-InputPrompt").textContent,
}))"""


def test_a_readers_copy_tells_nothing_after_its_first_prediction(page, lab, folder):
    chapters.copied(folder / chapters.MINE)  # what `make lab` does before it opens JupyterLab
    name = "05_max_pooling.ipynb"
    page.goto(f"{lab}/lab/tree/{chapters.MINE}/{name}")
    idle = page.get_by_role("button", name=re.compile(r"^Python 3.* \| Idle$"))
    expect(idle).to_be_visible(timeout=2 * MINUTES)
    count = len(code_cells(folder, name))
    page.wait_for_function(
        "count => document.querySelectorAll('.jp-CodeCell .cm-content').length === count", arg=count
    )
    cells = page.evaluate(SHOWN)
    asked = next(i for i, cell in enumerate(cells) if cell["asks"])
    assert any(cell["told"] for cell in cells[: asked + 1]) and asked < count - 5
    for cell in cells[asked + 1 :]:
        assert not cell["told"] and re.fullmatch(r"\[ \]:", cell["number"].strip())
    page.screenshot(path=SHOTS / "lab-copy.png")


EXPLORE = """import numpy as np
from cnnlib import plots
from cnnlib.data import load
chosen = plots.first_of_each_class(20)
points = np.random.default_rng(0).random((200, 2))
near = (np.arange(200)[:, None] + np.arange(1, 11)) % 200
plots.explore({"a map": points}, near, chosen, load().val.labels[chosen])"""


def test_a_student_explores_a_map(page, lab, folder):
    notebook = nbformat.read(folder / CHAPTER, as_version=4)
    notebook.cells = [nbformat.v4.new_code_cell(EXPLORE)]
    nbformat.write(notebook, folder / "explore.ipynb")
    page.goto(f"{lab}/lab/tree/explore.ipynb")
    idle = page.get_by_role("button", name=re.compile(r"^Python 3.* \| Idle$"))
    expect(idle).to_be_visible(timeout=2 * MINUTES)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('[role="menuitem"][data-command="runmenu:run-all"]').click()
    frame = page.frame_locator('iframe[title="A map to explore"]')
    canvas = frame.locator(".both > canvas")
    expect(canvas).to_be_visible(timeout=3 * MINUTES)
    canvas.press("ArrowLeft")
    canvas.press("Enter")
    expect(frame.locator(".ten figcaption")).to_have_count(10)
    expect(frame.locator("[role=status]")).to_contain_text("of its 10 nearest are of its class")
    page.screenshot(path=SHOTS / "lab-explorer.png")


def check_saved(folder):
    """The copy on disk is this session's: numbered, with a live slider, without an error."""
    deadline = time.monotonic() + 60
    live = "application/vnd.jupyter.widget-view+json"  # in place of the committed picture
    while True:
        try:
            cells = code_cells(folder)
        except NotJSONError:  # it is being written
            cells = []
        outputs = [output for cell in cells for output in cell.outputs]
        counts = [cell.execution_count for cell in cells]
        # the committed notebook is numbered too: only the widget tells that this one is saved
        saved = any(live in output.get("data", {}) for output in outputs)
        if cells and saved and counts == list(range(1, len(cells) + 1)):
            break
        assert time.monotonic() < deadline, "not saved, or not every cell was executed"
        time.sleep(0.5)
    assert [output for output in outputs if output.output_type == "error"] == []


def code_cells(folder, name=CHAPTER):
    cells = nbformat.read(folder / name, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def look(picture):
    """The bytes and the words of a picture that the browser could draw, and not cut off."""
    place = picture.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')]").last
    room, box = place.bounding_box(), picture.bounding_box()
    assert box["width"] > 100 and box["x"] + box["width"] <= room["x"] + room["width"]
    return picture.evaluate("i => i.decode().then(() => ({src: i.src, alt: i.alt}))")


def changed(picture, before, words):
    """The picture once its bytes and its text differ from ``before``; it tells ``words``."""
    expect(picture).not_to_have_attribute("src", before["src"], timeout=2 * MINUTES)
    expect(picture).to_have_attribute("alt", re.compile(words))
    after = look(picture)
    assert after["src"] != before["src"] and after["alt"] != before["alt"]
    return after
