"""When rows are written: together, on the way out, and whatever becomes of the view."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import caches
from django.core.handlers.asgi import ASGIHandler
from django.db import connection, transaction

from sessionauth import audit, pipelines, recent
from sessionauth.audit import Event, writing
from sessionauth.models import APIKey, AuthEvent, LoginSession
from tests.asking import ask, athrough_asgi, connections_kept, counted, handler, scope_of
from tests.attacks.trouble import atomic_requests
from tests.audit.urls import seen

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.audit.urls")]

WAYS = ["wsgi", "asgi"]


def inserts(statements):
    return [one for one in statements if one.startswith("INSERT") and AuthEvent._meta.db_table in one]


@pytest.mark.parametrize("way", WAYS)
def test_events_of_a_request__are_one_insert(way):
    with counted() as statements:
        assert ask(way, "/three/").status == 200
    assert AuthEvent.objects.count() == 3
    assert len(inserts(statements)) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.django_db(transaction=True)
def test_view_that_fails__cannot_take_them_back(way, make_user):
    make_user("alice")
    with atomic_requests():
        assert ask(way, "/fail/").status == 500
    assert seen["atomic"]
    assert (APIKey.objects.count(), LoginSession.objects.count()) == (0, 0)
    told = dict(AuthEvent.objects.values_list("event", "data__rolled_back"))
    assert told == {"credential_issued": True, "login_succeeded": True}


@pytest.mark.parametrize("is_atomic", [True, False])
@pytest.mark.django_db(transaction=True)
def test_view_that_does_not_fail__has_taken_nothing_back(is_atomic, client):
    with atomic_requests() if is_atomic else nullcontext():
        client.get("/three/")
    assert not any("rolled_back" in row.data for row in AuthEvent.objects.all())


@pytest.mark.django_db(transaction=True)
def test_transaction_rolled_back_within__cannot_either(client):
    client.get("/undo/")
    assert not APIKey.objects.exists()
    row = AuthEvent.objects.get()
    assert (row.event, row.data["rolled_back"]) == ("credential_issued", True)


@pytest.mark.django_db(transaction=True)
def test_exception_that_django_lets_through__keeps_them(client, make_user, settings):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    make_user("alice")
    with atomic_requests(), pytest.raises(RuntimeError):
        client.get("/fail/")
    assert AuthEvent.objects.filter(event="login_succeeded").exists()


def test_answer_that_streams__is_told_of_at_once(client):
    answer = client.get("/stream/")
    assert not AuthEvent.objects.exists()
    assert b"".join(answer) == b"ok"
    assert AuthEvent.objects.get().reason == "late"


@pytest.mark.django_db(transaction=True)
def test_client_that_goes_away__keeps_them():
    async_to_sync(_go_away)()
    assert AuthEvent.objects.get().reason == "left"


async def _go_away():
    seen["waiting"] = asyncio.Event()
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        if messages:
            return messages.pop()
        await seen["waiting"].wait()
        return {"type": "http.disconnect"}

    async def send(message):
        raise AssertionError(message)

    with connections_kept():
        await handler(ASGIHandler)(scope_of("/wait/", []), receive, send)


@pytest.mark.django_db(transaction=True)
def test_task_that_outlives_its_request__is_told_of_at_once():
    async_to_sync(_go_on)()
    row = AuthEvent.objects.get()
    assert (row.reason, row.path) == ("afterwards", "/begin/")


async def _go_on():
    seen["answered"] = asyncio.Event()
    with connections_kept():
        assert (await athrough_asgi(handler(ASGIHandler), scope_of("/begin/", []))).status == 200
        seen["answered"].set()
        await seen["task"]


def test_without_a_request__is_written_at_once():
    audit.record(Event.LOGIN_FAILED)
    assert AuthEvent.objects.exists()


def test_request_that_never_passed_the_middleware__is_written_at_once(rf):
    audit.record(Event.LOGIN_FAILED, rf.get("/"))
    assert AuthEvent.objects.exists()


def test_trouble_inside_a_transaction__leaves_it_usable(monkeypatch):
    def broken(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")

    monkeypatch.setattr(writing, "insert", broken)
    with transaction.atomic():
        audit.record(Event.LOGIN_FAILED)
        assert AuthEvent.objects.count() == 0


@pytest.fixture
def denied(rf):
    """Tell of a refusal from an address, `reason` being why."""

    def tell(address="192.0.2.1", reason="too_many_attempts", user=None, name="x"):
        audit.record(Event.LOGIN_DENIED, rf.post("/", REMOTE_ADDR=address), user=user, name=name, reason=reason)
        return AuthEvent.objects.count()

    return tell


def test_refusals__are_a_row_a_minute_and_all_in_the_log(denied, make_user, caplog):
    assert [denied() for _ in range(5)] == [1] * 5
    assert denied(address="192.0.2.2") == 2
    assert denied(reason="account_locked") == 3
    assert denied(user=make_user("alice"), name="alice") == 4
    assert len(caplog.records) == 8


def test_refusals__are_written_by_name_and_not_by_account(denied, make_user):
    """One INSERT more for a name told that it is an account's: of those that are nobody's the first alone had one."""
    alice, bob = make_user("alice"), make_user("bob")
    assert [denied(name="carol"), denied(name="dave"), denied(name="dave")] == [1, 2, 2]
    assert [denied(name="alice", user=alice), denied(name="bob", user=bob), denied(name="bob", user=bob)] == [3, 4, 4]


def test_refusals__of_many_names_from_one_address_are_bounded(denied, monkeypatch):
    monkeypatch.setattr(writing, "PLACES", 3)
    assert [denied(name=f"name {n}") for n in range(20)][-1] == 3


@pytest.fixture
def clock(monkeypatch):
    """The monotonic clock of the record, to be turned on: `clock[0] += 60`."""
    now = [1000.0]
    monkeypatch.setattr(recent, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.fixture
def asked(monkeypatch):
    """The keys that the cache has been asked for."""
    keys, add = [], pipelines.add

    def noted(cache, key, seconds):
        keys.append(key)
        return add(cache, key, seconds)

    monkeypatch.setattr(pipelines, "add", noted)
    return keys


def test_refusals__are_told_again_after_a_minute(denied, clock):
    denied()
    clock[0] += writing.QUIET - 1
    assert denied() == 1
    caches["default"].clear()
    clock[0] += 1
    assert denied() == 2


def test_refusals__ask_the_cache_once_a_minute(denied, clock, asked):
    for _ in range(3):
        denied()
        clock[0] += 10
    assert len(asked) == 1


def test_refusals_of_another_process__are_asked_for_again_soon(denied, clock, asked):
    denied()
    writing._told.clear()
    assert [denied(), denied()] == [1, 1]
    assert len(asked) == 2
    caches["default"].clear()  # the minute of the other one is over
    clock[0] += writing.HEARSAY
    assert denied() == 2


def test_refusals__are_kept_in_mind_up_to_a_number(denied, monkeypatch):
    monkeypatch.setattr(writing._told, "most", 3)
    for number in range(10):
        denied(address=f"192.0.2.{number}")
        assert len(writing._told) <= 3


def test_failures__are_all_kept():
    for _ in range(3):
        audit.record(Event.LOGIN_FAILED, name="alice")
    assert AuthEvent.objects.count() == 3


def test_cache_that_does_not_answer__costs_one_question_and_no_row(denied, monkeypatch):
    asked = []

    def broken(*args):
        asked.append(args)
        raise ConnectionError

    monkeypatch.setattr(pipelines, "add", broken)
    assert [denied(), denied(), denied()] == [1, 2, 3]
    assert len(asked) == 1


def test_login__is_one_event_and_one_insert(client, make_user, password):
    make_user("alice")
    client.post("/login/", {"username": "alice", "password": password})
    with counted() as statements:
        client.post("/login/", {"username": "alice", "password": password})
    assert len(inserts(statements)) == 1


TENANT = {"name": "one"}


def of_tenant(key, prefix, version):
    return f"{TENANT['name']}:{prefix}:{version}:{key}"


@pytest.mark.django_db
def test_rows__of_one_tenant_are_none_of_anothers(settings, monkeypatch):
    """A project whose KEY_FUNCTION keeps tenants apart: a process that serves several remembers for each."""
    of = f"{__name__}.of_tenant"
    settings.CACHES = {name: {**cache, "KEY_FUNCTION": of} for name, cache in settings.CACHES.items()}
    row = AuthEvent(event=Event.LOGIN_DENIED, ip_address="203.0.113.1", user_id=1)
    assert not writing.is_repeated(row)
    assert writing.is_repeated(row)
    monkeypatch.setitem(TENANT, "name", "two")
    assert not writing.is_repeated(row)
