"""A key costs one query by an index, whether it is the only one or one of a million."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from sessionauth.models import APIKey
from tests.asking import Sent, ask, counted
from tests.contracts import counted_plans

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.project.ways_urls"), pytest.mark.slow]

PEPPERS = {"2026": "n" * 32, "2025": "m" * 32, "2024": "o" * 32, "": ""}
MILLION = 1_000_000


def fill(model, number):
    """Add `number` rows to the table of `model`, by the database alone."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    made = {"digest": f"md5(n::text) || md5('{number}' || n)", "hint": "'sa_…' || n", "user_id": "n % 1000"}
    given = {"networks": "'[]'", "origins": "'[]'", "created_at": "now()", "is_personal": "true"}
    values = [made.get(f.attname) or given.get(f.attname) or ("NULL" if f.null else "''") for f in fields]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        rows = f"SELECT {', '.join(values)} FROM generate_series(1, {number}) AS n"  # noqa: S608
        cursor.execute(f"INSERT INTO {table} ({columns}) {rows}")
        cursor.execute(f"ANALYZE {table}")


@pytest.fixture(autouse=True)
def _alone(settings):
    if connection.vendor != "postgresql":
        pytest.skip("asks PostgreSQL's planner")
    settings.SESSIONAUTH_AUDIT = False
    settings.SESSIONAUTH_LAST_USED_INTERVAL = None


def test_key__is_one_query_by_an_index_with_1_100_and_1_000_000_rows(make_user, settings):
    model, alice, secrets = APIKey, make_user("alice"), []
    for peppers in ({}, PEPPERS):
        settings.SESSIONAUTH_KEY_PEPPERS = peppers
        secrets.append((peppers, model.objects.issue(user=alice)[1]))
    for rows in (0, 98, MILLION):
        fill(model, rows)
        for peppers, secret in secrets:
            settings.SESSIONAUTH_KEY_PEPPERS = peppers
            with counted() as statements, counted_plans() as plans:
                answer = ask("wsgi", "/tell/", Sent({"X-Api-Key": secret}))
            assert (answer.status, json.loads(answer.body)["user"], len(statements)) == (200, "alice", 1)
            if rows == MILLION:
                assert model._meta.constraints[0].name in plans[0]
                assert "Seq Scan on sessionauth" not in plans[0]
                assert model.objects.count() > MILLION
