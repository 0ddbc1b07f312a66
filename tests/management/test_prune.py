"""`manage.py sessionauth_prune`: what goes, what stays, and how it is told."""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from sessionauth import retention
from sessionauth.models import AccessToken, APIKey, AuthEvent, Impersonation, LoginSession, LoginThrottle, RememberToken
from sessionauth.sessions import registry
from tests.asking import counted
from tests.management.asking import Terminal, run, run_json
from tests.project.organisations.models import Organisation, OrganisationKey

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
COOKIE = timedelta(weeks=2)  # Django's SESSION_COOKIE_AGE


NAME = "sessionauth_prune"
prune = partial(run, NAME)


def rows_of(*arguments):
    return run_json(NAME, *arguments)["rows"]


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def enter(model, **fields):
    """Make a row, its times in the past given as `fields`."""
    for name, value in fields.items():
        if isinstance(value, timedelta):
            fields[name] = timezone.now() - value
    return model.objects.create(**fields)


def session(user, **fields):
    return enter(LoginSession, user=user, sid=registry.new_sid(), **fields)


def remembered(user, name, expires_at):
    return enter(RememberToken, user=user, selector=name, expires_at=expires_at)


def throttle(name, **fields):
    return enter(LoginThrottle, key=name, **{"rule": "lockout", **fields})


def test_sessions__stay_while_they_may_live(alice, settings):
    alive = [
        session(alice, created_at=399 * DAY, last_seen_at=399 * DAY),
        session(alice, created_at=900 * DAY, last_seen_at=DAY),
        session(alice, revoked_at=COOKIE - DAY),
        session(alice, earlier=True, last_seen_at=900 * DAY),
        session(alice, earlier=True, revoked_at=900 * DAY),
    ]
    session(alice, created_at=401 * DAY, last_seen_at=401 * DAY)
    session(alice, revoked_at=COOKIE + DAY)
    assert rows_of()["sessions"] == 2
    assert set(LoginSession.objects.all()) == set(alive)


def test_sessions__go_by_the_timeouts_where_there_are_any(alice, settings):
    settings.SESSIONAUTH_IDLE_TIMEOUT, settings.SESSIONAUTH_ABSOLUTE_TIMEOUT = DAY, 7 * DAY
    session(alice, last_seen_at=2 * DAY)
    session(alice, created_at=8 * DAY)
    session(alice, created_at=3 * DAY, authenticated_at=8 * DAY)
    kept = session(alice, created_at=8 * DAY, authenticated_at=6 * DAY)
    assert rows_of()["sessions"] == 3
    assert LoginSession.objects.get() == kept


def test_sessions__are_not_judged_by_a_time_that_nobody_keeps(alice, settings):
    settings.SESSIONAUTH_LAST_USED_INTERVAL = None
    session(alice, last_seen_at=900 * DAY)
    assert rows_of()["sessions"] == 0


def test_unseen__ends_what_was_not_used_for_so_long(alice):
    session(alice, last_seen_at=31 * DAY)
    session(alice, last_seen_at=29 * DAY)
    assert rows_of("--unseen", "30")["sessions"] == 1


def test_pruned_session__is_ended_where_its_browser_comes_after_all(client, alice):
    client.force_login(alice)
    LoginSession.objects.update(last_seen_at=timezone.now() - 500 * DAY)
    assert rows_of()["sessions"] == 1
    assert client.get("/whoami/").json() == {"user": None}


def test_revoked_session__stays_revoked_once_pruned(client, alice):
    client.force_login(alice)
    LoginSession.objects.get().revoke()
    LoginSession.objects.update(revoked_at=timezone.now() - 2 * COOKIE)
    assert rows_of()["sessions"] == 1
    assert client.get("/whoami/").json() == {"user": None}


def test_sessions__of_a_browser_that_is_still_remembered_stay_on_its_owners_list(alice):
    kept = session(alice, remember_token=remembered(alice, "new", -DAY), revoked_at=2 * COOKIE)
    session(alice, remember_token=remembered(alice, "old", DAY), revoked_at=2 * COOKIE)
    assert rows_of()["sessions"] == 1
    assert LoginSession.objects.get() == kept


def test_remembered__go_once_they_expired_and_leave_their_sessions(alice):
    old, new = remembered(alice, "old", DAY), remembered(alice, "new", -DAY)
    born = session(alice, remember_token=old)
    other = session(alice, remember_token=new)
    assert rows_of()["remembered"] == 1
    assert RememberToken.objects.get() == new
    born.refresh_from_db()
    other.refresh_from_db()
    assert (born.remember_token_id, other.remember_token_id) == (None, new.pk)


