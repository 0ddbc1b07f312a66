"""Events on their way into the database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from django.core.cache import caches
from django.db import router

from sessionauth import pipelines
from sessionauth.accounts import Named
from sessionauth.audit.events import Event
from sessionauth.audit.text import name_digest
from sessionauth.conf import settings
from sessionauth.models import AuthEvent
from sessionauth.models.saving import insert
from sessionauth.models.writing import best_effort, survival
from sessionauth.recent import Recent
from sessionauth.request_state import RequestState, state_of
from sessionauth.request_state import current as current_request

#: How long, in seconds, an equal event gets no row of its own.
QUIET = 60
#: How many rows a minute those names get that one address types, of one event and reason.
PLACES = 100
#: How long, in seconds, a cache that did not answer is not asked again: each question may take as long as it waits.
PAUSE = 5
#: How long, in seconds, a process goes by a row of another one, whose minute may be over meanwhile.
HEARSAY = 5


class Typed(NamedTuple):
    """A name that was typed, whether or not it led to anybody, and its digest, whichever way it is written."""

    name: str
    digest: str

    @classmethod
    def of(cls, name: object) -> Typed:
        return cls(str(name), name_digest(name))

    @property
    def exact(self) -> bytes:
        """The digest of how it was written."""
        return hashlib.sha256(self.name.encode("utf-8", "surrogatepass")).digest()


class Told(NamedTuple):
    """An event that has had its row: the last name of its kind, as Typed.exact, and whom it led to."""

    name: bytes | None = None
    whom: Named | None = None


#: The caches that have not answered.
_unanswered: Recent[bool] = Recent()
#: By their key in the cache the events of which it is known that they have had their row. Whoever is refused comes
#: again at once, and to ask Valkey each time was a tenth of a refusal.
_told: Recent[Told] = Recent()


def keep(row: AuthEvent, event: Event, typed: Typed | None = None) -> None:
    """Write `row` of `event` on the way out of the request that is under way, or at once where there is none.

    On the way out it is written after the view's transaction, be that committed or rolled back, and all events of a
    request are one INSERT. What was rolled back has happened and come to nothing, and the row says so.
    """
    state = _open_state()
    if state is not None:
        state.events.append((row, event, typed, survival(router.db_for_write(AuthEvent))))
    elif not (event.is_bounded and is_repeated(row, typed)):
        write([row])


def _open_state() -> RequestState | None:
    request = current_request()
    state = None if request is None else state_of(request)
    # The middleware alone keeps the books on the way out.
    return None if state is None or state.is_closed else state


def is_repeated(row: AuthEvent, typed: Typed | None = None) -> bool:
    """Say whether an equal event has had a row within the last minute.

    Where a name was typed, equal is the same name, not the same account: a row that is written for accounts alone would
    tell by its time that there is one. Many names from one address share PLACES rows.

    Where the cache does not answer it has not: better a row too many than an attack without a trace.
    """
    told = Told(
        None if typed is None else typed.exact, None if row.user_id is None else Named(row.user_id, row.user_name)
    )
    try:
        key, place = _places(row, typed)
        if _told.get(place) is not None:
            _told.change(place, told)
            return True
        if _unanswered.get(settings.CACHE):
            return False
        is_first = pipelines.add(caches[settings.CACHE], key, QUIET)
    except Exception:  # every cache has exceptions of its own
        _unanswered.put(settings.CACHE, True, PAUSE)
        return False
    _told.put(place, told, QUIET if is_first else HEARSAY)
    return not is_first


def recalled(row: AuthEvent, typed: Typed | None) -> Told | None:
    """Return what is known of an equal event that has had its row, if the very same name was typed the last time.

    No row is written then, so nobody is named in one who is gone by now.
    """
    if typed is None:
        return None
    try:
        told = _told.get(_places(row, typed)[1])
    except Exception:  # see is_repeated()
        return None
    return told if told is not None and told.name == typed.exact else None


def _places(row: AuthEvent, typed: Typed | None) -> tuple[str, str]:
    """Return the key of events that equal `row`, and how the cache has it, by KEY_FUNCTION.

    Of several tenants each has rows of its own.
    """
    whom = row.user_id if typed is None else f"place {int(typed.digest, 16) % PLACES}"
    told = f"{row.event}:{row.reason}:{row.ip_address}:{whom}"
    key = "sessionauth:event:" + hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]
    return key, f"{settings.CACHE}:{caches[settings.CACHE].make_key(key)}"


def write_pending(state: RequestState) -> None:
    """Write what the request of `state` has left to be written."""
    events, state.events = state.events, []
    for row, _, _, survives in events:
        if not survives():
            row.data["rolled_back"] = True
    rows = [row for row, event, typed, _ in events if not (event.is_bounded and is_repeated(row, typed))]
    if rows:
        write(rows)


def write(rows: Sequence[AuthEvent]) -> None:
    """Write `rows` by one INSERT; trouble goes no further than the log: the answer is on its way."""
    using = router.db_for_write(AuthEvent)
    if len(rows) == 1:
        # bulk_create() would open a transaction for it.
        best_effort(lambda: insert(rows[0], using), using, catching=Exception)
    else:
        many = AuthEvent._base_manager.using(using)
        best_effort(lambda: many.bulk_create(rows, batch_size=500), using, catching=Exception)
