"""How long credentials last: ends that move with each use, and copies that must not move them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from sessionauth import credentials, crypto
from sessionauth.exceptions import InvalidCredential
from sessionauth.models import AccessToken, APIKey, writing
from tests.asking import Sent, ask

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def sliding(user, *, left=HOUR / 2, ends=None, model=APIKey, **fields):
    now = timezone.now()
    ends_at = None if ends is None else now + ends
    row, _ = model.objects.issue(user=user, sliding=HOUR, expires_at=now + left, ends_at=ends_at, **fields)
    return row


def left(row):
    """How long `row` lasts by the database, in minutes."""
    end = type(row).objects.get(pk=row.pk).expires_at
    return None if end is None else round((end - timezone.now()).total_seconds() / 60)


def good(secret, model=APIKey):
    try:
        model.objects.lookup(crypto.parse(secret, "sa"))
    except InvalidCredential:
        return False
    return True


# ---- sliding


def test_touch__moves_the_end_on(alice):
    row = sliding(alice)
    assert row.is_touch_due()
    row.touch()
    assert left(row) == 60


def test_touch__stops_at_the_last_end(alice):
    row = sliding(alice, ends=HOUR * 3 / 4)
    row.touch()
    row.refresh_from_db()
    assert (left(row), row.expires_at) == (45, row.ends_at)
    assert APIKey.objects.get().last_used_at is not None
    row.touch()
    assert not APIKey.objects.get().is_touch_due()


def test_touch__never_brings_the_end_nearer(alice):
    row = sliding(alice, left=5 * HOUR)
    row.touch()
    assert left(row) == 300


@pytest.mark.parametrize("interval", [60, None, timedelta(hours=5)])
def test_touch__slides_often_enough_whatever_the_interval(interval, alice, settings):
    settings.SESSIONAUTH_LAST_USED_INTERVAL = interval
    row = sliding(alice, left=HOUR - timedelta(minutes=7))
    APIKey.objects.update(last_used_at=timezone.now())
    row.refresh_from_db()
    assert row.is_touch_due()
    row.touch()
    assert left(row) == 60
    row.refresh_from_db()
    assert not row.is_touch_due()


def test_touch__of_what_slides_writes_once(alice, django_assert_num_queries):
    row = sliding(alice)
    row.touch()
    first = APIKey.objects.get()
    row.touch()
    assert APIKey.objects.get().expires_at == first.expires_at


END = {
    "revoked": lambda row: APIKey.objects.get().revoke(),
    "rotated": lambda row: credentials.rotate(APIKey.objects.get(), overlap=60),
    "expired": lambda row: APIKey.objects.update(expires_at=timezone.now() - HOUR),
    "no longer sliding": lambda row: APIKey.objects.update(sliding=None),
    "sliding otherwise": lambda row: APIKey.objects.update(sliding=HOUR / 4),
    "with another last end": lambda row: APIKey.objects.update(ends_at=timezone.now() + HOUR / 4),
}


@pytest.mark.parametrize("how", END)
def test_touch__by_an_older_copy_moves_no_end_of_what_has_changed(how, alice):
    row = sliding(alice)
    END[how](row)
    before = APIKey.objects.get(pk=row.pk).expires_at
    row.touch()
    assert APIKey.objects.get(pk=row.pk).expires_at == before


def test_touch__of_a_refreshed_token_does_not_wake_it(alice, settings):
    settings.SESSIONAUTH_TOKEN_SLIDING = True
    row, _, refresh_secret = credentials.issue_login_token(alice)
    AccessToken.objects.update(expires_at=timezone.now() + HOUR)
    row = AccessToken.objects.get()
    credentials.refresh(refresh_secret)
    row.touch()
    assert AccessToken.objects.get(pk=row.pk).is_expired


def test_touch__of_a_row_that_is_gone_and_in_a_database_that_is_read_only(alice, monkeypatch):
    row = sliding(alice)
    APIKey.objects.all().delete()
    row.touch()

    def refuse(*args, **kwargs):
        raise OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(QuerySet, "update", refuse)
    row, _ = APIKey.objects.issue(user=alice)
    assert writing.best_effort(row.touch, "default") is False


def test_end__is_whichever_comes_first():
    now = timezone.now()
    assert APIKey().end is None
    assert APIKey(expires_at=now).end == APIKey(ends_at=now).end == now
    assert APIKey(expires_at=now + DAY, ends_at=now).is_expired
    assert not APIKey(expires_at=now + DAY, ends_at=now + DAY).is_expired


def test_end__by_the_last_end_alone_counts_for_lookups_and_lists(alice):
    row, secret = APIKey.objects.issue(user=alice, ends_at=timezone.now() - HOUR)
    assert not good(secret)
    assert not APIKey.objects.usable().exists()


# ---- saves of older copies


def an_admin_saves(row, **changes):
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()


def test_save__of_an_older_copy_undoes_no_act(alice):
    """What any act writes, field by field: no save of a copy that was read before may write it back."""
    row, secret, refresh_secret = credentials.issue_login_token(alice, name="phone")
    copies = [AccessToken.objects.get() for _ in range(3)]
    credentials.rotate(row, overlap=0)
    an_admin_saves(copies[0], name="renamed")
    assert not good(secret, AccessToken)
    rotated = AccessToken.objects.get(pk=row.pk)
    assert (rotated.name, rotated.refresh_digest) == ("renamed", None)
    assert rotated.rotated_at is not None
    refreshed, _, _ = credentials.refresh(refresh_secret)
    for copy in copies:
        an_admin_saves(copy)
    new = AccessToken.objects.get(pk=refreshed.rotated_from_id)
    copy = AccessToken.objects.get(pk=refreshed.pk)
    refreshed.revoke("lost")
    an_admin_saves(copy, name="kept")
    assert AccessToken.objects.get(pk=refreshed.pk).revoked_reason == "lost"
    assert new.refreshed_at is not None
    assert credentials.of(alice, AccessToken).count() == 0


def test_save__of_an_older_copy_writes_none_of_the_fields_that_acts_write(alice):
    changing = set(AccessToken._not_saved_again) | set(AccessToken._lifetime)
    kept = {field.name for field in AccessToken._meta.concrete_fields} - changing
    assert kept == {"id", "user", "name", "scopes", "networks", "methods", "origins", "rate", "created_at"}


@pytest.mark.parametrize("act", ["rotate", "refresh"])
@pytest.mark.parametrize("asked", [HOUR, 30 * DAY, None])
@pytest.mark.parametrize("fields", [None, ["expires_at"], ["expires_at", "name"]])
def test_save__never_lengthens_what_was_cut_short(act, asked, fields, alice):
    row, secret, refresh_secret = credentials.issue_login_token(alice)
    copy = AccessToken.objects.get()
    credentials.rotate(row, overlap=60) if act == "rotate" else credentials.refresh(refresh_secret)
    end = AccessToken.objects.get(pk=row.pk).expires_at
    copy.expires_at, copy.name = None if asked is None else timezone.now() + asked, "changed"
    copy.ends_at, copy.sliding = None, HOUR
    copy.save(update_fields=fields)
    assert AccessToken.objects.get(pk=row.pk).expires_at == copy.expires_at == end
    AccessToken.objects.get(pk=row.pk).touch()
    assert AccessToken.objects.get(pk=row.pk).expires_at == end


@pytest.mark.parametrize("to", [HOUR, 30 * DAY, None])
def test_save__changes_the_end_of_what_is_open(to, alice):
    row, _ = APIKey.objects.issue(user=alice, expires_at=timezone.now() + DAY)
    row = APIKey.objects.get()
    row.expires_at = None if to is None else timezone.now() + to
    row.save()
    assert APIKey.objects.get().expires_at == row.expires_at
    row.expires_at = timezone.now() + 2 * DAY  # and again, by the same instance
    row.save(update_fields=["expires_at"])
    assert APIKey.objects.get().expires_at == row.expires_at


def test_save__shortens_also_what_was_rotated(alice):
    row, _ = APIKey.objects.issue(user=alice)
    credentials.rotate(row)
    row.expires_at = timezone.now() + HOUR
    row.save()
    assert left(row) == 60


def test_save__does_not_take_back_what_a_use_has_added(alice):
    row = sliding(alice)
    copy = APIKey.objects.get()
    row.touch()
    an_admin_saves(copy, name="renamed")
    assert (left(row), APIKey.objects.get().name) == (60, "renamed")


@pytest.mark.parametrize("name", ["sliding", "ends_at"])
def test_save__of_an_older_copy_leaves_another_ones_change(name, alice):
    row = sliding(alice, ends=DAY)
    copy = APIKey.objects.get()
    other = APIKey.objects.get()
    setattr(other, name, {"sliding": HOUR / 2, "ends_at": timezone.now() + HOUR}[name])
    other.save()
    an_admin_saves(copy, name="renamed")
    row.refresh_from_db()
    assert getattr(row, name) == getattr(other, name)


def test_save__of_an_instance_made_by_hand_or_read_in_part(alice):
    row, _ = APIKey.objects.issue(user=alice)
    credentials.rotate(row, overlap=60)
    end = APIKey.objects.get(pk=row.pk).expires_at
    part = APIKey.objects.only("name").get(pk=row.pk)
    part.name = "part"
    part.save()
    part.expires_at = None
    part.save()
    made = APIKey(pk=row.pk, user=alice, digest=row.digest, hint=row.hint)
    made._state.adding = False
    made.save()
    assert APIKey.objects.get(pk=row.pk).expires_at == end


def test_refresh_from_db__of_another_field_forgets_no_change(alice):
    row, _ = APIKey.objects.issue(user=alice)
    row.expires_at = timezone.now() + HOUR
    row.refresh_from_db(fields=["name"])
    row.save()
    assert left(row) == 60


# ---- on a request


@pytest.mark.urls("tests.project.ways_urls")
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
@pytest.mark.django_db(transaction=True)
def test_use__moves_the_end_on_after_the_response_and_never_fails(way, alice, monkeypatch):
    now = timezone.now()
    row, secret = APIKey.objects.issue(user=alice, sliding=HOUR, expires_at=now + HOUR / 2)
    sent = Sent({"Authorization": f"Bearer {secret}"})
    assert ask(way, "/tell/", sent).status == 200
    assert left(row) == 60
    APIKey.objects.update(last_used_at=None, expires_at=now + HOUR / 2)

    def refuse(*args, **kwargs):
        raise OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(QuerySet, "update", refuse)
    assert ask(way, "/tell/", sent).status == 200


@pytest.mark.urls("tests.project.ways_urls")
@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_use__of_a_row_that_goes_meanwhile(way, alice, monkeypatch):
    _, secret = APIKey.objects.issue(user=alice)
    touch = APIKey.touch

    def gone(self):
        APIKey.objects.all().delete()
        touch(self)

    monkeypatch.setattr(APIKey, "touch", gone)
    assert ask(way, "/tell/", Sent({"Authorization": f"Bearer {secret}"})).status == 200
    assert not APIKey.objects.exists()
