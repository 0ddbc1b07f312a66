"""Whether the tables are there: `check --database`."""

from __future__ import annotations

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.db import DatabaseError, connection

from sessionauth.checks import database
from sessionauth.models import APIKey
from tests.checks.asking import APP, code_of, is_ours
from tests.project.run import run_in_project


def told(alias: str = "default") -> list[str]:
    return [code_of(message) for message in run_checks(tags=[Tags.database], databases=[alias]) if is_ours(message)]


@pytest.mark.django_db
def test_tables__are_there():
    assert told() == []


@pytest.mark.django_db
def test_tables__a_missing_one(monkeypatch):
    monkeypatch.setattr(APIKey._meta, "db_table", "sessionauth_nowhere")
    assert told() == ["E090"]


@pytest.mark.django_db
def test_tables__a_missing_column(monkeypatch):
    monkeypatch.setattr(APIKey._meta.get_field("hint"), "column", "hint_of_old")
    [message] = run_checks(tags=[Tags.database], databases=["default"])
    assert (code_of(message), message.obj) == ("E091", APIKey)
    assert "hint_of_old" in message.msg


@pytest.mark.django_db
def test_tables__of_a_database_that_holds_none_of_ours(monkeypatch):
    monkeypatch.setattr(APIKey._meta, "db_table", "sessionauth_nowhere")
    monkeypatch.setattr("django.db.router.allow_migrate_model", lambda alias, model: model is not APIKey)
    assert told() == []


@pytest.mark.django_db
def test_tables__a_database_that_does_not_answer(monkeypatch):
    def refuse(*args: object) -> None:
        raise DatabaseError("connection refused")

    monkeypatch.setattr(connection.introspection, "table_names", refuse)
    assert told() == ["W092"]


def test_tables__are_not_asked_for_where_no_database_is_named():
    """Without the mark `django_db` a query would be an error."""
    assert database.check() == []
    assert not any(code_of(message).startswith("E09") for message in run_checks(tags=[APP]))


@pytest.mark.parametrize("command", ["migrate", "migrate_schemas", "safemigrate"])
def test_tables__are_not_asked_for_by_what_makes_them(monkeypatch, command):
    """Without the mark `django_db` a query would be told as W092."""
    monkeypatch.setattr("sys.argv", ["manage.py", command])
    assert told() == []


@pytest.mark.once
@pytest.mark.slow
def test_migrate__is_not_kept_from_making_the_tables():
    """The commands as they run from the command line, where `migrate` runs the checks first."""
    told = run_in_project(
        "import sys\n"
        "from django.core.management import execute_from_command_line as execute\n"
        "def run(*words):\n"
        "    sys.argv = ['manage.py', *words]\n"
        "    execute(sys.argv)\n"
        "try:\n"
        "    run('check', '--database', 'default')\n"
        "except SystemExit as left:\n"
        "    print('check', left.code)\n"
        "run('migrate', '--verbosity', '0')\n"
        "print('migrated')\n"
        "run('check', '--database', 'default')\n"
    )
    assert told.stdout.splitlines()[:2] == ["check 1", "migrated"]
    assert told.stderr.count(f"{APP}.E090") == 8
    assert told.returncode == 0


@pytest.mark.django_db
@pytest.mark.every_project
def test_project__has_its_tables():
    call_command("check", databases=["default"], fail_level="WARNING")
