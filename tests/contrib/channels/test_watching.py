"""What ends reaches the sockets that are open: they are closed, and nothing more is sent through them."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone

from sessionauth import logout_everywhere
from sessionauth.contrib.channels import AuthMiddleware
from sessionauth.contrib.channels.connection import Connection
from sessionauth.models import AccessToken, LoginSession
from sessionauth.signals import user_loaded
from tests.contrib.channels import site
from tests.contrib.channels.conftest import HERE, open_socket, session_of

pytestmark = pytest.mark.django_db

NOBODY, REFUSED, AGAIN = 4401, 4403, 1013


def bearer(secret):
    return {"headers": {"Authorization": f"Bearer {secret}"}}


def by_session(user):
    return {"cookies": session_of(user), "origin": HERE}


def after(act):
    """Do `act` while the socket is open, and return the code with which it is closed."""

    async def then(socket):
        assert (await socket.who())["user"] == "alice"
        await sync_to_async(act)()
        return await socket.closed()

    return then


async def stays(socket):
    """Say who it still is after it was looked at again, several times."""
    await asyncio.sleep(site.SOON * 6)
    return (await socket.who())["user"]


@pytest.mark.parametrize("consumer", ["mine", "mine-sync", "pump"])
def test_revoking_a_token__closes_its_socket(consumer, token):
    row = AccessToken.objects.get()

    async def then(socket):
        await sync_to_async(row.revoke)()
        return await socket.closed()

    site.Mine.codes.clear()
    assert open_socket(f"/{consumer}/", then, **bearer(token)) == NOBODY
    if consumer == "mine":
        assert site.Mine.codes == [NOBODY]


ENDS = {
    "revoked": lambda user: LoginSession.objects.get().revoke(),
    "everywhere": lambda user: logout_everywhere(user),
    "deactivated": lambda user: type(user).objects.filter(pk=user.pk).update(is_active=False),
    "deleted": lambda user: user.delete(),
    "signed out": lambda user: Session.objects.all().delete(),
    "password": lambda user: (user.set_password("another battery staple"), user.save()),
}


@pytest.mark.parametrize("end", sorted(ENDS))
@pytest.mark.parametrize("app", ["alone", "stack", "none"])
def test_ending_a_session__closes_its_socket(app, end, alice):
    sent = by_session(alice)
    assert open_socket("/mine/", after(lambda: ENDS[end](alice)), app=app, **sent) == NOBODY


@pytest.mark.parametrize("end", ["deactivated", "deleted"])
def test_ending_a_user__closes_the_sockets_of_their_tokens(end, alice, token):
    assert open_socket("/mine/", after(lambda: ENDS[end](alice)), **bearer(token)) == NOBODY


def test_another_user_of_the_same_session__closes_it(alice, root):
    sent = by_session(alice)
    other = Session.objects.get(pk=session_of(root)["sessionid"])

    def replace():
        Session.objects.filter(pk=sent["cookies"]["sessionid"]).update(session_data=other.session_data)

    assert open_socket("/mine/", after(replace), **sent) == NOBODY


def test_losing_a_scope__closes_it(alice, token):
    assert open_socket("/scoped/", after(alice.user_permissions.clear), **bearer(token)) == REFUSED


@pytest.mark.parametrize("path", ["/mine/", "/open/"])
def test_narrowing_a_credential__closes_it(path, alice, token):
    assert open_socket(path, after(lambda: AccessToken.objects.update(scopes=[site.VIEW])), **bearer(token)) == REFUSED


@pytest.mark.parametrize("end", ["expires_at", "ends_at"])
def test_expiring__closes_it_at_that_moment_however_seldom_it_is_looked_at(end, alice):
    _, secret = AccessToken.objects.issue(user=alice, **{end: timezone.now() + timedelta(seconds=0.6)})
    assert open_socket("/seldom/", after(lambda: None), **bearer(secret)) == NOBODY


@pytest.mark.parametrize("sent", [bearer, by_session], ids=["token", "session"])
def test_what_is_still_good__stays_open(sent, alice, token):
    assert open_socket("/mine/", stays, **(bearer(token) if sent is bearer else by_session(alice))) == "alice"


def test_looking_again__is_no_use_of_a_rate_nor_of_a_session(alice):
    _, secret = AccessToken.objects.issue(user=alice, rate="1/d")
    assert open_socket("/mine/", stays, **bearer(secret)) == "alice"
    sent = by_session(alice)
    past = timezone.now() - timedelta(hours=1)

    async def then(socket):
        await sync_to_async(LoginSession.objects.update)(last_seen_at=past)
        return await stays(socket)

    assert open_socket("/mine/", then, **sent) == "alice"
    assert LoginSession.objects.get().last_seen_at == past


def test_looking_again__tells_nobody_that_a_user_was_loaded(alice, token):
    loaded = []
    user_loaded.connect(receiver := lambda user, **_: loaded.append(user))
    try:
        assert open_socket("/mine/", stays, **bearer(token)) == "alice"
    finally:
        user_loaded.disconnect(receiver)
    assert loaded == [alice]


def test_nobody__is_never_asked_again(monkeypatch):
    monkeypatch.setattr(Connection, "_recheck", None)
    assert open_socket("/open/", stays) == ""


def test_never__is_never_asked_again(monkeypatch, alice, token):
    monkeypatch.setattr(Connection, "_recheck", None)
    assert open_socket("/never-mine/", stays, app="none", **bearer(token)) == "alice"
    assert open_socket("/never/", stays, app="none", **bearer(token)) == "alice"


async def ask(socket):
    return json.loads(await socket.say("still?"))


def test_a_consumer_that_asks__is_told_and_the_socket_closed(alice, token):
    row = AccessToken.objects.get()

    async def then(socket):
        before = await ask(socket)
        await sync_to_async(row.revoke)()
        await socket.send_input({"type": "websocket.receive", "text": "still?"})
        return before, await socket.closed()

    assert open_socket("/seldom/", then, **bearer(token)) == (True, NOBODY)


def test_a_consumer_that_asks__has_its_user_anew(alice, token):
    seen = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        seen.append(scope["user"])
        await receive()
        assert await scope["auth_is_still_good"]()
        seen.append(scope["user"])
        await send({"type": "websocket.send", "text": "{}"})
        await receive()

    open_socket("/", app=AuthMiddleware(app), **bearer(token))
    assert seen[0] == seen[1] == alice
    assert seen[0] is not seen[1]


def test_a_restricted_credential__is_asked_again_in_the_terms_that_let_it_in(root):
    row, secret = AccessToken.objects.issue(user=root, scopes=[site.VIEW])

    async def then(socket):
        assert await stays(socket) == "root"
        await sync_to_async(row.revoke)()
        return await socket.closed()

    for path in ("/scoped/", "/wrapped/"):
        row.__class__.objects.update(revoked_at=None)
        row.refresh_from_db()
        assert open_socket(path, then, **bearer(secret)) == NOBODY


def broken(monkeypatch, *, times):
    """Let the database be out of reach for so many looks, after the first."""
    original, left = Connection._recognised, [times]

    def recognised(self, *, is_passive):
        if is_passive and left[0]:
            left[0] -= 1
            raise DatabaseError("gone")
        return original(self, is_passive=is_passive)

    monkeypatch.setattr(Connection, "_recognised", recognised)


def test_trouble__closes_a_socket_at_the_second_time(monkeypatch, alice, token):
    assert open_socket("/mine/", after(lambda: broken(monkeypatch, times=99)), **bearer(token)) == AGAIN


def test_trouble__of_a_moment_closes_none(monkeypatch, alice, token):
    broken(monkeypatch, times=1)
    assert open_socket("/mine/", stays, **bearer(token)) == "alice"


def test_trouble__that_nobody_foresaw_leaves_no_socket_unwatched(monkeypatch, alice, token):
    async def fail(self, terms):
        raise RuntimeError("unforeseen")

    begins = after(lambda: monkeypatch.setattr(Connection, "recheck", fail))
    assert open_socket("/mine/", begins, **bearer(token)) == AGAIN


def test_trouble__at_the_opening_lets_nobody_in(monkeypatch, alice, token):
    def fail(self, **_):
        raise DatabaseError("gone")

    monkeypatch.setattr(Connection, "_recognised", fail)
    with pytest.raises(DatabaseError):
        open_socket("/plain/", **bearer(token))


def test_wrapped_round_one_another__the_innermost_looks(monkeypatch, alice, token):
    looked = []
    original = Connection._recheck

    def recheck(self, terms, before):
        looked.append(terms.recheck_every)
        return original(self, terms, before)

    monkeypatch.setattr(Connection, "_recheck", recheck)
    inner = AuthMiddleware(site.Mine.as_asgi(), recheck_every=site.SOON / 2)
    assert open_socket("/", stays, app=AuthMiddleware(inner, recheck_every=site.SOON / 3), **bearer(token)) == "alice"
    assert set(looked) == {site.SOON}


def test_a_connection__does_not_show_what_it_holds(alice, token):
    connection = Connection({"type": "websocket", "headers": [(b"authorization", f"Bearer {token}".encode())]})
    assert token not in repr(connection)
    assert token not in str(connection)
