"""Django's cache of whole pages above ours: nobody gets a page that was made for somebody else."""

from __future__ import annotations

from itertools import permutations

import pytest

from sessionauth.models import AccessToken, APIKey
from tests.coexistence import idioms
from tests.coexistence.conftest import Browser, vary

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.coexistence.idioms")]

PEOPLE = ["nobody", "alice", "bob", "alice's key", "alice's token", "a service's key"]
SEEN_AS = {"nobody": "None", "alice's key": "alice", "alice's token": "alice", "a service's key": "None"}


@pytest.fixture(autouse=True)
def _page_cache(settings):
    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        *settings.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    idioms.CALLS.clear()


@pytest.fixture
def ask(browser, alice, bob):
    """`ask("bob", path)`: what the body says to one of PEOPLE."""
    signed_in = {user.get_username(): Browser(asgi=browser.asgi) for user in (alice, bob)}
    for user in (alice, bob):
        signed_in[user.get_username()].sign_in(user)
    headers = {
        "alice's key": {"X_Api_Key": APIKey.objects.issue(user=alice)[1]},
        "alice's token": {"Authorization": f"Bearer {AccessToken.objects.issue(user=alice)[1]}"},
        "a service's key": {"X_Api_Key": APIKey.objects.issue(name="service")[1]},
    }
    # A visitor without cookies is a new browser each time.
    return lambda who, path: signed_in.get(who, Browser(asgi=browser.asgi)).get(path, **headers.get(who, {}))


@pytest.mark.parametrize("path", ["/counted/", "/acounted/"])
def test_page_of_somebody__is_never_anybody_elses(ask, path):
    for number, order in enumerate(permutations(PEOPLE, 2)):
        for who in (*order, order[0]):
            body = ask(who, f"{path}?order={number}").content.decode()
            assert body.split()[0] == SEEN_AS.get(who, who), order


@pytest.mark.parametrize("path", ["/counted/", "/acounted/"])
@pytest.mark.parametrize("group", [PEOPLE[:3], PEOPLE[3:]], ids=["browsers", "programs"])
def test_page_of_somebody__is_cached_for_them(ask, path, group):
    # One after the other: Django's cache keeps one list of headers for a URL, and a key's page varies on no cookie.
    first = {who: ask(who, path).content for who in group}
    assert len(set(first.values())) == len(group)
    assert {who: ask(who, path).content for who in group} == first


@pytest.mark.parametrize("path", ["/counted/", "/acounted/"])
def test_page_for_visitors__is_shared_by_all_visitors(ask, path):
    assert ask("nobody", path).content == ask("nobody", path).content == b"None 1"
    ask("alice", path)
    assert ask("nobody", path).content == b"None 1"


def test_page_that_asks_nobody__is_shared_by_visitors_and_people(ask):
    path = "/counted-for-all/"
    assert {ask(who, path).content for who in ("nobody", "alice", "bob", "nobody")} == {b"all 1"}
    assert vary(ask("alice", path)) == set()


def test_private_page__is_not_shown_to_visitors(ask):
    path = "/counted-private/"
    assert ask("nobody", path).status_code == 302
    assert ask("alice", path).content == b"alice 1"
    assert ask("nobody", path).status_code == 302
    assert ask("bob", path).content == b"bob 2"
    assert ask("alice's key", path).content == b"alice 3"
    assert ask("a service's key", path).status_code == 401


def test_revoked_key__does_not_get_the_page_that_was_made_for_it(ask):
    path = "/counted/"
    assert ask("alice's key", path).content == b"alice 1"
    for key in APIKey.objects.all():
        key.revoke()
    refused = ask("alice's key", path)
    assert (refused.status_code, refused["Cache-Control"]) == (401, "no-store")
    assert ask("nobody", path).content == b"None 2"
