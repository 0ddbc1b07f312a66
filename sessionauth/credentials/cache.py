"""Credentials without a query: what the database said of them, kept in the shared cache for a moment.

The cache only ever says yes. Whatever else it says (nothing, a tombstone, nonsense, an entry that has run out), and
whenever it fails, the database is asked. An entry holds the credential's own columns less its digests, and of its user
the key alone. It is sealed, so that whoever can write to the cache cannot make themselves somebody else, and bears its
own end, so that neither a cache that keeps it for longer nor one that comes back from an outage makes it last.
"""

from __future__ import annotations

import math
import time
from inspect import getattr_static
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.db import connections, models, router
from django.db.models.manager import BaseManager
from django.db.models.signals import post_init
from django.utils import timezone

from sessionauth import pipelines
from sessionauth.conf import settings
from sessionauth.conf.setting import FromSettings, derived
from sessionauth.credentials import bare_users, entries
from sessionauth.crypto import ParsedSecret
from sessionauth.models import AbstractCredential, tombstones
from sessionauth.models.managers import CredentialManager
from sessionauth.models.tombstones import GENERATION, TOMBSTONE
from sessionauth.undocumented import PLAIN_ATTRIBUTES


class Look(NamedTuple):
    """What came of a look into the cache: the `row`, or where and in which generation it may be kept."""

    row: Any = None
    key: str = ""
    generation: str = ""
    moment: float = 0.0


NOTHING = Look()


def find(model: type[AbstractCredential], parsed: ParsedSecret) -> Look:
    """Look for the credential of `parsed` in the cache: one command."""
    if not tombstones.is_on() or tombstones.is_paused() or not is_cacheable(model):
        return NOTHING
    using, moment = router.db_for_write(model), time.time()
    keys = [tombstones.key_of(digest, using) for digest in parsed.digests]
    try:
        found = pipelines.get_many(_cache(), [*keys, GENERATION])
        generation = found.pop(GENERATION, None) or _begin()
    except Exception as error:  # whatever the client library raises
        tombstones.pause(error)
        return NOTHING
    if not isinstance(generation, str) or TOMBSTONE in found.values():
        return NOTHING
    for key, sealed in found.items():
        row = _opened(model, using, key, sealed, generation)
        if row is not None:
            return Look(row)
    return Look(key=keys[0], generation=generation, moment=moment)


def keep(look: Look, row: AbstractCredential) -> None:
    """Keep `row`, which the database has just said is good, for who comes next.

    Not where it was read in a transaction, which may see what was long ago, or what will be rolled back.
    """
    if not look.key:
        return
    using = router.db_for_write(type(row))
    connection = connections[using]
    if connection.in_atomic_block or not connection.get_autocommit():
        return
    if tombstones.key_of(row.digest, using) != look.key:
        return  # its digest is about to be another
    until = look.moment + tombstones.ttl()
    if row.end is not None:
        until = min(until, time.time() + (row.end - timezone.now()).total_seconds())
    timeout = math.ceil(until - time.time())
    if timeout > 0 and (sealed := entries.sealed(row, look.key, look.generation, until)) is not None:
        _quietly_add(look.key, sealed, timeout)


def is_touch_due(row: AbstractCredential) -> bool:
    """Say whether a use of `row` is to be noted: from the cache, by one request for as long as an entry lasts.

    What an entry says of the last use stays what it was when it was made.
    """
    if not row.is_touch_due():
        return False
    if "_from_cache" not in row.__dict__ or tombstones.is_paused():
        return True
    return _quietly_add(f"sessionauth:key:used:{row._meta.label_lower}:{row.pk}", "1", math.ceil(tombstones.ttl()))


class Decided(FromSettings):
    """What has been said of each model: nothing but a setting changes that in a process."""

    @derived
    def reasons(self) -> dict[type[AbstractCredential], tuple[str | None, Any]]:
        """What why_not() said, and the user model for those that name a user."""
        return {}


_decided = Decided()


def is_cacheable(model: type[AbstractCredential]) -> bool:
    """Say whether credentials of `model` may be found without asking the database; see why_not().

    Receivers are asked for each time: any code may connect one when it likes.
    """
    reasons = _decided.reasons
    if model not in reasons:
        reasons[model] = why_not(model), None if model.user_path is None else get_user_model()
    reason, users = reasons[model]
    return reason is None and not (users is not None and post_init.receivers and post_init.has_listeners(users))


def why_not(model: type[AbstractCredential]) -> str | None:
    """Return why credentials of `model` are always looked up, None if they need not be.

    What decides about them must be written in their own row, or in that of a user who is found by Django's own manager.
    """
    manager: Any = type(model._default_manager)
    if (manager.get_queryset, manager.lookup) != (BaseManager.get_queryset, CredentialManager.lookup):
        return "its manager shows not all of them"
    if not all(_is_ours(getattr(model, name)) for name in ("failure", "owner_failure", "get_user")):
        return "it has a failure(), owner_failure() or get_user() of its own"
    if model.user_path is None:
        return None
    if "__" in model.user_path or not _target(model, model.user_path).primary_key:
        return "its user is found by way of another row"
    if settings.USER_QUERYSET:
        return "SESSIONAUTH_USER_QUERYSET is asked for each request"
    return _why_not_of(get_user_model())


def _why_not_of(users: Any) -> str | None:
    if type(users._default_manager).get_queryset is not BaseManager.get_queryset:
        return "the manager of the user model shows not all of them"
    if users._meta.parents:
        return "the user model has columns in the table of another, which may be saved without it"
    if type(getattr_static(users, "is_active", True)) not in (bool, *PLAIN_ATTRIBUTES):
        return "is_active of the user model is no column, and may change where no user is saved"
    if users.__init__ is not models.Model.__init__ or post_init.has_listeners(users):
        return "the user model has an __init__() or a receiver of post_init, which may read more than the key"
    return None


def _target(model: type[AbstractCredential], name: str) -> Any:
    owner: Any = model._meta.get_field(name)
    return owner.target_field


def _is_ours(method: Any) -> bool:
    return str(method.__module__).startswith("sessionauth.")


def _cache() -> Any:
    return caches[str(settings.KEY_CACHE)]


def _begin() -> str | None:
    """Begin a generation where there is none, and return it if nobody was faster."""
    generation = tombstones.new_generation()
    return generation if _cache().add(GENERATION, generation, None) else None


def _quietly_add(key: str, value: str, timeout: int) -> bool:
    try:
        return bool(_cache().add(key, value, timeout))
    except Exception as error:
        tombstones.pause(error)
        return True


def _opened(model: type[AbstractCredential], using: str, key: str, sealed: Any, generation: str) -> Any | None:
    """Return the row of an entry that may still be believed, with its user, None for any other."""
    row = entries.opened(model, using, key, sealed, generation)
    if row is not None:
        row.__dict__["_from_cache"] = True
        bare_users.put_on(row)
    # One whose time is over may have been given more since.
    return None if row is None or row.is_expired else row
