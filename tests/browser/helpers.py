"""Where a browser may be, and a page in it that notes what goes wrong."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "browser"  # pictures of what the tests saw, for people to look at
USUAL = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
MISSING = (
    "no Chromium or Chrome was found: install one (Debian: apt-get install chromium; elsewhere: "
    "python -m playwright install chromium), or set CHROMIUM to the program's path"
)


def find_browser(bundled):
    """The program's path: $CHROMIUM, a usual place, or ``bundled``, Playwright's own; or None."""
    if given := os.environ.get("CHROMIUM"):
        return shutil.which(given)
    return next(filter(None, map(shutil.which, (*USUAL, bundled))), None)


@contextmanager
def visit(browser):
    """A page of somebody who was never here, on a screen in light colours.

    Fails at the end if it has asked any other machine for anything, or if there was an error
    on the console, an error that no script caught or a file that did not load, other than
    those that were taken out of ``page.complaints``.
    """
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, color_scheme="light")
    page = context.new_page()
    page.complaints, page.requested = [], []

    def on_console(message):
        if message.type == "error":
            page.complaints.append(f"{page.url}: {message.text} {message.location['url']}")

    context.on("request", lambda request: page.requested.append(request.url))
    context.on("requestfailed", lambda request: page.complaints.append(f"{request.url}: failed"))
    page.on("websocket", lambda socket: page.requested.append(socket.url))
    page.on("pageerror", lambda error: page.complaints.append(f"{page.url}: {error}"))
    page.on("console", on_console)
    yield page
    assert page.requested and left_this_machine(page.requested) == []
    assert page.complaints == [], page.complaints
    context.close()


def left_this_machine(addresses):
    """Those that are neither files, nor inside the page, nor of this machine."""
    inside = ("file", "data", "blob")
    own = ("127.0.0.1", "localhost")
    return [
        address
        for address in addresses
        if urlsplit(address).scheme not in inside and urlsplit(address).hostname not in own
    ]
