"""What a request costs, beside what Django's own middleware costs in the same test."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest

from sessionauth.models import AccessToken, APIKey
from tests.asking import Sent, ask, counted
from tests.attacks.browsers import COOKIE, cookie_of, engine, old_session, sign_in  # noqa: F401
from tests.contracts import fill

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]

OURS = "sessionauth.middleware.AuthenticationMiddleware"
DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"


@pytest.fixture
def djangos(settings):
    """Swap our middleware for Django's."""

    def swap():
        settings.MIDDLEWARE = [DJANGOS if one == OURS else one for one in settings.MIDDLEWARE]

    return swap


def cost(path, sent, times=3):
    """Return the queries of the last of some equal requests: the first may write what is due, a cookie too."""
    for _ in range(times):
        with counted() as statements:
            answer = ask("wsgi", path, sent)
        assert answer.status == 200
        new = SimpleCookie(answer.header("Set-Cookie") or "")
        sent = Sent(sent.headers, sent.cookies | {name: morsel.value for name, morsel in new.items()})
    return statements, answer


@pytest.mark.parametrize("age", ["listed", "earlier"])
def test_session__costs_no_more_than_djangos(age, engine, djangos, make_user, password):  # noqa: F811
    alice = make_user("alice")
    cookie = cookie_of(sign_in(alice, password)) if age == "listed" else old_session(alice)
    ours, answer = cost("/whoami/", Sent(cookies={COOKIE: cookie}))
    assert b"alice" in answer.body
    djangos()
    theirs, answer = cost("/whoami/", Sent(cookies={COOKIE: cookie}))
    assert b"alice" in answer.body
    assert len(ours) <= len(theirs) == (2 if engine == "db" else 1)


def test_session__of_our_own_backend_costs_no_more(engine, djangos, make_user, client):  # noqa: F811
    client.force_login(make_user("alice"), backend="sessionauth.backends.SessionAuthBackend")
    sent = Sent(cookies={COOKIE: cookie_of(client)})
    ours, _ = cost("/whoami/", sent)
    djangos()
    theirs, _ = cost("/whoami/", sent)
    assert len(ours) <= len(theirs)


@pytest.mark.parametrize("cookies", [{}, {COOKIE: "0" * 32}], ids=["no cookie", "unknown cookie"])
def test_anonymous__costs_no_more_than_djangos(cookies, engine, djangos):  # noqa: F811
    ours, _ = cost("/whoami/", Sent(cookies=cookies))
    djangos()
    theirs, _ = cost("/whoami/", Sent(cookies=cookies))
    assert len(ours) <= len(theirs)


def test_untouched__costs_nothing_and_varies_on_nothing(engine, make_user, password):  # noqa: F811
    cookie = cookie_of(sign_in(make_user("alice"), password))
    for cookies in ({}, {COOKIE: cookie}, {COOKIE: "x" * 32}):
        statements, answer = cost("/untouched/", Sent(cookies=cookies))
        assert (statements, answer.vary, answer.sets_cookies) == ([], set(), False)


@pytest.mark.parametrize("rows", [1, 10_000])
@pytest.mark.parametrize("model", [APIKey, AccessToken])
@pytest.mark.parametrize("path", ["/whoami/", "/untouched/"])
def test_secret__costs_one_query_whatever_the_number_of_rows(path, model, rows, make_user):
    alice = make_user("alice")
    _, secret = model.objects.issue(user=alice)
    fill(model, rows - 1, user=alice)
    for header in ({"X-Api-Key": secret}, {"Authorization": f"Bearer {secret}"}):
        statements, _ = cost(path, Sent(header))
        assert len(statements) == 1


def test_bookkeeping__is_one_write_a_minute(make_user, password):
    alice = make_user("alice")
    sent = Sent(cookies={COOKIE: cookie_of(sign_in(alice, password))})
    assert not any(sql.startswith("UPDATE") for sql in cost("/whoami/", sent, 1)[0])
    _, secret = APIKey.objects.issue(user=alice)
    writes = [
        sum(sql.startswith("UPDATE") for sql in cost("/whoami/", Sent({"X-Api-Key": secret}), 1)[0]) for _ in range(3)
    ]
    assert writes == [1, 0, 0]
