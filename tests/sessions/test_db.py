"""Our own engine in Django's table: one query a request, and nobody let in or signed out whom Django's would not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends import db as djangos
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DatabaseError, models
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from sessionauth import conf
from sessionauth.models import LoginSession
from sessionauth.sessions import db, kept, registry
from sessionauth.sessions.db import SessionStore, digest
from tests.asking import counted

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls")]

OURS, DJANGOS = "sessionauth.sessions.db", "django.contrib.sessions.backends.db"
USERS = get_user_model()


@pytest.fixture(autouse=True)
def _engine(settings, monkeypatch):
    settings.SESSION_ENGINE = OURS
    monkeypatch.setattr(db, "_proved", set())


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def browser(alice):
    """A browser in which alice has signed in, and that has come twice: all that is kept is kept."""
    browser = Client()
    browser.force_login(alice)
    browser.get("/whoami/")
    browser.get("/whoami/")
    return browser


def who(browser):
    return browser.get("/whoami/").json()["user"]


def key_of(browser):
    return browser.cookies["sessionid"].value


def row():
    return LoginSession.objects.get()


def asked(browser, path="/whoami/"):
    with counted() as statements:
        browser.get(path)
    return len(statements)


@pytest.mark.parametrize("path", ["/tell/", "/whoami/"])
def test_request__is_one_query(path, browser):
    assert (who(browser), asked(browser, path)) == ("alice", 1)


def test_request__of_nobody_is_one_query_as_with_djangos(browser):
    stranger = Client()
    session = stranger.session
    session["basket"] = [1]
    session.save()
    stranger.cookies["sessionid"] = session.session_key
    assert (who(stranger), asked(stranger)) == (None, 1)


def test_load__finds_what_the_orm_finds(browser, alice):
    session = SessionStore(key_of(browser))
    assert dict(session.items()) == dict(djangos.SessionStore(key_of(browser)).items())
    found = session.company(row().sid, alice.pk, "default")
    user = USERS.objects.get(pk=alice.pk)
    assert found.row.user is found.user
    for one, other in ((found.user, user), (found.row, LoginSession.objects.select_related("user").get())):
        mine, theirs = vars(one).copy(), vars(other).copy()
        states = [values.pop("_state") for values in (mine, theirs)]
        known = [(state.db, state.adding, state.fields_cache) for state in states]
        assert (type(one), mine, known[0]) == (type(other), theirs, known[1])


def test_aload__finds_the_same(browser, alice):
    async def load():
        session = SessionStore(key_of(browser))
        return await session.aget("_auth_user_id"), session.company(row_.sid, alice.pk, "default")

    row_ = row()
    user_id, found = async_to_sync(load)()
    assert (user_id, found.row, found.user) == (str(alice.pk), row_, alice)


@pytest.mark.parametrize(("words", "is_packed"), [("red", False), ("red " * 1000, True)])
def test_data__are_packed_where_they_are_long_and_read_by_djangos_engine(words, is_packed):
    session = SessionStore()
    session["colour"] = words
    session.save()
    assert Session.objects.get().session_data.startswith(".") is is_packed
    for engine in (SessionStore, djangos.SessionStore):
        assert engine(session.session_key)["colour"] == words


def test_fill__has_ours_loaded_as_at_a_look(browser, django_assert_num_queries):
    looked, filled = SessionStore(key_of(browser)), SessionStore(key_of(browser))
    assert looked.get("_auth_user_id")
    with django_assert_num_queries(1):
        db.fill(filled)
        db.fill(filled)
    assert filled._session_cache == looked._session_cache
    none = SessionStore(None)
    with django_assert_num_queries(0):
        db.fill(none)
    assert none.is_empty()


def test_company__is_given_once_and_to_nobody_else(browser, alice, monkeypatch):
    def load():
        session = SessionStore(key_of(browser))
        session.get("")
        return session

    sid = row().sid
    session = load()
    assert session.company(sid, alice.pk, "default") is not None
    assert session.company(sid, alice.pk, "default") is None
    for wrong in (("other", alice.pk, "default"), (sid, alice.pk + 1, "default"), (sid, alice.pk, "other")):
        assert load().company(*wrong) is None
    session = load()
    late = session._company.moment + db.GOOD_FOR + 0.1
    monkeypatch.setattr(db, "monotonic", lambda: late)
    assert session.company(sid, alice.pk, "default") is None


def test_session_key__is_in_no_column(browser):
    key = key_of(browser)
    kept_of_it = [str(value) for value in LoginSession.objects.values_list().get()]
    assert row().session_digest == digest(key) != key
    assert not any(key in value for value in kept_of_it)


def revoke(alice, browser):
    registry.revoke(row())


def update(alice, browser):
    LoginSession.objects.update(revoked_at=timezone.now())


def remove(alice, browser):
    LoginSession.objects.all().delete()


def deactivate(alice, browser):
    USERS.objects.update(is_active=False)


def change_password(alice, browser):
    alice.set_password("another")
    alice.save()


def delete_user(alice, browser):
    alice.delete()


def delete_session(alice, browser):
    Session.objects.all().delete()


def expire(alice, browser):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def log_out(alice, browser):
    copy = key_of(browser)
    browser.post("/logout/")
    browser.cookies["sessionid"] = copy


def log_out_everywhere(alice, browser):
    registry.logout_everywhere(alice)


@pytest.mark.parametrize(
    "act",
    [
        revoke,
        update,
        remove,
        deactivate,
        change_password,
        delete_user,
        delete_session,
        expire,
        log_out,
        log_out_everywhere,
    ],
)
def test_end__holds_from_the_next_request_on(act, alice, browser):
    assert who(browser) == "alice"
    act(alice, browser)
    assert who(browser) is None
    assert who(browser) is None


def test_row__of_somebody_else_lets_nobody_in(browser, alice, make_user):
    """Whoever can write digests only gets what the session itself says."""
    other = Client()
    other.force_login(make_user("bob"))
    assert who(other) == "bob"
    LoginSession.objects.filter(user=alice).update(session_digest=None)
    LoginSession.objects.exclude(user=alice).update(session_digest=digest(key_of(browser)))
    assert who(browser) == "alice"


def test_row__given_to_another_user_ends_the_session(browser, make_user):
    LoginSession.objects.update(user=make_user("bob"))
    assert who(browser) is None


@pytest.mark.parametrize(("first", "then"), [(DJANGOS, OURS), (OURS, DJANGOS)])
def test_change_of_engine__signs_nobody_out(first, then, alice, settings):
    settings.SESSION_ENGINE = first
    browser = Client()
    browser.force_login(alice)
    assert who(browser) == "alice"
    settings.SESSION_ENGINE = then
    assert who(browser) == "alice"
    settings.SESSION_ENGINE = first
    assert who(browser) == "alice"


def test_session_of_djangos_engine__is_found_by_its_key_from_the_second_request_on(alice, settings):
    settings.SESSION_ENGINE = DJANGOS
    browser = Client()
    browser.force_login(alice)
    settings.SESSION_ENGINE = OURS
    assert row().session_digest is None
    assert who(browser) == "alice"
    assert row().session_digest == digest(key_of(browser))
    assert asked(browser) == 1


def test_session_from_before_the_app__shares_its_row_and_leaves_no_digest(alice, settings):
    browser = Client()
    browser.force_login(alice)
    session = SessionStore(key_of(browser))
    del session[kept.KEY]
    session.save()
    LoginSession.objects.all().delete()
    for _ in range(3):
        assert who(browser) == "alice"
    assert (row().earlier, row().session_digest) == (True, None)


def test_cycle_key__is_followed(browser):
    session = SessionStore(key_of(browser))
    session.cycle_key()
    old, browser.cookies["sessionid"] = key_of(browser), session.session_key
    assert row().session_digest == digest(session.session_key) != digest(old)
    assert (who(browser), asked(browser)) == ("alice", 1)
    browser.cookies["sessionid"] = old
    assert who(browser) is None


def test_acycle_key__is_followed(browser):
    session = SessionStore(key_of(browser))
    async_to_sync(session.acycle_key)()
    assert row().session_digest == digest(session.session_key)


def test_key__of_another_engines_rotation_is_still_good(browser, settings):
    session = djangos.SessionStore(key_of(browser))
    session.cycle_key()
    browser.cookies["sessionid"] = session.session_key
    assert who(browser) == "alice"


def test_save__writes_the_digest_once(browser):
    session = SessionStore(key_of(browser))
    session["basket"] = [1]
    with counted() as statements:
        session.save()
        session.save()
    assert not any("sessionauth_loginsession" in sql for sql in statements if sql.startswith("UPDATE"))


def test_next_sign_in_under_the_same_key__has_the_digest(browser, alice):
    second = LoginSession.objects.create(user=alice, sid="second")
    session = SessionStore(key_of(browser))
    session[kept.KEY] = kept.own(session) | {"sid": "second"}
    session.save()
    assert LoginSession.objects.get(session_digest=digest(session.session_key)) == second


def test_save__goes_through_without_the_digest(browser, monkeypatch):
    def fail(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(db, "_keep", fail)
    session = SessionStore(key_of(browser))
    session.cycle_key()
    browser.cookies["sessionid"] = session.session_key
    assert who(browser) == "alice"


def test_row__saved_again_from_memory_keeps_the_digest(browser):
    old = row()
    LoginSession.objects.update(session_digest="new")
    old.save()
    assert row().session_digest == "new"


def test_delete__beside_a_request_is_not_undone(browser):
    session = SessionStore(key_of(browser))
    session["basket"] = [1]
    Session.objects.all().delete()
    with pytest.raises(djangos.UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_rotate__takes_one_statement_for_the_old_key(browser):
    session = SessionStore(key_of(browser))
    session.get("")
    with counted() as statements:
        registry.drop(session)
    assert [sql.split()[0] for sql in statements] == ["DELETE"]
    assert session.session_key is None


def test_clearsessions__takes_what_is_over(browser):
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    call_command("clearsessions")
    assert not Session.objects.exists()


def users_of(request: HttpRequest):
    return USERS.objects.filter(username="alice")


def test_fallback__to_users_as_the_site_asks_for_them(browser, settings, make_user):
    settings.SESSIONAUTH_USER_QUERYSET = f"{__name__}.users_of"
    assert (who(browser), asked(browser)) == ("alice", 2)
    other = Client()
    other.force_login(make_user("bob"))
    assert who(other) is None


class Present(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(username="bob")


def test_fallback__to_a_manager_that_hides(browser, monkeypatch):
    manager = Present()
    manager.model, manager.name = USERS, "objects"
    monkeypatch.setitem(USERS._meta.__dict__, "default_manager", manager)
    assert who(browser) is None


def test_fallback__to_two_databases(browser, monkeypatch):
    monkeypatch.setattr(db.router, "db_for_read", lambda model, **hints: "replica")
    assert db._joined_in(Session) is None


def test_fallback__to_djangos_engine_where_djangos_joins_are_others(browser, monkeypatch):
    conf.setting.forget()
    monkeypatch.setattr(db, "Join", None)
    assert (who(browser), asked(browser)) == ("alice", 2)
    conf.setting.forget()


class Own(SessionStore):
    key_salt = djangos.SessionStore().key_salt


def test_fallback__to_an_engine_built_on_ours(browser):
    session = Own(key_of(browser))
    assert session["_auth_user_id"]
    assert session._company is None


def test_missing_table__leaves_djangos_engine(browser, monkeypatch):
    def fail(*args):
        raise DatabaseError

    monkeypatch.setattr(db, "_rows", fail)
    session = SessionStore(key_of(browser))
    monkeypatch.setattr(db.transaction, "get_connection", lambda using: type("C", (), {"in_atomic_block": False}))
    assert session["_auth_user_id"]
    assert db._proved == set()


def test_missing_table__is_raised_where_a_transaction_is_spoilt(browser, monkeypatch):
    def fail(*args):
        raise DatabaseError

    monkeypatch.setattr(db, "_rows", fail)
    with pytest.raises(DatabaseError):
        SessionStore(key_of(browser)).get("")


@pytest.mark.parametrize("way", ["there", "over", "gone", "no key", "looked at before"])
def test_fill__djangos_own_session_holds_what_it_loads_itself(way, django_assert_num_queries):
    stored = djangos.SessionStore()
    stored["basket"] = [1, 2]
    stored.set_expiry(-1 if way == "over" else 600)
    stored.save()
    key = {"gone": "g" * 32, "no key": None}.get(way, stored.session_key)
    mine, theirs = djangos.SessionStore(key), djangos.SessionStore(key)
    if way == "looked at before":
        mine["more"] = theirs["more"] = 1
    with django_assert_num_queries(0 if way in ("no key", "looked at before") else 1):
        db.fill(mine)
        assert not mine.accessed or way == "looked at before"
        held = dict(mine.items())
    assert (held, mine.accessed, mine.modified) == (dict(theirs.items()), theirs.accessed, theirs.modified)
    assert mine.session_key == theirs.session_key


def test_fill__leaves_the_data_of_a_session_alone_that_stand_in_its_place():
    data = {"_auth_user_id": "1"}
    db.fill(data)
    assert data == {"_auth_user_id": "1"}


def test_fill__leaves_engines_alone_that_derive_from_djangos_or_ours():
    class Own(djangos.SessionStore):
        pass

    class OwnOfOurs(SessionStore):
        pass

    stored = djangos.SessionStore()
    stored.save()
    for engine in (Own, OwnOfOurs):
        session = engine(stored.session_key)
        db.fill(session)
        assert not hasattr(session, "_session_cache")
