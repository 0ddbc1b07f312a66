"""Whether the tables are there; the only check that asks the database, on `manage.py check --database`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage
from django.db import connections, router
from django.db.models import Model

from sessionauth.base_user import SessionAuthUserMixin
from sessionauth.checks import APP, reading
from sessionauth.checks.finding import Finding, ask

NO_TABLE = Finding("E090", "{model} has no table in the database {alias}.", "Run `manage.py migrate`.", "--database")
NO_COLUMN = Finding(
    "E091",
    "The table of {model} in the database {alias} lacks {columns}.",
    "Run `manage.py makemigrations` and `manage.py migrate`.",
    "--database",
)
NO_ANSWER = Finding(
    "W092",
    "Whether the database {alias} has the tables of sessionauth cannot be told: {error}.",
    "See that the database can be reached.",
    "--database",
)


def check(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Check the tables in `databases`.

    `migrate` runs these checks before it does anything: an error would keep it from making the very tables.
    """
    if any("migrate" in word for word in sys.argv[1:2]):
        return []
    return ask(lambda: (message for alias in databases or () for message in tables(alias)))


def tables(alias: str) -> Iterator[CheckMessage]:
    """Look for the tables and columns that requests need."""
    try:
        yield from [message for model in _models(alias) for message in _missing(model, alias)]
    except Exception as error:
        yield NO_ANSWER(alias=alias, error=reading.words_of(error))


def _models(alias: str) -> list[type[Model]]:
    user: Any = get_user_model()
    found = [*apps.get_app_config(APP).get_models(), *([user] if issubclass(user, SessionAuthUserMixin) else [])]
    return [model for model in found if router.allow_migrate_model(alias, model)]


def _missing(model: type[Model], alias: str) -> Iterator[CheckMessage]:
    connection, opts = connections[alias], model._meta
    with connection.cursor() as cursor:
        if opts.db_table not in connection.introspection.table_names(cursor):
            yield NO_TABLE(model, model=opts.label, alias=alias)
            return
        there = {column.name for column in connection.introspection.get_table_description(cursor, opts.db_table)}
    # A user model that inherits from another has some of its columns in that one's table.
    wanted = [field.column for field in opts.local_concrete_fields if field.column]
    if missing := [column for column in wanted if column not in there]:
        yield NO_COLUMN(model, model=opts.label, alias=alias, columns=", ".join(missing))
