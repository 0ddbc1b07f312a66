"""Lists of records over large tables: what PostgreSQL's planner does with what the admin asks."""

from __future__ import annotations

import pytest
from django.db import connection

from sessionauth.admin import figures
from sessionauth.models import (
    AccessToken,
    APIKey,
    AuthEvent,
    Impersonation,
    ImpersonationToken,
    LoginSession,
    LoginThrottle,
    RememberToken,
)
from tests.admin.asking import browser_of
from tests.asking import counted
from tests.contracts import counted_plans

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MANY = 300_000
MADE = {
    "user_id": "n % 5000",
    "sid": "md5(n::text)",
    "selector": "left(md5(n::text), 22)",
    "event": "CASE n % 9 WHEN 0 THEN 'login_succeeded' ELSE 'login_failed' END",
    "outcome": "CASE n % 9 WHEN 0 THEN 'success' ELSE 'failure' END",
    "ip_address": "('192.0.2.' || n % 250)::inet",
    "created_at": "now() - n * interval '1 minute'",
    "last_seen_at": "now() - n * interval '1 minute'",
    "expires_at": "now() + (n - 1000) * interval '1 minute'",
    "data": "'{}'",
    "earlier": "false",
    "restored": "false",
    "confirmed": "false",
    "count": "n % 20",
    "generation": "0",
    "key": "md5(n::text)",
    "changed_at": "now() - n * interval '1 minute'",
}


def fill(model, number=MANY, **made):
    """Add `number` rows to the table of `model`, by the database alone."""
    made = MADE | made
    fields = [field for field in model._meta.concrete_fields if not field.primary_key or field.attname in made]
    values = [made.get(field.attname) or ("NULL" if field.null else "''") for field in fields]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        rows = f"SELECT {', '.join(values)} FROM generate_series(1, {number}) AS n"  # noqa: S608 - of constants
        cursor.execute(f"INSERT INTO {table} ({columns}) {rows}")
        cursor.execute(f"ANALYZE {table}")


@pytest.fixture(autouse=True)
def _alone(settings):
    if connection.vendor != "postgresql":
        pytest.skip("asks PostgreSQL's planner")
    settings.SESSIONAUTH_AUDIT = False
    settings.SESSIONAUTH_LAST_USED_INTERVAL = None


EMPTY = {"networks": "'[]'", "origins": "'[]'"}
OWN = {
    RememberToken: {"session_digest": "'x'"},
    LoginThrottle: {"rule": "'lockout'", "key": "md5(n::text)", "blocked_until": "now() - n * interval '1 minute'"},
    APIKey: EMPTY,
    AccessToken: EMPTY | {"refresh_digest": "md5(n::text)", "is_personal": "true"},
    ImpersonationToken: EMPTY | {"refresh_digest": "NULL", "is_personal": "true"},
    Impersonation: {
        "id": "gen_random_uuid()",
        "window": "NULL",
        "actor_id": "NULL",
        "actor_name": "'actor' || n % 5000",
        "target_name": "'target' || n % 5000",
        "reference": "'T-' || n",
        "mode": "CASE n % 50000 WHEN 0 THEN 'write' ELSE 'read' END",
        "transport": "CASE n % 50000 WHEN 1 THEN 'header' ELSE 'session' END",
        "started_at": "now() - n * interval '1 minute'",
        "ended_at": "CASE WHEN n < 30 THEN NULL ELSE now() - n * interval '1 minute' END",
        "expires_at": "now() - (n - 10) * interval '1 minute'",
    },
}
QUESTIONS = {
    LoginSession: ["", "?q=alice", "?state=active", "?p=3"],
    RememberToken: ["", "?q=alice", "?state=active", "?p=3"],
    LoginThrottle: ["", "?q=alice", "?p=3"],
    APIKey: ["", "?q=alice", "?state=active", "?p=3"],
    AccessToken: ["", "?q=alice", "?is_personal__exact=1", "?p=3"],
    ImpersonationToken: ["", "?q=alice", "?state=active", "?p=3"],
    Impersonation: [
        *("", "?q=alice", "?q=T-77777", "?q=actor7", "?q=target7", "?state=over", "?state=ended", "?p=3"),
        *("?mode__exact=write", "?transport__exact=header"),
    ],
    AuthEvent: ["", "?q=alice", "?q=192.0.2.9", "?days=7&outcome=success", "?event=login_succeeded", "?p=3"],
}


@pytest.mark.parametrize("model", QUESTIONS, ids=lambda model: model.__name__)
def test_list__of_many_rows_is_found_by_indexes(model, make_user):
    browser = browser_of(make_user("root", is_staff=True, is_superuser=True))
    browser.get("/admin/")  # what the first visit of a session writes
    alice = make_user("alice")
    whose = f"CASE n % 5000 WHEN 0 THEN {alice.pk} ELSE n % 5000 + 100000 END"
    fill(model, user_id=whose, target_id=whose, **{"digest": "md5(n::text)"} | OWN.get(model, {}))
    for question in QUESTIONS[model]:
        path = f"/admin/sessionauth/{model._meta.model_name}/{question}"
        with counted() as statements, counted_plans() as plans:
            answer = browser.get(path)
        assert answer.status_code == 200
        assert answer.context["cl"].result_list
        assert len(statements) <= 8, "\n".join(statements)
        for plan in plans:
            is_read = f"Seq Scan on {model._meta.db_table}" in plan
            # States have no index: there the reading ends with enough found. It must not be sorted first.
            # Nor by its key from the end, until enough rows of one person have come along.
            is_walked = "Filter: (user_id" in plan and f"{model._meta.db_table}_pkey" in plan
            assert "q=alice" not in question or not is_walked, plan
            assert not is_read or ("state=" in question and "Sort" not in plan), f"{question}\n{plan}"


def test_overview__of_many_rows_counts_to_its_bounds(make_user, monkeypatch):
    monkeypatch.setattr(figures, "MOST", 5_000)
    browser = browser_of(make_user("root", is_staff=True, is_superuser=True))
    browser.get("/admin/")
    for model in (AuthEvent, LoginSession, LoginThrottle):
        fill(model, 50_000, rule="'lockout'")
    fill(APIKey, 50_000, digest="md5(n::text)", networks="'[]'", origins="'[]'")
    with counted() as statements, counted_plans() as plans:
        answer = browser.get("/admin/sessionauth/authevent/overview/")
    assert answer.status_code == 200
    assert len(statements) <= 12, "\n".join(statements)
    (by_day,) = [plan for plan in plans if "GROUP" in plan.upper() or "HashAggregate" in plan]
    assert "sessionauth_event" in by_day
    assert f"Seq Scan on {AuthEvent._meta.db_table}" not in by_day
    assert str(answer.context["sessions"]) == "5,000 or more"
    assert answer.context["logins"].cut is not None
