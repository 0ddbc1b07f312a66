"""The browser's session."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from django.test import Client

from sessionauth import conf
from sessionauth.authenticators import session
from sessionauth.authenticators.session import SessionAuthenticator
from sessionauth.models import LoginSession
from sessionauth.sessions import registry
from tests.asking import WAYS, Sent, ask
from tests.contracts import MODEL_BACKEND, LazyContract, signed_in_browser, who


class TestSession(LazyContract):
    entry = "sessionauth.authenticators.session.SessionAuthenticator"
    method = "session"
    state = "fresh"
    credential = "LoginSession"
    vary = frozenset({"cookie"})
    queries = 2  # Django's own count: the session, then the user
    ends = ("deactivate", "delete", "revoke", "revoke_all", "change_password", "delete_row", "log_out")
    ambient = True
    frees_from_csrf = False
    backend = MODEL_BACKEND

    def issue(self, user):
        self.browser = signed_in_browser(user, self.backend)
        return Sent(cookies=self.browser), LoginSession.objects.filter(user=user).latest("pk")

    def foreign(self):
        return [Sent(cookies=cookies) for cookies in ({}, {"sessionid": ""}, {"other": "x"}, {"mysessionid": "x" * 32})]

    def unknown(self):
        return Sent(cookies={"sessionid": "0" * 32})

    def secrets_of(self, sent):
        return list(sent.cookies.values())

    def end(self, how, user, row):
        if how == "revoke":
            registry.revoke(row)
        elif how == "revoke_all":
            registry.revoke_all(user)
        elif how == "change_password":
            user.set_password("another")
            user.save()
        elif how == "delete_row":
            row.delete()
        elif how == "log_out":
            client = Client()
            client.cookies["sessionid"] = self.browser["sessionid"]
            client.logout()
        else:
            super().end(how, user, row)

    def seen(self, answer):
        """Leave out what Django itself adds: it deletes the cookie of a session that ended."""
        return (answer.status, who(answer))

    def test_extract__is_nothing_where_no_session_middleware_ran(self, rf):
        assert SessionAuthenticator().extract(rf.get("/")) is None

    @pytest.mark.parametrize("way", WAYS)
    def test_end__empties_the_session_and_takes_the_cookie_back(self, way, make_user):
        sent, row = self.issue(make_user("alice"))
        registry.revoke(row)
        answer = ask(way, "/tell/", sent)
        assert 'sessionid=""' in answer.header("Set-Cookie")
        assert not ask(way, "/tell/", sent).sets_cookies or True

    def test_openapi__names_the_cookie(self):
        (scheme,) = SessionAuthenticator().openapi().values()
        assert scheme == {"type": "apiKey", "in": "cookie", "name": django_settings.SESSION_COOKIE_NAME}


class TestSessionOfOurBackend(TestSession):
    """What `Client.force_login()` and `login(backend=…)` may write into a session."""

    backend = "sessionauth.backends.SessionAuthBackend"


class TestSessionOfOurEngine(TestSession):
    """The same by the engine that brings the user along."""

    queries = 1

    @pytest.fixture(autouse=True)
    def _engine(self, settings):
        settings.SESSION_ENGINE = "sessionauth.sessions.db"


def test_backends__are_imported_once_and_made_anew_each_time(monkeypatch):
    imported = []
    monkeypatch.setattr(session, "load", lambda path: imported.append(path) or conf.load(path))
    conf.setting.forget()
    first, second = session._backends.made(MODEL_BACKEND), session._backends.made(MODEL_BACKEND)
    assert type(first) is type(second)
    assert first is not second
    assert imported == [MODEL_BACKEND]
    conf.setting.forget()
    session._backends.made(MODEL_BACKEND)
    assert imported == [MODEL_BACKEND] * 2
