"""Fields of our own."""

from __future__ import annotations

import pytest

from sessionauth.models import APIKey
from sessionauth.models.fields import ListField

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def test_list_field__gives_each_row_a_list_of_its_own(alice):
    for _ in range(2):
        APIKey.objects.issue(user=alice)
    first, second = APIKey.objects.all()
    assert (first.networks, first.origins) == ([], [])
    assert len({id(one) for one in (first.networks, first.origins, second.networks, second.origins)}) == 4


def test_list_field__reads_what_is_in_it(alice):
    APIKey.objects.issue(user=alice, networks=["192.0.2.0/24"])
    assert APIKey.objects.get().networks == ["192.0.2.0/24"]


def test_list_field__is_djangos_own_to_migrations():
    assert ListField(default=list).deconstruct()[1:] == ("django.db.models.JSONField", [], {"default": list})
