"""Accounts without a failure on record: which attempts need not be counted before they have failed.

Counting first is what makes a limit exact: of N attempts that are allowed never more than N are evaluated, however many
come at once. An attempt that is counted late is one that the counter does not know of while it is under way, so they
must be so few that, together with what the counter has counted, they stay below where it shuts. Two things hold them to
that, and both are needed:

* When the account was looked up, nothing was on record against it: neither by the name that was posted nor against the
  account, from any browser. The database is asked in the query that finds the account, so that no cache can forget it;
  and the answer bears the attempt's own seal, so that none can have kept it either, such as a manager's.
* The attempt has a slot of a rate by account, counted first in the shared cache, exactly, whose windows are longer than
  any attempt. So of the attempts under way while this one is, each is of the window that is open or of the one before:
  at most two windows full. If that is no more than what shuts the counter, it cannot be passed.

What a cache forgets in the middle of it, by a restart or a flush, can let in as many more as one window holds, once;
all of them are counted, and the next look-up sees it. The number that locks for good is out of their reach: they begin
at none.
"""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.db.models import Case, CharField, Exists, OuterRef, Value, When

from sessionauth.guards import attempt, keys
from sessionauth.guards.counters import cache, database, outside

#: The name of what is on record, in the query that looks up the account.
RECORD = "sessionauth_is_spotless"
RULE = "lockout"
#: Seconds that every attempt is over in, however many passwords wait to be hashed, or however slow a directory is.
LONGEST = 300.0
#: For so many seconds after a failure could not be counted late everything is counted first, which then refuses.
PAUSE = 60.0

_paused: dict[str, float] = {}


def marks(identity: str | None) -> dict[str, Any]:
    """Return what to ask of the account besides, where attempts may be counted late: {} where that is out of question.

    In a transaction the answer might be from long ago, and from another database there is none.
    """
    using, under_way = outside.alias(), attempt.current()
    if under_way is None or identity is None or cache.fault() is not None or _paused.get(using, 0.0) > time.monotonic():
        return {}
    if using != router.db_for_write(get_user_model()) or outside.is_in_transaction(transaction.get_connection(using)):
        return {}
    failures = outside.rows().filter(rule=RULE, count__gt=0)
    by_name = Exists(failures.filter(key=database.digest(RULE, keys.name(identity))))
    has_failures = Exists(failures.filter(user_id=OuterRef("pk"))) | by_name
    seal = Value(under_way.seal)
    return {RECORD: Case(When(has_failures, then=Value("")), default=seal, output_field=CharField())}


def may_be_counted_late(user: Any | None, shuts_from: int) -> bool:
    """Say whether the attempt that is under way, on the account `user`, may be counted only if it fails.

    `shuts_from` is the failure with which the counter shuts. What the query found is good for one attempt.
    """
    under_way = attempt.current()
    seal = None if user is None else vars(user).pop(RECORD, None)
    if under_way is None or under_way.bound is None or seal != under_way.seal:
        return False
    return 2 * under_way.bound <= shuts_from


def pause() -> None:
    """Count first for a while: what failed could not be counted."""
    _paused[outside.alias()] = time.monotonic() + PAUSE
