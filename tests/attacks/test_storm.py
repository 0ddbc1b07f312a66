"""Limit 5: of 200 attempts at once exactly 5 are evaluated, on every path, from threads, tasks and processes.

On SQLite the database counts; in the PostgreSQL round Valkey does, and PostgreSQL where the cache is taken away.
"""

from __future__ import annotations

import asyncio
import json
import os

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.db import connection
from django.http import HttpResponse
from django.urls import path

from sessionauth.guards import counters
from tests.attacks import storm
from tests.attacks.trouble import atomic_requests
from tests.guards.entries import LOCKOUT, rate
from tests.project.ways_urls import urlpatterns as ways

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

TIMES, LIMIT = 200, 5
SYNC = {"form": storm.form, "admin": storm.admin, "basic": storm.api}
BASIC = "sessionauth.authenticators.basic.BasicAuthenticator"


def signs_in_and_fails(request):
    """Ask whose password it is, and fail."""
    storm.authenticate(request, username=request.POST["username"], password=request.POST["password"])
    raise ValueError("the view fails")


def signs_in(request):
    user = storm.authenticate(request, username=request.POST["username"], password=request.POST["password"])
    return HttpResponse(str(user))


def asks_without_itself_and_fails(request):
    """Ask as many do, without the request."""
    storm.call(request.POST["username"], request.POST["password"])
    raise ValueError("the view fails")


urlpatterns = [
    *ways,
    path("fails/", signs_in_and_fails),
    path("fails-without/", asks_without_itself_and_fails),
    path("signs-in/", signs_in),
]


class Directory(BaseBackend):
    """A backend with passwords of its own, such as LDAP."""

    asked: list[str] = []

    def authenticate(self, request, username=None, password=None):
        Directory.asked.append(username)
        return get_user_model().objects.get(username=username) if password == "right" else None


@pytest.fixture
def alice(make_user):
    return make_user("alice", is_staff=True)


HAS_CACHE = "SESSIONAUTH_TEST_VALKEY" in os.environ


@pytest.fixture(params=["cache"] if HAS_CACHE else ["database"])
def counter(request, settings):
    """Count in the shared cache where there is one: in the other round the database counts for the same paths."""
    settings.SESSIONAUTH_CACHE = "default" if request.param == "cache" else "locmem"
    assert (counters.cache.fault() is None) == (request.param == "cache")
    return request.param


#: For tests that ask both counters in the round that has both.
both = pytest.mark.parametrize("counter", ["cache", "database"] if HAS_CACHE else ["database"], indirect=True)


@pytest.fixture(autouse=True)
def _with_basic(settings):
    settings.SESSIONAUTH_AUTHENTICATORS = [BASIC, "sessionauth.authenticators.session.SessionAuthenticator"]


@pytest.mark.parametrize("way", SYNC)
def test_threads__exactly_so_many_are_evaluated(way, counter, guarded, alice):
    guarded(rate("account"))
    with storm.evaluated() as hashed:
        answers = storm.at_once(lambda n: SYNC[way]("alice", f"wrong {n}", n), TIMES)
    assert len(hashed) == LIMIT
    before = 401 if way == "basic" else 200
    assert (answers.count(before), answers.count(429)) == (LIMIT, TIMES - LIMIT)


#: One rule by itself, and several that the database counts by one statement.
ALONE, TOGETHER = [rate("account")], [rate("address", "1000/d"), rate("account", "5/d", "50/d"), LOCKOUT]


@both
@pytest.mark.parametrize("guards", [ALONE, TOGETHER], ids=["alone", "together"])
def test_threads__by_a_call(guards, counter, guarded, alice):
    guarded(*guards)
    with storm.evaluated() as hashed:
        storm.at_once(lambda n: storm.call("alice", f"wrong {n}"), TIMES)
    assert len(hashed) == LIMIT


def test_threads__from_one_address_whatever_it_says_it_is(counter, guarded, alice):
    guarded(rate("address"))
    with storm.evaluated() as hashed:
        storm.at_once(lambda n: storm.api(f"somebody{n}", "wrong", n), TIMES)
    assert len(hashed) == LIMIT


