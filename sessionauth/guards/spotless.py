"""Accounts without a failure on record: which attempts need not be counted before they have failed.

Counting first is what makes a limit exact: of N attempts that are allowed never more than N are evaluated, however many
come at once. An attempt that is counted late is one that the counter does not know of while it is under way, so they
must be so few that, together with what the counter has counted, they stay below where it shuts. Two things hold them to
that, and both are needed:

* Nothing is on record against it: neither by the name that was posted nor against the account, from any browser. The
  database is asked, so that no cache can forget it, and after the attempt has its slot.
* The attempt has a slot of a rate by account, counted first in the shared cache, exactly, whose windows are longer than
  any attempt. So of the attempts under way while this one is, each is of the window that is open or of the one before:
  at most two windows full. If that is no more than what shuts the counter, it cannot be passed.

What a cache forgets in the middle of it, by a restart or a flush, can let in as many more as one window holds, once;
all of them are counted, and the next look-up sees it. The number that locks for good is out of their reach: they begin
at none.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from sessionauth.guards import attempt, keys
from sessionauth.guards.counters import Unavailable, database, outside
from sessionauth.guards.counters.step import Step
from sessionauth.recent import Recent

RULE = "lockout"
#: Seconds that every attempt is over in, however many passwords wait to be hashed, or however slow a directory is.
LONGEST = 300.0
#: How long, in seconds, a process goes by a failure that it has counted itself, rather than ask what is on record.
FRESH = 60.0
#: For so many seconds after a failure could not be counted late everything is counted first, which then refuses.
PAUSE = 60.0

_paused: dict[str, float] = {}
#: By its counter the failure that was counted last: under which name, and how many there were with it.
_failed: Recent[tuple[str | None, int]] = Recent()


def failed_before(identity: str | None, step: Step) -> int | None:
    """Return how many failures `step` had counted a moment ago under that name; None for none, or nobody knows.

    A hint that there are some, by which the next attempt is counted first without a question: whoever guesses comes
    again at once. By the name that was posted, or the time it takes would tell of two names that they mean one account.
    """
    name, count = _failed.get(step.key) or (None, None)
    return count if name == _posted(identity) else None


def failed(identity: str | None, step: Step, count: int) -> None:
    """Note that an attempt under the name `identity` was the `count`th that `step` has counted."""
    _failed.put(step.key, (_posted(identity), count), FRESH)


def forgiven(step: Step) -> None:
    """Note that what `step` had counted is forgiven."""
    _failed.forget(step.key)


def _posted(identity: str | None) -> str | None:
    return None if identity is None else keys.name(identity)


def is_in_question(shuts_from: int) -> bool:
    """Say whether the attempt that is under way might be counted only if it fails, were nothing on record.

    `shuts_from` is the failure with which the counter shuts. In a transaction an answer might be from long ago.
    """
    under_way, using = attempt.current(), outside.alias()
    if under_way is None or under_way.bound is None or 2 * under_way.bound > shuts_from:
        return False
    if _paused.get(using, 0.0) > time.monotonic():
        return False
    return not outside.is_in_transaction(transaction.get_connection(using))


def most_on_record(user: Any | None, identity: str | None, steps: Sequence[Step]) -> int | None:
    """Return the most failures on record against the account `user`, by `identity` or any of `steps`; one statement.

    Of a name that nobody has it asks as well, so that it costs the same. None where the database does not say.
    """
    named = [] if identity is None else [database.digest(RULE, keys.name(identity))]
    counters = {*named, *(step.key for step in steps)}
    try:
        return outside.read(lambda: database.most(RULE, counters, None if user is None else user.pk))
    except Unavailable:
        return None


def pause() -> None:
    """Count first for a while: what failed could not be counted."""
    _paused[outside.alias()] = time.monotonic() + PAUSE
