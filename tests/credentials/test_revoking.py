"""Many credentials ended at once: by asking, with the password, with the account."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync

from sessionauth import alogout_everywhere, credentials, crypto, logout_everywhere
from sessionauth.exceptions import InvalidCredential
from sessionauth.models import AccessToken, APIKey, AuthEvent
from sessionauth.sessions.everybody import logout_everybody
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey

pytestmark = [pytest.mark.django_db, pytest.mark.every_project]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def lookup(secret, model):
    return model.objects.lookup(crypto.parse(secret, "sa"))


@pytest.fixture
def held(alice, make_user):
    """Everything that alice has, and something of others, by name."""
    bob = make_user("bob")
    desk = Organisation.objects.create(name="x", service_user=alice)
    return {
        "login": (AccessToken, *credentials.issue_login_token(alice)[:2]),
        "other login": (AccessToken, *credentials.issue_login_token(alice)[:2]),
        "personal": (AccessToken, *AccessToken.objects.issue(user=alice)),
        "key": (APIKey, *APIKey.objects.issue(user=alice)),
        "organisation": (OrganisationKey, *OrganisationKey.objects.issue(organisation=desk)),
        "bob's": (APIKey, *APIKey.objects.issue(user=bob)),
        "bob's login": (AccessToken, *credentials.issue_login_token(bob)[:2]),
        "nobody's": (DeviceKey, *DeviceKey.objects.issue()),
    }


OTHERS = {"bob's", "bob's login", "nobody's"}
LASTING = {"personal", "key", "organisation"} | OTHERS


def good(held):
    def is_good(model, row, secret):
        try:
            lookup(secret, model)
        except InvalidCredential:
            return False
        return True

    return {name for name, one in held.items() if is_good(*one)}


def test_revoke_all__of_one_user(held, alice):
    assert credentials.revoke_all(alice, "gone") == 5
    assert good(held) == OTHERS
    assert set(APIKey.objects.exclude(revoked_at=None).values_list("revoked_reason", flat=True)) == {"gone"}
    assert credentials.revoke_all(alice) == 0


def test_revoke_all__of_some_kinds(held, alice):
    assert async_to_sync(credentials.arevoke_all)(alice, kinds=["key"]) == 1
    assert good(held) == set(held) - {"key"}


def test_revoke_all__but_this_login(held, alice):
    row = held["login"][1]
    child, _ = credentials.issue(AccessToken, parent=row)
    assert credentials.revoke_all(alice, keep=row) == 4
    assert good(held) == OTHERS | {"login"}
    child.refresh_from_db()
    assert child.is_usable


def test_revoke_all__but_this_key(held, alice):
    assert credentials.revoke_all(alice, keep=held["key"][1], kinds=["key", "pat"]) == 3
    assert good(held) == OTHERS | {"key", "organisation"}


def test_revoke_all__writes_down_each_and_leaves_alone_what_was_over(held, alice, settings):
    AuthEvent.objects.all().delete()
    _, _, refresh_secret = credentials.issue_login_token(alice)
    for _ in range(3):
        _, _, refresh_secret = credentials.refresh(refresh_secret)
    assert credentials.revoke_all(alice, kinds=["pat"]) == 4
    assert AuthEvent.objects.filter(event="credential_revoked").count() == 4


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("act", [logout_everywhere, async_to_sync(alogout_everywhere)])
def test_logout_everywhere__ends_logins_and_only_if_asked_the_rest(act, everything, held, alice):
    act(alice, **({"credentials": True} if everything else {}))
    assert good(held) == (OTHERS if everything else LASTING)
    assert AccessToken.objects.get(pk=held["login"][1].pk).revoked_reason == "logout_everywhere"


def test_logout_everybody__ends_logins(held):
    logout_everybody()
    assert good(held) == LASTING - {"bob's login"}


def test_new_password__ends_logins(held, alice):
    alice.set_password("another one")
    alice.save()
    assert good(held) == LASTING
    assert AccessToken.objects.get(pk=held["login"][1].pk).revoked_reason == "password changed"


def test_new_password__by_update_ends_logins_too(held, alice):
    alice.set_password("another one")
    type(alice)._default_manager.filter(pk=alice.pk).update(password=alice.password)
    assert good(held) == LASTING


def test_deactivation__ends_all_for_good(held, alice):
    alice.is_active = False
    alice.save()
    assert good(held) == OTHERS
    alice.is_active = True
    alice.save()
    assert good(held) == OTHERS


def test_deactivation__by_update_ends_all(held, alice):
    type(alice)._default_manager.filter(pk=alice.pk).update(is_active=False)
    assert good(held) == OTHERS


def test_other_changes__end_nothing_and_ask_nothing(held, alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        alice.save(update_fields=["last_login"])
    assert good(held) == set(held)


def test_missing_table__keeps_no_user_from_being_saved(alice, monkeypatch):
    monkeypatch.setattr(AccessToken._meta, "db_table", "nowhere")
    alice.set_password("another one")
    alice.save()
    alice.is_active = False
    alice.save()
