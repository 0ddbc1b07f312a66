"""The row of an impersonation: it ends once, and outlives the people in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from sessionauth.models import AuthEvent, Impersonation
from sessionauth.signals import impersonation_ended

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(make_user):
    root, alice = make_user("root"), make_user("alice")
    return Impersonation.objects.create(
        actor=root,
        actor_name=root.get_username(),
        target=alice,
        target_name=alice.get_username(),
        expires_at=timezone.now() + timedelta(minutes=5),
        session_data="signed",
    )


@pytest.fixture
def told():
    heard = []

    def hear(**facts):
        heard.append((facts["sender"], facts["request"], facts["impersonation"], facts["reason"]))

    impersonation_ended.connect(hear)
    yield heard
    impersonation_ended.disconnect(hear)


def test_end__keeps_why_and_no_session(row):
    assert not row.has_ended
    assert row.end("released")
    assert row.has_ended
    row.refresh_from_db()
    assert (row.end_reason, row.session_data, row.has_ended) == ("released", "", True)


def test_end__async(row):
    assert async_to_sync(row.aend)("released")
    assert not async_to_sync(row.aend)("expired")


def test_end__once(row, told):
    other = Impersonation.objects.get()
    assert row.end("released")
    assert not other.end("expired")
    row.refresh_from_db()
    assert row.end_reason == "released"
    assert told == [(Impersonation, None, row, "released")]


def test_end__is_an_event_of_the_target_by_the_actor(row):
    row.end("released")
    event = AuthEvent.objects.get(event="impersonation_ended")
    assert (event.user_id, event.user_name) == (row.target_id, row.target_name)
    assert (event.actor_id, event.actor_name) == (row.actor_id, row.actor_name)
    assert (event.reason, event.subject) == ("released", f"impersonation:{row.pk}")


def test_change__not_after_the_end(row):
    other = Impersonation.objects.get()
    row.end("released")
    assert not other.change(mode="write")
    assert other.is_read_only
    row.refresh_from_db()
    assert row.is_read_only


def test_expired__is_over(row):
    assert row.change(expires_at=timezone.now())
    assert row.has_ended


def test_people__may_go(row, django_user_model):
    names = row.actor_name, row.target_name
    for user in django_user_model.objects.all():
        user.delete()
    row.refresh_from_db()
    assert (row.actor_id, row.target_id, row.actor_name, row.target_name) == (None, None, *names)
    assert row.end("target_changed")


def test_repr__names_no_secret(row):
    row.actor_digest, row.session_data = "a" * 64, "text"
    assert "a" * 64 not in repr(row) + str(row)
    assert "text" not in repr(row) + str(row)
