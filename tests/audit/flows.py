"""Everything that people and programs do about signing in, as a browser does it, sync and async."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate, get_user_model
from django.test import AsyncClient, Client
from django.utils import timezone

from sessionauth.models import APIKey, LoginSession, RememberToken
from sessionauth.sessions import registry
from tests.remembering import age

RIGHT, WRONG = "correct horse battery staple", "not-the-password"
NEW = "a-new-passphrase-of-hers"


class Browser:
    """Django's client or its async one, asked alike."""

    def __init__(self, way: str) -> None:
        self.way = way
        self.client: Any = Client() if way == "sync" else AsyncClient()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)
        return async_to_sync(method) if self.way == "async" and name in ("get", "post", "delete") else method

    def sign_in(self, name: str = "alice", password: str = RIGHT, **more: str) -> Any:
        """Fill in our login page."""
        return self.post("/account/login/", {"username": name, "password": password, **more})

    def basic(self, name: str, password: str) -> Any:
        """Send a password by Basic."""
        plain = base64.b64encode(f"{name}:{password}".encode()).decode()
        return self.get("/whoami/", headers={"authorization": f"Basic {plain}"})

    def call(self, **credentials: str) -> Any:
        """Ask Django's authenticate(), outside of a request."""
        return (authenticate if self.way == "sync" else async_to_sync(aauthenticate))(None, **credentials)

    def leave(self) -> None:
        """Lose the session, as a browser that was closed does."""
        self.client.cookies.pop("sessionid")


def alice() -> Any:
    """Return her as she is now."""
    return get_user_model().objects.get(username="alice")


def right(browser):
    browser.sign_in()


def right_on_django_s_page(browser):
    browser.post("/login/", {"username": "alice", "password": RIGHT})


def right_as_json(browser):
    browser.post("/account/session/", {"username": "alice", "password": RIGHT}, content_type="application/json")


def wrong(browser):
    browser.sign_in(password=WRONG)


def wrong_on_django_s_page(browser):
    browser.post("/login/", {"username": "alice", "password": WRONG})


def wrong_in_the_admin(browser):
    browser.post("/admin/login/", {"username": "alice", "password": WRONG})


def wrong_by_basic(browser):
    browser.basic("alice", WRONG)


def wrong_outside_of_a_request(browser):
    browser.call(username="alice", password=WRONG)


def unknown(browser):
    browser.sign_in("nobody")


def inactive(browser):
    get_user_model().objects.update(is_active=False)
    browser.sign_in()


def too_many(browser):
    for _ in range(7):
        browser.sign_in(password=WRONG)


def too_many_by_basic(browser):
    for _ in range(6):
        browser.basic("alice", WRONG)


def locked(browser):
    for _ in range(2):
        browser.sign_in(password=WRONG)


def signed_out(browser):
    browser.sign_in()
    browser.post("/account/logout/")


def signed_out_by_nobody(browser):
    browser.post("/account/logout/")


def remembered(browser):
    browser.sign_in(remember="on")
    browser.leave()
    browser.get("/whoami/")


def stolen(browser):
    browser.sign_in(remember="on")
    cookie = browser.cookies["sessionauth_remember"].value
    browser.leave()
    browser.get("/whoami/")
    browser.get("/whoami/")
    age(RememberToken.objects.latest("pk"), minutes=2)
    thief = Browser(browser.way)
    thief.cookies["sessionauth_remember"] = cookie
    thief.get("/whoami/")


def confirmed(browser):
    browser.sign_in()
    browser.post("/account/confirm/", {"password": RIGHT})


def confirmed_wrong(browser):
    browser.sign_in()
    browser.post("/account/confirm/", {"password": WRONG})


def changed_password(browser):
    browser.sign_in()
    browser.post("/account/password/", {"old_password": RIGHT, "new_password1": NEW, "new_password2": NEW})


def changed_password_wrong(browser):
    browser.sign_in()
    browser.post("/account/password/", {"old_password": WRONG, "new_password1": NEW, "new_password2": NEW})


def asked_for_a_reset(browser):
    browser.post("/account/password/reset/", {"email": "alice@example.org"})


def ended_another(browser):
    other = Browser(browser.way)
    other.sign_in()
    browser.sign_in()
    browser.post(f"/account/devices/{LoginSession.objects.first().pk}/end/")


def ended_the_others(browser):
    Browser(browser.way).sign_in()
    browser.sign_in()
    browser.post("/account/devices/others/end/")


def ended_all(browser):
    browser.sign_in()
    browser.post("/account/devices/all/end/")


def signed_out_from_outside(browser):
    browser.sign_in()
    registry.logout_everywhere(alice(), "command")


def deactivated(browser):
    browser.sign_in()
    user = alice()
    user.is_active = False
    user.save()


def other_browser(browser):
    browser.sign_in()
    browser.get("/whoami/", headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})


def ran_out(browser):
    browser.sign_in()
    LoginSession.objects.update(last_seen_at=timezone.now() - timedelta(days=2))
    browser.get("/whoami/")


def key_used(browser):
    key, secret = APIKey.objects.issue(user=alice(), name="script")
    browser.get("/whoami/", headers={"x-api-key": secret})
    key.revoke("lost")
    browser.get("/whoami/", headers={"x-api-key": secret})
    browser.get("/whoami/", headers={"x-api-key": secret[:-1]})


def one_too_many(browser):
    Browser(browser.way).sign_in()
    browser.sign_in()
