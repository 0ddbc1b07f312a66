"""What a first reader of the code found; each was wrong once."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError
from django.http import HttpResponse
from django.test import AsyncRequestFactory, Client, RequestFactory

from sessionauth import get_auth, logout_everywhere
from sessionauth.authenticators import aget_auth
from sessionauth.decorators import scope_required
from sessionauth.models import APIKey, LoginSession
from sessionauth.sessions import kept
from sessionauth.user_token import LoginState, UserToken

pytestmark = pytest.mark.django_db

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
HERE = "tests.attacks.test_second_look."


class Veto(BaseBackend):
    def has_perm(self, user_obj, perm, obj=None):
        raise PermissionDenied


class Grants(BaseBackend):
    def has_perm(self, user_obj, perm, obj=None):
        return perm == "app.do_it"


class NotNow(ModelBackend):
    allowed = True

    def user_can_authenticate(self, user):
        return self.allowed and super().user_can_authenticate(user)


class OwnWay(BaseBackend):
    def get_user(self, user_id):
        return get_user_model()._default_manager.filter(pk=user_id).first()


class OnlyHasPerm:
    is_authenticated = is_active = True

    def has_perm(self, perm):
        return perm == "app.do_it"


@pytest.mark.parametrize(("backend", "expected"), [("Veto", False), ("Grants", True)])
def test_scope__is_the_same_in_async_as_in_sync_whatever_the_backend(settings, make_user, backend, expected):
    settings.AUTHENTICATION_BACKENDS = [HERE + backend, MODEL_BACKEND]
    token = UserToken(make_user("alice"), LoginState.FRESH)
    assert token.has_scope("app.do_it") is expected
    assert async_to_sync(token.ahas_scope)("app.do_it") is expected


def test_scope__needs_no_more_of_a_user_than_has_perm():
    token = UserToken(OnlyHasPerm(), LoginState.STALE)
    assert token.has_scope("app.do_it")
    assert not token.has_scope("app.other")


def old_session(user):
    """Return a browser that was signed in before the app was there."""
    client = Client()
    client.force_login(user, MODEL_BACKEND)
    session = client.session
    LoginSession.objects.filter(sid=session.pop(kept.KEY)["sid"]).delete()
    session.save()
    return client


def test_signing_in_again__ends_no_other_browser_from_before_the_app(make_user):
    alice = make_user("alice")
    first, second = old_session(alice), old_session(alice)
    assert first.get("/whoami/").json() == second.get("/whoami/").json() == {"user": alice.get_username()}
    first.force_login(alice, MODEL_BACKEND)
    assert second.get("/whoami/").json() == {"user": alice.get_username()}


def test_signal_without_login__makes_nothing_fresh(make_user):
    alice = make_user("alice")
    client = Client()
    client.force_login(alice, MODEL_BACKEND)
    request = RequestFactory().get("/")
    request.session = client.session
    before = dict(request.session[kept.KEY])
    request.session["cart"] = 1
    user_logged_in.send(sender=type(alice), request=request, user=alice)
    assert request.session[kept.KEY] == before


class Nobody:
    is_authenticated = False


def load_nobody(request, session):
    return Nobody()


def test_user_loader__that_answers_nobody_lets_nobody_in(settings, client, make_user):
    settings.SESSIONAUTH_USER_LOADER = HERE + "load_nobody"
    client.force_login(make_user("alice"), MODEL_BACKEND)
    settings.SESSIONAUTH_ON_FAILURE = "redirect"
    assert client.get("/whoami/").status_code == 302


def test_bookkeeping__that_loses_its_connection_costs_no_answer(make_user, monkeypatch):
    alice = make_user("alice")
    row, secret = APIKey.objects.issue(user=alice)

    def broken(self):
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(APIKey, "touch", broken)
    assert Client().get("/whoami/", headers={"x-api-key": secret}).status_code == 200


def test_logout__with_a_key_beside_the_cookie_ends_the_browsers_sign_in(client, make_user):
    alice = make_user("alice")
    client.force_login(alice, MODEL_BACKEND)
    _, secret = APIKey.objects.issue(user=alice)
    client.post("/logout/", headers={"x-api-key": secret})
    assert LoginSession.objects.get().revoked_reason == "logout"


def test_user_none__is_nobody(client, make_user):
    client.force_login(make_user("alice"), MODEL_BACKEND)
    request = client.get("/whoami/").wsgi_request
    request.user = None
    assert get_auth(request).is_anonymous
    assert async_to_sync(aget_auth)(request).is_anonymous


def test_backend_that_says_not_now__gets_its_session_back(settings, client, make_user, monkeypatch):
    settings.AUTHENTICATION_BACKENDS = [HERE + "NotNow"]
    alice = make_user("alice")
    client.force_login(alice)
    monkeypatch.setattr(NotNow, "allowed", False)
    assert client.get("/whoami/").json() == {"user": None}
    monkeypatch.setattr(NotNow, "allowed", True)
    assert client.get("/whoami/").json() == {"user": alice.get_username()}


def test_inactive_user__is_nobody_whichever_backend_finds_them(settings, client, make_user):
    settings.AUTHENTICATION_BACKENDS = [HERE + "OwnWay"]
    alice = make_user("alice")
    client.force_login(alice)
    get_user_model().objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get("/whoami/").json() == {"user": None}


def test_logout_everywhere__takes_no_method_of_that_name_for_the_mixins(make_user, monkeypatch):
    alice = make_user("alice")
    monkeypatch.setattr(type(alice), "logout_everywhere", lambda self: logout_everywhere(self), raising=False)
    logout_everywhere(alice)


@pytest.mark.parametrize("scopes", [5, [["a"]], "notes", {"a": 1}])
def test_scopes_that_are_no_list__grant_nothing_and_break_nothing(make_user, scopes):
    row, secret = APIKey.objects.issue(user=make_user("alice"))
    APIKey.objects.filter(pk=row.pk).update(scopes=scopes)
    assert Client().get("/whoami/", headers={"x-api-key": secret}).status_code == 403


def test_ignored_credential__is_still_a_programs(settings):
    settings.SESSIONAUTH_INVALID_CREDENTIAL = "ignore"
    settings.SESSIONAUTH_ON_FAILURE = "redirect"
    answer = Client().get("/whoami/", headers={"authorization": "Bearer sa_pat_nonsense"})
    assert answer.status_code == 401


def test_scope_required__in_async_views_refuses_what_sync_views_refuse(settings, make_user):
    settings.AUTHENTICATION_BACKENDS = [HERE + "Veto", MODEL_BACKEND]

    @scope_required("app.do_it")
    async def view(request):
        return HttpResponse("secret")

    request = AsyncRequestFactory().get("/", headers={"accept": "application/json"})
    request.user = make_user("alice")
    assert async_to_sync(view)(request).status_code == 403
