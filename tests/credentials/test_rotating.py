"""A new secret for the same purpose."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from sessionauth import credentials, crypto, signals
from sessionauth.exceptions import AlreadyRotated, CredentialEnded, InvalidCredential, StrongerThanParent
from sessionauth.models import AccessToken, APIKey, AuthEvent
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LIMITS = {
    "scopes": ["auth.view_user"],
    "networks": ["192.0.2.0/24"],
    "methods": ["GET"],
    "origins": ["https://a.example"],
    "rate": "5/d",
}


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def lookup(secret, model=APIKey):
    return model.objects.lookup(crypto.parse(secret, "sa"))


def about(end, start, expected):
    return end is not None and abs((end - start) - expected) < timedelta(seconds=5)


OWNERS = {
    APIKey: lambda user: {"user": user},
    AccessToken: lambda user: {"user": user},
    OrganisationKey: lambda user: {"organisation": Organisation.objects.create(name="x", service_user=user)},
    DeviceKey: lambda user: {},
}


@pytest.mark.parametrize("model", OWNERS, ids=lambda model: model.__name__)
def test_rotate__gives_the_same_with_another_secret(model, alice):
    owner = OWNERS[model](alice)
    row, secret = model.objects.issue(name="desk", **owner, **LIMITS)
    new, new_secret = credentials.rotate(row)
    assert new_secret != secret
    assert (lookup(new_secret, model), lookup(secret, model)) == (new, row)
    for name in ("name", *owner, *LIMITS):
        assert getattr(new, name) == getattr(row, name), name
    assert (new.rotated_from_id, new.rotated_at, new.expires_at, new.last_used_at) == (row.pk, None, None, None)
    assert about(lookup(secret, model).expires_at, timezone.now(), DAY)


def test_rotate__takes_what_the_row_is_now_not_what_it_was_when_read(alice):
    row, _ = APIKey.objects.issue(user=alice)
    APIKey.objects.update(scopes=[], networks=["192.0.2.1"], name="renamed")
    new, _ = credentials.rotate(row)
    assert (new.scopes, new.networks, new.name) == ([], ["192.0.2.1"], "renamed")


def test_rotate_and_refresh__of_what_no_form_would_take_any_more(alice, settings):
    """A scope is renamed in the settings: what was granted under its old name goes on, and grants nothing."""
    row, _ = APIKey.objects.issue(user=alice)
    APIKey.objects.update(scopes=["gone"], methods=["BREW"], networks=["x"], rate="?")
    new, _ = credentials.rotate(row)
    assert (new.scopes, new.methods, new.networks, new.rate) == (["gone"], ["BREW"], ["x"], "?")
    _, _, refresh_secret = credentials.issue_login_token(alice)
    AccessToken.objects.update(scopes="nonsense")
    assert credentials.refresh(refresh_secret)[0].scopes == "nonsense"


@pytest.mark.parametrize(("overlap", "lasts"), [(0, None), (60, timedelta(seconds=60)), (2 * HOUR, 2 * HOUR)])
def test_rotate__overlaps_as_long_as_asked(overlap, lasts, alice):
    row, secret = APIKey.objects.issue(user=alice)
    credentials.rotate(row, overlap=overlap)
    if lasts is None:
        with pytest.raises(InvalidCredential, match="expired"):
            lookup(secret)
    else:
        assert about(lookup(secret).expires_at, timezone.now(), lasts)
        assert row.expires_at == lookup(secret).expires_at


def test_rotate__never_makes_the_old_one_last_longer(alice):
    for fields in ({"expires_at": timezone.now() + HOUR}, {"ends_at": timezone.now() + HOUR}):
        row, secret = APIKey.objects.issue(user=alice, **fields)
        credentials.rotate(row, overlap=DAY)
        assert about(lookup(secret).end, timezone.now(), HOUR)
    with pytest.raises(ValueError, match="negative"):
        credentials.rotate(row, overlap=-1)


def test_rotate__by_a_person_begins_the_same_time_again(alice):
    row, _ = APIKey.objects.issue(user=alice, expires_at=timezone.now() + 3 * DAY)
    APIKey.objects.update(created_at=timezone.now() - 7 * DAY)
    assert about(credentials.rotate(row)[0].expires_at, timezone.now(), 10 * DAY)


def test_rotate__by_a_program_ends_when_it_would_have(alice):
    end = timezone.now() + 3 * DAY
    row, _ = APIKey.objects.issue(user=alice, expires_at=end)
    APIKey.objects.update(created_at=timezone.now() - 7 * DAY)
    new, _ = credentials.rotate(row, parent=row)
    assert new.expires_at == end


def test_rotate__of_what_slides(alice):
    fields = {"sliding": HOUR, "expires_at": timezone.now() + HOUR / 2}
    for parent, end in ((False, 10 * DAY), (True, 3 * DAY)):
        row, _ = APIKey.objects.issue(user=alice, ends_at=timezone.now() + 3 * DAY, **fields)
        APIKey.objects.filter(pk=row.pk).update(created_at=timezone.now() - 7 * DAY)
        new, _ = credentials.rotate(row, parent=row if parent else None)
        assert about(new.expires_at, timezone.now(), HOUR)
        assert about(new.ends_at, timezone.now(), end)
        assert new.sliding == HOUR


def test_rotate__of_a_login_keeps_its_end_and_takes_the_refresh_token_along(alice):
    row, secret, refresh_secret = credentials.issue_login_token(alice)
    AccessToken.objects.update(created_at=timezone.now() - 5 * HOUR)
    new, new_secret = credentials.rotate(row)
    for name in ("expires_at", "ends_at", "family", "session_digest", "is_personal"):
        assert getattr(new, name) == getattr(AccessToken.objects.exclude(pk=row.pk).get(), name)
    assert (new.family, new.ends_at, new.is_personal) == (row.family, row.ends_at, False)
    assert about(new.expires_at, timezone.now(), 10 * HOUR)
    refreshed, _, _ = credentials.refresh(refresh_secret)
    assert refreshed.rotated_from_id == new.pk
    with pytest.raises(InvalidCredential, match="expired"):
        lookup(new_secret, AccessToken)
    lookup(secret, AccessToken)  # the overlap that was asked for


def test_rotate__once(alice):
    row, _ = APIKey.objects.issue(user=alice)
    other = APIKey.objects.get()
    credentials.rotate(row)
    for one in (row, other):
        with pytest.raises(AlreadyRotated) as caught:
            credentials.rotate(one)
    assert (caught.value.code, caught.value.status) == ("already_rotated", 409)
    assert APIKey.objects.count() == 2


def test_rotate__not_what_has_ended(alice, make_user):
    bob = make_user("bob")
    ended = {
        "revoked": APIKey.objects.issue(user=alice)[0],
        "expired": APIKey.objects.issue(user=alice, expires_at=timezone.now() - HOUR)[0],
        "inactive": APIKey.objects.issue(user=bob)[0],
        "unknown": APIKey.objects.issue(user=alice)[0],
        "password_changed": credentials.issue_login_token(alice)[0],
    }
    ended["revoked"].revoke()
    type(bob)._default_manager.filter(pk=bob.pk).update(is_active=False)
    APIKey.objects.filter(pk=ended["unknown"].pk).delete()
    alice.set_password("another")
    type(alice)._default_manager.filter(pk=alice.pk).update(password=alice.password)
    for code, row in ended.items():
        with pytest.raises(CredentialEnded) as caught:
            credentials.rotate(type(row)._base_manager.get(pk=row.pk) if code != "unknown" else row)
        assert caught.value.code == code
    assert not APIKey.objects.exclude(rotated_at=None).exists()


def test_rotate__by_a_weaker_one_is_refused_and_rotates_nothing(alice):
    row, secret = APIKey.objects.issue(user=alice)
    parent, _ = APIKey.objects.issue(user=alice, scopes=[])
    with pytest.raises(StrongerThanParent):
        credentials.rotate(row, parent=parent)
    assert lookup(secret).rotated_at is None
    credentials.rotate(parent, parent=row)


def test_rotate__is_told_and_recorded(alice, django_capture_on_commit_callbacks):
    told = []

    def hear(**facts):
        told.append((facts["sender"], facts["credential"], facts["successor"]))

    row, secret = APIKey.objects.issue(user=alice, name="desk")
    signals.credential_rotated.connect(hear)
    try:
        new, new_secret = async_to_sync(credentials.arotate)(row)
    finally:
        signals.credential_rotated.disconnect(hear)
    assert told == [(APIKey, row, new)]
    event = AuthEvent.objects.get(event="credential_rotated")
    assert (event.user_id, event.subject) == (alice.pk, f"apikey:{row.pk}")
    assert event.data == {"label": "desk", "successor": str(new.pk)}
    for word in (secret, new_secret):
        assert word not in repr(told)
    assert AuthEvent.objects.filter(event="credential_issued").count() == 1


def test_revoke__of_the_old_one_leaves_the_new_one_unless_it_came_meanwhile(alice):
    row, _ = APIKey.objects.issue(user=alice)
    other = APIKey.objects.get()
    _, secret = credentials.rotate(row)
    row.revoke()
    lookup(secret)
    row, _ = APIKey.objects.issue(user=alice)
    other = APIKey.objects.get(pk=row.pk)
    new, _ = credentials.rotate(row)
    _, secret = credentials.rotate(new)
    other.revoke("lost")
    with pytest.raises(InvalidCredential, match="revoked"):
        lookup(secret)
