"""Who a socket is: by session, header and subprotocol, in a real application of Channels."""

from __future__ import annotations

from base64 import b64encode

import pytest
from asgiref.sync import async_to_sync
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from sessionauth.contrib.channels import OFFER, PROTOCOL, AuthMiddleware
from sessionauth.contrib.channels.handshake import is_from_here, request_of
from sessionauth.models import AccessToken, APIKey, LoginSession
from tests.asking import counted
from tests.contrib.channels.conftest import HERE, open_socket, session_of
from tests.contrib.channels.site import VIEW, Plain

pytestmark = pytest.mark.django_db

STACKS = ["alone", "stack", "channels"]
NOBODY, REFUSED, AMBIGUOUS = 4401, 4403, 4400


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("app", STACKS)
@pytest.mark.parametrize("consumer", ["plain", "sync", "mine", "mine-sync"])
def test_token__in_a_header(app, consumer, token):
    found = open_socket(f"/{consumer}/", app=app, headers=bearer(token))
    assert (found["user"], found["method"], found["session"]) == ("alice", "bearer", app != "alone")


@pytest.mark.parametrize("app", STACKS)
@pytest.mark.parametrize("consumer", ["plain", "sync", "mine", "mine-sync"])
def test_session__of_a_page_of_this_site(app, consumer, alice):
    found = open_socket(f"/{consumer}/", app=app, cookies=session_of(alice), origin=HERE)
    assert (found["user"], found["method"]) == ("alice", "session")


@pytest.mark.parametrize("consumer", ["mine", "mine-sync"])
def test_mixin__needs_nothing_around_it(consumer, alice, token):
    assert open_socket(f"/{consumer}/", app="none", headers=bearer(token))["user"] == "alice"
    assert open_socket(f"/{consumer}/", app="none", cookies=session_of(alice), origin=HERE)["user"] == "alice"
    assert open_socket(f"/{consumer}/", app="none") == NOBODY


def test_key__in_a_header(alice):
    _, secret = APIKey.objects.issue(user=alice)
    assert open_socket("/plain/", headers={"X-Api-Key": secret})["method"] == "api_key"


def test_nobody__is_nobody_or_turned_away(app):
    if app != "none":
        assert open_socket("/plain/", app=app)["user"] == ""
    assert open_socket("/open/", app=app)["user"] == ""
    assert open_socket("/mine/", app=app) == NOBODY
    assert open_socket("/required/", app=app) == NOBODY


# A secret as a subprotocol.


def offer(secret):
    return OFFER + secret


@pytest.mark.parametrize("app", STACKS)
def test_subprotocol__carries_a_secret_that_the_consumer_never_sees(app, token):
    async def look(socket):
        return await socket.say("repr"), await socket.who()

    offers = ["chat", offer(token)]
    sent = {"Sec-WebSocket-Protocol": ", ".join(offers)}
    shown, found = open_socket("/mine/", look, app=app, offers=offers, headers=sent)
    assert (found["user"], found["method"], found["offers"]) == ("alice", "bearer", ["chat"])
    assert "sec-websocket-protocol" in found["headers"]
    assert token not in shown
    assert "'chat'" in shown


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [([PROTOCOL], PROTOCOL), (["chat", PROTOCOL], "chat"), (["other"], None), ([], None)],
)
def test_subprotocol__that_is_chosen_is_never_the_secret(token, offers, chosen):
    async def answer(socket):
        return (await socket.who())["user"], socket.chosen

    user, answered = open_socket("/mine/", answer, offers=[*offers, offer(token)])
    assert (user, answered) == ("alice", chosen)


def test_subprotocol__of_the_secret_alone_leaves_no_header(token):
    found = open_socket("/mine/", offers=[offer(token)], headers={"Sec-WebSocket-Protocol": offer(token)})
    assert "sec-websocket-protocol" not in found["headers"]


def test_subprotocol__beside_another_secret_is_ambiguous(token, alice):
    _, other = APIKey.objects.issue(user=alice)
    assert open_socket("/plain/", offers=[offer(token), offer(other)]) == AMBIGUOUS
    assert open_socket("/plain/", offers=[offer(token)], headers={"X-Api-Key": other}) == AMBIGUOUS
    assert open_socket("/plain/", offers=[offer(token)], headers=bearer(other)) == AMBIGUOUS
    assert open_socket("/plain/", offers=[offer(token), offer(token)], headers=bearer(token))["user"] == "alice"


def test_two_headers__are_ambiguous(token, alice):
    _, other = APIKey.objects.issue(user=alice)
    assert open_socket("/plain/", headers={"X-Api-Key": other, **bearer(token)}) == AMBIGUOUS


