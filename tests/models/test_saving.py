"""A new row by words that are kept: what is stored and who is told are as with `save()`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import wraps

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models.signals import post_save, pre_save

from sessionauth.models import AuthEvent, LoginSession, saving
from sessionauth.models.revocable import RevocableModel
from tests.asking import counted

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)


def event():
    return AuthEvent(
        created_at=MOMENT,
        event="login_failed",
        user_id=7,
        user_name="ä'\"%s",
        ip_address="2001:db8::1",
        data={"a": [1, None, "%s"]},
    )


def session():
    return LoginSession(user_id=7, sid="s" * 30, authenticated_at=MOMENT, created_at=MOMENT, last_seen_at=MOMENT)


def by_save(row):
    row.save(force_insert=True, using="default")


def by_insert(row):
    saving.insert(row, "default")


def stored(row):
    """Return what another instance finds, less its key."""
    found = type(row)._base_manager.get(pk=row.pk)
    values = {field.attname: getattr(found, field.attname) for field in row._meta.concrete_fields[1:]}
    found.delete()
    return values


@pytest.mark.parametrize("make", [event, session])
def test_insert__stores_what_save_stores_and_tells_the_same(make):
    found = {}
    for act in (by_save, by_insert):
        told = []

        def receive(signal, told=told, **facts):
            told.append({name: one for name, one in facts.items() if name != "instance"})

        for signal in (pre_save, post_save):
            signal.connect(receive, sender=type(make()))
        row = make()
        try:
            with counted() as statements:
                act(row)
        finally:
            for signal in (pre_save, post_save):
                signal.disconnect(receive, sender=type(row))
        assert (row._state.adding, row._state.db, row.pk is None) == (False, "default", False)
        found[act] = (stored(row), told, len([one for one in statements if one.startswith("INSERT")]))
    assert found[by_insert] == found[by_save]


def test_insert__of_a_row_that_may_not_be_twice_fails_as_save_does():
    by_insert(session())
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        by_insert(session())


@pytest.mark.parametrize("name", ["get_placeholder", "get_placeholder_sql"])
def test_columns_with_words_of_their_own__are_left_to_django(name, monkeypatch):
    monkeypatch.setattr(saving, "_statements", {})
    words = "%s" if name == "get_placeholder" else ("%s", ["2001:db8::1"])
    monkeypatch.setattr(models.GenericIPAddressField, name, lambda *args: words, raising=False)
    row = event()
    by_insert(row)
    assert list(saving._statements.values()) == [None]
    assert row.pk is not None


def test_insert__asks_a_field_that_makes_something_else_of_text(monkeypatch):
    monkeypatch.setattr(saving, "_statements", {})
    upper = type("Upper", (models.CharField,), {"get_prep_value": lambda self, value: str(value).upper()})
    monkeypatch.setattr(AuthEvent._meta.get_field("event"), "__class__", upper)
    row = event()
    by_insert(row)
    assert AuthEvent._base_manager.values_list("event", "user_name").get(pk=row.pk) == ("LOGIN_FAILED", "ä'\"%s")


def test_update__stores_what_save_stores_and_asks_in_the_same_words():
    found = []
    for act in (lambda row: row.save(force_update=True, using="default"), lambda row: saving.update(row, "default")):
        row = event()
        row.save()
        row.created_at = datetime(2026, 2, 3, tzinfo=UTC)
        row.user_agent = "100% other"
        with counted() as statements:
            act(row)
        key = str(row.pk)
        found.append(([one.replace(key, "KEY").replace("NULL", "%s") for one in statements], stored(row)))
    assert found[0] == found[1]


def test_update__of_a_row_that_is_gone_fails_as_save_does():
    for act in (lambda row: row.save(force_update=True), lambda row: saving.update(row, "default")):
        row = event()
        row.save()
        type(row)._base_manager.all().delete()
        with pytest.raises(DatabaseError, match="did not affect any rows") as failure, transaction.atomic():
            act(row)
        assert isinstance(failure.value, getattr(AuthEvent, "NotUpdated", DatabaseError))


def test_update__writes_no_column_that_was_not_read():
    by_insert(event())
    row = AuthEvent._base_manager.defer("user_agent").get()
    AuthEvent._base_manager.update(user_agent="other")
    row.path = "/here"
    saving.update(row, "default")
    assert AuthEvent._base_manager.values_list("path", "user_agent").get() == ("/here", "other")


@pytest.mark.parametrize("write", [saving.insert, saving.update])
def test_row_that_is_saved_in_a_way_of_its_own__is_saved_so(write, monkeypatch):
    saved, row = [], event()
    if write is saving.update:
        row.save()

    def save(self, **how):
        saved.append(how)

    monkeypatch.setattr(AuthEvent, "save", save)
    write(row, "default")
    assert len(saved) == 1


def test_update__is_djangos_where_a_manager_shows_some_rows_alone(monkeypatch):
    class Few(models.Manager):
        def get_queryset(self):
            return super().get_queryset().filter(event="other")

    monkeypatch.setattr(saving, "_statements", {})
    row = event()
    by_insert(row)
    manager = Few()
    manager.model = AuthEvent
    monkeypatch.setitem(AuthEvent._meta.__dict__, "base_manager", manager)
    with pytest.raises(DatabaseError, match="did not affect any rows"):
        saving.update(row, "default")


@pytest.mark.parametrize("name", ["save", "save_base"])
@pytest.mark.parametrize("write", [saving.insert, saving.update])
@pytest.mark.parametrize("make", [event, session])
def test_row__is_seen_by_whoever_has_replaced_how_every_model_is_saved(make, write, name, monkeypatch):
    seen, row, djangos = [], make(), getattr(models.Model, name)
    if write is saving.update:
        row.save()
        write(row, "default")  # the words are known by then

    def replaced(self, *args, **how):
        seen.append(self)
        return djangos(self, *args, **how)

    monkeypatch.setattr(models.Model, name, replaced)
    write(row, "default")
    assert seen == [row]


@pytest.mark.parametrize("name", ["save", "save_base"])
@pytest.mark.parametrize("write", [saving.insert, saving.update])
@pytest.mark.parametrize("make", [event, session])
def test_row__is_seen_by_whoever_has_replaced_how_its_model_is_saved(make, write, name, monkeypatch):
    """Also after the words are known, and where what they have put there says that it is what it wraps."""
    seen, row = [], make()
    before = getattr(type(row), name)
    if write is saving.update:
        row.save()
        write(row, "default")
    else:
        write(make(), "default")
        type(row)._base_manager.all().delete()

    @wraps(before)
    def replaced(self, *args, **how):
        seen.append(self)
        return before(self, *args, **how)

    monkeypatch.setattr(type(row), name, replaced)
    write(row, "default")
    assert seen == [row]


def test_save__of_a_class_behind_ours_is_asked():
    class Behind(models.Model):
        class Meta:
            app_label = "own"
            abstract = True

        def save(self, **how):
            raise AssertionError

    class Kind(RevocableModel, Behind):
        class Meta:
            app_label = "own"

    assert [saving._is_saved_by_django(one, or_us=True) for one in (LoginSession, Kind)] == [True, False]


@pytest.mark.parametrize("write", [by_save, by_insert])
def test_insert__that_fails_leaves_nothing_of_its_transaction(write):
    """As with Django: whoever catches the error, and goes on, does not store the half of it, on any database."""
    by_insert(session())
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            write(session())
        assert transaction.get_rollback()
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_one_statement__is_in_no_transaction_of_its_own_unless_it_could_spoil_another():
    connection.ensure_connection()
    with counted() as statements, saving.whole("default", Session):
        assert not connection.in_atomic_block
    assert statements == []
    with transaction.atomic(), counted() as statements, saving.whole("default", Session):
        pass
    assert [one.partition(" ")[0] for one in statements] == ["SAVEPOINT", "RELEASE"]
    connection.set_autocommit(False)
    try:
        with saving.whole("default", Session):
            assert connection.in_atomic_block
    finally:
        connection.rollback()
        connection.set_autocommit(True)
