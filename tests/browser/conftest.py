"""A browser that nobody sees, and what no page in it may do.

``make test-browser`` runs this folder; ``make test`` leaves it out, because it needs Chromium.
"""

import pytest
from helpers import MISSING, SHOTS, find_browser, visit
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="session")
def browser():
    SHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        program = find_browser(playwright.chromium.executable_path)
        if program is None:
            pytest.exit(MISSING, returncode=1)
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page of somebody who was never here; see ``visit``."""
    with visit(browser) as page:
        yield page
