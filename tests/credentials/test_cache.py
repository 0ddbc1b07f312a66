"""The cache of credentials: no query for what is known, and nothing known that is not true any more."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.db import models
from django.db.models.signals import post_init
from django.utils import timezone

from sessionauth.credentials import cache
from sessionauth.credentials import entries as entries_module
from sessionauth.credentials.entries import SECRET
from sessionauth.credentials.issuing import issue_login_token
from sessionauth.models import AccessToken, APIKey, CredentialManager, tombstones
from tests.asking import WAYS
from tests.credentials.knowing import entries, get, hit, warm
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.credentials.known_urls"),
    pytest.mark.usefixtures("key_cache"),
]


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize("view", ["/known/", "/aknown/"])
def test_hit__costs_no_query(way, view, alice, issued):
    row, secret = issued
    assert get(secret, view, way)[0] == 200
    expected = {
        "user": str(alice.pk),
        "is_authenticated": True,
        "pk": str(alice.pk),
        "method": "api_key",
        "name": "desk",
        "scopes": None,
    }
    assert get(secret, view, way) == (200, expected, 0)


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize("model", [APIKey, DeviceKey])
def test_hit__of_a_key_without_a_user_costs_no_query(way, model):
    fields = {"user": None} if model is APIKey else {}
    _, secret = model.objects.issue(**fields)
    assert get(secret, way=way)[0] == 200
    status, told, queries = get(secret, way=way)
    assert (status, told["user"], told["is_authenticated"], queries) == (200, None, False, 0)


def test_hit__of_a_token_of_a_login_costs_no_query(alice):
    secret = issue_login_token(alice)[1]
    assert warm(secret)["user"] == str(alice.pk)


def test_off__asks_the_database_each_time(issued, settings):
    settings.SESSIONAUTH_KEY_CACHE = None
    assert [get(issued[1])[2] for _ in range(3)][1:] == [1, 1]
    settings.SESSIONAUTH_KEY_CACHE, settings.SESSIONAUTH_KEY_CACHE_TTL = "default", 0
    assert [get(issued[1])[2] for _ in range(2)] == [1, 1]


@pytest.mark.parametrize(("way", "view"), [("wsgi", "/loaded/"), ("asgi", "/aloaded/"), ("asgi", "/loaded/")])
def test_user__is_loaded_by_one_query_whatever_is_asked(way, view, alice, issued):
    warm(issued[1])
    expected = {"names": ["alice", "alice@example.org", "", True]}
    assert get(issued[1], view, way) == (200, expected, 1)


def test_user__is_a_user_and_can_be_used_like_one(alice, issued, django_assert_num_queries):
    warm(issued[1])
    with django_assert_num_queries(0):
        user = hit(issued[1]).get_user()
        assert isinstance(user, get_user_model())
        assert user == alice
        assert hash(user) == hash(alice)
        assert (user.pk, user.is_authenticated, user.is_anonymous) == (alice.pk, True, False)
        assert user.get_deferred_fields() == {f.attname for f in user._meta.concrete_fields} - {user._meta.pk.attname}
    with django_assert_num_queries(1):
        assert list(APIKey.objects.filter(user=user)) == [issued[0]]
    restored = pickle.loads(pickle.dumps(user))  # noqa: S301
    deep = copy.deepcopy(user)
    for one in (restored, deep, user):
        with django_assert_num_queries(1):
            assert (one.username, one.email, one.last_name) == ("alice", "alice@example.org", "")
    assert "refresh_from_db" not in user.__dict__
    user.first_name = "A"
    user.save()
    user.refresh_from_db()
    assert get_user_model().objects.get().first_name == "A"


def test_user__can_be_refreshed_before_it_is_loaded(issued, django_assert_num_queries):
    warm(issued[1])
    user = hit(issued[1]).get_user()
    with django_assert_num_queries(1):
        user.refresh_from_db()
        assert user.username == "alice"


def test_row__is_the_credential_less_its_digests(alice):
    row, secret = APIKey.objects.issue(
        user=alice, name="désk", scopes=["auth.view_user"], networks=["127.0.0.0/8"], methods=["GET"], rate="100/d",
        expires_at=timezone.now() + timedelta(days=1), sliding=timedelta(hours=1, microseconds=3),
    )  # fmt: skip
    get(secret)
    found, row = hit(secret), APIKey.objects.get()
    assert found == row
    kept = [field.attname for field in row._meta.concrete_fields if field.attname not in SECRET]
    kept.remove("last_used_at")  # in the entry it is now, in the database in a moment
    assert {name: getattr(found, name) for name in kept} == {name: getattr(row, name) for name in kept}
    assert found.get_deferred_fields() == {"digest", "imported_digest"}
    assert found.digest == row.digest  # by a query


@pytest.mark.parametrize("scopes", [["auth.view_user"], [["nested"]]])
def test_row__of_one_request_can_be_changed_without_the_next_one_seeing_it(scopes, alice):
    row, secret = APIKey.objects.issue(user=alice, scopes=["auth.view_user"], methods=["GET"])
    APIKey.objects.filter(pk=row.pk).update(scopes=scopes)
    caches["default"].clear()
    get(secret)
    found = hit(secret)
    assert found.scopes == scopes
    found.scopes[0] = "auth.change_user"
    for changed in (found.scopes, found.methods, found.networks):
        changed.append("more")
    found.name, found.user.username = "theirs", "mallory"
    after = hit(secret)
    assert (after.scopes, after.methods, after.networks, after.name) == (scopes, ["GET"], [], "")
    assert after.user.username == "alice"


def test_entry__holds_no_secret_and_nothing_of_a_user(alice, issued):
    warm(issued[1])
    row, secret = issued
    (value,) = entries().values()
    body = secret.rpartition("_")[2]
    for one in (secret, body, body[:32], row.digest, "alice", alice.password):
        assert one not in value
    get(secret, "/loaded/")
    assert list(entries().values()) == [value]


# What is not kept.


class Hiding(CredentialManager):
    def get_queryset(self):
        return super().get_queryset().none()


def why_of(monkeypatch, model=APIKey, **attributes):
    for name, value in attributes.items():
        monkeypatch.setattr(model, name, value)
    return cache.why_not(model)


def test_what_decides_elsewhere__is_always_looked_up(alice, settings, monkeypatch):
    assert [cache.why_not(model) for model in (APIKey, AccessToken, DeviceKey)] == [None, None, None]
    assert "another row" in cache.why_not(OrganisationKey)
    organisation = Organisation.objects.create(name="desk", service_user=alice)
    secret = OrganisationKey.objects.issue(organisation=organisation)[1]
    assert [get(secret)[0], get(secret)[2]] == [200, 1]
    settings.SESSIONAUTH_USER_QUERYSET = f"{__name__}.everybody"
    assert "USER_QUERYSET" in cache.why_not(APIKey)
    assert cache.why_not(DeviceKey) is None
    secret = APIKey.objects.issue(user=alice)[1]
    assert [get(secret)[0], get(secret)[2]] == [200, 1]


def everybody(request):
    return get_user_model().objects.all()


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"failure": lambda self: None}, "failure()"),
        ({"owner_failure": lambda self: None}, "owner_failure()"),
        ({"get_user": lambda self: None}, "get_user()"),
    ],
)
def test_model_with_rules_of_its_own__is_always_looked_up(attributes, word, monkeypatch):
    assert word in why_of(monkeypatch, **attributes)


def reading(self, *args, **kwargs):
    models.Model.__init__(self, *args, **kwargs)
    self._before = (self.is_active, self.password)


def noting(*, instance, **kwargs):
    instance._before = (instance.is_active, instance.password)


def test_user_model_that_reads_itself__is_always_looked_up(issued, settings, monkeypatch):
    """Django would ask for one column, and make an instance for it that asks for the other, for ever."""
    secret, user = issued[1], get_user_model()
    warm(secret)
    post_init.connect(noting, sender=user)
    try:
        assert [get(secret)[0] for _ in range(3)] == [200, 200, 200]
    finally:
        post_init.disconnect(noting, sender=user)
    settings.SESSIONAUTH_KEY_CACHE_TTL = 29  # in a process the class is what it is
    with monkeypatch.context() as patched:
        patched.setattr(user, "__init__", reading)
        assert [get(secret)[0] for _ in range(3)] == [200, 200, 200]


def test_row_from_the_cache__is_told_of_like_any_other(issued):
    warm(issued[1])
    told = []

    def note(*, instance, **kwargs):
        told.append((instance.name, instance.user_id, instance.created_at))

    post_init.connect(note, sender=APIKey)
    try:
        assert get(issued[1])[2] == 0
    finally:
        post_init.disconnect(note, sender=APIKey)
    assert told == [(issued[0].name, issued[0].user_id, issued[0].created_at)]


def test_entry_with_its_columns_in_another_order__is_read_by_their_names(issued, monkeypatch):
    """Another release has sealed it, and Django makes a row from its columns one after the other."""
    with monkeypatch.context() as patch:
        columns = dict(reversed(entries_module.makers(APIKey).items()))
        patch.setattr(entries_module, "makers", lambda model: columns)
        get(issued[1])
    noted = []

    def note(*, instance, **kwargs):
        noted.append((instance.pk, instance.user_id, instance.created_at))

    post_init.connect(note, sender=APIKey)
    try:
        assert get(issued[1])[2] == 0
    finally:
        post_init.disconnect(note, sender=APIKey)
    assert noted == [(issued[0].pk, issued[0].user_id, issued[0].created_at)]


def test_long_entry__is_believed_and_not_kept_by_the_process(alice):
    networks = ["127.0.0.0/8", *[f"10.0.0.{nth}/32" for nth in range(250)]]
    _, secret = APIKey.objects.issue(user=alice, networks=networks)
    get(secret)
    kept = entries_module._read.cache_info().currsize
    assert hit(secret).networks == networks
    assert entries_module._read.cache_info().currsize == kept


def test_user_model_whose_activity_is_no_column__is_always_looked_up(issued, monkeypatch):
    secret, suspended = issued[1], []
    own = property(lambda user: user.pk not in suspended, lambda user, value: None)
    monkeypatch.setattr(get_user_model(), "is_active", own)
    assert [get(secret)[0] for _ in range(2)] == [200, 200]
    suspended.append(issued[0].user_id)
    assert get(secret)[0] == 401


def test_user_model_with_columns_of_another__is_always_looked_up(monkeypatch):
    monkeypatch.setattr(get_user_model()._meta, "parents", {Organisation: None})
    assert "table of another" in cache.why_not(APIKey)


def test_manager_that_hides_some__is_always_asked(monkeypatch):
    monkeypatch.setattr(APIKey._meta, "default_manager", Hiding())
    assert "its manager" in cache.why_not(APIKey)
    monkeypatch.setattr(get_user_model()._meta, "default_manager", Hiding())
    assert "user model" in cache.why_not(AccessToken)
    assert cache.why_not(DeviceKey) is None


@pytest.mark.parametrize("peppers", [{"2026": "n" * 32, "": ""}])
def test_old_digest__is_kept_once_it_is_made_anew_and_ends_like_any(peppers, issued, settings):
    row, secret = issued
    settings.SESSIONAUTH_KEY_PEPPERS = peppers
    late = APIKey.objects.get()
    assert get(secret)[0] == 200
    assert (
        entries() == {tombstones.key_of(APIKey.objects.get().digest, "default"): tombstones.TOMBSTONE}
        or entries() == {}
    )
    caches["default"].clear()
    warm(secret)
    assert late.digest != APIKey.objects.get().digest
    late.revoke("lost")  # by an instance that knows the old digest alone
    assert get(secret)[0] == 401
