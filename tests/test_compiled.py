"""What is compiled once gives what the ORM gives, and leaves to it whatever is not certain."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from threading import Thread

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.db import DatabaseError, connection, connections, models, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext

from sessionauth import compiled, conf, crypto, instances, lookup, undocumented
from sessionauth.models import AccessToken, APIKey, LoginSession
from tests.project.models import Drawer, Specimen

pytestmark = pytest.mark.django_db

DEFAULT = "default"
MOMENT = datetime(2026, 3, 29, 1, 30, 15, 123456, tzinfo=UTC)
FULL = {
    "number": -7,
    "price": Decimal("12.500"),
    "weight": 0.1,
    "notes": {"a": [1, None, "ä"]},
    "tag": uuid.UUID(int=5),
    "found_at": MOMENT,
    "day": date(2026, 2, 28),
    "hour": time(23, 59, 59, 999999),
    "lasted": timedelta(days=-1, microseconds=3),
    "is_rare": True,
    "image": b"\0\xff",
    "address": "2001:db8::1",
}


def by_name(rows, name):
    return rows.filter(name=name).order_by()


def by_number(rows, number):
    return rows.filter(number=number).order_by("pk")


def with_drawer(rows, name):
    return rows.filter(name=name).select_related("drawer").order_by()


def partly_with_drawer(rows, name):
    return with_drawer(rows, name).only("name", "drawer__label")


def by_drawer(rows, label):
    return rows.filter(label=label)


def among(rows, *names):
    return rows.filter(name__in=names).order_by("name")


def of_two(rows, number, name):
    return rows.filter(name=name, number=number).order_by()


def values(model=Specimen, **fields):
    return [(model._meta.get_field(name), value) for name, value in fields.items()]


def ask(build, pairs, manager=Specimen.objects, **kwargs):
    return compiled.rows(build, manager, DEFAULT, pairs, **kwargs)


def state(one):
    """Return all there is to an instance, related ones included."""
    inside = dict(vars(one))
    rest = inside.pop("_state")
    cached = {name: value and state(value) for name, value in rest.fields_cache.items()}
    types = {name: type(value) for name, value in inside.items()}
    return type(one), inside, types, rest.db, rest.adding, cached


def twice(build, pairs, model=Specimen, **kwargs):
    """Return what is found the first time, when it is compiled, and afterwards; both are as the ORM has it."""
    expected = [state(one) for one in build(model.objects.all(), *[value for _, value in pairs])]
    for _ in range(2):
        assert [state(one) for one in ask(build, pairs, model.objects, **kwargs)] == expected
    return expected


@pytest.fixture(autouse=True)
def nothing_compiled():
    conf.setting.forget()
    yield
    conf.setting.forget()


@pytest.fixture
def specimens():
    drawer = Drawer.objects.create(opened_at=MOMENT)
    Specimen.objects.create(name="full", drawer=drawer, **FULL)
    Specimen.objects.create(name="bare")


@pytest.mark.parametrize("name", ["full", "bare"])
@pytest.mark.parametrize("build", [by_name, with_drawer])
def test_rows__are_the_orms_in_each_field(build, name, specimens):
    assert len(twice(build, values(name=name))) == 1


@pytest.mark.parametrize("use_tz", [True, False])
def test_rows__have_the_orms_moments(use_tz, specimens, settings):
    twice(with_drawer, values(name="full"))
    settings.USE_TZ = use_tz
    (found,) = ask(with_drawer, values(name="full"))
    assert (found.found_at.tzinfo is not None) is use_tz
    twice(with_drawer, values(name="full"))


@pytest.mark.parametrize("zone", [None, "Asia/Kolkata"])
@pytest.mark.parametrize("kept", ["2026-03-29 01:30:15", "2026-03-29 01:30:15.5+02:00", None])
@pytest.mark.parametrize("flag", [0, 1, 2])
def test_rows__are_the_orms_however_sqlite_keeps_moments_and_booleans(zone, kept, flag, specimens, monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("other databases hand over moments and booleans")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE project_specimen SET found_at = %s, is_rare = %s", [kept, flag])
    monkeypatch.setitem(connection.settings_dict, "TIME_ZONE", zone)
    vars(connection).pop("timezone", None)
    try:
        twice(by_name, values(name="full"))
    finally:
        del connection.timezone


def test_rows__ask_sqlite_for_no_moment_that_its_driver_has_made(specimens, monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("other databases hand over moments")
    ask(with_drawer, values(name="full"))
    asked, djangos = [], type(connection.ops).convert_datetimefield_value
    (frozen,) = compiled._compiled.queries.values()
    assert [convert for _, convert, *_ in frozen.moments] == [djangos] * 2
    steps = tuple((column, lambda *args: asked.append(args), *rest) for column, _, *rest in frozen.moments)
    object.__setattr__(frozen, "moments", steps)
    assert ask(with_drawer, values(name="full"))[0].found_at == MOMENT
    assert not asked


def test_rows__by_key_of_uuid(specimens):
    drawer = Drawer.objects.get()
    for label in (drawer.label, str(drawer.label)):
        assert len(twice(by_drawer, values(Drawer, label=label), Drawer)) == 1
    assert twice(by_drawer, values(Drawer, label=uuid.uuid4()), Drawer) == []


def test_rows__by_several_values_in_whatever_order_they_stand(specimens):
    assert len(twice(of_two, values(number=-7, name="full"))) == 1
    assert twice(of_two, values(number=0, name="full")) == []
    pairs = [*values(name="full"), *values(name="bare")]
    assert len(twice(among, pairs)) == 2
    assert len(twice(among, pairs[:1])) == 1


def test_rows__of_equal_values_are_left_to_the_orm_until_they_differ(specimens):
    assert ask(among, values(name="full") * 2) is None
    pairs = [*values(name="full"), *values(name="bare")]
    assert len(ask(among, pairs)) == 2
    assert len(ask(among, values(name="full") * 2)) == 1


@pytest.mark.parametrize("number", [2**15, -(2**15) - 1, 2**63, 2**80, "9" * 30])
@pytest.mark.parametrize("is_first", [True, False])
def test_rows__by_a_number_that_fits_in_no_column(number, is_first, specimens):
    if not is_first:
        ask(by_number, values(number=-7))
    assert not ask(by_number, values(number=number))
    assert len(ask(by_number, values(number=-7))) == 1


def test_rows__by_nothing_are_left_to_the_orm(specimens):
    assert ask(by_name, values(name=None)) is None


def test_rows__are_compiled_once(specimens, monkeypatch):
    made = []
    djangos = SQLCompiler.as_sql
    monkeypatch.setattr(SQLCompiler, "as_sql", lambda self, *a, **k: made.append(1) or djangos(self, *a, **k))
    monkeypatch.setattr(SQLCompiler.as_sql, "__module__", djangos.__module__)
    for name in ("full", "bare", "none"):
        ask(by_name, values(name=name))
    assert len(made) == 1


def test_rows__are_logged_and_counted_as_the_orms(specimens, django_assert_num_queries):
    ask(by_name, values(name="bare"))
    with CaptureQueriesContext(connection) as ours:
        ask(by_name, values(name="full"))
    with CaptureQueriesContext(connection) as orms:
        list(by_name(Specimen.objects.all(), "full"))
    assert [one["sql"] for one in ours] == [one["sql"] for one in orms]
    with django_assert_num_queries(1):
        ask(by_name, values(name="full"))


def test_rows__pass_the_wrappers_of_the_connection_and_raise_what_they_raise(specimens):
    ask(by_name, values(name="full"))

    def refuse(*args):
        raise DatabaseError("not today")

    with connection.execute_wrapper(refuse), pytest.raises(DatabaseError, match="not today"):
        ask(by_name, values(name="full"))


def test_rows__are_those_of_what_wraps_the_connection_has_made_of_the_query(specimens):
    ask(by_name, values(name="full"))

    def by_other_words(execute, sql, params, many, context):
        return execute(sql.replace("= %s", "<> %s") + " /* 100%% other */", params, many, context)

    with connection.execute_wrapper(by_other_words):
        assert [one.name for one in ask(by_name, values(name="full"))] == ["bare"]

    def by_names(execute, sql, params, many, context):
        return execute(sql.replace("%s", "%(name)s"), {"name": "erab"}, many, context)

    with connection.execute_wrapper(by_names):
        assert [one.name for one in ask(by_name, values(name="full"))] == ["bare"]
    assert [one.name for one in ask(by_name, values(name="full"))] == ["full"]


def test_rows__are_executed_by_whoever_has_put_a_way_of_theirs_on_djangos_cursor(specimens, monkeypatch):
    djangos, seen = CursorWrapper.execute, []

    def execute(self, sql, params=None):
        seen.append((sql, params))
        return djangos(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", execute)
    for _ in range(2):
        assert len(ask(by_name, values(name="full"))) == 1
    orms = by_name(Specimen.objects.all(), "full").query.sql_with_params()
    assert seen == [orms] * 2


@pytest.fixture
def sqlites():
    if connection.vendor != "sqlite":
        pytest.skip("other databases have the placeholders that Django has")
    return import_module("django.db.backends.sqlite3.base")


def test_rows__are_asked_of_sqlite_in_words_that_are_found_once(specimens, sqlites, monkeypatch):
    found = []

    class Counting:
        def sub(self, new, text):
            found.append(text)
            return djangos.sub(new, text)

    djangos = sqlites.FORMAT_QMARK_REGEX
    monkeypatch.setattr(sqlites, "FORMAT_QMARK_REGEX", Counting())
    undocumented._converted.cache_clear()
    for name in ("full", "bare", "full"):
        assert [one.name for one in ask(by_name, values(name=name))] == [name]
    assert len(found) == 1


def test_rows__are_asked_of_a_cursor_of_sqlite_that_has_words_of_its_own(specimens, sqlites, monkeypatch):
    heard = []

    class Own(sqlites.SQLiteCursorWrapper):
        def convert_query(self, query, *, param_names=None):
            heard.append(query)
            return super().convert_query(query, param_names=param_names)

    class Foreign(sqlites.Database.Cursor):
        def execute(self, query, params=()):
            heard.append(query)
            return super().execute(query.replace("%s", "?"), params)

    for kind in (Own, Foreign):
        monkeypatch.setattr(connection, "create_cursor", lambda name=None: connection.connection.cursor(kind))  # noqa: B023
        for name in ("full", "bare"):
            assert [one.name for one in ask(by_name, values(name=name))] == [name]
        monkeypatch.undo()
    assert len(heard) == 4
    was = sqlites.SQLiteCursorWrapper.convert_query
    monkeypatch.setattr(
        sqlites.SQLiteCursorWrapper,
        "convert_query",
        lambda self, query, **kwargs: heard.append(query) or was(self, query, **kwargs),
    )
    ask(by_name, values(name="full"))
    assert len(heard) == 5


@pytest.fixture
def prepared(monkeypatch):
    """Have PostgreSQL prepare statements, as server_side_binding and prepare_threshold do; return a look at them."""
    if connection.vendor != "postgresql":
        pytest.skip("other databases do not prepare statements")
    connection.ensure_connection()
    kind = import_module("django.db.backends.postgresql.base").ServerBindingCursor
    monkeypatch.setattr(connection.connection, "cursor_factory", kind)
    monkeypatch.setattr(connection.connection, "prepare_threshold", 0)

    def statements():
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement FROM pg_prepared_statements")
            return "\n".join(statement for (statement,) in cursor)

    return statements


def test_rows__of_statements_that_postgresql_has_prepared(prepared, specimens):
    for build in (by_name, with_drawer):
        for name in ("full", "bare"):
            assert len(twice(build, values(name=name))) == 1
    pairs = [*values(name="full"), *values(name="bare")]
    assert len(twice(among, pairs)) == 2
    assert len(twice(of_two, values(number=-7, name="full"))) == 1
    assert twice(by_number, values(number=2**15 - 1)) == []
    assert ask(by_number, values(number=2**15)) is None
    assert '"project_specimen"."number" = $2' in prepared()


def test_rows__see_the_transaction_that_they_are_in(specimens):
    ask(by_name, values(name="new"))
    with transaction.atomic():
        Specimen.objects.create(name="new")
        assert len(ask(by_name, values(name="new"))) == 1
        transaction.set_rollback(True)
    assert ask(by_name, values(name="new")) == []


def test_tuples__are_what_the_instances_are_made_of(specimens):
    names = [field.attname for field in Specimen._meta.concrete_fields]
    for name in ("full", "bare"):
        found = compiled.tuples(by_name, Specimen.objects, DEFAULT, values(name=name))
        made = [instances.made(Specimen, DEFAULT, row) for row in found]
        assert [state(one) for one in made] == [state(one) for one in by_name(Specimen.objects.all(), name)]
        assert all([vars(one)[field] for field in names] == row for one, row in zip(made, found, strict=True))


def test_parts__are_the_columns_of_each_that_came_along(specimens):
    def cut(rows, name):
        return with_drawer(rows, name)

    def ask(build):
        return compiled.parts(build, Specimen.objects, DEFAULT, values(name="full"), joined=Drawer)

    assert ask(with_drawer) is None  # it says of none what they are
    cut.parts = lambda: (Specimen, Specimen._meta.get_field("drawer"))
    ((specimen, drawer),) = ask(cut)
    expected = with_drawer(Specimen.objects.all(), "full").get()
    assert state(instances.made(Specimen, DEFAULT, specimen)) == state(by_name(Specimen.objects.all(), "full").get())
    assert state(instances.made(Drawer, DEFAULT, drawer)) == state(expected.drawer)


def test_made__is_none_where_a_join_found_nothing():
    assert instances.made(Specimen, DEFAULT, [None] * len(Specimen._meta.concrete_fields)) is None


def test_made__tells_whoever_listens_and_asks_whoever_makes_them(specimens, monkeypatch):
    (row,) = compiled.tuples(by_name, Specimen.objects, DEFAULT, values(name="full"))
    made, heard = Specimen.from_db, []

    def hear(instance, **kwargs):
        heard.append(instance.name)

    models.signals.post_init.connect(hear, sender=Specimen)
    try:
        instances.made(Specimen, DEFAULT, row)
    finally:
        models.signals.post_init.disconnect(hear, sender=Specimen)
    for owner in (Specimen, models.Model):
        with monkeypatch.context() as patch:
            patch.setattr(owner, "from_db", classmethod(lambda cls, *args: heard.append(args[0]) or made(*args)))
            instances.made(Specimen, DEFAULT, row)
            instances._way.cache_clear()
            instances.made(Specimen, DEFAULT, row)
        instances._way.cache_clear()
    assert heard == ["full", *[DEFAULT] * 4]


def test_rows__keep_no_connection(specimens):
    ask(with_drawer, values(name="full"))
    (frozen,) = compiled._compiled.queries.values()
    held = [*frozen.shape, *[one for part in frozen.shape.parts for one in part]]
    for _, one, _, _ in (*frozen.moments, *frozen.steps):
        held += [getattr(one, "__self__", None), *[cell.cell_contents for cell in one.__closure__ or ()]]
    assert not any(one is connection or one is connection.ops for one in held)


@pytest.mark.django_db(transaction=True)
def test_rows__in_another_thread_come_by_its_own_connection(specimens):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads share the one connection that a database in memory has")
    twice(with_drawer, values(name="full"))
    found = []

    def other():
        found.extend(state(one) for one in ask(with_drawer, values(name="full")))
        connections[DEFAULT].close()

    thread = Thread(target=other)
    thread.start()
    thread.join()
    assert found == [state(one) for one in with_drawer(Specimen.objects.all(), "full")]


def test_rows__come_through_from_db(specimens, monkeypatch):
    ask(with_drawer, values(name="full"))
    seen = []

    def note(sender, instance, **kwargs):
        seen.append(sender)

    models.signals.post_init.connect(note)
    try:
        ask(with_drawer, values(name="full"))
    finally:
        models.signals.post_init.disconnect(note)
    assert seen == [Specimen, Drawer]

    djangos = Specimen.from_db.__func__

    def marked(cls, *args, **kwargs):
        one = djangos(cls, *args, **kwargs)
        one.marked = True
        return one

    monkeypatch.setattr(Specimen, "from_db", classmethod(marked))
    assert ask(with_drawer, values(name="full"))[0].marked


class Hiding(models.Manager):
    def get_queryset(self):
        return super().get_queryset().exclude(name="full")


class Picky(models.QuerySet):
    def filter(self, *args, **kwargs):
        return super().filter(*args, **kwargs).exclude(name="full")


class Knowing(models.QuerySet):
    def rare(self):
        return self.filter(is_rare=True)

    def update(self, **kwargs):
        return super().update(**kwargs)


def managed(manager):
    manager.model, manager.name = Specimen, "objects"
    return manager


@pytest.mark.parametrize("manager", [Hiding(), Picky.as_manager()], ids=["manager", "queryset"])
def test_rows__of_a_manager_with_ways_of_its_own_are_left_to_the_orm(manager, specimens):
    for _ in range(2):
        assert ask(by_name, values(name="full"), managed(manager)) is None


def test_rows__of_a_manager_that_only_knows_more_are_compiled(specimens):
    assert len(ask(by_name, values(name="full"), managed(Knowing.as_manager()))) == 1


def test_rows__of_a_manager_that_gets_ways_of_its_own_are_left_to_the_orm(specimens, monkeypatch):
    ask(by_name, values(name="full"))
    monkeypatch.setattr(models.Manager, "get_queryset", Hiding.get_queryset, raising=False)
    assert ask(by_name, values(name="full")) is None


def test_rows__by_a_field_that_compares_in_its_own_way_are_left_to_the_orm(specimens):
    class Same(models.lookups.Exact):
        pass

    field = Specimen._meta.get_field("name")
    field.register_lookup(Same, "exact")
    try:
        assert ask(by_name, values(name="full")) is None
    finally:
        field._unregister_lookup(Same, "exact")


@pytest.mark.parametrize("build", [lambda rows, name: by_name(rows, name).defer("day"), partly_with_drawer])
def test_rows__without_some_columns_are_left_to_the_orm(build, specimens):
    assert [ask(build, values(name="full")) for _ in range(2)] == [None, None]


def test_rows__of_fields_that_have_changed_are_compiled_anew(specimens):
    ask(by_name, values(name="full"))
    (before,) = compiled._compiled.queries.values()
    Specimen._meta._expire_cache()
    ask(by_name, values(name="full"))
    (after,) = compiled._compiled.queries.values()
    assert after is not before


def test_session__is_compiled_and_has_the_orms_user_and_row(rf, make_user):
    alice = make_user("alice")
    row = LoginSession.objects.create(user=alice, sid="sid")
    for _ in range(2):
        seen = lookup.session(rf.get("/"), ModelBackend(), str(alice.pk), "sid")
    expected = get_user_model().objects.get(pk=alice.pk)
    assert state(seen.user) == state(expected)
    assert state(seen.row) == state(LoginSession.objects.select_related("user").get(pk=row.pk))
    assert None not in compiled._compiled.queries.values()
    assert len(compiled._compiled.queries) == 1


@pytest.mark.parametrize("model", [APIKey, AccessToken])
def test_credential__is_compiled_and_has_the_orms_row_and_user(model, rf, make_user):
    row, secret = model.objects.issue(user=make_user("alice"))
    for _ in range(2):
        found = lookup.credential(rf.get("/"), model, crypto.parse(secret, "sa"))
    assert state(found) == state(model.objects.select_related("user").get(pk=row.pk))
    assert None not in compiled._compiled.queries.values()
    assert len(compiled._compiled.queries) == 1


def without(name):
    return lambda patch: patch.setattr(compiled, name, None)


def breaking(owner, name):
    def changed(*args, **kwargs):
        raise AttributeError(name)

    changed.__module__ = "django.db"
    return lambda patch: patch.setattr(owner, name, changed)


CHANGES = {
    "no Col": without("Col"),
    "no Query": without("Query"),
    "no places": lambda patch: patch.setattr(compiled, "shape_of", lambda compiler: {}["select_fields"]),
    "converters": breaking(SQLCompiler, "get_converters"),
    "as_sql": breaking(SQLCompiler, "as_sql"),
    "manager": lambda patch: patch.setattr(type(Specimen.objects), "_queryset_class", object),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_rows__of_a_django_that_has_changed_inside_are_left_to_the_orm(change, specimens):
    with pytest.MonkeyPatch.context() as patch:
        change(patch)
        assert [ask(by_name, values(name="full")) for _ in range(2)] == [None, None]


@pytest.mark.parametrize("name", [name for name, one in vars(undocumented).items() if one is None or name[0].isupper()])
def test_undocumented__is_in_each_django_that_is_supported(name):
    known = getattr(undocumented, name)
    assert known is not None
    assert not isinstance(known, tuple) or None not in known


def test_undocumented__receivers_of_a_django_that_has_changed_may_be_anybody():
    assert not undocumented.tells_others(Specimen, models.signals.pre_save)
    assert undocumented.tells_others(Specimen, object())
