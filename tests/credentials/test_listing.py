"""A user's credentials, from the first to the last act on them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from django.utils import timezone

from sessionauth import credentials
from sessionauth.models import AccessToken, APIKey
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def test_life__of_a_key(alice, make_user):
    APIKey.objects.issue(user=make_user("bob"))
    row, _ = credentials.issue(APIKey, user=alice, name="desk")
    assert list(credentials.of(alice, APIKey)) == [row]
    credentials.rename(row, "other desk")
    new, _ = credentials.rotate(row)
    assert [one.name for one in credentials.of(alice, APIKey)] == ["other desk", "other desk"]
    assert list(credentials.of(alice, APIKey)) == [new, row]
    new.revoke("lost")
    assert list(credentials.of(alice, APIKey)) == [row]
    row.revoke()
    assert list(credentials.of(alice, APIKey)) == []


def test_of__lists_what_can_be_refreshed(alice):
    row, _, refresh_secret = credentials.issue_login_token(alice)
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assert list(credentials.of(alice, AccessToken)) == [row]
    new, _, _ = credentials.refresh(refresh_secret)
    assert list(credentials.of(alice, AccessToken)) == [new]


def test_of__follows_the_path_of_the_model(alice):
    row, _ = OrganisationKey.objects.issue(organisation=Organisation.objects.create(name="x", service_user=alice))
    DeviceKey.objects.issue()
    assert list(credentials.of(alice, OrganisationKey)) == list(OrganisationKey.objects.of(alice)) == [row]
    assert list(credentials.of(alice, DeviceKey)) == list(DeviceKey.objects.of(alice)) == []


def test_rename__changes_the_name_alone_and_refuses_a_long_one(alice):
    row, _ = APIKey.objects.issue(user=alice, name="desk")
    APIKey.objects.update(scopes=[])
    async_to_sync(credentials.arename)(row, "laptop")
    row.refresh_from_db()
    assert (row.name, row.scopes) == ("laptop", [])
    with pytest.raises(ValidationError):
        credentials.rename(row, "x" * 101)
    assert APIKey.objects.get().name == "laptop"
