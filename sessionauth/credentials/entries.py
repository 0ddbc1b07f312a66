"""What an entry of the cache of credentials holds, and how it is sealed.

It is text: what was once written into a cache may be anybody's by the time that it is read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.duration import duration_iso_string
from django.utils.encoding import force_bytes

from sessionauth import instances
from sessionauth.conf import djangos
from sessionauth.crypto import Mac
from sessionauth.models import AbstractCredential, tombstones
from sessionauth.models.fields import ListField
from sessionauth.models.lasting import LastingModel

SALT = b"sessionauth.credentials.cache"

#: What no entry holds: with these, whoever reads the cache could look for secrets, or for what they were made from.
SECRET = frozenset({"digest", "imported_digest", "refresh_digest", "session_digest"})

#: Fields whose values are in JSON what they are in Python.
AS_THEY_ARE = frozenset(
    {models.AutoField, models.BigAutoField, models.BigIntegerField, models.IntegerField}
    | {models.BooleanField, models.CharField, models.TextField, models.JSONField, ListField}
)
#: What makes values of others again, more shortly than their `to_python()`.
MADE_BY: dict[type[Any], Callable[[str], Any]] = {
    models.DateTimeField: datetime.fromisoformat,
    models.UUIDField: UUID,
}

_decode = json.JSONDecoder().raw_decode


def sealed(row: AbstractCredential, key: str, generation: str, until: float) -> str | None:
    """Return the entry of `row` for `key`, None where it has a column that has no plain form.

    It is believed in `generation`, and up to `until`, in seconds since the epoch.
    """
    values = {name: getattr(row, name) for name in makers(type(row))}
    if row.is_touch_due():
        values["last_used_at"] = timezone.now()  # it is used right now, and that is about to be written
    try:
        text = json.dumps([generation, until, values], default=plain, separators=(",", ":"))
    except (TypeError, ValueError):
        return None
    return f"{_seal(key, text)}{text}"


def opened(model: type[AbstractCredential], using: str, key: str, entry: Any, generation: str) -> Any | None:
    """Return the row in `entry`, if that is genuine and may still be believed, None for any other."""
    if not isinstance(entry, str) or not hmac.compare_digest(entry[:64].encode(), _seal(key, entry[64:]).encode()):
        return None
    (of, until, values), _ = _decode(entry[64:])
    known = makers(model)
    if of != generation or not 0 < until - time.time() <= tombstones.ttl() or values.keys() != known.keys():
        return None
    for name, make in known.items():
        if make is not None and values[name] is not None:
            values[name] = make(values[name])
    if not instances.is_bare(model, LastingModel) or instances.has_listeners(model):
        return model.from_db(using, list(known), [values[name] for name in known])
    row = instances.bare(model, using, values.items())
    row.note_lifetime()
    return row


@cache
def makers(model: type[AbstractCredential]) -> dict[str, Callable[[Any], Any] | None]:
    """Return the columns that entries of `model` hold, and what makes their values of what JSON has, where needed."""
    return {field.attname: _maker(field) for field in model._meta.concrete_fields if field.attname not in SECRET}


def _maker(field: Any) -> Callable[[Any], Any] | None:
    meant = field.target_field if field.is_relation else field
    return None if type(meant) in AS_THEY_ARE else MADE_BY.get(type(meant), meant.to_python)


def plain(value: Any) -> str:
    """Return what a field makes its value of again, as exact as it was."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_iso_string(value)
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError


def _seal(key: str, text: str) -> str:
    """Return the seal of the entry `text` under `key`, 64 characters."""
    return _mac(djangos.SECRET_KEY).digest(f"{key}\n{text}".encode()).hex()


@lru_cache(maxsize=2)
def _mac(secret: str | bytes) -> Mac:
    return Mac(hashlib.sha256(SALT + force_bytes(secret)).digest())
