"""Our tables: made, taken away and made again, with the indexes that lookups use and no others."""

from __future__ import annotations

import json

import pytest
from django.db import connection

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
from tests.coexistence import databases
from tests.coexistence.stock.project import StockProject, do
from tests.coexistence.stock.variants import VARIANTS
from tests.project.run import run_in_project

MODELS = [
    AccessToken,
    APIKey,
    AuthEvent,
    Impersonation,
    ImpersonationToken,
    LoginSession,
    LoginThrottle,
    RememberToken,
]
TABLES = sorted(model._meta.db_table for model in MODELS)

#: Makes the SQL of our migrations as PostgreSQL gets it, without a server (which alone would put values into it).
SQL = """
import json
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.loader import MigrationLoader

wanted = DatabaseWrapper(settings.DATABASES["default"] | {"ENGINE": "django.db.backends.postgresql", "TIME_ZONE": None})
wanted.__dict__["pg_version"] = 170000
wanted.ops.compose_sql = lambda sql, values: sql % tuple(values)
loader = MigrationLoader(None)
(key,) = [key for key in loader.graph.leaf_nodes("sessionauth")]
plan = [node for node in loader.graph.forwards_plan(key) if node[0] == "sessionauth"]
lines = []
for node in plan:
    state = loader.project_state(node, at_end=False)
    with wanted.schema_editor(collect_sql=True, atomic=False) as editor:
        loader.graph.nodes[node].apply(state, editor, collect_sql=True)
    lines += editor.collected_sql
print(json.dumps(lines))
"""

#: Settings projects by the kind of their users' keys, and the type of the column that refers to them.
KEYS = {
    "tests.project.settings": "integer",
    "tests.project.settings_uuid": "uuid",
    "tests.project.settings_softdelete": "varchar(18)",
}


@pytest.mark.slow
@pytest.mark.parametrize(("project", "column"), KEYS.items())
def test_sql_for_postgresql__has_the_indexes_of_our_lookups_and_no_twins_for_like(project, column):
    told = run_in_project(SQL, project)
    assert told.returncode == 0, told.stderr
    lines = [line for line in json.loads(told.stdout) if not line.startswith("--")]
    assert f'"user_id" {column} ' in " ".join(lines)
    assert not [line for line in lines if "_like" in line or "_pattern_ops" in line]
    indexes = sorted(line.split('"')[1] for line in lines if line.startswith("CREATE INDEX"))
    assert indexes == [
        "sessionauth_accesstoken_user",
        "sessionauth_apikey_user",
        "sessionauth_event_created",
        "sessionauth_event_event",
        "sessionauth_event_user",
        "sessionauth_impersonate_actor",
        "sessionauth_impersonate_begun",
        "sessionauth_impersonate_by",
        "sessionauth_impersonate_mode",
        "sessionauth_impersonate_open",
        "sessionauth_impersonate_target",
        "sessionauth_impersonate_ticket",
        "sessionauth_impersonate_who",
        "sessionauth_impersonate_whom",
        "sessionauth_impersontoken_user",
        "sessionauth_loginsession_user",
        "sessionauth_remember_expires",
        "sessionauth_remember_user",
        "sessionauth_throttle_changed",
        "sessionauth_throttle_user",
    ]


@pytest.mark.django_db
@pytest.mark.every_project
@pytest.mark.parametrize("model", MODELS)
def test_tables__have_the_indexes_that_the_models_name(model):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    opts = model._meta
    named = {index.name for index in opts.indexes} | {constraint.name for constraint in opts.constraints}
    indexed = {name for name, one in found.items() if one["index"] or one["unique"]}
    assert {name for name in indexed if not found[name]["primary_key"]} == named


@pytest.mark.slow
@pytest.mark.parametrize(
    "variant", [None, "string key"] if databases.IS_POSTGRES else [None, "e-mail and UUID", "string key"]
)
def test_migrations__go_forwards_and_backwards(tmp_path, variant):
    project = StockProject(tmp_path, **(VARIANTS[variant] if variant else {}))
    try:
        own = [do("make_migrations", app="accounts")] if variant else []
        project.run("before", *own, do("migrate"), do("make", who=["alice"]), do("sign_in", who="alice", keep="alice"))
        *told, everybody = project.run(
            "backend",
            do("tables"),
            do("migrate"),
            do("tables"),
            do("everybody"),
            do("take_out"),
            do("tables"),
            do("migrate"),
            do("tables"),
            do("everybody"),
        )
        assert [told[0], told[2], told[5], told[7]] == [[], TABLES, [], TABLES]
        assert list(everybody.values()) != [None]
    finally:
        project.remove()
