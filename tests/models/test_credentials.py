"""AccessToken, APIKey and models that a project builds on the bases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from django.test import modify_settings
from django.utils import timezone

from sessionauth import InvalidCredential, conf, crypto
from sessionauth.models import AbstractCredential, AccessToken, APIKey, ImpersonationToken
from sessionauth.models.credentials import models_by_kind
from sessionauth.signals import credential_issued, credential_revoked
from tests.contracts import CredentialContract
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey


class TestAccessToken(CredentialContract):
    model = AccessToken


class TestAPIKey(CredentialContract):
    model = APIKey


class TestServiceKey(CredentialContract):
    """An API key that is nobody's."""

    model = APIKey

    def owner(self, user):
        return {"user": None}


class TestOrganisationKey(CredentialContract):
    model = OrganisationKey

    def owner(self, user):
        organisation, _ = Organisation.objects.get_or_create(name="desk", service_user=user)
        return {"organisation": organisation}

    def test_user__is_found_by_the_path_to_it(self, issued, alice):
        row, secret = issued
        assert row.get_user() == self.lookup(secret).get_user() == alice

    def test_organisation_without_service_user__acts_for_nobody(self):
        desk = Organisation.objects.create(name="empty")
        _, secret = OrganisationKey.objects.issue(organisation=desk)
        assert self.lookup(secret).get_user() is None


class TestDeviceKey(CredentialContract):
    model = DeviceKey

    def owner(self, user):
        return {}

    def test_user__is_none(self, issued):
        assert issued[0].get_user() is None


pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def test_models_by_kind__knows_ours_and_the_projects():
    kinds = {"pat": AccessToken, "key": APIKey, "imp": ImpersonationToken, "org": OrganisationKey, "dev": DeviceKey}
    assert models_by_kind() == kinds


def test_issue__async_twin_does_the_same(alice):
    row, secret = async_to_sync(APIKey.objects.aissue)(user=alice, name="desk", scopes=["auth.view_user"])
    assert (row.name, row.scopes, row.digest) == ("desk", ["auth.view_user"], crypto.digest(secret))


@pytest.mark.parametrize("scopes", [["nonsense"], ["auth.view_user", "x"], "auth.view_user", [1]])
def test_issue__refuses_scopes_that_mean_nothing(scopes, alice):
    with pytest.raises((ValidationError, TypeError)):
        APIKey.objects.issue(user=alice, scopes=scopes)
    assert not APIKey.objects.exists()


def test_issue__refuses_a_name_that_does_not_fit(alice):
    with pytest.raises(ValidationError):
        APIKey.objects.issue(user=alice, name="x" * 101)


def test_issue__keeps_scopes_once_each_and_in_order(alice, settings):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read.", [])}
    row, _ = APIKey.objects.issue(user=alice, scopes=["read", "auth.view_user", "read"])
    assert row.scopes == ["auth.view_user", "read"]


@pytest.mark.parametrize(("brand", "environment", "head"), [("ex", "", "ex_key_"), ("ex", "live", "ex_key_live_")])
def test_issue__writes_brand_and_environment(brand, environment, head, alice, settings):
    settings.SESSIONAUTH_KEY_BRAND, settings.SESSIONAUTH_KEY_ENVIRONMENT = brand, environment
    row, secret = APIKey.objects.issue(user=alice)
    assert secret.startswith(head)
    assert crypto.parse(secret, brand).environment == environment
    assert row.hint.startswith(head)


def test_issue_and_revoke__are_told_once(alice):
    told = []

    def hear(sender, credential, signal, **kwargs):
        told.append((sender, credential, kwargs.get("reason")))

    credential_issued.connect(hear)
    credential_revoked.connect(hear)
    try:
        row, secret = APIKey.objects.issue(user=alice)
        async_to_sync(row.arevoke)("lost")
        row.revoke("again")
    finally:
        credential_issued.disconnect(hear)
        credential_revoked.disconnect(hear)
    assert told == [(APIKey, row, None), (APIKey, row, "lost")]


