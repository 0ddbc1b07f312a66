"""The fixed lookups of a request, on the roads that few projects take."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.db import DatabaseError, router
from django.utils import timezone

from sessionauth import InvalidCredential, crypto, lookup, migrated
from sessionauth.models import APIKey, LoginSession
from sessionauth.models import base as models_base
from tests.asking import counted

pytestmark = pytest.mark.django_db

User = get_user_model()


class Elsewhere(BaseBackend):
    """A backend that has a way of its own, and no rule on who may come."""

    def get_user(self, user_id):
        return User.objects.filter(pk=user_id).first()


class Lenient(ModelBackend):
    def user_can_authenticate(self, user):
        return True


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def row(alice):
    return LoginSession.objects.create(user=alice, sid="sid")


@pytest.fixture
def request_(rf):
    return rf.get("/")


def see(request, backend, user_id, sid="sid"):
    with counted() as statements:
        seen = lookup.session(request, backend, user_id, sid)
    return seen.user, seen.row, len([sql for sql in statements if "SAVEPOINT" not in sql])


def test_session__is_one_query_of_user_and_row(request_, alice, row):
    assert see(request_, ModelBackend(), str(alice.pk)) == (alice, row, 1)
    assert see(request_, ModelBackend(), str(alice.pk), "other") == (alice, None, 1)
    assert see(request_, ModelBackend(), "0") == (None, None, 1)


def test_session__leaves_nothing_behind_on_the_user(request_, alice, row):
    user = lookup.session(request_, ModelBackend(), str(alice.pk), "sid").user
    assert lookup.JOINED not in user.__dict__
    user.save()


def test_session__asks_a_backend_of_its_own_in_its_own_way(request_, alice, row):
    assert see(request_, Elsewhere(), str(alice.pk)) == (alice, row, 2)
    assert see(request_, Elsewhere(), "0") == (None, None, 1)


def test_session__of_a_user_in_another_database_is_two_queries(request_, alice, row, monkeypatch):
    monkeypatch.setattr(lookup.db, "together", lambda: None)
    assert see(request_, ModelBackend(), str(alice.pk)) == (alice, row, 2)


@pytest.mark.parametrize("user_id", ["", "x", "1.5", "\0", "None"])
def test_session__that_names_nothing_that_could_be_a_key_asks_nobody(user_id, request_, row):
    assert see(request_, ModelBackend(), user_id) == (None, None, 0)
    assert lookup.hidden_user(user_id) is None


@pytest.mark.parametrize(("backend", "comes_in"), [(ModelBackend, False), (Elsewhere, False), (Lenient, True)])
def test_session__of_an_inactive_user_is_nobodys_unless_the_backend_says_otherwise(
    backend, comes_in, request_, alice, row
):
    User.objects.update(is_active=False)
    user, found, _ = see(request_, backend(), str(alice.pk))
    assert (user is not None, found) == (comes_in, row)


def nobody(request):
    return User.objects.none()


@pytest.mark.parametrize("backend", [ModelBackend, Elsewhere])
def test_session__shows_only_whom_the_queryset_shows(backend, request_, alice, row, settings):
    settings.SESSIONAUTH_USER_QUERYSET = f"{__name__}.nobody"
    assert see(request_, backend(), str(alice.pk))[0] is None
    assert lookup.hidden_user(str(alice.pk)) == alice


def test_row_of__is_the_row_without_a_user(row):
    assert (lookup.row_of("sid").row, lookup.row_of("other").row) == (row, None)


@pytest.mark.parametrize(
    "question",
    [
        lambda request, alice: lookup.session(request, ModelBackend(), str(alice.pk), "sid"),
        lambda request, alice: lookup.row_of("sid"),
    ],
)
def test_trouble__that_is_not_a_missing_table_is_told(question, request_, alice, monkeypatch):
    def fail(*args):
        raise DatabaseError("down")

    monkeypatch.setattr(lookup, "_pair", fail)
    monkeypatch.setattr(lookup.registry, "find", fail)
    for proved in (set(), {"default"}):
        monkeypatch.setattr(migrated, "_proved", proved)
        with pytest.raises(DatabaseError, match="down"):
            question(request_, alice)


def test_row_of__without_a_table_says_so(monkeypatch):
    def fail(*args):
        raise DatabaseError("no such table")

    monkeypatch.setattr(lookup.registry, "find", fail)
    monkeypatch.setattr(migrated, "_proved", set())
    monkeypatch.setattr(migrated, "is_missing", lambda model: True)
    assert lookup.row_of("sid") == lookup.Sighting(None, is_kept=False)


def test_credential__of_a_user_in_another_database(request_, alice, settings, monkeypatch):
    """The row cannot be joined then; what hides a user hides their keys all the same."""

    def db_for_write(model, **hints):
        return "elsewhere" if model is User else router.__class__.db_for_write(router, model, **hints)

    _, secret = APIKey.objects.issue(user=alice)
    _, service = APIKey.objects.issue(user=None)
    monkeypatch.setattr(models_base.router, "db_for_write", db_for_write)
    parsed = [crypto.parse(one, "sa") for one in (secret, service)]
    with counted() as statements:
        assert [APIKey.objects.lookup(one).user for one in parsed] == [alice, None]
    assert len(statements) == 3
    with pytest.raises(InvalidCredential, match="unknown"):
        APIKey.objects.lookup(parsed[0], User.objects.none())
    assert APIKey.objects.lookup(parsed[0], User.objects.all()).user == alice
    assert APIKey.objects.lookup(parsed[1], User.objects.none()).user is None


def test_credential__whose_user_is_gone_from_another_database_is_unknown(alice, monkeypatch):
    row, _ = APIKey.objects.issue(user=alice)

    def gone(row):
        raise User.DoesNotExist

    monkeypatch.setattr(APIKey, "get_user", gone)
    assert row.failure() == "unknown"


def test_credential__trouble_that_is_not_a_missing_table_is_told(request_, monkeypatch):
    def fail(*args):
        raise DatabaseError("down")

    monkeypatch.setattr(type(APIKey.objects), "lookup", fail)
    with pytest.raises(DatabaseError, match="down"):
        lookup.credential(request_, APIKey, crypto.parse(crypto.new_secret("sa", "key"), "sa"))


def test_login_sessions__active_are_those_that_have_not_ended(alice, row):
    LoginSession.objects.create(user=alice, sid="ended", revoked_at=timezone.now())
    assert list(LoginSession.objects.active()) == [row]
