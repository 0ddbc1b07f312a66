"""A field of our own."""

from __future__ import annotations

from typing import Any

from django.db import models


class ListField(models.JSONField):
    """A list in JSON, most often an empty one: read with each credential, and not worth a decoder then."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """See Django's. A list of its own for each row, which whoever holds it may change."""
        return [] if value == "[]" else super().from_db_value(value, expression, connection)

    def deconstruct(self) -> Any:
        """Return Django's own field for migrations: the column is no other."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs
