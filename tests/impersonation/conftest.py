"""A browser in which somebody impersonates, sync and async."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import AsyncClient, Client

from sessionauth.models import Impersonation
from tests.impersonation import site

AUTHENTICATION = "sessionauth.middleware.AuthenticationMiddleware"
IMPERSONATION = "sessionauth.impersonation.middleware.ImpersonationMiddleware"


class Browser:
    """Django's client, sync or async, with CSRF checks and an own token for each form."""

    def __init__(self, is_async=False):
        self.is_async = is_async
        self.client = (AsyncClient if is_async else Client)(enforce_csrf_checks=True)

    @property
    def cookies(self):
        return self.client.cookies

    def ask(self, method, path, data=None, **headers):
        ask = getattr(self.client, method)
        headers = {"accept": "application/json", **headers}
        if self.is_async:
            return async_to_sync(ask)(path, data, headers=headers)
        return ask(path, data, headers=headers)

    def get(self, path, **headers):
        return self.ask("get", path, **headers)

    def post(self, path, data=None, token=None, **headers):
        """Post a form that was made just now, or with `token` at some time before."""
        made = self.form() if token is None else token
        return self.ask("post", path, {"csrfmiddlewaretoken": made, **(data or {})}, **headers)

    def form(self):
        return self.get("/form/").content.decode()

    def put(self, **ours):
        """Put something into what we keep in the session, as nobody but us can."""
        session = self.client.session
        session["_sessionauth"] = {**session["_sessionauth"], **ours}
        session.save()
        self.cookies[settings.SESSION_COOKIE_NAME] = session.session_key

    def who(self):
        answer = self.get("/awho/" if self.is_async else "/who/")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def start(self, target, reason="a ticket"):
        return self.post("/impersonate/start/", {"target": target.pk, "reason": reason})

    def begin(self, target, *, write=False):
        answer = self.start(target)
        assert answer.status_code == 200, answer.content
        if write:
            self.post("/impersonate/upgrade/", {"reason": "a ticket"})
        return Impersonation.objects.get(ended_at=None)


@pytest.fixture(autouse=True)
def _site(settings):
    place = settings.MIDDLEWARE.index(AUTHENTICATION) + 1
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]
    settings.ROOT_URLCONF = "tests.impersonation.site"
    site.done.clear()


@pytest.fixture(params=["sync", "async"])
def browser(request, root):
    """Where root is signed in."""
    browser = Browser(request.param == "async")
    browser.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def root(make_user):
    return make_user("root", is_superuser=True, is_staff=True)


@pytest.fixture
def alice(make_user):
    return make_user("alice")
