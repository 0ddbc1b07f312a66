"""Sockets of pages that somebody looks at as somebody else."""

from __future__ import annotations

import json
from functools import partial

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from sessionauth.contrib.channels import AuthMiddleware, AuthMiddlewareStack
from sessionauth.models import APIKey, Impersonation, ImpersonationToken
from tests.contrib.channels.conftest import HERE, in_database, open_socket
from tests.contrib.channels.site import SOON, Plain
from tests.impersonation.conftest import Browser
from tests.impersonation.conftest import _site as _site

pytestmark = pytest.mark.django_db

NOBODY, REFUSED = 4401, 4403
READS = AuthMiddleware(Plain.as_asgi(), required=True, read_only=True, recheck_every=SOON)
WRITES = AuthMiddleware(Plain.as_asgi(), required=True)
OWN = AuthMiddleware(Plain.as_asgi(), required=True, read_only=True, not_impersonating=True)


@pytest.fixture
def cookies(make_user):
    """The cookies of a browser in which root acts as somebody else."""
    browser = Browser()
    root = make_user("root", is_superuser=True, is_staff=True)
    browser.client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    browser.begin(make_user("target"))
    return {django_settings.SESSION_COOKIE_NAME: browser.cookies[django_settings.SESSION_COOKIE_NAME].value}


def test_socket__is_the_target_s(cookies):
    assert open_socket("/plain/", app=READS, cookies=cookies, origin=HERE)["user"] == "target"


def test_socket__that_may_write_is_refused_where_one_only_looks(cookies):
    assert open_socket("/plain/", app=WRITES, cookies=cookies, origin=HERE) == REFUSED
    Impersonation.objects.update(mode="write")
    assert open_socket("/plain/", app=WRITES, cookies=cookies, origin=HERE)["user"] == "target"


def test_socket__is_closed_when_it_ends_and_not_the_actor_s(cookies):
    async def then(socket):
        assert (await socket.who())["user"] == "target"
        await in_database(lambda: Impersonation.objects.get().end("revoked"))()
        return await socket.closed()

    assert open_socket("/plain/", then, app=READS, cookies=cookies, origin=HERE) == NOBODY
    assert open_socket("/plain/", app=READS, cookies=cookies, origin=HERE) == NOBODY


@pytest.fixture(params=["token", "key"])
def secret(request, settings, cookies):
    """A credential that ends with the impersonation of a browser: one to act as somebody, or issued while one did."""
    settings.SESSIONAUTH_IMPERSONATION_TOKENS = settings.SESSIONAUTH_IMPERSONATION_CREDENTIALS = True
    row = Impersonation.objects.get()
    Impersonation.objects.update(transport="token" if request.param == "token" else "session")
    model = ImpersonationToken if request.param == "token" else APIKey
    issued, secret = model.objects.issue(user=row.target)
    model.objects.filter(pk=issued.pk).update(impersonation=row)
    return secret


def test_credential__is_the_target_s_within_the_limits_of_its_row(secret):
    headers = {"Authorization": f"Bearer {secret}"}
    assert open_socket("/plain/", app=READS, headers=headers)["user"] == "target"
    assert open_socket("/plain/", app=READS, offers=["sessionauth", f"sessionauth.bearer.{secret}"])["user"] == "target"
    assert open_socket("/plain/", app=WRITES, headers=headers) == REFUSED
    assert open_socket("/plain/", app=OWN, headers=headers) == REFUSED
    Impersonation.objects.update(mode="write")
    assert open_socket("/plain/", app=WRITES, headers=headers)["user"] == "target"


def test_credential__closes_the_socket_when_it_ends(secret):
    async def then(socket):
        assert (await socket.who())["user"] == "target"
        # Past the credential's own row: what it was issued for is asked.
        await in_database(Impersonation.objects.update)(ended_at=timezone.now(), end_reason="revoked")
        return await socket.closed()

    headers = {"Authorization": f"Bearer {secret}"}
    assert open_socket("/plain/", then, app=READS, headers=headers) == NOBODY
    assert open_socket("/plain/", app=READS, headers=headers) == NOBODY


class Cart:
    """A consumer that puts something into its session, and tells what it found there."""

    async def __call__(self, scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        found = {name: scope["session"].get(name) for name in ("cart", "_auth_user_id")}
        scope["session"]["cart"] = "the target's"
        await in_database(scope["session"].save)()
        await receive()
        await send({"type": "websocket.send", "text": json.dumps(found)})


def test_session__is_the_target_s(cookies):
    stored = SessionStore(cookies[django_settings.SESSION_COOKIE_NAME])
    stored["cart"] = "the actor's"
    stored.save()
    app = AuthMiddlewareStack(Cart(), required=True, read_only=True)
    target = str(Impersonation.objects.get().target_id)
    ask = partial(open_socket, "/plain/", app=app, cookies=cookies, origin=HERE)
    assert ask() == {"cart": None, "_auth_user_id": target}
    assert ask() == {"cart": "the target's", "_auth_user_id": target}
    assert SessionStore(cookies[django_settings.SESSION_COOKIE_NAME])["cart"] == "the actor's"


def test_header__is_refused(settings, make_user):
    settings.SESSIONAUTH_IMPERSONATION_HEADER = "X-Impersonate-User"
    _, secret = APIKey.objects.issue(user=make_user("owner"))
    headers = {"Authorization": f"Bearer {secret}"}
    assert open_socket("/plain/", app=READS, headers=headers)["user"] == "owner"
    assert open_socket("/plain/", app=READS, headers={**headers, "X-Impersonate-User": "1"}) == NOBODY
