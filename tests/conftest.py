"""What every test may rely on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import caches

BROWSER = Path(__file__).parent / "browser"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Keep the browser tests and the others apart: Playwright's event loop would be in the way of async tests."""
    in_browser = collection_path == BROWSER or BROWSER in collection_path.parents
    if config.option.browser:
        return None if in_browser or collection_path in BROWSER.parents else True
    return True if in_browser else None


@pytest.fixture(autouse=True)
def _empty_caches() -> Iterator[None]:
    yield
    for cache in caches.all(initialized_only=True):
        cache.clear()
