"""Peppers: what is in the table alone lets nobody in, and no change of them loses a key that is to go on working."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError

from sessionauth import crypto
from sessionauth.models import AccessToken, APIKey
from tests.asking import WAYS, Sent, ask, counted

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]

OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture(autouse=True)
def _without_the_record(settings):
    settings.SESSIONAUTH_AUDIT = False
    settings.SESSIONAUTH_LAST_USED_INTERVAL = None


@pytest.fixture
def key(make_user):
    """A key from before there were peppers, and its secret."""
    return APIKey.objects.issue(user=make_user("alice"))


def told(secret, way="wsgi"):
    answer = ask(way, "/tell/", Sent({"X-Api-Key": secret}))
    return json.loads(answer.body)["user"] if answer.status == 200 else answer.status


def digest(row):
    row.refresh_from_db()
    return row.digest, row.pepper


@pytest.mark.parametrize("model", [APIKey, AccessToken])
def test_new_secret__has_a_digest_that_needs_the_pepper(model, make_user, settings):
    settings.SESSIONAUTH_KEY_PEPPERS = {"2026": NEW, "2025": OLD}
    row, secret = model.objects.issue(user=make_user("alice"))
    assert (row.digest, row.pepper) == (crypto.digest(secret, NEW), "2026")
    assert told(secret) == "alice"


def test_row_written_by_an_attacker__lets_nobody_in(key, settings):
    settings.SESSIONAUTH_KEY_PEPPERS = {"2026": NEW}
    forged = crypto.new_secret("sa", "key")
    for pepper in ("", "2026"):
        APIKey.objects.filter(pk=key[0].pk).update(digest=crypto.digest(forged), pepper=pepper)
        assert told(forged) == 401


@pytest.mark.parametrize("way", sorted(WAYS))
def test_old_digest__is_made_anew_at_its_next_use_and_costs_no_second_query(way, key, settings):
    row, secret = key
    settings.SESSIONAUTH_KEY_PEPPERS = {"2026": NEW, "": ""}
    with counted() as statements:
        assert told(secret, way) == "alice"
    assert [sql.split()[0] for sql in statements if "SAVEPOINT" not in sql] == [
        "SELECT",
        "UPDATE",
    ]  # the second after the answer
    assert digest(row) == (crypto.digest(secret, NEW), "2026")
    with counted() as statements:
        assert told(secret, way) == "alice"
    assert len(statements) == 1
    settings.SESSIONAUTH_KEY_PEPPERS = {"2027": OLD, "2026": NEW}
    assert told(secret, way) == "alice"
    assert digest(row) == (crypto.digest(secret, OLD), "2027")
    settings.SESSIONAUTH_KEY_PEPPERS = {"2026": NEW}
    assert told(secret, way) == 401


def test_old_digest__is_made_anew_by_the_backend_too(key, settings):
    row, secret = key
    settings.SESSIONAUTH_KEY_PEPPERS = {"2026": NEW, "": ""}
    settings.AUTHENTICATION_BACKENDS = ["sessionauth.backends.APIKeyAuthBackend"]
    assert authenticate(None, api_key=secret) == row.user
    assert digest(row) == (crypto.digest(secret, NEW), "2026")


def test_rehash__neither_undoes_a_revocation_nor_another_rehash(key, settings):
    row, secret = key
    settings.SESSIONAUTH_KEY_PEPPERS = {"2026": NEW, "": ""}
    parsed = crypto.parse(secret, "sa", settings.SESSIONAUTH_KEY_PEPPERS)
    late = APIKey.objects.get()
    row.revoke("lost")
    assert (row.rehash(parsed), late.rehash(parsed)) == (True, False)
    assert APIKey.objects.get().revoked_reason == "lost"


def test_rehash_that_fails__does_not_fail_the_request(key, settings, monkeypatch):
    def fail(self, parsed):
        raise IntegrityError

    monkeypatch.setattr(APIKey, "rehash", fail)
    settings.SESSIONAUTH_KEY_PEPPERS = {"2026": NEW, "": ""}
    assert told(key[1]) == "alice"


@pytest.mark.parametrize("newest_first", [True, False])
def test_two_rows_of_one_secret__are_good_only_together(newest_first, key, settings):
    row, secret = key
    settings.SESSIONAUTH_KEY_PEPPERS = {"2026": NEW, "2025": OLD, "": ""}
    other = APIKey(user=row.user, digest=crypto.digest(secret, NEW if newest_first else OLD), hint=row.hint)
    other.save()
    assert told(secret) == "alice"
    (row if newest_first else other).revoke("lost")
    assert told(secret) == 401
