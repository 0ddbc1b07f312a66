"""The list of signed-in browsers; what ends them for good, the attacks tell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model, login, update_session_auth_hash
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from sessionauth.models import LoginSession, saving
from sessionauth.request_state import SignIn
from sessionauth.sessions import fingerprint, kept, registry, timeouts
from tests.contracts import MODEL_BACKEND

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def request_with_session(rf):
    request = rf.post("/login/", HTTP_USER_AGENT="Agent/1", REMOTE_ADDR="1.2.3.4")
    request.session = SessionStore()
    return request


def test_new_sid__is_random_and_fits():
    sids = {registry.new_sid() for _ in range(100)}
    assert len(sids) == 100
    assert all(len(sid) == 32 for sid in sids)


def test_earlier_sid__is_one_for_a_user_and_a_session_hash():
    sid = registry.earlier_sid("1", "hash")
    assert (sid, len(sid)) == (registry.earlier_sid("1", "hash"), kept.SID_LENGTH)
    assert len({sid, registry.earlier_sid("2", "hash"), registry.earlier_sid("1", "other")}) == 3


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, None),
        ({"sid": None}, None),
        ({"sid": "good"}, "good"),
        ({"sid": ""}, "-"),
        ({"sid": 1}, "-"),
        ({"sid": "a\0"}, "-"),
        ({"sid": "x" * 44}, "-"),
    ],
)
def test_sid_in__takes_what_we_may_have_given_for_a_sid_and_all_else_for_a_forged_one(own, expected):
    assert kept.sid_in(own) == expected


@pytest.mark.parametrize("found", [None, "x", [], 1, {"sid": "a"}])
def test_own__is_a_copy_of_what_may_be_ours(found):
    session = SessionStore()
    session[kept.KEY] = found
    own = kept.own(session)
    assert own == (found if isinstance(found, dict) else {})
    own["sid"] = "other"
    assert session[kept.KEY] == found


@pytest.mark.parametrize(
    ("own", "expected"), [({}, None), ({"auth_at": 5}, 5), ({"auth_at": "5"}, None), ({"auth_at": None}, None)]
)
def test_auth_at_in__is_a_number_or_nothing(own, expected):
    assert kept.auth_at_in(own) == expected


def test_record__enters_who_from_where_and_when(request_with_session, alice):
    request_with_session.session[kept.KEY] = {"next": "/page/"}
    row = registry.record(request_with_session, alice, SignIn())
    assert LoginSession.objects.get() == row
    assert (row.user, row.ip_address, row.user_agent, row.earlier) == (alice, "1.2.3.4", "Agent/1", False)
    assert abs(row.authenticated_at - timezone.now()) < timedelta(seconds=5)
    own = request_with_session.session[kept.KEY]
    assert own.pop("fp") == fingerprint.of(request_with_session)
    assert own == {"sid": row.sid, "auth_at": int(row.authenticated_at.timestamp()), "next": "/page/"}


def test_record__keeps_the_session_key_nowhere(request_with_session, alice):
    login(request_with_session, alice, MODEL_BACKEND)
    request_with_session.session.save()
    key = request_with_session.session.session_key
    assert key
    assert key not in repr(LoginSession.objects.values().get())


def test_record__goes_without_where_the_row_cannot_be_kept(request_with_session, alice, monkeypatch, caplog):
    def fail(*args, **kwargs):
        raise DatabaseError("read-only")

    monkeypatch.setattr(saving, "insert", fail)
    assert registry.record(request_with_session, alice, SignIn()) is None
    assert "sid" not in request_with_session.session[kept.KEY]
    assert "could not be written" in caplog.text


def test_login_again__keeps_one_live_row(request_with_session, alice):
    for _ in range(3):
        login(request_with_session, alice, MODEL_BACKEND)
    live, *ended = LoginSession.objects.order_by("-pk")
    assert (live.is_revoked, [row.revoked_reason for row in ended]) == (False, ["superseded", "superseded"])


def test_password_change__keeps_the_sid(request_with_session, alice):
    login(request_with_session, alice, MODEL_BACKEND)
    before = kept.sid_in(request_with_session.session[kept.KEY])
    request_with_session.user = alice
    alice.set_password("another")
    alice.save()
    update_session_auth_hash(request_with_session, alice)
    assert kept.sid_in(request_with_session.session[kept.KEY]) == before


def enter(user, **fields):
    return LoginSession.objects.create(user=user, sid=registry.new_sid(), **fields)


@pytest.mark.parametrize(
    ("interval", "age", "due"), [(60, 59, False), (60, 61, True), (0, 1, True), (None, 10_000, False)]
)
def test_touch__writes_at_most_once_an_interval(interval, age, due, alice, settings, django_assert_num_queries):
    settings.SESSIONAUTH_LAST_USED_INTERVAL = interval
    before = timezone.now() - timedelta(seconds=age)
    row = enter(alice, last_seen_at=before)
    assert timeouts.is_touch_due(row) is due
    with django_assert_num_queries(0 if interval is None else 1):
        timeouts.touch(row)
    assert (LoginSession.objects.get().last_seen_at != before) is due


def test_revoke__happens_once_and_keeps_the_first_reason(alice):
    row = enter(alice)
    other = LoginSession.objects.get()
    assert (registry.revoke(row, "lost"), registry.revoke(other, "again")) == (True, False)
    assert (row.is_revoked, LoginSession.objects.get().revoked_reason) == (True, "lost")


def test_revoke__of_a_row_that_is_gone_is_no_error(alice):
    row = enter(alice)
    LoginSession.objects.all().delete()
    assert registry.revoke(row) is False


@pytest.mark.parametrize(
    "save",
    [
        lambda row: row.save(),
        lambda row: row.save(update_fields=["user_agent", "revoked_at", "revoked_reason"]),
        lambda row: setattr(row, "revoked_at", None) or row.save(),
    ],
)
def test_revoke__survives_what_a_stale_instance_saves(save, alice):
    row = enter(alice)
    stale = LoginSession.objects.get()
    registry.revoke(row, "lost")
    stale.user_agent = "renamed"
    save(stale)
    save(row)
    assert LoginSession.objects.get().revoked_reason == "lost"


def test_revoke_all__counts_what_it_ended_and_spares_the_one_to_keep(alice, make_user):
    rows = [enter(alice) for _ in range(3)]
    enter(alice, revoked_at=timezone.now())
    others = enter(make_user("bob"))
    assert registry.revoke_all(alice, "lost", keep=rows[0]) == 2
    assert set(LoginSession.objects.filter(revoked_at=None)) == {rows[0], others}
    assert async_to_sync(registry.arevoke_all)(alice) == 1


def test_revoke_all__enters_earlier_sessions_as_ended_once(alice):
    for _ in range(2):
        registry.revoke_all(alice)
    row = LoginSession.objects.get()
    assert (row.earlier, row.is_revoked, row.user) == (True, True, alice)


def test_revoke_all__of_a_user_without_session_hash(alice, monkeypatch):
    monkeypatch.delattr("django.contrib.auth.base_user.AbstractBaseUser.get_session_auth_hash")
    registry.revoke_all(alice)
    assert LoginSession.objects.get().sid == registry.earlier_sid(str(alice.pk), "")


def test_keep_earlier__may_be_entered_and_then_ended(alice):
    registry.keep_earlier(alice.pk, "x")
    registry.keep_earlier(alice.pk, "x")
    registry.keep_earlier(alice.pk, "x", ended="lost")
    assert LoginSession.objects.get().revoked_reason == "lost"


def test_supersede__ends_what_there_is(alice, django_assert_num_queries):
    row = enter(alice)
    with django_assert_num_queries(0):
        registry.supersede({None})
    registry.supersede({None, row.sid, "other"})
    assert LoginSession.objects.get().revoked_reason == "superseded"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda saved: saved, True),
        (lambda saved: get_user_model()(), False),
        (lambda saved: get_user_model()(pk=7), False),
        (lambda saved: object(), False),
        (lambda saved: None, False),
    ],
)
def test_lists__saved_users_of_the_model(make, expected, alice):
    assert registry.lists(make(alice)) is expected


@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.django_db(transaction=True)
def test_best_effort__tells_whether_it_went_through(in_transaction, alice, caplog):
    def fail():
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense FROM nowhere")

    if in_transaction:
        with transaction.atomic():
            assert registry.best_effort(fail) is False
            assert get_user_model().objects.count() == 1  # the transaction is not spoilt
            assert registry.best_effort(lambda: None) is True
    else:
        assert registry.best_effort(fail) is False
    assert "could not be written" in caplog.text


def test_best_effort__hides_nothing_else_unless_told_to():
    with pytest.raises(ZeroDivisionError):
        registry.best_effort(lambda: 1 / 0)
    assert registry.best_effort(lambda: 1 / 0, catching=Exception) is False


def test_str_and_repr__name_user_and_time_and_no_sid(alice):
    row = enter(alice, created_at="2026-01-02T03:04:00Z")
    row.refresh_from_db()
    assert str(row) == f"{alice.pk}, 2026-01-02 03:04"
    assert repr(row) == f"<LoginSession {row.pk} of user {alice.pk}>"