@pytest.mark.parametrize("consumer", ["plain", "mine"])
def test_a_wrong_secret__is_turned_away_also_where_nobody_is_welcome(consumer, token):
    AccessToken.objects.get().revoke()
    for sent in ({"headers": bearer(token)}, {"offers": [offer(token)]}):
        assert open_socket(f"/{consumer}/", **sent) == NOBODY
    with counted() as statements:
        assert open_socket(f"/{consumer}/", offers=[offer("sa_pat_mistyped")]) == NOBODY
    assert statements == []


def test_a_foreign_bearer__is_left_alone(token):
    with counted() as statements:
        assert open_socket("/plain/", headers=bearer("eyJhbGciOi"))["user"] == ""
        assert open_socket("/plain/", offers=[offer("eyJhbGciOi")])["offers"] == []
        assert open_socket("/plain/")["user"] == ""
    assert statements == []


def test_the_query_string__is_not_looked_at_unless_it_is_switched_on(settings, alice):
    _, secret = APIKey.objects.issue(user=alice)
    assert open_socket(f"/plain/?api_key={secret}")["user"] == ""
    settings.SESSIONAUTH_AUTHENTICATORS = [
        {"NAME": "sessionauth.authenticators.api_key.APIKeyAuthenticator", "OPTIONS": {"query_param": "api_key"}}
    ]
    assert open_socket(f"/plain/?api_key={secret}")["user"] == "alice"


# Whose page it is.


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", "https://testserver", "http://testserver.evil.example", "http://[", ""],
)
@pytest.mark.parametrize("app", STACKS)
def test_origin__of_another_site_makes_a_session_nobodys(app, origin, alice):
    cookies = session_of(alice)
    assert open_socket("/plain/", app=app, cookies=cookies, origin=origin)["user"] == ""
    assert open_socket("/mine/", app=app, cookies=cookies, origin=origin) == NOBODY
    assert LoginSession.objects.get().revoked_at is None


def test_origin__basic_is_sent_unasked_too(settings, alice, password):
    settings.SESSIONAUTH_AUTHENTICATORS = ["sessionauth.authenticators.basic.BasicAuthenticator"]
    sent = {"Authorization": "Basic " + b64encode(f"alice:{password}".encode()).decode()}
    assert open_socket("/mine/", headers=sent, origin="http://evil.example") == NOBODY
    assert open_socket("/mine/", headers=sent, origin=HERE)["method"] == "basic"


def test_origin__does_not_matter_to_a_program(token):
    assert open_socket("/mine/", headers=bearer(token), origin="http://evil.example")["user"] == "alice"
    assert open_socket("/mine/", offers=[offer(token)], origin="http://evil.example")["user"] == "alice"


def test_origin__of_friends(settings, alice):
    cookies = session_of(alice)
    for origin in ("https://friend.example", "https://a.us.example"):
        for app in ("none", "stack"):
            assert open_socket("/friends/", app=app, cookies=cookies, origin=origin)["user"] == "alice"
        assert open_socket("/plain/", cookies=cookies, origin=origin)["user"] == ""
    for origin in ("http://friend.example", "https://us.example.evil", "https://evilus.example"):
        assert open_socket("/friends/", app="none", cookies=cookies, origin=origin)["user"] == ""
    settings.CSRF_TRUSTED_ORIGINS = ["https://friend.example"]
    assert open_socket("/plain/", cookies=cookies, origin="https://friend.example")["user"] == "alice"


@pytest.mark.parametrize(
    ("scheme", "origin", "expected"),
    [
        ("ws", HERE, True),
        ("wss", "https://testserver", True),
        ("wss", HERE, False),
        ("ws", "https://testserver", False),
    ],
)
def test_origin__has_the_scheme_of_the_socket(scheme, origin, expected):
    headers = [(b"host", b"testserver"), (b"origin", origin.encode())]
    request = request_of({"type": "websocket", "path": "/", "scheme": scheme, "headers": headers})
    assert is_from_here(request) is expected


def test_origin__of_a_host_that_is_not_ours_counts_for_nothing():
    request = RequestFactory().get("/", headers={"Origin": "http://evil.example", "Host": "evil.example"})
    assert not is_from_here(request)


# What is held to its limits.


