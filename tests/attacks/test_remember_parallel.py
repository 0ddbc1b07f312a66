"""A page full of requests with one remember cookie: one of them restores the session, and none looks like a thief."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from threading import Barrier
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIHandler
from django.db import connection, connections
from django.http import SimpleCookie

from sessionauth import signals
from sessionauth.models import LoginSession, RememberToken
from tests.asking import Answer, Sent, ask, athrough_asgi, connections_kept, handler, scope_of
from tests.attacks.trouble import atomic_requests
from tests.conformance.conftest import heard  # noqa: F401
from tests.remembering import NOBODY, Browser, age, restored

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.conformance.sign_in_urls"),
    pytest.mark.slow,
]

REQUESTS = 40
BURSTS = 20


def at_once(act: Callable[[], Answer], times: int = REQUESTS) -> list[Answer]:
    """Do `act` in as many threads, all let go at the same moment."""
    barrier = Barrier(times)

    def go() -> Answer:
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(go) for _ in range(times)]]


async def _gathered(cookies: dict[str, str]) -> list[Answer]:
    value = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
    scopes = [scope_of("/awho/", [(b"cookie", value)]) for _ in range(REQUESTS)]
    return list(await asyncio.gather(*(athrough_asgi(handler(ASGIHandler), scope) for scope in scopes)))


def burst(way: str, cookies: dict[str, str]) -> list[Answer]:
    """Send the cookies with forty requests at once."""
    if way == "threads":
        return at_once(lambda: ask("wsgi", "/who/", Sent(cookies=cookies)))
    with connections_kept():
        return async_to_sync(_gathered)(cookies)


def cookies_of(answer: Answer) -> dict[str, str]:
    """Return the cookies that `answer` sets."""
    set_cookies = [value for name, value in answer.headers if name == "set-cookie"]
    return {name: morsel.value for value in set_cookies for name, morsel in SimpleCookie(value).items()}


@pytest.fixture
def browser(make_user, password):
    made = Browser()
    made.sign_in(make_user("alice"), password)
    return made


@pytest.mark.parametrize("way", ["threads", "asyncio"])
@pytest.mark.parametrize("atomic", [False, True], ids=["autocommit", "atomic"])
def test_burst__restores_one_session_and_raises_no_alarm(way, atomic, browser, heard):  # noqa: F811
    if atomic and way == "asyncio":
        pytest.skip("Django runs no async view in a transaction")
    value = browser.value
    with heard(signals.remember_token_stolen) as stolen, heard(signals.remember_token_used) as used:
        for number in range(BURSTS):
            with atomic_requests() if atomic else nullcontext():
                answers = burst(way, {"sessionauth_remember": value})
            told: list[Any] = [json.loads(answer.body) for answer in answers]
            winners = [answer for answer in answers if answer.sets_cookies]
            assert told == [restored("alice")] * REQUESTS
            assert (len(winners), len(used)) == (1, number + 1)
            cookies = cookies_of(winners[0])
            value = cookies["sessionauth_remember"]
            if number % 2:  # else the browser lost the session before it could show that it had it
                assert json.loads(ask("wsgi", "/who/", Sent(cookies=cookies)).body) == restored("alice", "session")
    assert stolen == []
    assert LoginSession.objects.filter(restored=True).count() == BURSTS
    assert LoginSession.objects.filter(revoked_at=None).count() == 1
    assert RememberToken.objects.filter(revoked_at=None).count() == 1


def test_burst_of_an_old_value__raises_one_alarm(browser, heard):  # noqa: F811
    old = browser.value
    browser.come_back()
    browser.tell()
    age(RememberToken.objects.get(), minutes=2)
    with heard(signals.remember_token_stolen) as stolen:
        answers = burst("threads", {"sessionauth_remember": old})
    assert [json.loads(answer.body) for answer in answers] == [NOBODY] * REQUESTS
    assert len(stolen) == 1
    assert browser.tell() == NOBODY


def test_burst_after_a_lost_answer__restores_one_session(browser, heard):  # noqa: F811
    old = browser.value
    browser.come_back()
    age(RememberToken.objects.get(), days=1)
    with heard(signals.remember_token_stolen) as stolen:
        answers = burst("threads", {"sessionauth_remember": old})
    assert [json.loads(answer.body) for answer in answers] == [restored("alice")] * REQUESTS
    assert sum(answer.sets_cookies for answer in answers) == 1
    assert stolen == []


def test_logout_amid_a_burst__is_final(browser):
    cookies = {"sessionauth_remember": browser.value}

    def act() -> Answer:
        return ask("wsgi", "/who/", Sent(cookies=cookies))

    for _ in range(3):
        at_once(act, 10)
    RememberToken.objects.get().revoke("logout")
    assert [json.loads(answer.body) for answer in at_once(act, 10)] == [NOBODY] * 10
    assert not LoginSession.objects.filter(revoked_at=None).exists()