STALE = {
    "rate": (
        {"rule": "address", "count": 3, "expires_at": timedelta(seconds=1)},
        {"rule": "address", "expires_at": -DAY},
    ),
    "nothing": ({"changed_at": 2 * DAY}, {"changed_at": timedelta(hours=1)}),
    "few": ({"count": 9, "changed_at": 31 * DAY}, {"count": 9, "changed_at": 29 * DAY}),
    "many": ({"count": 99, "changed_at": 401 * DAY}, {"count": 99, "changed_at": 399 * DAY}),
    "locked": (None, {"count": 100, "changed_at": 900 * DAY}),
}


@pytest.mark.parametrize("whose", ["alice's", "nobody's"])
@pytest.mark.parametrize("kind", STALE)
def test_throttles__go_by_what_they_count_and_never_by_whom(kind, whose, alice):
    """Or the lock of a name would tell whether there is an account."""
    gone, kept = STALE[kind]
    owner = {"user": alice} if whose == "alice's" else {}
    if gone is not None:
        throttle("gone", **gone, **owner)
    throttle("kept", **kept, **owner)
    assert rows_of()["throttles"] == (gone is not None)
    assert LoginThrottle.objects.get().key == "kept"


@pytest.mark.parametrize(("retention_", "left"), [(400 * DAY, 1), (3600, 0), (None, 2)])
def test_events__go_by_the_setting(retention_, left, settings):
    settings.SESSIONAUTH_AUDIT_RETENTION = retention_
    enter(AuthEvent, event="old", created_at=401 * DAY)
    enter(AuthEvent, event="new", created_at=399 * DAY)
    assert rows_of()["events"] == 2 - left
    assert AuthEvent.objects.count() == left


def test_credentials__stay_until_nobody_asks_any_more(alice, settings):
    long_ago, lately = timezone.now() - 91 * DAY, timezone.now() - 89 * DAY
    stays = [
        {},
        {"expires_at": lately},
        {"revoked_at": lately},
        {"expires_at": lately, "ends_at": lately},
        {"created_at": long_ago, "last_used_at": long_ago},
        {"revoked_at": long_ago, "imported_digest": "x"},  # imported once more it would be good again
        {"expires_at": long_ago, "imported_digest": "y"},
        {"expires_at": timezone.now() + DAY, "rotated_at": long_ago},
    ]
    goes = [{"expires_at": long_ago}, {"ends_at": long_ago}, {"revoked_at": long_ago}]
    kept, gone = ([_credential(APIKey, alice, fields) for fields in some] for some in (stays, goes))
    desk = Organisation.objects.create(name="x")
    OrganisationKey.objects.issue(organisation=desk, expires_at=long_ago)
    found = rows_of()
    assert (found["keys"], found["organisations.organisationkey"], found["tokens"]) == (len(gone), 1, 0)
    assert set(APIKey.objects.values_list("pk", flat=True)) == {row.pk for row in kept}
    settings.SESSIONAUTH_CREDENTIAL_RETENTION = None
    _credential(APIKey, alice, goes[0])
    assert rows_of()["keys"] == 0
    settings.SESSIONAUTH_CREDENTIAL_RETENTION = 0
    assert rows_of("--only", "keys") == {"keys": 4}


def test_tokens__stay_while_their_refresh_token_may_come(alice):
    long_ago = timezone.now() - 91 * DAY
    over = {"expires_at": long_ago, "refreshed_at": long_ago}
    kept = [
        _credential(AccessToken, alice, {"expires_at": long_ago, "refresh_expires_at": timezone.now() + DAY}),
        _credential(AccessToken, alice, over | {"refresh_expires_at": timezone.now() - 89 * DAY}),
    ]
    _credential(AccessToken, alice, over | {"refresh_expires_at": long_ago})
    _credential(AccessToken, alice, {"revoked_at": long_ago, "refresh_expires_at": timezone.now() + DAY})
    assert rows_of("--only", "tokens") == {"tokens": 2}
    assert set(AccessToken.objects.all()) == set(kept)


def _credential(model, user, fields):
    row, _ = model.objects.issue(user=user)
    model.objects.filter(pk=row.pk).update(**fields)
    return row


def impersonation(user, **fields):
    return enter(Impersonation, target=user, **{"expires_at": -DAY, **fields})


def ended_by(*arguments):
    return run_json(NAME, *arguments)["impersonations_ended"]


def test_impersonations__are_kept_unless_it_is_set(alice, settings):
    impersonation(alice, ended_at=900 * DAY)
    late = impersonation(alice, ended_at=9 * DAY)
    impersonation(alice, last_seen_at=-DAY)
    assert rows_of()["impersonations"] == 0
    settings.SESSIONAUTH_IMPERSONATION_RETENTION = 10 * DAY
    assert rows_of("--dry-run")["impersonations"] == 1
    assert rows_of()["impersonations"] == 1
    assert Impersonation.objects.filter(pk=late.pk).exists()
    assert Impersonation.objects.count() == 2