def test_restricted__is_nobody_without_a_scope_and_itself_with_it(root):
    _, secret = AccessToken.objects.issue(user=root, scopes=[VIEW])
    sent = {"headers": bearer(secret)}
    assert open_socket("/plain/", **sent)["user"] == ""
    assert open_socket("/open/", **sent)["user"] == ""
    assert open_socket("/mine/", **sent) == REFUSED
    assert open_socket("/required/", **sent) == REFUSED
    assert open_socket("/scoped/", **sent)["user"] == "root"
    assert open_socket("/wrapped/", **sent)["user"] == "root"
    _, other = AccessToken.objects.issue(user=root, scopes=["auth.add_user"])
    assert open_socket("/scoped/", headers=bearer(other)) == REFUSED
    assert open_socket("/wrapped/", headers=bearer(other)) == REFUSED


def test_scopes__are_asked_of_people_too(alice, make_user):
    assert open_socket("/scoped/", cookies=session_of(alice), origin=HERE)["user"] == "alice"
    assert open_socket("/scoped/", cookies=session_of(make_user("bob")), origin=HERE) == REFUSED
    assert open_socket("/scoped/") == NOBODY


def test_a_socket__is_like_a_post_unless_it_only_tells(root):
    _, reader = AccessToken.objects.issue(user=root, scopes=[VIEW])
    assert open_socket("/writes/", headers=bearer(reader)) == REFUSED
    assert open_socket("/reads/", headers=bearer(reader))["user"] == "root"
    _, by_method = AccessToken.objects.issue(
        user=root, scopes=[VIEW, "auth.change_user"], methods=["GET", "HEAD", "OPTIONS"]
    )
    assert open_socket("/writes/", headers=bearer(by_method)) == REFUSED
    assert open_socket("/reads/", headers=bearer(by_method))["user"] == "root"
    assert open_socket("/plain/", headers=bearer(by_method))["user"] == ""
    _, posts = AccessToken.objects.issue(user=root, methods=["POST"])
    assert open_socket("/writes/", headers=bearer(posts)) == REFUSED


def test_networks__are_those_of_http(root):
    _, secret = AccessToken.objects.issue(user=root, networks=["192.0.2.0/24"])
    assert open_socket("/mine/", headers=bearer(secret)) == NOBODY
    assert open_socket("/mine/", headers=bearer(secret), client=("192.0.2.9", 1))["user"] == "root"
    assert open_socket("/mine/", headers=bearer(secret), client=None) == NOBODY


@pytest.mark.parametrize("path", ["/mine/", "/friends/"])
def test_rate__is_counted_once_a_socket_and_told_as_too_many(root, path):
    _, secret = AccessToken.objects.issue(user=root, rate="1/d")
    assert open_socket(path, headers=bearer(secret))["user"] == "root"
    assert open_socket(path, headers=bearer(secret)) == 4429


def test_a_key_without_a_user__needs_a_scope_to_be_let_in():
    _, secret = APIKey.objects.issue(name="service", scopes=[VIEW])
    sent = {"headers": {"X-Api-Key": secret}}
    assert open_socket("/mine/", **sent) == NOBODY
    assert open_socket("/scoped/", **sent)["method"] == "api_key"


def test_fresh__asks_people_at_the_opening(alice, token):
    cookies = session_of(alice)
    assert open_socket("/fresh/", cookies=cookies, origin=HERE)["user"] == "alice"
    assert open_socket("/fresh/", headers=bearer(token)) == REFUSED
    assert open_socket("/fresh/") == NOBODY
    session = SessionStore(*cookies.values())
    session["_sessionauth"] = {**session["_sessionauth"], "auth_at": session["_sessionauth"]["auth_at"] - 120}
    session.save()
    assert open_socket("/fresh/", cookies=cookies, origin=HERE) == NOBODY


# Nonsense.


@pytest.mark.parametrize(
    "sent",
    [
        {"headers": {"Authorization": "Bearer sa_pat_\xff\xfe"}},
        {"headers": {"X-Api-Key": "\x00"}},
        {"headers": {"Cookie": "sessionid=\x00"}, "origin": HERE},
        {"headers": {"Cookie": 'sessionid="\\000"'}, "origin": HERE},
        {"offers": [OFFER, "", OFFER + "\x00", 3, None]},
        {"query_string": b"\xff\xfe%zz"},
        {"headers": {"Host": "evil.example"}, "origin": "http://evil.example"},
        {"client": None},
        {"scheme": "nonsense"},
        {"session": {}},
    ],
)
def test_nonsense__is_nobodys_or_refused(sent):
    answer = open_socket("/plain/", app=AuthMiddleware(Plain.as_asgi()), **sent)
    assert answer in (NOBODY, AMBIGUOUS) or answer["user"] == ""


def test_other_protocols__go_through_untouched():
    seen = []

    async def inner(scope, receive, send):
        seen.append(scope)

    async_to_sync(AuthMiddleware(inner))({"type": "http"}, None, None)
    assert seen == [{"type": "http"}]
