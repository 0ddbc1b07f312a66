"""PostgreSQL's moments are the ORM's, whoever loads them, and are left to Django where that could be told apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from random import Random

import django
import pytest
from django.db import connection, connections

from sessionauth import undocumented
from tests.project.models import Specimen
from tests.test_compiled import DEFAULT, ask, by_name, by_number, specimens, state, twice, values

__all__ = ["specimens"]

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's moments"),
]

ONE = 7
#: Django puts another loader on each cursor where its zone is not that of the connection.
ZONES = ["UTC", "Asia/Kolkata", "America/Chicago", "Europe/Berlin"]
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def execute(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def keep(moment):
    execute("UPDATE project_specimen SET found_at = %s::timestamptz", moment)


def ask_for_the_zone():
    wrapper = connections[DEFAULT]
    for name in ("timezone", "timezone_name"):
        vars(wrapper).pop(name, None)
    wrapper.ensure_timezone()


@pytest.fixture
def be_in(monkeypatch):
    """Return what has Django's connection be in another zone, until the test is over."""

    def move(zone):
        monkeypatch.setitem(connection.settings_dict, "TIME_ZONE", zone)
        ask_for_the_zone()

    yield move
    monkeypatch.undo()
    ask_for_the_zone()


@pytest.fixture
def loaded(monkeypatch):
    """Return what takes down whom the cursors ask from now on, as the names of modules."""
    seen = []
    put = undocumented.load_in_c

    def note(cursor):
        put(cursor)
        seen.append(cursor.cursor.adapters.get_loader(undocumented.TIMESTAMPTZ, undocumented.TEXT).__module__)

    monkeypatch.setattr("sessionauth.compiled.load_in_c", note)
    return seen


def any_moments(count):
    any_of = Random(count)  # noqa: S311
    span = (LAST - FIRST) // timedelta(microseconds=1)
    found = [FIRST + timedelta(microseconds=any_of.randint(0, span)) for _ in range(count)]
    near = [datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=any_of.randint(-180, 180)) for _ in range(count)]
    whole = [moment.replace(microsecond=any_of.choice([0, 1, 10, 100000])) for moment in found[::10]]
    return [*found, *near, *whole, FIRST, LAST, None]


def make(moments):
    rows = [Specimen(name=f"{at}", number=ONE, found_at=moment) for at, moment in enumerate(moments)]
    Specimen.objects.bulk_create(rows)


def zones(rows):
    return [id(row.found_at and row.found_at.tzinfo) for row in rows]


def assert_is_the_orms():
    expected = list(by_number(Specimen.objects.all(), ONE))
    for _ in range(2):
        found = ask(by_number, values(number=ONE))
        assert [state(one) for one in found] == [state(one) for one in expected]
        assert zones(found) == zones(expected)
        assert [row.found_at and row.found_at.fold for row in found] == [
            row.found_at and row.found_at.fold for row in expected
        ]


def test_moments__are_the_orms_and_loaded_by_psycopg_itself(loaded):
    make(any_moments(400))
    assert_is_the_orms()
    assert ("django.db.backends.postgresql.psycopg_any" in loaded) is (django.VERSION >= (6, 1))
    (first, *_) = ask(by_number, values(number=ONE))
    assert first.found_at.tzinfo is UTC


@pytest.mark.parametrize("zone", ZONES)
def test_moments__are_the_orms_in_another_zone(zone, loaded, be_in):
    # In Chicago the last years' last hours have no moment in UTC that Python could tell.
    make([one for one in any_moments(100) if one is None or FIRST + timedelta(1) < one < LAST - timedelta(1)])
    be_in(zone)
    assert_is_the_orms()
    assert loaded == ["django.db.backends.postgresql.psycopg_any"] * 2


@pytest.mark.parametrize("moment", ["9999-12-31 23:59:59.999999-06", "0001-01-01 00:00:00+00"])
@pytest.mark.parametrize("zone", [None, "America/Chicago", "Asia/Kolkata"])
def test_moments__that_python_can_hardly_hold_are_the_orms(moment, zone, specimens, be_in):
    be_in(zone)
    keep(moment)
    assert_fails_or_finds_as_the_orm()


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "20000-01-01 00:00:00+00"])
def test_moments__that_python_cannot_hold_raise_what_the_orm_raises(moment, specimens):
    keep(moment)
    assert not isinstance(assert_fails_or_finds_as_the_orm(), list)


def test_moments__that_are_sent_in_another_style_raise_what_the_orm_raises(specimens):
    execute("SET datestyle = 'German'")
    try:
        assert not isinstance(assert_fails_or_finds_as_the_orm(), list)
    finally:
        execute("SET datestyle = 'ISO'")


def assert_fails_or_finds_as_the_orm():
    expected = outcome(lambda: list(by_name(Specimen.objects.all(), "full")))
    for _ in range(2):
        found = outcome(lambda: ask(by_name, values(name="full")))
        assert found == expected
    return found


def outcome(find):
    try:
        return [(state(one), one.found_at.tzinfo) for one in find()]
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("use_tz", [True, False])
def test_moments__are_the_orms_where_somebody_sets_the_zone_by_hand(use_tz, loaded, settings, be_in):
    make(any_moments(20)[20:40])
    settings.USE_TZ = use_tz
    execute("SET TIME ZONE 'Asia/Kolkata'")
    assert_is_the_orms()
    assert set(loaded) == {"django.db.backends.postgresql.psycopg_any"}


@pytest.mark.parametrize("name", ["Berlin", "register_tzloader.<locals>.SpecificTzLoader"])
def test_moments__are_made_by_a_loader_that_the_project_has_put_in_place(name, loaded, specimens):
    adapters = connection.connection.adapters
    djangos = adapters.get_loader(undocumented.TIMESTAMPTZ, undocumented.TEXT)

    class Another(djangos):
        def load(self, data):
            return super().load(data) + timedelta(days=1)

    Another.__qualname__ = name
    adapters.register_loader(undocumented.TIMESTAMPTZ, Another)
    try:
        twice(by_name, values(name="full"))
    finally:
        adapters.register_loader(undocumented.TIMESTAMPTZ, djangos)
    assert loaded == [__name__] * 2


def test_moments__are_left_to_a_loader_of_djangos_that_asks_psycopg_by_itself(loaded, specimens):
    adapters = connection.connection.adapters
    djangos = adapters.get_loader(undocumented.TIMESTAMPTZ, undocumented.TEXT)

    class Asking(import_module("psycopg.adapt").Loader):
        """As in Django 6.1."""

        def __init__(self, oid, context):
            super().__init__(oid, context)
            self.asked = djangos(oid, context)

        def load(self, data):
            return self.asked.load(data)

    class Another(Asking):
        timezone = UTC

    Another.__module__, Another.__qualname__ = undocumented.LOADS
    adapters.register_loader(undocumented.TIMESTAMPTZ, Another)
    try:
        twice(by_name, values(name="full"))
    finally:
        adapters.register_loader(undocumented.TIMESTAMPTZ, djangos)
    assert loaded == [Another.__module__] * 2


def test_load_in_c__leaves_to_others_what_is_not_psycopgs():
    class Cursor:
        cursor = None

    for cursor in (None, Cursor()):
        undocumented.load_in_c(cursor)


def test_load_in_c__is_for_one_cursor_alone(specimens):
    ask(by_name, values(name="full"))
    with connection.cursor() as cursor:
        loader = cursor.cursor.adapters.get_loader(undocumented.TIMESTAMPTZ, undocumented.TEXT)
    assert (loader.__module__, loader.__qualname__) == undocumented.LOADS
