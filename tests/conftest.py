"""What every test may rely on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import copy_context
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.utils import translation

pytest.register_assert_rewrite("tests.contracts", "tests.asking", "tests.attacks")

BROWSER = Path(__file__).parent / "browser"
LONGEST_NAME = 32


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Keep the browser tests and the others apart: Playwright's event loop would be in the way of async tests."""
    in_browser = collection_path == BROWSER or BROWSER in collection_path.parents
    if config.option.browser:
        return None if in_browser or collection_path in BROWSER.parents else True
    return True if in_browser else None


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Number long texts instead of spelling them out: what holds a new secret has another name in every process."""
    return argname if isinstance(val, str) and len(val) > LONGEST_NAME else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run each test in a context of its own.

    Django's URL resolvers leave a context variable behind each time they are made anew, and asgiref carries all of them
    from thread to thread: in one context, a suite as long as this one spends most of its time on that.
    """
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    copy_context().run(runtestprotocol, item, nextitem=nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.fixture(autouse=True)
def _empty_caches() -> Iterator[None]:
    yield
    for cache in caches.all():  # also those that only a thread has used
        cache.clear()
    writing, spotless = import_module("sessionauth.audit.writing"), import_module("sessionauth.guards.spotless")
    for recent in (writing._told, writing._unanswered, spotless._failed):
        recent.clear()


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """Undo what LocaleMiddleware leaves active in the thread."""
    yield
    translation.deactivate()


@pytest.fixture
def password() -> str:
    """The password of everybody that `make_user` makes."""
    return "correct horse battery staple"


@pytest.fixture
def make_user(db: None, password: str) -> Callable[..., Any]:
    """`make_user("alice", is_staff=True)`: a user of whichever model the settings project has."""

    def make(name: str = "alice", **fields: Any) -> Any:
        model = get_user_model()
        if model.get_email_field_name() == model.USERNAME_FIELD:
            name = f"{name}@example.org"
        else:
            fields.setdefault(model.get_email_field_name(), f"{name}@example.org")
        return model._default_manager.create_user(name, password=password, **fields)

    return make


@pytest.fixture
def guarded(settings: Any) -> Callable[..., None]:
    """`guarded(entry, …)`: switch the guards on, those of LOGIN_GUARDS or, where any are given, these."""

    def switch_on(*entries: Any) -> None:
        settings.SESSIONAUTH_GUARDS_ENABLED = True
        if entries:
            settings.SESSIONAUTH_LOGIN_GUARDS = list(entries)

    return switch_on
