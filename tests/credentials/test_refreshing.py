"""Tokens of a login, and those that are got by refreshing them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from sessionauth import books, crypto, signals
from sessionauth.credentials import arefresh, issue_login_token, refresh
from sessionauth.exceptions import InvalidCredential
from sessionauth.models import AccessToken, AuthEvent
from sessionauth.request_state import state_of, underway
from tests.asking import Sent, ask, counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def lookup(secret):
    return AccessToken.objects.lookup(crypto.parse(secret, "sa"))


def later(**ago):
    """Let so much time pass for every refresh."""
    AccessToken.objects.exclude(refreshed_at=None).update(refreshed_at=timezone.now() - timedelta(**ago))


def test_refresh__gives_a_new_pair_and_ends_the_old(alice):
    row, secret, first = issue_login_token(alice, name="phone", scopes=["auth.view_user"])
    new, new_secret, second = refresh(first)
    assert lookup(new_secret) == new
    assert (new.name, new.scopes, new.family, new.is_personal) == ("phone", ["auth.view_user"], row.family, False)
    assert new.rotated_from_id == row.pk
    assert second not in (first, None)
    with pytest.raises(InvalidCredential, match="expired"):
        lookup(secret)
    refresh(second)


def test_refresh__within_the_grace_is_refused_and_ends_nothing(alice):
    _, _, first = issue_login_token(alice)
    _, secret, _ = refresh(first)
    with pytest.raises(InvalidCredential, match="refreshed"):
        refresh(first)
    lookup(secret)


def test_refresh__after_the_grace_ends_the_login(alice):
    _, _, first = issue_login_token(alice)
    _, other, _ = issue_login_token(alice)
    _, secret, second = refresh(first)
    later(seconds=11)
    for code in ("stolen", "revoked"):
        with pytest.raises(InvalidCredential, match=code):
            refresh(first)
    with pytest.raises(InvalidCredential, match="revoked"):
        lookup(secret)
    with pytest.raises(InvalidCredential, match="revoked"):
        refresh(second)
    lookup(other)


def test_refresh__with_no_grace_is_an_alarm_at_once(alice, settings):
    settings.SESSIONAUTH_REFRESH_GRACE = 0
    _, _, first = issue_login_token(alice)
    refresh(first)
    later(milliseconds=1)
    with pytest.raises(InvalidCredential, match="stolen"):
        refresh(first)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "x",
        "sa_ref_",
        "sa_ref_x",
        "\0",
        "é" * 9,
        "\ud800",
        None,
        1,
        b"sa_ref_x",
        crypto.new_secret("sa", "pat"),
        "x" * 999,
    ],
)
def test_refresh__malformed_costs_no_query(secret, django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(InvalidCredential, match="malformed"):
        refresh(secret)


def test_refresh__unknown_is_one_query(django_assert_num_queries):
    with django_assert_num_queries(1), pytest.raises(InvalidCredential, match="unknown"):
        refresh(crypto.new_secret("sa", "ref"))


def test_refresh__not_for_whom_may_not(alice):
    users = type(alice)._default_manager.filter(pk=alice.pk)
    row, _, first = issue_login_token(alice)
    AccessToken.objects.update(refresh_expires_at=timezone.now())
    with pytest.raises(InvalidCredential, match="expired"):
        refresh(first)
    row, _, first = issue_login_token(alice)
    users.update(is_active=False)
    with pytest.raises(InvalidCredential, match="inactive"):
        refresh(first)
    users.update(is_active=True)
    alice.set_password("another one")
    users.update(password=alice.password)
    with pytest.raises(InvalidCredential, match="password_changed"):
        refresh(first)
    alice.refresh_from_db()
    row, _, first = issue_login_token(alice)
    row.revoke()
    with pytest.raises(InvalidCredential, match="revoked"):
        refresh(first)
    assert AccessToken.objects.filter(rotated_from=None).count() == AccessToken.objects.count()


def test_refresh__ends_with_the_login_however_often(alice, settings):
    settings.SESSIONAUTH_TOKEN_MAX_AGE = timedelta(hours=1)
    row, _, secret = issue_login_token(alice)
    for _ in range(3):
        row, _, secret = refresh(secret)
    first = AccessToken.objects.earliest("pk")
    assert row.end == row.refresh_expires_at == row.ends_at == first.ends_at


def test_refresh__without_an_end_goes_on(alice, settings):
    settings.SESSIONAUTH_TOKEN_MAX_AGE = None
    row, _, secret = issue_login_token(alice)
    row, _, _ = refresh(secret)
    assert row.ends_at is None


def test_refresh__switched_off_meanwhile_gives_no_further_one(alice, settings):
    _, _, secret = issue_login_token(alice)
    settings.SESSIONAUTH_REFRESH_AGE = None
    assert refresh(secret)[2] is None


def test_refresh__with_peppers(alice, settings):
    settings.SESSIONAUTH_KEY_PEPPERS = {"a": "a" * 32}
    row, _, secret = issue_login_token(alice)
    assert row.refresh_digest != crypto.digest(secret)
    settings.SESSIONAUTH_KEY_PEPPERS = {"b": "b" * 32, "a": "a" * 32}
    _, _, secret = refresh(secret)
    settings.SESSIONAUTH_KEY_PEPPERS = {"c": "c" * 32}
    with pytest.raises(InvalidCredential, match="unknown"):
        refresh(secret)


def test_refresh__secrets_stand_in_no_row(alice):
    row, secret, first = issue_login_token(alice)
    _, other, second = async_to_sync(arefresh)(first)
    for one in AccessToken.objects.values():
        for word in (secret, first, other, second):
            assert word.rpartition("_")[2] not in str(one)


def test_theft__is_told_and_recorded_once_also_where_the_view_is_rolled_back(alice, rf):
    """In ATOMIC_REQUESTS the refusal may roll back what ended the login; it is done once more on the way out."""
    _, _, first = issue_login_token(alice)
    _, secret, _ = refresh(first)
    later(minutes=1)
    told = []

    def hear(**facts):
        told.append((facts["user"], facts["request"], facts["credential"].refreshed_at is not None))

    request = rf.post("/")
    signals.credential_stolen.connect(hear)
    try:
        with underway(request), pytest.raises(InvalidCredential, match="stolen"), transaction.atomic():
            refresh(first)
    finally:
        signals.credential_stolen.disconnect(hear)
    assert told == [(alice, request, True)]
    lookup(secret)
    with underway(request):
        books.keep(state_of(request))
    with pytest.raises(InvalidCredential, match="revoked"):
        lookup(secret)
    event = AuthEvent.objects.get(event="credential_stolen")
    assert (event.user_id, event.outcome) == (alice.pk, "denied")
    assert not AuthEvent.objects.filter(event="credential_revoked").exists()


@pytest.mark.urls("tests.project.ways_urls")
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_refresh_token__shown_as_a_credential_is_wrong_and_costs_no_query(way, alice):
    _, _, refresh_secret = issue_login_token(alice)
    for headers in ({"Authorization": f"Bearer {refresh_secret}"}, {"X-Api-Key": refresh_secret}):
        with counted() as statements:
            answer = ask(way, "/tell/", Sent(headers))
        assert (answer.status, statements) == (401, [])