@pytest.mark.parametrize(
    ("fields", "failure"),
    [
        ({}, None),
        ({"revoked_at": timezone.now()}, "revoked"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expired"),
        ({"expires_at": timezone.now() + timedelta(days=1)}, None),
        ({"expires_at": timezone.now() - timedelta(days=1), "revoked_at": timezone.now()}, "revoked"),
    ],
)
def test_failure__says_why_it_must_not_be_used(fields, failure, alice):
    row = APIKey(user=alice, **fields)
    assert (row.failure(), row.is_usable) == (failure, failure is None)


def test_failure__of_an_inactive_user(alice):
    alice.is_active = False
    assert APIKey(user=alice).failure() == "inactive"


def test_usable__leaves_out_what_has_ended(alice):
    good, _ = APIKey.objects.issue(user=alice, expires_at=timezone.now() + timedelta(days=1))
    APIKey.objects.issue(user=alice, expires_at=timezone.now() - timedelta(days=1))
    revoked, _ = APIKey.objects.issue(user=alice)
    revoked.revoke()
    assert list(APIKey.objects.usable()) == [good]


def test_str__is_name_and_hint_or_hint_alone():
    assert str(APIKey(name="desk", hint="sa_key_…abcd")) == "desk (sa_key_…abcd)"
    assert str(APIKey(hint="sa_key_…abcd")) == "sa_key_…abcd"


@pytest.mark.parametrize(
    ("interval", "age", "due"),
    [
        (60, None, True),
        (60, 59, False),
        (60, 61, True),
        (0, 1, True),
        (None, None, False),
        (timedelta(hours=1), 61, False),
    ],
)
def test_touch__writes_at_most_once_an_interval(interval, age, due, alice, settings, django_assert_max_num_queries):
    settings.SESSIONAUTH_LAST_USED_INTERVAL = interval
    row, _ = APIKey.objects.issue(user=alice)
    before = None if age is None else timezone.now() - timedelta(seconds=age)
    APIKey.objects.update(last_used_at=before)
    row.refresh_from_db()
    assert row.is_touch_due() is due
    # A savepoint, the row if nobody holds it, the UPDATE; SQLite has no such lock.
    with django_assert_max_num_queries(0 if interval is None else 4):
        row.touch()
    assert (APIKey.objects.get().last_used_at != before) is due


def test_touch__writes_once_of_two_that_think_it_is_due(alice):
    row, _ = APIKey.objects.issue(user=alice)
    other = APIKey.objects.get()
    row.touch()
    first = APIKey.objects.get().last_used_at
    other.touch()
    assert APIKey.objects.get().last_used_at == first


def test_lookup__in_a_queryset_of_users_finds_only_theirs(alice, make_user):
    from_others = type(alice)._default_manager.exclude(pk=alice.pk)
    _, secret = APIKey.objects.issue(user=alice)
    parsed = crypto.parse(secret, "sa")
    with pytest.raises(InvalidCredential, match="unknown"):
        APIKey.objects.lookup(parsed, from_others)
    assert APIKey.objects.lookup(parsed, type(alice)._default_manager.all()).user == alice


def test_lookup__in_a_queryset_of_users_finds_keys_of_nobodys(alice):
    _, secret = APIKey.objects.issue(user=None)
    assert APIKey.objects.lookup(crypto.parse(secret, "sa"), type(alice)._default_manager.none()).user is None


def test_get_user__stops_where_the_path_ends(alice):
    assert OrganisationKey(organisation=Organisation(service_user=None)).get_user() is None
    assert OrganisationKey(organisation=Organisation(service_user=alice)).get_user() == alice


def test_clean__is_asked_by_forms_too():
    with pytest.raises(ValidationError):
        APIKey(scopes=["nonsense"]).clean()
    APIKey(scopes=None).clean()


def test_kinds__are_words_that_a_secret_may_hold():
    for kind, model in models_by_kind().items():
        assert issubclass(model, AbstractCredential)
        assert crypto.parse(crypto.new_secret("sa", kind), "sa").kind == kind


@pytest.mark.django_db
def test_create__is_refused_and_names_the_way():
    with pytest.raises(TypeError, match=r"APIKey\.objects\.issue"):
        APIKey.objects.create(name="no secret")


@pytest.mark.django_db
def test_issue__takes_no_string_for_a_list_of_scopes():
    with pytest.raises(TypeError, match="not one string"):
        APIKey.objects.issue(scopes="notes:read")


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (None, None),
        ([], set()),
        (["a.b"], {"a.b"}),
        ("a.b", set()),
        ({"a.b": 1}, set()),
        ([1, "a.b", None], {"a.b"}),
        (0, set()),
    ],
)
def test_granted__is_all_or_what_is_listed_and_nothing_for_nonsense(scopes, expected):
    """Rows are also written by hand and by imports."""
    granted = APIKey(scopes=scopes).granted
    assert granted == (None if expected is None else frozenset(expected))


def test_save__refuses_a_row_that_was_not_issued(alice):
    with pytest.raises(TypeError, match="issue"):
        APIKey(user=alice, name="by hand").save()
    with pytest.raises(TypeError, match="issue"):
        APIKey.objects.create(user=alice)


def test_models_by_kind__are_looked_for_anew_when_the_apps_change():
    before = models_by_kind()
    assert models_by_kind() is before
    with modify_settings(INSTALLED_APPS={"append": "django.contrib.humanize"}):
        assert models_by_kind() is not before


def test_models_by_kind__ours_are_never_taken_by_another_with_their_kind(monkeypatch):
    monkeypatch.setattr(OrganisationKey, "kind", "key")
    conf.setting.forget()
    try:
        assert models_by_kind()["key"] is APIKey
    finally:
        monkeypatch.undo()
        conf.setting.forget()
