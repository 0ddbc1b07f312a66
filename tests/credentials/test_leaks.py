"""A secret that was found ends."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessionauth import crypto
from sessionauth.audit import Event
from sessionauth.credentials import issue_login_token, leaks, scanning
from sessionauth.models import AccessToken, APIKey, AuthEvent
from sessionauth.signals import credential_leaked

pytestmark = pytest.mark.django_db


@pytest.fixture
def told():
    calls = []

    def note(**facts):
        calls.append(facts)

    credential_leaked.connect(note)
    yield calls
    credential_leaked.disconnect(note)


def parsed(secret):
    found = crypto.parse(secret, "sa")
    assert found is not None
    return found


@pytest.mark.parametrize("report", [leaks.report, async_to_sync(leaks.areport)])
def test_report__ends_it_once_and_tells(report, make_user, told):
    row, secret = APIKey.objects.issue(user=make_user("alice"))
    assert leaks.standing(parsed(secret)) == "live"
    assert report(parsed(secret), url="https://example.org/x", source="content")
    assert not report(parsed(secret), url="https://example.org/y", source="content")
    row.refresh_from_db()
    assert row.revoked_reason == "leaked"
    assert leaks.standing(parsed(secret)) == "revoked"
    [fact] = told
    assert (fact["credential"], fact["url"], fact["source"]) == (row, "https://example.org/x", "content")


def test_report__is_recorded_without_the_secret(make_user):
    row, secret = APIKey.objects.issue(user=make_user("alice"))
    leaks.report(parsed(secret), url="https://example.org/x", source="content")
    event = AuthEvent.objects.get(event=Event.CREDENTIAL_LEAKED)
    assert (event.subject, event.data) == (f"apikey:{row.pk}", {"url": "https://example.org/x", "source": "content"})


def test_report__of_nobodys_secret_does_nothing(told):
    secret = parsed(crypto.new_secret("sa", "key"))
    assert not leaks.report(secret)
    assert (leaks.standing(secret), told) == ("unknown", [])


def test_report__of_a_hidden_or_inactive_users_key_ends_it_all_the_same(make_user):
    user = make_user("alice")
    row, secret = APIKey.objects.issue(user=user)
    get_user_model()._base_manager.filter(pk=user.pk).update(is_active=False)
    assert leaks.standing(parsed(secret)) == "inactive"
    assert leaks.report(parsed(secret))
    row.refresh_from_db()
    assert row.is_revoked


def test_report__of_a_refresh_token_ends_all_that_came_of_the_login(make_user, told):
    family, refresh, user = uuid.uuid4(), crypto.new_secret("sa", "ref"), make_user("alice")
    first, _ = AccessToken.objects.issue(user=user, family=family, refresh_digest=crypto.digest(refresh))
    second, _ = AccessToken.objects.issue(user=user, family=family)
    other, _ = AccessToken.objects.issue(user=user)
    assert leaks.report(parsed(refresh))
    assert [row.revoked_reason for row in AccessToken.objects.order_by("pk")] == ["leaked", "leaked", ""]
    assert [fact["credential"] for fact in told] == [first]


def test_report__of_what_an_older_pepper_was_used_for(make_user, settings):
    settings.SESSIONAUTH_KEY_PEPPERS = {"old": "o" * 32}
    row, secret = APIKey.objects.issue(user=make_user("alice"))
    settings.SESSIONAUTH_KEY_PEPPERS = {"new": "n" * 32, "old": "o" * 32}
    [found] = scanning.finds(io.BytesIO(secret.encode()))
    assert leaks.report(found.parsed)
    row.refresh_from_db()
    assert row.is_revoked


def test_standing__of_a_refresh_token_is_its_own(make_user):
    """The access token beside it ends much sooner."""
    row, secret, refresh = issue_login_token(make_user("alice"))
    past = timezone.now() - timedelta(seconds=1)
    AccessToken.objects.update(expires_at=past)
    assert (leaks.standing(parsed(secret)), leaks.standing(parsed(refresh))) == ("expired", "live")
    AccessToken.objects.update(refreshed_at=past)
    assert leaks.standing(parsed(refresh)) == "refreshed"
    AccessToken.objects.update(refreshed_at=None, refresh_expires_at=past)
    assert leaks.standing(parsed(refresh)) == "expired"
    row.revoke()
    assert leaks.standing(parsed(refresh)) == "revoked"


def test_report__of_a_refresh_token_whose_user_is_gone(make_user):
    alice = make_user("alice")
    row, _, refresh = issue_login_token(alice)
    type(alice).objects.filter(pk=alice.pk)._raw_delete("default")
    assert leaks.standing(parsed(refresh)) == "unknown"
    assert leaks.report(parsed(refresh))
    row.refresh_from_db()
    assert row.revoked_reason == "leaked"
