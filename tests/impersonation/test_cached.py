"""Credentials that end with an impersonation where keys are looked up in a cache: its row is asked past that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.utils import timezone

from sessionauth.models import APIKey, Impersonation, ImpersonationToken
from tests.asking import counted
from tests.credentials.conftest import key_cache as key_cache
from tests.credentials.knowing import entries

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("key_cache"),
    pytest.mark.parametrize("browser", ["sync"], indirect=True),
]


@pytest.fixture(params=["token", "key"])
def issued(request, settings, browser, alice):
    """One to act as alice, or one that was issued while somebody did; in its row and as its secret."""
    if request.param == "token":
        settings.SESSIONAUTH_IMPERSONATION_TOKENS = True
        settings.ROOT_URLCONF = "tests.impersonation.tokens_site"
        headers = {"x-csrftoken": browser.form()}
        data = {"user": str(alice.pk), "reason": "a ticket"}
        answer = browser.client.post("/api/impersonation/", data, content_type="application/json", headers=headers)
        return ImpersonationToken.objects.get(), answer.json()["access_token"]
    settings.SESSIONAUTH_IMPERSONATION_CREDENTIALS = True
    settings.ROOT_URLCONF = "tests.impersonation.issuing_site"
    browser.begin(alice, write=True)
    secret = browser.post("/do/issue/").content.decode()
    return APIKey.objects.get(), secret


def ask(secret, *, is_async=False):
    headers = {"authorization": f"Bearer {secret}", "accept": "application/json"}
    if is_async:
        return async_to_sync(AsyncClient().get)("/awho/", headers=headers)
    return Client().get("/who/", headers=headers)


def _new_password(user):
    user.set_password("another password")
    type(user).objects.filter(pk=user.pk).update(password=user.password)


NOW = timezone.now
#: By statements alone, of which no cache is told, and by the app itself.
ENDS = {
    "ended": lambda row, root, alice: Impersonation.objects.update(ended_at=NOW(), end_reason="revoked"),
    "expired": lambda row, root, alice: Impersonation.objects.update(expires_at=NOW()),
    "idle": lambda row, root, alice: Impersonation.objects.update(last_seen_at=NOW() - timedelta(hours=1)),
    "gone": lambda row, root, alice: Impersonation.objects.all().delete(),
    "actor's password": lambda row, root, alice: _new_password(root),
    "target's password": lambda row, root, alice: _new_password(alice),
    "target inactive": lambda row, root, alice: type(alice).objects.filter(pk=alice.pk).update(is_active=False),
    "permission lost": lambda row, root, alice: type(root).objects.filter(pk=root.pk).update(is_superuser=False),
    "end()": lambda row, root, alice: Impersonation.objects.get().end("revoked"),
    "revoke()": lambda row, root, alice: row.revoke("lost"),
    "revoked": lambda row, root, alice: type(row).objects.update(revoked_at=NOW()),
}


@pytest.mark.parametrize("end", ENDS)
def test_end__holds_from_the_next_request_on(issued, root, alice, end):
    row, secret = issued
    for is_async in (False, True):
        assert ask(secret, is_async=is_async).json()["user"] == alice.get_username()
    assert entries()
    ENDS[end](row, root, alice)
    assert [ask(secret, is_async=is_async).status_code for is_async in (True, False, True)] == [401, 401, 401]


def test_used__acts_for_the_actor_and_its_own_table_is_not_asked(issued, root, alice):
    row, secret = issued
    names = (alice.get_username(), root.get_username())
    ask(secret)
    with counted() as statements:
        told = ask(secret).json()
    assert (told["user"], told["actor"], told["impersonation"]) == (*names, str(row.impersonation_id))
    assert not any(f'FROM "{row._meta.db_table}"' in one for one in statements), statements
    told = ask(secret, is_async=True).json()
    assert (told["user"], told["actor"], told["state"]) == (*names, "impersonator")
