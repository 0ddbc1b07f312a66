"""Remembering and forgetting a browser, and the rows behind it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone

from sessionauth import NotAuthenticated, confirm_login, crypto, get_auth, signals
from sessionauth.middleware import AuthenticationMiddleware
from sessionauth.models import LoginSession, RememberToken
from sessionauth.request_state import state_of
from sessionauth.sessions import kept, registry, remember, remember_cookie, series
from sessionauth.sessions.series import Standing
from tests.asking import counted
from tests.contracts import MODEL_BACKEND
from tests.remembering import age

pytestmark = pytest.mark.django_db

HOUR = 3600
DAY = 24 * HOUR
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
LATER_FIREFOX = FIREFOX.replace("127", "140")
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def ask_with(rf):
    """`ask_with("selector.validator", session={…}, agent=…)`: a request that has come as far as the view."""

    def make(value="", session=None, agent="", address="127.0.0.1"):
        request = rf.get("/", headers={"User-Agent": agent}, REMOTE_ADDR=address)
        if value:
            request.COOKIES[remember_cookie.name()] = value
        SessionMiddleware(lambda request: None).process_request(request)
        if session:
            request.session.update(session)
            request.session.save()
        AuthenticationMiddleware(lambda request: HttpResponse()).process_request(request)
        return request

    return make


def give(user, lasts=HOUR, **fields):
    """Return a row of `user` and the value of its cookie."""
    token, validator = series.enter(user, lasts, backend=MODEL_BACKEND, **fields)
    return token, f"{token.selector}.{validator}"


def answer_to(request):
    """Return the cookies that go out with the answer to `request`."""
    response = HttpResponse()
    for act in state_of(request).on_response:
        act(response)
    return response.cookies


# issue().


def test_issue__keeps_digests_and_where_it_was(ask_with, alice):
    request = ask_with(agent=FIREFOX, address="1.2.3.4")
    token = remember.issue(request, alice, age=HOUR, backend=MODEL_BACKEND)
    assert token == RememberToken.objects.get()
    assert (token.user, token.backend, token.ip_address, token.user_agent) == (alice, MODEL_BACKEND, "1.2.3.4", FIREFOX)
    assert token.session_digest == crypto.digest(alice.get_session_auth_hash())
    assert token.expires_at - token.created_at == timedelta(hours=1)
    request.session["_auth_user_id"] = str(alice.pk)
    selector, _, validator = answer_to(request)["sessionauth_remember"].value.partition(".")
    assert (selector, crypto.digest(validator)) == (token.selector, token.digest)


def test_issue__gives_the_cookie_only_to_who_is_signed_in(ask_with, alice):
    request = ask_with()
    assert remember.issue(request, alice) is not None
    assert not answer_to(request)
    request.session["_auth_user_id"] = str(alice.pk + 1)
    assert not answer_to(request)


def test_issue__ends_the_series_that_the_browser_brought(ask_with, alice):
    old, value = give(alice)
    token = remember.issue(ask_with(value), alice)
    old.refresh_from_db()
    assert (old.revoked_reason, token.revoked_at) == ("superseded", None)


@pytest.mark.parametrize("who", ["unsaved", "impersonated"])
def test_issue__remembers_nobody_whom_it_must_not(who, ask_with, alice):
    request = ask_with()
    if who == "impersonated":
        state_of(request).token = SimpleNamespace(is_impersonating=True)
    user = get_user_model()(username="new") if who == "unsaved" else alice
    assert remember.issue(request, user) is None
    assert not RememberToken.objects.exists()


@pytest.mark.parametrize(
    ("preset", "absolute", "wanted", "lasts"),
    [
        (None, None, None, 30 * DAY),
        (None, HOUR, None, 30 * DAY),
        (None, None, 7, 7),
        (None, None, timedelta.max, remember.LONGEST),
        ("aal1", None, None, 30 * DAY),
        ("aal2", None, None, DAY),
        ("aal2", None, HOUR, HOUR),
        ("aal2", 8 * HOUR, None, 8 * HOUR),
        ("aal3", None, timedelta(days=7), DAY / 2),
    ],
)
def test_lifetime(preset, absolute, wanted, lasts, settings):
    settings.SESSIONAUTH_SESSION_PRESET = preset
    settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = absolute
    assert remember.lifetime(wanted) == lasts


@pytest.mark.parametrize("wanted", [True, -1, timedelta(-1), "7", 1.5])
def test_lifetime__is_a_length_of_time(wanted):
    with pytest.raises(TypeError, match="remembered for a"):
        remember.lifetime(wanted)


def test_async_twins(ask_with, alice):
    request = ask_with()
    assert async_to_sync(remember.aissue)(request, alice, age=5).user == alice
    token, request.COOKIES["sessionauth_remember"] = give(alice)
    async_to_sync(remember.aforget)(request)
    token.refresh_from_db()
    assert token.revoked_reason == "logout"
    assert async_to_sync(remember.arevoke_all)(alice) == 1


# forget() and at_login().


def test_forget__ends_this_browser_and_no_other(ask_with, alice):
    (mine, value), (other, _) = give(alice), give(alice)
    request = ask_with(value)
    remember.forget(request, "no more")
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.revoked_reason, other.revoked_at) == ("no more", None)
    assert answer_to(request)["sessionauth_remember"]["max-age"] == 0


def test_forget__knows_the_series_by_the_session_too(ask_with, alice):
    token, _ = give(alice)
    row = LoginSession.objects.create(user=alice, sid="s" * 32, remember_token=token)
    remember.forget(ask_with(session={kept.KEY: {"sid": row.sid}}))
    token.refresh_from_db()
    row.refresh_from_db()
    assert (token.is_revoked, row.is_revoked) == (True, False)


def test_forget__where_there_is_nothing(ask_with, django_assert_num_queries):
    request = ask_with()
    with django_assert_num_queries(0):
        remember.forget(request)
    assert not answer_to(request)


@pytest.mark.parametrize(
    ("whose", "value", "is_same"),
    [("alice", None, True), ("bob", None, False), ("alice", "forged", False), ("alice", "expired", False)],
)
def test_at_login__keeps_a_series_of_ones_own(whose, value, is_same, ask_with, alice, make_user):
    token, good = give(alice if whose == "alice" else make_user("bob"), 0 if value == "expired" else HOUR)
    request = ask_with(good[:-3] + "xyz" if value == "forged" else good)
    assert (remember.at_login(request, alice) == token) is is_same
    token.refresh_from_db()
    assert token.is_revoked is not is_same
    assert ("sessionauth_remember" in answer_to(request)) is not is_same


@pytest.mark.parametrize("value", ["", "garbage", "a" * 22 + "." + "b" * 43])
def test_at_login__takes_back_what_is_nothing(value, ask_with, alice):
    request = ask_with(value)
    assert remember.at_login(request, alice) is None
    assert ("sessionauth_remember" in answer_to(request)) is bool(value)


# The rows.


def test_revoke_all__keeps_one_if_so_wished(alice, make_user):
    (one, _), (two, _), (other, _) = give(alice), give(alice), give(make_user("bob"))
    assert remember.revoke_all(alice, keep=one) == 1
    assert list(series.live(alice)) == [one]
    assert remember.revoke_all(alice) == 1
    assert not series.live(alice)
    assert list(RememberToken.objects.filter(revoked_at=None)) == [other]
    assert two.pk


def test_revoke_all_of_the_registry__forgets_but_the_browser_that_is_kept(alice):
    (mine, _), (other, _) = give(alice), give(alice)
    row = LoginSession.objects.create(user=alice, sid="s" * 32, remember_token=mine)
    registry.revoke_all(alice, keep=row)
    assert list(series.live(alice)) == [mine]
    registry.revoke_all(alice, keep=LoginSession.objects.create(user=alice, sid="t" * 32))
    assert not series.live(alice)
    assert other.pk


def test_revoke_of_a_row__ends_what_hangs_on_it(alice, heard_revoked):
    token, _ = give(alice)
    rows = [LoginSession.objects.create(user=alice, sid=sid * 32, remember_token=token) for sid in "st"]
    assert token.revoke("lost")
    assert set(LoginSession.objects.values_list("revoked_reason", flat=True)) == {"lost"}
    assert [(call["credential"], call["reason"]) for call in heard_revoked] == [(token, "lost")]
    assert not token.revoke("again")

    token, _ = give(alice)
    rows[0] = LoginSession.objects.create(user=alice, sid="u" * 32, remember_token=token)
    assert rows[0].revoke("ended")
    token.refresh_from_db()
    assert token.revoked_reason == "ended"


@pytest.fixture
def heard_revoked():
    calls = []

    def note(**kwargs):
        calls.append(kwargs)

    signals.credential_revoked.connect(note)
    yield calls
    signals.credential_revoked.disconnect(note)


def test_prunable__is_what_has_expired(alice):
    (old, _), (_, _), (revoked, _) = give(alice, 0), give(alice), give(alice)
    revoked.revoke()
    assert list(series.prunable()) == [old]


def test_rotate__happens_to_one(alice):
    token, value = give(alice)
    same = RememberToken.objects.get()
    digest = token.digest
    validator = series.rotate(token, alice, digest)
    assert token.digest == crypto.digest(validator) == RememberToken.objects.get().digest
    assert series.rotate(same, alice, digest) is None
    assert RememberToken.objects.get().previous_digest == digest
    assert value


def test_rotate__does_not_touch_what_has_ended_meanwhile(alice):
    token, _ = give(alice)
    RememberToken.objects.get().revoke()
    assert series.rotate(token, alice, token.digest) is None
    assert RememberToken.objects.get().digest == token.digest


def test_rotate__binds_to_the_key_of_today(alice, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [django_settings.SECRET_KEY], "another" * 10
    token, _ = give(alice)
    RememberToken.objects.update(session_digest=series.session_digests(alice)[1])
    token.refresh_from_db()
    assert series.failure(token, alice) is None
    series.rotate(token, alice, token.digest)
    assert RememberToken.objects.get().session_digest == series.session_digests(alice)[0]


def test_judge(alice, settings):
    token, _ = give(alice)
    first, other = token.digest, crypto.digest("other")
    assert (series.judge(token, first), series.judge(token, other)) == (Standing.CURRENT, Standing.STOLEN)
    series.rotate(token, alice, first)
    assert [series.judge(token, one) for one in (token.digest, first, other)] == [
        Standing.CURRENT,
        Standing.SIBLING,
        Standing.STOLEN,
    ]
    settings.SESSIONAUTH_REMEMBER_GRACE = 0
    assert series.judge(token, first) is Standing.LOST
    series.confirm(token.pk, "of another rotation")
    assert not RememberToken.objects.get().confirmed
    series.confirm(token.pk, token.digest)
    token.refresh_from_db()
    assert series.judge(token, first) is Standing.STOLEN
    settings.SESSIONAUTH_REMEMBER_GRACE = 60
    assert series.judge(token, first) is Standing.SIBLING
    series.rotate(token, alice, token.digest)
    assert not RememberToken.objects.get().confirmed


def test_read_again__is_locked_inside_a_transaction(alice):
    """MariaDB shows a transaction the row as it was, unless it asks for a lock."""
    token, _ = give(alice)
    RememberToken.objects.update(digest="new")
    with counted() as statements:
        assert series.read_again(token).digest == "new"
    assert ("FOR UPDATE" in statements[0]) is connection.features.has_select_for_update


@pytest.mark.parametrize(
    ("preset", "begun", "failure"),
    [(None, 2, None), ("aal1", 2, None), ("aal2", 2, "expired"), ("aal2", 0.9, None), ("aal3", 0.9, "expired")],
)
def test_failure__under_a_preset_counts_from_the_login(preset, begun, failure, alice, settings):
    token, _ = give(alice, 30 * DAY)
    token.created_at -= timedelta(days=begun)
    settings.SESSIONAUTH_SESSION_PRESET = preset
    assert series.failure(token, alice) == failure


def test_expiry__slides_to_the_limit_of_the_preset(alice, settings):
    settings.SESSIONAUTH_REMEMBER_SLIDING = True
    settings.SESSIONAUTH_SESSION_PRESET = "aal2"
    token, _ = give(alice, DAY)
    token.created_at -= timedelta(hours=20)
    token.expires_at -= timedelta(hours=20)
    assert series.expiry(token) == token.created_at + timedelta(days=1)
    settings.SESSIONAUTH_SESSION_PRESET = None
    assert abs(series.expiry(token) - timezone.now() - timedelta(days=1)) < timedelta(seconds=5)


def test_row__shows_no_secret(alice):
    token, value = give(alice)
    assert value.partition(".")[2] not in f"{token!r} {token}"
    assert token.selector not in f"{token!r} {token}"
    assert value.partition(".")[2] not in repr(remember_cookie.parse(value))


# Restoring.


def test_restore__keeps_anonymous_data_or_flushes_it_as_a_login_does(ask_with, alice, settings):
    session = {"cart": 7, "colour": "green", "_csrftoken": "x" * 32}
    _, value = give(alice)
    request = ask_with(value, session=dict(session))
    assert get_auth(request).user == alice
    assert session.items() <= dict(request.session.items()).items()

    settings.SESSIONAUTH_FLUSH_ON_LOGIN = True
    settings.SESSIONAUTH_PRESERVE_SESSION_KEYS = ["colour"]
    _, value = give(alice)
    request = ask_with(value, session=dict(session))
    assert get_auth(request).user == alice
    assert {name: request.session.get(name) for name in session} == session | {"cart": None}


@pytest.mark.parametrize(
    ("mode", "agent", "user"),
    [
        (None, CHROME, "alice"),
        ("basic", CHROME, "alice"),
        ("strong", CHROME, None),
        ("strong", "", None),
        ("strong", LATER_FIREFOX, "alice"),
    ],
)
def test_restore__under_strong_protection_wants_the_same_browser(mode, agent, user, ask_with, alice, settings):
    settings.SESSIONAUTH_SESSION_PROTECTION = mode
    token, value = give(alice, user_agent=FIREFOX)
    request = ask_with(value, agent=agent, address="9.8.7.6")
    assert (get_auth(request).user.get_username() or None) == user
    for act in state_of(request).later:
        act()
    token.refresh_from_db()
    assert token.revoked_reason == ("" if user else "protection")


@pytest.mark.parametrize(("preset", "begun"), [(None, 0), ("aal2", 20)])
def test_restore__under_a_preset_goes_on_with_the_time_of_the_login(preset, begun, ask_with, alice, settings):
    settings.SESSIONAUTH_SESSION_PRESET = preset
    token, value = give(alice, DAY)
    RememberToken.objects.update(created_at=timezone.now() - timedelta(hours=20))
    row = get_auth(ask_with(value)).credential
    row.refresh_from_db()
    assert abs(timezone.now() - row.created_at - timedelta(hours=begun)) < timedelta(seconds=5)
    assert token.pk


def test_restore__is_not_for_who_is_inactive_even_later(ask_with, alice):
    token, value = give(alice)
    get_user_model().objects.update(is_active=False)
    request = ask_with(value)
    assert get_auth(request).is_anonymous
    for act in state_of(request).later:
        act()
    token.refresh_from_db()
    assert token.revoked_reason == "inactive"


def test_confirm__needs_a_session(ask_with, alice):
    """A sibling of the request that restores has none, so nothing can be made fresh."""
    token, value = give(alice)
    assert get_auth(ask_with(value)).user == alice
    sibling = ask_with(value)
    assert get_auth(sibling).credential == token
    with pytest.raises(NotAuthenticated):
        confirm_login(sibling)
    age(token, minutes=2)


def test_session_store_that_fails__recognises_the_request_alone(ask_with, alice, monkeypatch):
    token, value = give(alice)
    request = ask_with(value)

    def fail():
        raise OSError("the store is down")

    monkeypatch.setattr(request.session, "cycle_key", fail)
    auth = get_auth(request)
    assert (auth.user, auth.credential) == (alice, token)
    assert "_auth_user_id" not in request.session
    assert answer_to(request)["sessionauth_remember"].value != value


def test_restore__signs_the_oldest_out_where_that_makes_room(ask_with, alice, settings):
    settings.SESSIONAUTH_MAX_SESSIONS = 1
    elsewhere = LoginSession.objects.create(user=alice, sid="s" * 32)
    _, value = give(alice)
    assert get_auth(ask_with(value)).user == alice
    elsewhere.refresh_from_db()
    assert elsewhere.is_revoked
