"""The figures of the overview: each is one question, and none reads more than so many rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, Value, When, prefetch_related_objects
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext

from sessionauth.audit import Event
from sessionauth.conf import settings
from sessionauth.credentials.rows import rows
from sessionauth.credentials.states import State, in_state
from sessionauth.guards import unlock
from sessionauth.impersonation import service
from sessionauth.models import AbstractAccessToken, AuthEvent, Impersonation, LoginThrottle
from sessionauth.sessions import registry, timeouts

#: How many days are shown, how many rows are counted, how many of them are listed.
DAYS, MOST, LISTED = 14, 100_000, 10
UNUSED_DAYS, EXPIRING_DAYS = 90, 14
#: Of so many keys it is looked which are unused and which expire.
MOST_KEYS = 1_000
#: So many of those who are kept out, and of impersonations that go on, are counted.
MOST_ROWS = 1_000
FAILED = (Event.LOGIN_FAILED.value, Event.LOGIN_DENIED.value)
LOGINS = (Event.LOGIN_SUCCEEDED.value, *FAILED)


@dataclass(frozen=True, slots=True)
class Day:
    """The logins of one day, in the time zone of whoever looks."""

    date: date
    succeeded: int
    failed: int


@dataclass(frozen=True, slots=True)
class Logins:
    """The days, the oldest first; what was before `cut` is not counted, None where all is."""

    days: list[Day]
    cut: datetime | None


@dataclass(frozen=True, slots=True)
class Amount:
    """A number; `is_least` is True where there may be more that were not counted."""

    number: int
    is_least: bool

    def __str__(self) -> str:
        if self.is_least:
            return gettext("%(number)s or more") % {"number": number_format(self.number, force_grouping=True)}
        return number_format(self.number, force_grouping=True)


@dataclass(frozen=True, slots=True)
class Locked:
    """How many accounts and names are kept out, and the latest of them."""

    amount: Amount
    rows: list[LoginThrottle]


@dataclass(frozen=True, slots=True)
class Impersonations:
    """How many go on, and the latest of them."""

    amount: Amount
    rows: list[Impersonation]


@dataclass(frozen=True, slots=True)
class Keys:
    """The good keys of one model that somebody should look at; `unused` is None where no use is noted."""

    model: Any
    unused: Amount | None
    expiring: Amount
    rows: list[Any]

    @property
    def opts(self) -> Any:
        """What the model is called."""
        return self.model._meta


def logins(now: datetime | None = None) -> Logins:
    """Return the logins of the last days; of very many the latest are counted."""
    starts = _midnights(now or timezone.now())
    found = AuthEvent._base_manager.filter(event__in=LOGINS, created_at__gte=starts[0])
    older = found.order_by("-created_at").values_list("created_at", flat=True)
    cut = next(iter(older[MOST : MOST + 1]), None)
    counts = _by_day(found if cut is None else found.filter(created_at__gt=cut), starts)
    return Logins([_day(place, start, counts) for place, start in enumerate(starts)], cut)


def _midnights(now: datetime) -> list[datetime]:
    """Return when each of the days began; computed here, for not every database knows time zones."""
    today = timezone.localtime(now).date() if timezone.is_aware(now) else now.date()
    begins = (datetime.combine(today - timedelta(days=ago), time.min) for ago in range(DAYS - 1, -1, -1))
    return [timezone.make_aware(moment) if timezone.is_aware(now) else moment for moment in begins]


def _by_day(found: Any, starts: list[datetime]) -> dict[tuple[int, str], int]:
    ends = [When(created_at__lt=end, then=Value(place)) for place, end in enumerate(starts[1:])]
    day = Case(*ends, default=Value(DAYS - 1), output_field=IntegerField())
    counted = found.order_by().annotate(day=day).values("day", "event").annotate(number=Count("pk"))
    return {(row["day"], row["event"]): row["number"] for row in counted}


def _day(place: int, start: datetime, counts: dict[tuple[int, str], int]) -> Day:
    failed = sum(counts.get((place, name), 0) for name in FAILED)
    return Day(start.date(), counts.get((place, Event.LOGIN_SUCCEEDED.value), 0), failed)


def locked() -> Locked:
    """Return who is kept out now; two queries."""
    amount, latest = _latest(unlock.locked().order_by("-changed_at"))
    prefetch_related_objects(latest, "user")
    return Locked(amount, latest)


def active_sessions() -> Amount:
    """Return how many browsers are signed in."""
    return _counted(registry.rows().filter(timeouts.live()))


def impersonations() -> Impersonations:
    """Return who acts as whom now; one query."""
    found = Impersonation._base_manager.filter(service.running()).defer("session_data")
    return Impersonations(*_latest(found.order_by("-started_at")))


def _latest(found: Any) -> tuple[Amount, list[Any]]:
    """Return how many there are and the first of them, by one query for both."""
    rows = list(found[:MOST_ROWS])
    return Amount(len(rows), len(rows) == MOST_ROWS), rows[:LISTED]


def _counted(found: Any) -> Amount:
    number = found.order_by()[:MOST].count()
    return Amount(number, number == MOST)


def keys(model: Any) -> Keys:
    """Return the keys of `model` that are good and unused for long, or about to expire; tokens of logins are neither.

    One query.
    """
    now = timezone.now()
    soon, long_ago = now + timedelta(days=EXPIRING_DAYS), now - timedelta(days=UNUSED_DAYS)
    notes_use = settings.LAST_USED_INTERVAL is not None
    wanted = Q(expires_at__lte=soon)
    if notes_use:
        wanted |= Q(Q(last_used_at=None) | Q(last_used_at__lt=long_ago), created_at__lt=long_ago)
    found = rows(model).filter(in_state(State.ACTIVE, now), wanted)
    if issubclass(model, AbstractAccessToken):
        found = found.filter(is_personal=True)
    chosen = list(found.order_by("pk")[:MOST_KEYS])
    expiring = [row for row in chosen if row.expires_at is not None and row.expires_at <= soon]
    idle = [row for row in chosen if _since(row) < long_ago] if notes_use else []
    listed = _each_once([*sorted(expiring, key=lambda row: row.expires_at), *sorted(idle, key=_since)])
    is_least = len(chosen) == MOST_KEYS
    unused = Amount(len(idle), is_least) if notes_use else None
    return Keys(model, unused, Amount(len(expiring), is_least), list(listed)[:LISTED])


def _since(row: Any) -> datetime:
    """Return since when `row` has not been used."""
    moment: datetime = row.last_used_at or row.created_at
    return moment


def _each_once(found: list[Any]) -> Iterator[Any]:
    seen = set()
    for row in found:
        if row.pk not in seen:
            seen.add(row.pk)
            yield row
