"""Credentials that are issued by people, by other credentials, and by signing in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from sessionauth import credentials, crypto
from sessionauth.exceptions import InvalidCredential, StrongerThanParent, TooManyCredentials
from sessionauth.models import AccessToken, APIKey
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SCOPES = {"notes": ("Notes.", ["auth.view_user", "auth.add_user"]), "read": ("Read.", []), "write": ("Write.", [])}


@pytest.fixture(autouse=True)
def _scopes(settings):
    settings.SESSIONAUTH_SCOPES = SCOPES


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def bob(make_user):
    return make_user("bob")


def moment(**after):
    return timezone.now() + timedelta(**after)


def lookup(secret, model=AccessToken):
    return model.objects.lookup(crypto.parse(secret, "sa"))


#: By dimension: what the parent has, what a child may have of it, what it may not.
DIMENSIONS = {
    "scopes": (
        {"scopes": ["notes", "read"]},
        [["notes", "read"], ["read"], [], ["auth.view_user"], ["auth.add_user", "auth.view_user"]],
        [None, ["write"], ["read", "write"], ["auth.delete_user"], ["sessionauth:issue"]],
    ),
    "networks": (
        {"networks": ["192.0.2.0/25", "192.0.2.128/25", "2001:db8::/32"]},
        [["192.0.2.7"], ["192.0.2.0/24"], ["192.0.2.0/25", "2001:db8:1::/48"], ["::ffff:192.0.2.9"]],
        [[], ["192.0.3.1"], ["192.0.2.0/23"], ["0.0.0.0/0"], ["::/0"], ["192.0.2.7", "198.51.100.1"], ["nonsense"]],
    ),
    "methods": (
        {"methods": ["GET", "OPTIONS"]},
        [["GET"], ["HEAD", "GET"], ["HEAD"]],
        [None, ["POST"], ["GET", "POST"]],
    ),
    "origins": (
        {"origins": ["https://a.example", "https://b.example"]},
        [["https://a.example"], ["https://b.example", "https://a.example"]],
        [[], ["https://c.example"], ["https://a.example", "https://c.example"]],
    ),
    "rate": (
        {"rate": "100/h"},
        ["100/h", "1/h", "100/d", "50/2h"],
        ["", "101/h", "100/m", "1/s", "1000/d"],
    ),
}


def cases(index):
    return [(name, parent, value) for name, (parent, *values) in DIMENSIONS.items() for value in values[index]]


@pytest.mark.parametrize(("name", "parent", "value"), cases(0))
def test_issue__no_stronger_in_any_way(name, parent, value, alice):
    row, _ = AccessToken.objects.issue(user=alice, **parent)
    child, secret = credentials.issue(AccessToken, parent=row, **{name: value})
    assert lookup(secret) == child


@pytest.mark.parametrize(("name", "parent", "value"), cases(1))
def test_issue__refuses_what_is_stronger(name, parent, value, alice):
    row, _ = AccessToken.objects.issue(user=alice, **parent)
    with pytest.raises(StrongerThanParent) as caught:
        credentials.issue(AccessToken, parent=row, **{name: value})
    assert list(caught.value.message_dict) == [name]
    assert AccessToken.objects.count() == 1


def test_issue__by_an_unlimited_one_of_all_but_the_right_to_issue(alice):
    row, _ = AccessToken.objects.issue(user=alice)
    for fields in ({}, {"scopes": ["write"]}, {"networks": ["0.0.0.0/0"]}, {"methods": ["POST"]}, {"rate": "9/s"}):
        credentials.issue(AccessToken, parent=row, **fields)
    with pytest.raises(StrongerThanParent):
        credentials.issue(AccessToken, parent=row, scopes=["sessionauth:issue"])


def test_issue__hands_the_right_to_issue_on_only_if_it_was_granted(alice):
    row, _ = AccessToken.objects.issue(user=alice, scopes=["read", "sessionauth:issue"])
    child, _ = credentials.issue(AccessToken, parent=row, scopes=["sessionauth:issue"])
    assert child.scopes == ["sessionauth:issue"]


@pytest.mark.parametrize(
    ("has", "gets"), [(["read", "sessionauth:issue"], ["read"]), (["sessionauth:issue"], []), (None, None)]
)
def test_issue__hands_the_right_to_issue_on_only_by_name(has, gets, alice):
    row, _ = AccessToken.objects.issue(user=alice, scopes=has)
    for model in (AccessToken, APIKey):
        assert credentials.issue(model, parent=row)[0].scopes == gets


def test_rotate_and_refresh__keep_the_right_to_issue(alice, settings):
    settings.SESSIONAUTH_REFRESH_AGE = DAY
    row, _, secret = credentials.issue_login_token(alice, scopes=["sessionauth:issue"])
    row, _, _ = credentials.refresh(secret)
    assert row.scopes == ["sessionauth:issue"]
    assert credentials.rotate(row)[0].scopes == ["sessionauth:issue"]


def test_issue__inherits_whatever_is_not_said(alice):
    given = {name: parent[name] for name, (parent, *_) in DIMENSIONS.items()}
    row, _ = AccessToken.objects.issue(user=alice, name="parent", expires_at=moment(days=1), **given)
    child, _ = credentials.issue(AccessToken, parent=row)
    for name in (*given, "expires_at", "user", "is_personal"):
        assert getattr(child, name) == getattr(row, name), name
    assert child.name == ""


END = timezone.now() + 10 * DAY
LIFETIMES = [
    # what the parent has, what the child asks for, whether it gets it
    ({}, {"expires_at": None}, True),
    ({"expires_at": END}, {"expires_at": END}, True),
    ({"expires_at": END}, {"expires_at": END + HOUR}, False),
    ({"expires_at": END}, {"expires_at": None}, False),
    ({"expires_at": END}, {"expires_at": END - DAY, "sliding": HOUR}, False),
    ({"expires_at": END}, {"expires_at": END - DAY, "sliding": HOUR, "ends_at": END}, True),
    ({"expires_at": END}, {"expires_at": END - DAY, "sliding": HOUR, "ends_at": END + DAY}, False),
    ({"expires_at": END, "ends_at": END - DAY}, {"expires_at": END, "ends_at": None}, False),
    ({"expires_at": END, "ends_at": END - DAY}, {"expires_at": END - DAY, "ends_at": None}, True),
    ({"sliding": HOUR, "expires_at": "soon"}, {}, True),
    ({"sliding": HOUR, "expires_at": "soon"}, {"sliding": 2 * HOUR}, False),
    ({"sliding": HOUR, "expires_at": "soon"}, {"sliding": None, "expires_at": END}, False),
    ({"sliding": HOUR, "expires_at": "soon"}, {"sliding": HOUR, "expires_at": END}, False),
    ({"sliding": HOUR, "expires_at": "soon"}, {"sliding": None, "expires_at": "sooner"}, True),
    ({"sliding": HOUR, "expires_at": "soon", "ends_at": END}, {"ends_at": None}, False),
    ({"sliding": HOUR, "expires_at": "soon", "ends_at": END}, {"ends_at": END + DAY}, False),
    ({"sliding": HOUR, "expires_at": "soon", "ends_at": END}, {"ends_at": END - DAY, "sliding": HOUR / 2}, True),
]
MOMENTS = {"soon": 0.9 * HOUR, "sooner": 0.5 * HOUR}


def at(fields):
    return {name: timezone.now() + MOMENTS[value] if value in MOMENTS else value for name, value in fields.items()}


@pytest.mark.parametrize(("has", "asks", "gets"), LIFETIMES)
def test_issue__lasts_no_longer_used_or_unused(has, asks, gets, alice):
    row, _ = AccessToken.objects.issue(user=alice, **at(has))
    if gets:
        credentials.issue(AccessToken, parent=row, **at(asks))
        return
    with pytest.raises(StrongerThanParent) as caught:
        credentials.issue(AccessToken, parent=row, **at(asks))
    assert set(caught.value.message_dict) <= {"expires_at", "sliding"}


def test_issue__for_the_same_owner_only(alice, bob):
    row, _ = AccessToken.objects.issue(user=alice)
    for model in (AccessToken, APIKey):
        child, _ = credentials.issue(model, parent=row)
        assert child.user == alice
        for user in (bob, None):
            with pytest.raises(StrongerThanParent, match="belong"):
                credentials.issue(model, parent=row, user=user)


def test_issue__of_one_service_not_for_another():
    desks = [Organisation.objects.create(name=name) for name in ("one", "two")]
    row, _ = OrganisationKey.objects.issue(organisation=desks[0])
    assert credentials.issue(OrganisationKey, parent=row)[0].organisation == desks[0]
    for model, fields in ((OrganisationKey, {"organisation": desks[1]}), (DeviceKey, {}), (APIKey, {"user": None})):
        with pytest.raises(StrongerThanParent):
            credentials.issue(model, parent=row, **fields)


def test_issue__by_a_key_of_nobodys_with_all_scopes_which_are_none():
    """All that its owner may is nothing where there is no owner, while a scope that is named is held."""
    empty = Organisation.objects.create(name="empty")
    for row, _ in (APIKey.objects.issue(user=None), OrganisationKey.objects.issue(organisation=empty)):
        with pytest.raises(StrongerThanParent):
            credentials.issue(type(row), parent=row, scopes=["auth.delete_user"])
        credentials.issue(type(row), parent=row, scopes=[])
        assert credentials.issue(type(row), parent=row)[0].scopes is None


def test_issue__while_a_login_lasts_ends_with_it(alice, password):
    row, _, _ = credentials.issue_login_token(alice)
    child, secret = credentials.issue(AccessToken, parent=row)
    assert (child.is_personal, child.family, child.refresh_digest) == (False, row.family, None)
    other, _, _ = credentials.issue_login_token(alice)
    for model, fields in (
        (AccessToken, {"is_personal": True}),
        (AccessToken, {"session_digest": ""}),
        (AccessToken, {"family": other.family}),
        (APIKey, {}),
    ):
        with pytest.raises(StrongerThanParent):
            credentials.issue(model, parent=row, **fields)
    alice.set_password("another one")
    alice.save()
    with pytest.raises(InvalidCredential):
        lookup(secret)


def test_issue__by_one_that_has_ended_or_was_limited_meanwhile(alice):
    row, _ = AccessToken.objects.issue(user=alice)
    AccessToken.objects.update(scopes=["read"])
    with pytest.raises(StrongerThanParent):
        credentials.issue(AccessToken, parent=row, scopes=["write"])
    AccessToken.objects.get().revoke()
    with pytest.raises(InvalidCredential, match="revoked"):
        credentials.issue(AccessToken, parent=row)
    AccessToken.objects.all().delete()
    with pytest.raises(InvalidCredential, match="unknown"):
        credentials.issue(AccessToken, parent=row)


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ({"networks": "x"}, {}),
        ({"networks": [1.5]}, {}),
        ({"networks": {}}, {"networks": []}),
        ({"methods": "GET"}, {"methods": ["GET"]}),
        ({"methods": {}}, {}),
        ({"origins": ""}, {"origins": []}),
        ({"origins": "https://a.example"}, {"origins": ["https://a.example"]}),
        ({"rate": "?"}, {}),
    ],
)
def test_issue__what_cannot_be_compared_is_stronger(parent, child, alice):
    """Rows are also written by hand."""
    row, _ = AccessToken.objects.issue(user=alice)
    AccessToken.objects.update(**parent)
    with pytest.raises(StrongerThanParent):
        credentials.issue(AccessToken, parent=row, **child)


def test_issue__async_twins(alice):
    row, _ = async_to_sync(credentials.aissue)(AccessToken, user=alice)
    assert async_to_sync(credentials.aissue)(AccessToken, parent=row)[0].user_id == alice.pk
    assert async_to_sync(credentials.aissue_login_token)(alice)[0].is_personal is False


def test_login_token__lasts_as_the_settings_say(alice, settings, rf):
    request = rf.get("/", headers={"user-agent": "curl/8 " + "x" * 200})
    row, secret, refresh_secret = credentials.issue_login_token(alice, request=request)
    assert (row.expires_at - row.created_at).total_seconds() == pytest.approx(36000, abs=2)
    assert (row.ends_at - row.created_at).total_seconds() == pytest.approx(30 * 86400, abs=2)
    assert (row.sliding, row.name[:8], len(row.name)) == (None, "curl/8 x", 100)
    assert refresh_secret.startswith("sa_ref_")
    assert lookup(secret) == row
    settings.SESSIONAUTH_TOKEN_SLIDING, settings.SESSIONAUTH_TOKEN_MAX_AGE = True, None
    settings.SESSIONAUTH_REFRESH_AGE = None
    row, _, refresh_secret = credentials.issue_login_token(alice, name="mine")
    assert (row.sliding, row.ends_at, row.name, refresh_secret) == (timedelta(hours=10), None, "mine", None)
    settings.SESSIONAUTH_TOKEN_MAX_AGE = 60
    assert credentials.issue_login_token(alice)[0].expires_at <= moment(seconds=60)


def test_login_token__without_a_refresh_token_if_asked(alice):
    assert credentials.issue_login_token(alice, refreshable=False)[2] is None


@pytest.mark.parametrize("fallback", [False, True])
def test_login_token__outlives_a_new_key_while_the_old_one_is_a_fallback(fallback, alice, settings):
    _, secret, refresh_secret = credentials.issue_login_token(alice)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    settings.SECRET_KEY_FALLBACKS = [old] if fallback else []
    if not fallback:
        with pytest.raises(InvalidCredential, match="password_changed"):
            lookup(secret)
        return
    lookup(secret)
    _, secret, _ = credentials.refresh(refresh_secret)
    settings.SECRET_KEY_FALLBACKS = []
    lookup(secret)  # bound anew


def test_login_token__without_what_binds_it_is_good_for_nothing(alice):
    row, secret = AccessToken.objects.issue(user=alice, is_personal=False)
    with pytest.raises(InvalidCredential, match="password_changed"):
        lookup(secret)
    assert not row.is_usable


@pytest.mark.parametrize("kind", ["key", "token"])
def test_limit__counts_the_users_own_that_last(kind, alice, bob, settings):
    settings.SESSIONAUTH_MAX_TOKENS = settings.SESSIONAUTH_MAX_KEYS = 2
    model = {"key": APIKey, "token": AccessToken}[kind]
    model.objects.issue(user=bob)
    model.objects.issue(user=alice, expires_at=moment(days=-1))
    model.objects.issue(user=alice, expires_at=moment(days=1), ends_at=moment(days=-1))
    model.objects.issue(user=alice)[0].revoke()
    row, _ = model.objects.issue(user=alice)
    model.objects.issue(user=alice)
    with pytest.raises(TooManyCredentials) as caught:
        model.objects.issue(user=alice)
    assert (caught.value.code, caught.value.status) == ("too_many_credentials", 409)
    credentials.rotate(row)  # the one in overlap takes no place, its successor does
    with pytest.raises(TooManyCredentials):
        model.objects.issue(user=alice)
    assert model.objects.filter(user=alice).usable().count() == 3


def test_limit__evicts_the_oldest(alice, settings):
    settings.SESSIONAUTH_MAX_KEYS, settings.SESSIONAUTH_MAX_CREDENTIALS_ACTION = 2, "evict"
    rows = [APIKey.objects.issue(user=alice)[0] for _ in range(4)]
    for row in rows:
        row.refresh_from_db()
    assert [row.revoked_reason for row in rows] == ["evicted", "evicted", "", ""]


def test_limit__knows_that_a_token_that_can_be_refreshed_will_be_back(alice, settings):
    settings.SESSIONAUTH_MAX_TOKENS = 1
    _, _, refresh_secret = credentials.issue_login_token(alice)
    AccessToken.objects.update(expires_at=moment(hours=-1))
    with pytest.raises(TooManyCredentials):
        AccessToken.objects.issue(user=alice)
    credentials.refresh(refresh_secret)
    with pytest.raises(TooManyCredentials):
        AccessToken.objects.issue(user=alice)


def test_limit__none_for_what_is_nobodys(settings, alice):
    settings.SESSIONAUTH_MAX_KEYS = 1
    desk, empty = (Organisation.objects.create(name="x", service_user=user) for user in (alice, None))
    for _ in range(2):
        APIKey.objects.issue(user=None)
        DeviceKey.objects.issue()
        OrganisationKey.objects.issue(organisation=empty)
    OrganisationKey.objects.issue(organisation=desk)
    with pytest.raises(TooManyCredentials):
        OrganisationKey.objects.issue(organisation=desk)


def test_limit__costs_nothing_where_there_is_none(alice, django_assert_num_queries, settings):
    settings.SESSIONAUTH_AUDIT = False
    with django_assert_num_queries(1):
        APIKey.objects.issue(user=alice)
