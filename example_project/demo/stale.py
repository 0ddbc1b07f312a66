"""Whether the database was made by migrations that have been rewritten since, as those of an unreleased version are."""

from __future__ import annotations

from django.apps import apps
from django.db import connection


def is_stale() -> bool:
    """Say whether a table or a column is missing although every migration is said to have been run."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for model in apps.get_models():
            options = model._meta
            if not options.managed or options.proxy:
                continue
            if options.db_table not in tables:
                return True
            found = {one.name for one in connection.introspection.get_table_description(cursor, options.db_table)}
            if {field.column for field in options.concrete_fields} - found:
                return True
    return False
