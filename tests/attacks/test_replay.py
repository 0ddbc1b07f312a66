"""A copy of a session cookie, played back after whatever ended the sign-in: nobody, with every engine, for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone

from sessionauth import logout_everywhere
from sessionauth.models import LoginSession
from sessionauth.sessions import registry
from tests.asking import Sent, ask
from tests.attacks.browsers import COOKIE, cookie_of, engine, row_of, sign_in, user_of  # noqa: F401
from tests.project.ways_urls import urlpatterns as project

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.attacks.test_replay"),
    pytest.mark.usefixtures("engine"),
]

WAYS = [("wsgi", "/tell/"), ("asgi", "/atell/")]
LONG_AGO = timezone.now() - timedelta(days=2)


def revoked_meanwhile(request):
    """A view that has loaded the session when somebody revokes it, and saves it afterwards."""
    assert request.user.is_authenticated
    registry.revoke(row_of(request.user), "lost")
    request.session["cart"] = [1]
    return HttpResponse()


urlpatterns = [*project, path("meanwhile/", revoked_meanwhile)]


def log_out(alice, browser, password, settings):
    browser.post("/logout/")


def revoke(alice, browser, password, settings):
    registry.revoke(row_of(alice), "lost")


def revoke_while_a_request_is_on_its_way(alice, browser, password, settings):
    assert browser.get("/meanwhile/").status_code == 200


def log_out_everywhere(alice, browser, password, settings):
    logout_everywhere(alice)


def be_idle(alice, browser, password, settings):
    settings.SESSIONAUTH_IDLE_TIMEOUT = timedelta(days=1)
    LoginSession.objects.update(last_seen_at=LONG_AGO)


def last_too_long(alice, browser, password, settings):
    settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = timedelta(days=1)
    LoginSession.objects.update(created_at=LONG_AGO, authenticated_at=LONG_AGO)


def change_password(alice, browser, password, settings):
    alice.set_password("another horse")
    alice.save()


def deactivate(alice, browser, password, settings):
    alice.is_active = False
    alice.save()


def deactivate_and_activate(alice, browser, password, settings):
    for value in (False, True):
        alice.is_active = value
        alice.save()


def delete(alice, browser, password, settings):
    alice.delete()


def delete_the_row(alice, browser, password, settings):
    LoginSession.objects.all().delete()


def be_evicted(alice, browser, password, settings):
    settings.SESSIONAUTH_MAX_SESSIONS = 1
    sign_in(alice, password)


def be_somewhere_else(alice, browser, password, settings):
    settings.SESSIONAUTH_SESSION_PROTECTION = "strong"
    browser.get("/tell/", headers={"User-Agent": "curl/8.5.0"})


ENDS = [
    log_out,
    revoke,
    revoke_while_a_request_is_on_its_way,
    log_out_everywhere,
    be_idle,
    last_too_long,
    change_password,
    deactivate,
    deactivate_and_activate,
    delete,
    delete_the_row,
    be_evicted,
    be_somewhere_else,
]


@pytest.mark.parametrize(("way", "view"), WAYS)
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_replayed__is_nobody_and_stays_so(end, way, view, make_user, password, settings):
    alice = make_user("alice")
    browser = sign_in(alice, password)
    copy = cookie_of(browser)
    assert user_of(copy, way, view) == "alice"
    end(alice, browser, password, settings)
    current = cookie_of(browser)
    assert [user_of(cookie, way, view) for cookie in (copy, current, copy)] == [None] * 3
    for name in ("IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT", "MAX_SESSIONS"):
        setattr(settings, f"SESSIONAUTH_{name}", None)
    settings.SESSIONAUTH_SESSION_PROTECTION = "basic"
    assert [user_of(cookie, way, view) for cookie in (copy, current)] == [None, None]


@pytest.mark.parametrize(("way", "view"), WAYS)
def test_replayed__makes_the_browser_forget_it(way, view, make_user, password):
    alice = make_user("alice")
    copy = cookie_of(sign_in(alice, password))
    registry.revoke(row_of(alice))
    assert f'{COOKIE}=""' in (ask(way, view, Sent(cookies={COOKIE: copy})).header("Set-Cookie") or "")