def test_threads__in_whichever_spelling(counter, guarded, alice):
    guarded(rate("account"))
    spellings = ["nobody", "NoBody", "NOBODY ", "ｎobody", "nobod\u0079", "\tnobody", "Nobody\u00a0", "noboDY"]
    with storm.evaluated() as hashed:
        storm.at_once(lambda n: storm.call(spellings[n % len(spellings)], "wrong"), TIMES)
    assert len(hashed) == LIMIT


@pytest.mark.parametrize("guards", [ALONE, TOGETHER], ids=["alone", "together"])
@pytest.mark.parametrize("way", ["acall", "aapi"])
def test_tasks__exactly_so_many_are_evaluated(way, guards, counter, guarded, alice):
    guarded(*guards)

    async def all_at_once():
        return await asyncio.gather(*(getattr(storm, way)("alice", f"wrong {n}", n) for n in range(TIMES)))

    with storm.evaluated() as hashed:
        async_to_sync(all_at_once)()
    assert len(hashed) == LIMIT


@pytest.mark.slow
@both
def test_processes__exactly_so_many_are_evaluated(counter, guarded, alice, settings):
    found = storm.in_processes(
        4,
        TIMES // 4,
        TOGETHER,
        SESSIONAUTH_CACHE=settings.SESSIONAUTH_CACHE,
    )
    assert sum(found) == LIMIT


@pytest.mark.parametrize("is_async", [False, True], ids=["threads", "tasks"])
def test_second_backend__is_asked_exactly_so_often(is_async, counter, guarded, alice, settings):
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.SessionAuthBackend", f"{__name__}.Directory"]
    guarded(rate("account"))
    Directory.asked = []

    async def all_at_once():
        return await asyncio.gather(*(storm.acall("alice", f"wrong {n}") for n in range(TIMES)))

    if is_async:
        async_to_sync(all_at_once)()
    else:
        storm.at_once(lambda n: storm.call("alice", f"wrong {n}"), TIMES)
    assert len(Directory.asked) == LIMIT


@both
@pytest.mark.parametrize("view", ["/signs-in/", "/fails/", "/fails-without/"])
def test_atomic_requests__take_no_count_back(view, counter, guarded, alice):
    """On SQLite one after the other: it has one writer, and a transaction that has read cannot become it at once."""
    guarded(rate("account", "5/d"), LOCKOUT)
    threads = 1 if connection.vendor == "sqlite" else storm.THREADS
    with storm.evaluated() as hashed, atomic_requests():
        storm.at_once(lambda n: storm.form("alice", f"wrong {n}", n, view), 40, threads)
        assert len(hashed) == LIMIT
        assert storm.form("alice", "wrong", 0, view) == (429 if view == "/signs-in/" else 500)
        assert len(hashed) == LIMIT


@both
@pytest.mark.parametrize("guards", [[rate("account", "5/d")], [LOCKOUT], TOGETHER], ids=["rate", "lockout", "together"])
@pytest.mark.parametrize("is_async", [False, True], ids=["threads", "tasks"])
def test_right_ones_at_once__all_get_in(is_async, guards, counter, guarded, alice, password, settings):
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 5
    guarded(*guards)

    async def all_at_once():
        return await asyncio.gather(*(storm.acall("alice", password) for _ in range(12)))

    found = async_to_sync(all_at_once)() if is_async else storm.at_once(lambda n: storm.call("alice", password), 12)
    assert found == [alice] * 12


def test_lockout__not_even_the_right_one_after_the_hundredth(guarded, alice, password, settings):
    """Of 180 at once 100 are evaluated; NIST SP 800-63B-4 section 3.2.2."""
    settings.SESSIONAUTH_LOCKOUT_WAIT_FROM = 1000
    guarded(LOCKOUT)
    with storm.evaluated() as hashed:
        storm.at_once(lambda n: storm.call("alice", f"wrong {n}"), 180)
    assert len(hashed) == 100
    assert storm.call("alice", password) is None
    assert (
        json.loads(storm.Client().get("/tell/", headers={"Authorization": storm.basic("alice", password)}).content)[
            "code"
        ]
        == "account_locked"
    )
