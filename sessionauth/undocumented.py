"""What of Django is used for speed alone and is not documented, in one place: any version may take it away.

A name that this Django does not have is None here, and whoever compares with it or calls it leaves the work to the ORM:
`compiled` refuses, also for what has changed inside Django at the moment when a query is compiled and rehearsed;
`sessions.db` loads as Django's engine; rows of compiled queries and entries of the key cache are made by `from_db()`;
`models.writing.insert()` saves.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def _known(module: str, name: str) -> Any:
    """Return what `module` of Django's calls `name`, None where there is no such thing."""
    try:
        return getattr(import_module(f"django.db.models.{module}"), name, None)
    except ImportError:
        return None


Col = _known("expressions", "Col")
Join = _known("sql.datastructures", "Join")
LOUTER = _known("sql.constants", "LOUTER")
ModelIterable = _known("query", "ModelIterable")
ModelState = _known("base", "ModelState")
Query = _known("sql", "Query")
WhereNode = _known("sql.where", "WhereNode")
#: What stands for a column in a class where its value is nothing but what the instance holds.
PLAIN_ATTRIBUTES = (
    _known("query_utils", "DeferredAttribute"),
    _known("fields.related_descriptors", "ForeignKeyDeferredAttribute"),
)


def has_words_of_its_own(field: Any) -> bool:
    """Say whether `field` wants more than a place in SQL for its value. Django 6.1 asks it by another name."""
    return hasattr(field, "get_placeholder_sql") or hasattr(field, "get_placeholder")
