"""Which account a name means."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import UserManager
from django.db import connection, models

from sessionauth import accounts

pytestmark = pytest.mark.django_db

User = get_user_model()

#: MariaDB compares without regard to case, unless its collation is told otherwise: so a name means who it is like.
SPELLINGS_ARE_ONE = connection.vendor == "mysql"


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [({"username": "a"}, "a"), ({"username": None}, None), ({}, None), ({"email": "a"}, None), ({"username": ""}, "")],
)
def test_name_in__is_the_username(credentials, expected):
    assert accounts.name_in(credentials) == expected


def test_name_in__is_the_models_own_word(monkeypatch):
    monkeypatch.setattr(User, "USERNAME_FIELD", "email")
    assert accounts.name_in({"email": "a@b"}) == "a@b"
    assert accounts.name_in({"username": "a", "email": "b"}) == "a"


def test_login_fields__is_the_username_where_addresses_may_be_shared():
    assert accounts.login_fields() == ("username",)


def test_login_fields__has_the_address_where_it_is_unique(monkeypatch):
    monkeypatch.setitem(User._meta.get_field("email").__dict__, "unique", True)
    assert accounts.login_fields() == ("username", "email")


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (models.UniqueConstraint(fields=["email"], name="a"), True),
        (models.UniqueConstraint(fields=["email"], name="b", condition=models.Q(is_active=True)), False),
        (models.UniqueConstraint(fields=["email", "username"], name="c"), False),
    ],
)
def test_is_unique__knows_constraints(constraint, expected, monkeypatch):
    monkeypatch.setattr(User._meta, "constraints", [constraint])
    User._meta.__dict__.pop("total_unique_constraints", None)
    try:
        assert accounts.is_unique(User, "email") is expected
    finally:
        User._meta.__dict__.pop("total_unique_constraints", None)


def test_is_unique__is_false_for_a_field_that_is_not_there():
    assert not accounts.is_unique(User, "nonsense")


def test_login_fields__are_the_projects_if_it_says_so(settings):
    settings.SESSIONAUTH_LOGIN_FIELDS = ["email"]
    assert accounts.login_fields() == ("email",)


@pytest.mark.parametrize("name", ["alice", "ALICE@EXAMPLE.ORG", "alice@example.org"])
def test_find__by_username_alone_compares_as_stored(name, make_user):
    alice = make_user("alice")
    assert accounts.find(None, name) == (alice if name == "alice" else None)


@pytest.mark.parametrize(
    ("name", "is_found"),
    [
        ("alice", True),
        ("alice@example.org", True),
        ("alice@EXAMPLE.org", True),
        ("ALICE@example.org", SPELLINGS_ARE_ONE),
        ("bob", False),
    ],
)
def test_find__by_name_or_address_in_one_query(name, is_found, make_user, settings, django_assert_num_queries):
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    alice = make_user("alice")
    with django_assert_num_queries(1):
        assert accounts.find(None, name) == (alice if is_found else None)


def test_find__a_name_that_means_two_means_none(make_user, settings):
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    make_user("alice", email="bob@example.org")
    make_user("bob@example.org", email="x@example.org")
    assert accounts.find(None, "bob@example.org") is None


def test_find__the_same_account_by_both_fields_is_one(make_user, settings):
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "email"]
    alice = make_user("alice@example.org", email="alice@example.org")
    assert accounts.find(None, "alice@example.org") == alice


@pytest.mark.parametrize("name", [None, "", 1, b"alice", ["alice"], "a\0", "\ud800"])
def test_find__asks_nobody_for_what_can_be_no_name(name, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert accounts.find(None, name) is None


@pytest.mark.parametrize("name", ["x", "1", "-1", "9" * 100, "1.5", "true"])
def test_find__by_a_field_that_is_no_text_breaks_nothing(name, settings, make_user):
    settings.SESSIONAUTH_LOGIN_FIELDS = ["username", "id", "date_joined"]
    make_user("alice")
    assert accounts.find(None, name) in (None, User.objects.filter(pk=1).first())


@pytest.mark.skipif(SPELLINGS_ARE_ONE, reason="to this database they are one name")
def test_find__a_manager_that_finds_two_finds_none(make_user, monkeypatch):
    make_user("alice")
    make_user("ALICE")
    monkeypatch.setattr(UserManager, "get_by_natural_key", lambda self, name: self.get(username__iexact=name))
    assert accounts.find(None, "alice") is None
    assert accounts.find(None, "bob") is None


def test_find__with_a_queryset_finds_none_outside_of_it(make_user, settings, rf):
    settings.SESSIONAUTH_USER_QUERYSET = f"{__name__}.nobody"
    make_user("alice")
    assert accounts.find(rf.get("/"), "alice") is None


def nobody(request):
    return User.objects.none()


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        ({"username": "alice", "password": "x"}, "alice"),
        ({"email": "alice@example.org", "password": "x"}, "alice@example.org"),
        ({"login": "alice", "code": "1"}, "alice"),
        ({"mobile": "+49", "password": "x", "code": "1"}, "+49"),
        ({"token": "secret"}, None),
        ({"password": "x"}, None),
        ({"password": "x", "code": 1}, None),
        ({}, None),
    ],
)
@pytest.mark.skipif(get_user_model().USERNAME_FIELD != "username", reason="another word for the name")
def test_identity_in__is_what_an_attempt_is_counted_by(credentials, expected):
    assert accounts.identity_in(credentials) == expected


@pytest.mark.skipif(connection.vendor not in accounts.EXACT, reason="this database has its own mind about names")
def test_are_found_by_their_names__not_where_a_column_makes_others_of_them(monkeypatch):
    if not accounts.are_found_by_their_names():
        pytest.skip("the project's own rules find them")
    field = User._meta.get_field(User.USERNAME_FIELD)
    with monkeypatch.context() as patch:
        patch.setattr(field, "db_collation", "no_accents")
        assert not accounts.are_found_by_their_names()
    own = type("Own", (type(field),), {"get_prep_value": lambda self, value: value})
    monkeypatch.setattr(field, "__class__", own)
    assert not accounts.are_found_by_their_names()
