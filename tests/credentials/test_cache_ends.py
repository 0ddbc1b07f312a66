"""What makes a credential worthless holds from the next request on, by hands that know nothing of a cache."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.cache import caches
from django.db import connection, models, transaction
from django.utils import timezone

from sessionauth import logout_everywhere
from sessionauth.credentials import forgetting
from sessionauth.credentials.issuing import issue_login_token
from sessionauth.credentials.refreshing import refresh
from sessionauth.credentials.revoking import revoke_all
from sessionauth.credentials.rotating import rotate
from sessionauth.models import APIKey, tombstones
from tests.asking import Sent, ask
from tests.credentials.knowing import entries, get, saved, warm
from tests.project.organisations.models import DeviceKey

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.credentials.known_urls"),
    pytest.mark.usefixtures("key_cache"),
]


def rotated(row):
    rotate(row, overlap=0)


def revoked_all(row):
    revoke_all(row.user)


def with_password(user):
    user.set_password("another")
    user.save()


def ended(row):
    row.revoked_at = timezone.now()
    return row


def upserted(row):
    given = {"update_conflicts": True, "update_fields": ["revoked_at"]}
    if connection.features.supports_update_conflicts_with_target:
        given["unique_fields"] = ["digest"]
    APIKey.objects.bulk_create([ended(row)], **given)


def loaded(row, **fields):
    for name, value in fields.items():
        setattr(row, name, value)
    for one in serializers.deserialize("json", serializers.serialize("json", [row])):
        one.save()


PAST = timezone.now() - timedelta(days=1)
ENDS = {
    "revoke": lambda row: row.revoke("lost"),
    "revoke another instance": lambda row: APIKey.objects.get(pk=row.pk).revoke("lost"),
    "expire by save": lambda row: saved(row, expires_at=PAST),
    "expire by update": lambda row: APIKey.objects.filter(pk=row.pk).update(expires_at=PAST),
    "revoke by update": lambda row: APIKey.objects.update(revoked_at=timezone.now()),
    "revoke by bulk_update": lambda row: APIKey.objects.bulk_update([ended(row)], ["revoked_at"]),
    "revoke by the relation": lambda row: row.user.sessionauth_apikey_set.update(revoked_at=timezone.now()),
    "revoke by upsert": upserted,
    "revoke by loaddata": lambda row: loaded(row, revoked_at=timezone.now()),
    "rotate": rotated,
    "revoke all": revoked_all,
    "delete": lambda row: row.delete(),
    "delete by queryset": lambda row: APIKey.objects.all().delete(),
    "deactivate": lambda row: saved(row.user, is_active=False),
    "deactivate by loaddata": lambda row: loaded(row.user, is_active=False),
    "delete the user": lambda row: row.user.delete(),
    "delete users": lambda row: get_user_model().objects.all().delete(),
    "digest": lambda row: APIKey.objects.update(digest="0" * 64),
}  # fmt: skip


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
@pytest.mark.parametrize("end", sorted(ENDS))
def test_end__holds_from_the_next_request_on(end, way, issued):
    row, secret = issued
    warm(secret)
    row.refresh_from_db()
    ENDS[end](row)
    assert get(secret, way=way)[0] == 401
    caches["default"].delete(tombstones.key_of(issued[0].digest, "default"))  # however long it takes
    assert get(secret, way=way)[0] == 401
    assert get(secret, way=way)[0] == 401


@pytest.mark.parametrize("end", sorted(ENDS))
def test_end__holds_from_its_commit_on_and_not_at_all_if_rolled_back(end, issued):
    row, secret = issued
    warm(secret)
    row.refresh_from_db()
    with transaction.atomic():
        ENDS[end](row)
        assert get(secret)[0] == 401  # the same connection sees it
        transaction.set_rollback(True)
    assert get(secret)[0] == 200
    row = APIKey.objects.get()
    with transaction.atomic():
        ENDS[end](row)
    assert get(secret)[0] == 401


def test_delete__after_a_revocation_that_was_rolled_back(issued):
    row, secret = issued
    with transaction.atomic():
        row.revoke("lost")
        transaction.set_rollback(True)
    caches["default"].clear()
    warm(secret)
    row.delete()
    assert get(secret)[0] == 401


@pytest.mark.parametrize(
    "end",
    [
        with_password,
        lambda user: user.delete(),
        lambda user: saved(user, is_active=False),
    ],
)
def test_token_of_a_login__ends_with_its_user(end, alice):
    secret = issue_login_token(alice)[1]
    warm(secret)
    end(alice)
    assert get(secret)[0] == 401


def test_refreshed_token__is_refused_at_once(alice):
    _, secret, refresh_secret = issue_login_token(alice)
    warm(secret)
    refresh(refresh_secret)
    assert get(secret)[0] == 401


def test_key_that_is_given_to_another_user__is_theirs_at_once(issued, make_user):
    row, secret = issued
    bob = make_user("bob")
    warm(secret)
    bob.sessionauth_apikey_set.add(row)
    assert get(secret)[1]["user"] == str(bob.pk)
    caches["default"].clear()
    warm(secret)
    bob.sessionauth_apikey_set.clear()
    assert get(secret)[1]["user"] is None


@pytest.mark.parametrize("how", ["save", "update", "bulk_update"])
def test_change__is_seen_at_the_next_request(how, issued):
    row, secret = issued
    warm(secret)
    row.scopes, row.name = [], "till"
    if how == "save":
        row.save()
    elif how == "update":
        APIKey.objects.update(scopes=[], name="till")
    else:
        APIKey.objects.bulk_update([row], ["scopes", "name"])
    status, told, queries = get(secret)
    assert (status, told["name"], told["scopes"], queries) == (200, "till", [], 1)


def test_change_of_more_rows_than_get_a_tombstone__ends_the_generation(alice, monkeypatch):
    monkeypatch.setattr(tombstones, "MOST", 2)
    secrets = [APIKey.objects.issue(user=alice)[1] for _ in range(3)]
    other = DeviceKey.objects.issue()[1]
    for secret in (*secrets, other):
        warm(secret)
    assert APIKey.objects.update(revoked_at=timezone.now()) == 3
    assert [get(secret)[0] for secret in secrets] == [401, 401, 401]
    assert [get(other)[2] for _ in range(2)][0] == 1  # it is looked up once more


def test_user_with_more_credentials_than_get_a_tombstone__is_forgotten_too(alice, monkeypatch):
    monkeypatch.setattr(tombstones, "MOST", 2)
    secrets = [APIKey.objects.issue(user=alice)[1] for _ in range(3)]
    for secret in secrets:
        warm(secret)
    saved(alice, is_active=False)
    assert [get(secret)[0] for secret in secrets] == [401, 401, 401]


@pytest.mark.parametrize("most", [0, 500])
def test_user_in_another_database__is_forgotten_once_more_at_the_commit_there(most, alice, issued, monkeypatch):
    commits = []
    monkeypatch.setattr(tombstones, "MOST", most)
    monkeypatch.setattr(tombstones, "key_of", lambda digest, using: f"{using}:{digest}")
    monkeypatch.setattr(tombstones.transaction, "on_commit", lambda act, using, robust: commits.append(using))
    monkeypatch.setattr(forgetting, "_digests_of", lambda model, *args: [issued[0].digest] * (model is APIKey))
    monkeypatch.setattr(
        forgetting.router, "db_for_write", lambda model, **hints: "people" if model is type(alice) else "keys"
    )
    forgetting.forget(alice)
    assert commits == ["people"]
    if most:
        assert caches["default"].get(f"keys:{issued[0].digest}") == tombstones.TOMBSTONE


def test_update__changes_no_row_that_was_not_listed(issued, alice, monkeypatch):
    """A key that comes between listing and changing would be changed without a tombstone."""
    real, late = tombstones.buried, []

    def buried(*args):
        late.append(APIKey.objects.issue(user=alice)[0])
        return real(*args)

    monkeypatch.setattr(tombstones, "buried", buried)
    assert APIKey.objects.update(revoked_at=timezone.now()) == 1
    assert APIKey.objects.get(pk=late[0].pk).revoked_at is None


def test_login_of_the_user__costs_nothing(alice, issued, django_assert_num_queries):
    warm(issued[1])
    alice.last_login = timezone.now()
    with django_assert_num_queries(1):
        alice.save(update_fields=["last_login"])
    assert get(issued[1])[2] == 0


def test_update_of_users__is_seen_when_the_entry_has_run_out_or_is_forgotten(alice, issued, settings):
    settings.SESSIONAUTH_KEY_CACHE_TTL = 1
    warm(issued[1])
    get_user_model().objects.update(is_active=False)
    assert get(issued[1])[0] == 200  # the one stated exception
    time.sleep(1.05)
    assert get(issued[1])[0] == 401
    settings.SESSIONAUTH_KEY_CACHE_TTL = 30
    get_user_model().objects.update(is_active=True)
    warm(issued[1])
    get_user_model().objects.update(is_active=False)
    forgetting.forget(alice)
    assert get(issued[1])[0] == 401


def test_logout_everywhere__forgets(alice, issued):
    warm(issued[1])
    logout_everywhere(alice)
    assert get(issued[1])[2] == 1


def test_transaction__puts_nothing_into_the_cache(issued, alice):
    with transaction.atomic():
        get(issued[1])
        _, uncommitted = APIKey.objects.issue(user=alice)
        assert get(uncommitted)[0] == 200
    assert entries() == {}


def test_expiry__is_looked_at_on_every_hit_and_asked_of_the_database(alice, issued):
    row, secret = issued
    row.expires_at = timezone.now() + timedelta(seconds=1)
    row.save()
    caches["default"].clear()
    warm(secret)
    time.sleep(1.05)
    assert get(secret)[0] == 401
    row.expires_at = timezone.now() + timedelta(seconds=1)
    row.save()
    caches["default"].clear()
    warm(secret)
    APIKey.objects.raw("")  # nobody is told of what SQL does
    models.QuerySet(APIKey).update(expires_at=timezone.now() + timedelta(days=1))
    time.sleep(1.05)
    assert get(secret)[0] == 200


def test_sliding_token__slides_on_from_the_cache(alice, settings):
    end = timezone.now() + timedelta(minutes=30)
    row, secret = APIKey.objects.issue(user=alice, expires_at=end, sliding=timedelta(hours=1))
    assert get(secret)[0] == 200
    row.refresh_from_db()
    assert row.expires_at > end
    warm(secret)
    models.QuerySet(APIKey).update(expires_at=end, last_used_at=None)
    caches["default"].clear()
    settings.SESSIONAUTH_LAST_USED_INTERVAL = 60
    get(secret)
    row.refresh_from_db()
    assert row.expires_at > end


@pytest.mark.parametrize("interval", [0, 1])
def test_last_used__is_written_by_one_request_for_as_long_as_an_entry_lasts(interval, issued, settings):
    settings.SESSIONAUTH_LAST_USED_INTERVAL = interval
    row, secret = issued
    get(secret)
    time.sleep(1.05 if interval else 0.01)
    assert [get(secret)[2] > 0 for _ in range(5)] == [True, False, False, False, False]


def test_limits__hold_on_a_hit(alice, settings):
    settings.SESSIONAUTH_TRUSTED_PROXIES = 1
    near, far = {"X-Forwarded-For": "192.0.2.7"}, {"X-Forwarded-For": "198.51.100.1"}
    _, secret = APIKey.objects.issue(user=alice, networks=["192.0.2.0/24"], methods=["GET"], rate="4/d")
    assert [get(secret, **near)[0] for _ in range(2)] == [200, 200]
    assert get(secret, **far)[0] == 401
    assert ask("wsgi", "/known/", Sent({"X-Api-Key": secret, **near}), "POST").status == 403
    assert [get(secret, **near)[0] for _ in range(3)] == [200, 200, 429]
