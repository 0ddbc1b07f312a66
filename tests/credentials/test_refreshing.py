"""Tokens of a login, and those that are got by refreshing them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sessionauth import crypto
from sessionauth.credentials import issue_login_token, refresh
from sessionauth.exceptions import InvalidCredential
from sessionauth.models import AccessToken

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
