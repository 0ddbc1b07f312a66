"""What an entry of the cache of credentials holds, and how it is sealed.

It is text: what was once written into a cache may be anybody's by the time that it is read.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.duration import duration_iso_string
from django.utils.encoding import force_bytes

from sessionauth import instances
from sessionauth.conf import djangos
from sessionauth.crypto import Mac, is_same
from sessionauth.models import AbstractCredential, tombstones
from sessionauth.models.fields import ListField

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

#: What nobody can change who has it, so that all may have the same.
UNCHANGING = frozenset({type(None), bool, int, float, str, datetime, date, timedelta, UUID, Decimal})
#: How many entries a process has read lately and need not read again, and up to what length: a few megabytes. One with
#: all the scopes that a key may have is a hundred times as long as most.
READ, LONGEST = 1024, 4096

_decode = json.JSONDecoder().raw_decode

Makers = dict[str, Callable[[Any], Any] | None]


class Read(NamedTuple):
    """What a genuine entry says: in which `generation` and up to when it is believed, and the `values` of its columns.

    `anew` are those that whoever has them could change, each with what makes one for them alone. `makers` are those by
    which it was read.
    """

    generation: str
    until: float
    values: dict[str, Any]
    anew: tuple[tuple[str, Callable[[], Any]], ...]
    makers: Makers


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
    return f"{_seal(key, text, djangos.SECRET_KEY)}{text}"


def opened(model: type[AbstractCredential], using: str, key: str, entry: Any, generation: str) -> Any | None:
    """Return the row in `entry`, if that is genuine and may still be believed, None for any other."""
    if not isinstance(entry, str):
        return None
    read = (_read if len(entry) <= LONGEST else _read.__wrapped__)(model, key, entry, djangos.SECRET_KEY)
    if read is None or read.generation != generation or read.makers is not makers(model):
        return None
    if not 0 < read.until - time.time() <= tombstones.ttl():
        return None
    values = read.values.copy()
    for name, made in read.anew:
        values[name] = made()
    if instances.is_bare(model):
        return instances.bare(model, using, values)
    return model.from_db(using, list(values), list(values.values()))


# Of the same text it is always the same what it says and whether it is genuine, and one entry comes with every request
# of its key: to look at the seal and to read it each time took 20 of the 120 µs that such a request costs over a page.
@lru_cache(maxsize=READ)
def _read(model: type[AbstractCredential], key: str, entry: str, of_project: str | bytes) -> Read | None:
    """Return what `entry` says, None if it is not genuine or not of these columns."""
    if not is_same(entry[:64], _seal(key, entry[64:], of_project)):
        return None
    (generation, until, raws), _ = _decode(entry[64:])
    known, values, anew = makers(model), dict[str, Any](), []
    if raws.keys() != known.keys():
        return None
    # In the order of the columns, by which from_db() tells them apart; another release may have sealed them in another.
    for name, make in known.items():
        raw = raws[name]
        values[name] = raw if make is None or raw is None else make(raw)
        if type(values[name]) not in UNCHANGING:
            anew.append((name, _anew(raw, make)))
    return Read(generation, until, values, tuple(anew), known)


def _anew(raw: Any, make: Callable[[Any], Any] | None) -> Callable[[], Any]:
    """Return what makes a value of what JSON has, always another one."""
    if make is None and type(raw) is list and all(type(one) in UNCHANGING for one in raw):
        return raw.copy
    text = json.dumps(raw)
    return partial(_again, text, make)


def _again(text: str, make: Callable[[Any], Any] | None) -> Any:
    raw = json.loads(text)
    return raw if make is None else make(raw)


@cache
def makers(model: type[AbstractCredential]) -> Makers:
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


def _seal(key: str, text: str, of_project: str | bytes) -> str:
    """Return the seal of the entry `text` under `key`, 64 characters."""
    return _mac(of_project).digest(f"{key}\n{text}".encode("utf-8", "surrogatepass")).hex()


@lru_cache(maxsize=2)
def _mac(secret: str | bytes) -> Mac:
    return Mac(hashlib.sha256(SALT + force_bytes(secret)).digest())
