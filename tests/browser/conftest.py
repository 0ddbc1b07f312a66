"""One Chromium for the browser tests, the one of the system; a fresh profile for each test.

`page` is an ordinary Playwright page on `live_server`; a test that leaves an error in its console fails.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, sync_playwright

SHOTS = Path(__file__).parents[2] / "build" / "shots"
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


def find_chromium() -> str:
    for name in (os.environ.get("SESSIONAUTH_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return found
    raise pytest.UsageError(
        "no Chromium here: install it (apt-get install chromium) or name it in SESSIONAUTH_CHROMIUM"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def served(live_server: Any) -> str:
    """Have the server, which lives as long as the session, take the MIDDLEWARE of this test, and return its address."""
    handler: Any = live_server.thread.httpd.get_app()
    while handler is not None:  # those of static and of media files answer for the rest as well
        if hasattr(handler, "load_middleware"):
            handler.load_middleware()
        handler = getattr(handler, "application", None)
    return str(live_server.url)


@pytest.fixture
def new_context(browser: Browser, served: str) -> Iterator[Callable[..., BrowserContext]]:
    """Open another browser profile, `new_context(color_scheme="dark", viewport=…)`: another person or device."""
    contexts = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(base_url=served, locale="en-GB", **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def watched(new_context: Callable[..., BrowserContext]) -> Iterator[Callable[..., Page]]:
    """Open a page in a profile of its own; whatever lands in its console as an error fails the test."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # The status of a page is asserted by the test that asks for it; Chromium logs every 4xx.
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    def make(**options: Any) -> Page:
        page = new_context(**options).new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    assert errors == []


@pytest.fixture
def page(watched: Callable[..., Page]) -> Page:
    return watched()


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """Fail with axe's report when the page has a barrier."""

    def check(page: Page) -> None:
        report = Axe().run(page)
        assert report.violations_count == 0, report.generate_report()

    return check


@pytest.fixture
def shot() -> Callable[..., Path]:
    """Write `build/shots/<name>.png`, of the whole page or of what is in the window."""

    def take(page: Page, name: str, *, full_page: bool = True) -> Path:
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.png"
        try:
            page.screenshot(path=path, full_page=full_page)
        except Error as error:
            # A busy Chromium may have no frame to give at that moment. Any other error, and a second time, is one.
            if "Unable to capture screenshot" not in str(error):
                raise
            page.screenshot(path=path, full_page=full_page)
        return path

    return take
