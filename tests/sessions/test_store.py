"""Sessions of Django's engine as our middleware has them: the same rows, signals and errors, by fewer statements."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models.signals import post_save, pre_save
from django.test.utils import CaptureQueriesContext

from sessionauth.sessions import db as own_engine
from sessionauth.sessions import store

ENGINES = [db.SessionStore, store.SessionStore]

pytestmark = pytest.mark.django_db


def begun(engine):
    session = engine()
    session["colour"] = "red"
    session.save()
    return session


@pytest.mark.parametrize("engine", ENGINES)
def test_session__of_either_is_read_changed_and_ended_by_the_other(engine):
    other = next(one for one in ENGINES if one is not engine)
    key = begun(engine).session_key
    again = other(key)
    assert again["colour"] == "red"
    again["colour"] = "blue"
    again.save()
    assert engine(key)["colour"] == "blue"
    again.cycle_key()
    assert (engine(key).get("colour"), engine(again.session_key)["colour"]) == (None, "blue")
    again.flush()
    assert not Session.objects.exists()


def test_save__tells_what_djangos_tells():
    told = {}
    for engine in ENGINES:
        seen = told[engine] = []

        def receive(signal, seen=seen, **facts):
            seen.append({name: one for name, one in facts.items() if name != "instance"})

        for signal in (pre_save, post_save):
            signal.connect(receive, sender=Session)
        try:
            session = begun(engine)
            session.save()
        finally:
            for signal in (pre_save, post_save):
                signal.disconnect(receive, sender=Session)
    assert told[store.SessionStore] == told[db.SessionStore]
    assert len(told[db.SessionStore]) == 4


@pytest.mark.parametrize("engine", ENGINES)
def test_save__of_a_session_that_is_gone_fails_and_spoils_no_transaction(engine):
    session = begun(engine)
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


@pytest.mark.parametrize("engine", ENGINES)
def test_save__under_a_key_that_is_somebodys_fails_and_spoils_no_transaction(engine):
    other = engine(begun(engine).session_key)
    with pytest.raises(CreateError):
        other.save(must_create=True)
    assert Session.objects.count() == 1


def test_key__is_made_of_djangos_characters_all_of_them_anywhere():
    keys = [store.new_key() for _ in range(2000)]
    assert len(set(keys)) == len(keys)
    for nth in range(32):
        assert {key[nth] for key in keys} == set(VALID_KEY_CHARS)
    assert {len(key) for key in keys} == {32}


def test_create__draws_again_where_a_key_is_somebodys(monkeypatch):
    taken = begun(store.SessionStore).session_key
    keys = [taken, "n" * 32]
    monkeypatch.setattr(store, "new_key", lambda: keys.pop(0))
    session = store.SessionStore()
    session.create()
    assert (session.session_key, session.modified) == ("n" * 32, True)
    assert set(Session.objects.values_list("session_key", flat=True)) == {taken, "n" * 32}


@pytest.mark.django_db(transaction=True)
def test_session__costs_a_statement_for_what_is_done_to_it():
    connection.ensure_connection()
    with CaptureQueriesContext(connection) as asked:
        session = begun(store.SessionStore)
        session.save()
    assert [query["sql"].partition(" ")[0] for query in asked] == ["INSERT", "UPDATE"]


@pytest.mark.parametrize("name", ["save", "create", "exists"])
def test_whoever_has_put_a_way_of_theirs_on_djangos_engine__is_asked(name, monkeypatch):
    asked, djangos = [], getattr(db.SessionStore, name)

    def own(self, *args, **kwargs):
        asked.append(name)
        return djangos(self, *args, **kwargs)

    monkeypatch.setattr(db.SessionStore, name, own)
    session = store.SessionStore()
    session["colour"] = "red"
    session.save()
    assert asked
    assert store.SessionStore(session.session_key)["colour"] == "red"


def test_session_under_asgi__is_saved_and_ended_as_anywhere():
    async def visit():
        session = store.SessionStore()
        await session.aset("colour", "red")
        await session.asave()
        first = session.session_key
        await session.acycle_key()
        last = session.session_key
        kept = await store.SessionStore(last).aget("colour")
        await session.adelete()
        return first != last, kept

    assert async_to_sync(visit)() == (True, "red")
    assert not Session.objects.exists()


class Narrow(Session):
    class Meta:
        app_label = "own"
        proxy = True


def test_model_of_the_projects_own__is_saved_as_itself(monkeypatch):
    class Own(store.SessionStore):
        @classmethod
        def get_model_class(cls):
            return Narrow

    senders = []

    def receive(sender, **facts):
        senders.append(sender)

    pre_save.connect(receive, sender=Narrow)
    try:
        begun(Own).save()
    finally:
        pre_save.disconnect(receive, sender=Narrow)
    assert senders == [Narrow, Narrow]


@pytest.mark.parametrize("above", [store.SessionStore, own_engine.SessionStore])
def test_create__draws_keys_as_an_engine_of_the_projects_own_does(above):
    class Own(above):
        def _get_new_session_key(self):
            return "eu" + super()._get_new_session_key()[2:]

    assert begun(Own).session_key.startswith("eu")


@pytest.mark.parametrize("above", [store.SessionStore, own_engine.SessionStore])
def test_create__asks_an_engine_of_the_projects_own_which_keys_are_taken(above):
    asked = []

    class Own(above):
        def exists(self, session_key):
            asked.append(session_key)
            return len(asked) == 1

    assert begun(Own).session_key == asked[1] != asked[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("signal", [pre_save, post_save])
@pytest.mark.parametrize("engine", ENGINES)
def test_save__is_one_with_what_others_do_who_are_told_of_it(engine, signal):
    session, is_within = begun(engine), []

    def refuse(**facts):
        is_within.append(connection.in_atomic_block)
        raise LookupError

    session["colour"] = "blue"
    signal.connect(refuse, sender=Session)
    try:
        for one in (session, engine()):
            with pytest.raises(LookupError):
                one.save()
    finally:
        signal.disconnect(refuse, sender=Session)
    assert is_within == [True, True]
    assert [one.get_decoded() for one in Session.objects.all()] == [{"colour": "red"}]


class Careful(Session):
    """Looks whether it is saved in a transaction."""

    class Meta:
        app_label = "own"
        proxy = True

    def save(self, *args, **kwargs):
        assert connection.in_atomic_block
        super().save(*args, **kwargs)


@pytest.mark.django_db(transaction=True)
def test_save__of_a_model_with_a_way_of_its_own_is_in_a_transaction():
    class Own(store.SessionStore):
        @classmethod
        def get_model_class(cls):
            return Careful

    begun(Own).save()
    assert Session.objects.count() == 1