def test_impersonations__that_are_overdue_are_ended(alice):
    over, idle, running = (
        impersonation(alice, expires_at=DAY),
        impersonation(alice, last_seen_at=DAY),
        impersonation(alice),
    )
    assert ended_by("--dry-run") == 2
    assert ended_by("--only", "events") == 0
    assert "Impersonations that would be ended: 2" in prune("--dry-run")
    assert "Impersonations ended: 2" in prune()
    assert (ended_by(), prune().count("Impersonations")) == (0, 0)
    told = [Impersonation.objects.get(pk=row.pk).end_reason for row in (over, idle, running)]
    assert told == ["expired", "idle", ""]


def test_only__leaves_the_other_tables(alice):
    remembered(alice, "old", DAY)
    enter(AuthEvent, event="old", created_at=401 * DAY)
    assert rows_of("--only", "events") == {"events": 1}
    assert RememberToken.objects.exists()


def test_dry_run__counts_what_would_go(alice):
    session(alice, revoked_at=900 * DAY)
    remembered(alice, "old", DAY)
    throttle("old", count=1, changed_at=60 * DAY)
    enter(AuthEvent, event="old", created_at=401 * DAY)
    promised = json.loads(prune("--dry-run", "--json"))
    found = {"sessions": 1, "remembered": 1, "throttles": 1, "events": 1}
    assert promised["dry_run"]
    assert {table: rows for table, rows in promised["rows"].items() if rows} == found
    assert json.loads(prune("--json")) == promised | {"dry_run": False}
    assert set(rows_of().values()) == {0}


def test_people__get_a_table(alice):
    session(alice, revoked_at=900 * DAY)
    told = [line.split(maxsplit=1) for line in prune("--dry-run").splitlines()]
    assert told[:2] == [["table", "would be deleted"], ["sessions", "1"]]
    assert [line.split() for line in prune().splitlines()][:2] == [["table", "deleted"], ["sessions", "1"]]


@pytest.mark.parametrize("wrong", [("--batch", "0"), ("--unseen", "0"), ("--only", "users"), ("--batch", "x")])
def test_wrong_option__is_an_error(wrong, alice):
    session(alice, revoked_at=900 * DAY)
    with pytest.raises(CommandError):
        prune(*wrong)
    assert LoginSession.objects.exists()


def test_batches__are_small_and_skip_nothing(alice):
    enter_events(25)
    told = []
    [pile] = [pile for pile in retention.piles() if pile.name == "events"]
    assert retention.prune(pile, batch=10, progress=told.append) == 25
    assert told == [10, 10, 5]
    assert AuthEvent.objects.count() == 0


def test_row_used_since__is_spared(alice, monkeypatch):
    """Between the look and the deletion somebody came back."""
    row = session(alice, last_seen_at=401 * DAY)
    real = retention._delete

    def late(rows):
        LoginSession.objects.filter(pk=row.pk).update(last_seen_at=timezone.now())
        return real(rows)

    monkeypatch.setattr(retention, "_delete", late)
    assert rows_of()["sessions"] == 0
    assert LoginSession.objects.exists()


@pytest.mark.slow
def test_many__go_in_statements_of_their_number():
    enter_events(8)
    double(AuthEvent, times=14)
    with counted() as statements:
        assert rows_of("--only", "events", "--batch", "8192") == {"events": 131_072}
    assert len([one for one in statements if one.startswith("DELETE")]) == 16
    assert AuthEvent.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_at_once__share_the_work():
    enter_events(1000)
    start = threading.Barrier(2)

    def work():
        try:
            start.wait()
            return rows_of("--batch", "20")["events"]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        counts = [one.result() for one in [pool.submit(work) for _ in range(2)]]
    assert sum(counts) == 1000
    assert not AuthEvent.objects.exists()


def test_interrupted__has_lost_nothing_and_goes_on():
    enter_events(25)
    [pile] = [pile for pile in retention.piles() if pile.name == "events"]

    def interrupt(deleted):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retention.prune(pile, batch=10, progress=interrupt)
    assert AuthEvent.objects.count() == 15
    assert rows_of()["events"] == 15


def enter_events(number):
    moment = timezone.now() - 401 * DAY
    AuthEvent.objects.bulk_create([AuthEvent(event="old", created_at=moment) for _ in range(number)])


def double(model, times):
    """Copy every row, again and again: a hundred thousand are there in a moment."""
    names = ", ".join(connection.ops.quote_name(field.column) for field in model._meta.fields if not field.primary_key)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        for _ in range(times):
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}")  # noqa: S608


@pytest.mark.parametrize(("stream", "shown"), [(Terminal, True), (io.StringIO, False)])
def test_progress__is_for_terminals_alone(stream, shown):
    enter_events(3)
    err = stream()
    call_command("sessionauth_prune", "--batch", "2", stdout=io.StringIO(), stderr=err)
    assert ("events [##############################] 3/3\n" in err.getvalue()) is shown
    assert shown or not err.getvalue()


def test_help__has_examples(capsys):
    with pytest.raises(SystemExit):
        call_command("sessionauth_prune", "--help")
    assert "manage.py sessionauth_prune --dry-run\n" in capsys.readouterr().out
