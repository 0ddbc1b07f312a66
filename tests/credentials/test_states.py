"""In which state a credential is: what lists say, and what the database is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sessionauth.credentials.issuing import issue_login_token
from sessionauth.credentials.rows import paged, rows
from sessionauth.credentials.states import State, in_state, owner_of, state_of, with_owners
from sessionauth.models import AccessToken, APIKey
from tests.project.organisations.models import Organisation, OrganisationKey

pytestmark = pytest.mark.django_db

NOW = timezone.now()
PAST, LATER = NOW - timedelta(hours=1), NOW + timedelta(days=1)
STATES = {
    "active": {},
    "active for a while": {"expires_at": LATER, "ends_at": LATER},
    "rotated": {"rotated_at": PAST, "expires_at": LATER},
    "expired": {"expires_at": PAST},
    "expired at the latest": {"expires_at": LATER, "ends_at": PAST},
    "expired after a rotation": {"rotated_at": PAST, "expires_at": PAST},
    "revoked": {"revoked_at": PAST},
    "revoked after a rotation": {"revoked_at": PAST, "rotated_at": PAST, "expires_at": PAST},
}


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def test_state__of_the_row_and_of_the_question_are_one(alice):
    for name, fields in STATES.items():
        row, _ = APIKey.objects.issue(user=alice, name=name)
        APIKey.objects.filter(pk=row.pk).update(**fields)
    assert {row.name: state_of(row) for row in APIKey.objects.all()} == {name: name.split()[0] for name in STATES}
    for state in (State.ACTIVE, State.ROTATED, State.EXPIRED, State.REVOKED):
        found = set(APIKey.objects.filter(in_state(state)).values_list("name", flat=True))
        assert found == {name for name in STATES if name.split()[0] == state}


def test_state__of_inactive_owners_is_told_by_the_row_with_its_owner_alone(alice):
    row, _ = APIKey.objects.issue(user=alice)
    type(alice)._default_manager.update(is_active=False)
    assert state_of(APIKey.objects.get()) is State.INACTIVE
    with pytest.raises(ValueError, match="does not tell"):
        in_state(State.INACTIVE)


def test_state__of_a_login_whose_password_has_changed_is_over(alice):
    issue_login_token(alice)
    type(alice)._default_manager.update(password="another")
    assert state_of(AccessToken.objects.get()) is State.EXPIRED


def test_state__of_a_token_that_will_be_back_is_refreshable(alice):
    issue_login_token(alice)
    AccessToken.objects.update(expires_at=PAST)
    assert state_of(AccessToken.objects.get()) is State.REFRESHABLE
    with pytest.raises(ValueError, match="does not tell"):
        in_state(State.REFRESHABLE)
    AccessToken.objects.update(refreshed_at=PAST)
    assert state_of(AccessToken.objects.get()) is State.EXPIRED


def test_owners__are_read_along_whatever_the_path_and_who_is_gone_is_nobody(alice, django_assert_num_queries):
    desk = Organisation.objects.create(name="desk", service_user=alice)
    for _ in range(3):
        OrganisationKey.objects.issue(organisation=desk)
        AccessToken.objects.issue(user=alice)
    AccessToken.objects.filter(pk=AccessToken.objects.first().pk).update(user_id=alice.pk + 1)
    with django_assert_num_queries(3):
        assert [owner_of(row) for row in with_owners(rows(OrganisationKey))] == [alice] * 3
    with django_assert_num_queries(2):
        assert [owner_of(row) for row in with_owners(rows(AccessToken)).order_by("pk")] == [None, alice, alice]
    assert owner_of(AccessToken.objects.order_by("pk").first()) is None


def test_paged__yields_each_once_whatever_becomes_of_it(alice, monkeypatch):
    monkeypatch.setattr("sessionauth.credentials.rows.PAGE", 2)
    for _ in range(5):
        APIKey.objects.issue(user=alice)
    seen = []
    for row in paged(rows(APIKey).filter(revoked_at=None)):
        row.revoke()
        seen.append(row.pk)
    assert len(seen) == len(set(seen)) == 5
