"""One's keys and tokens as the page shows them: in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from sessionauth import scopes
from sessionauth.credentials.states import State, refreshable_until, state_of
from sessionauth.views.owned import KINDS, is_read_only, kind_of, lasting_of, rows_of

#: So many of each kind are shown, of those that count and of those that have ended within the time below.
SHOWN, SHOWN_ENDED, ENDED = 200, 10, timedelta(days=30)


@dataclass(frozen=True)
class Entry:
    """A key or token on the page."""

    row: Any

    @property
    def kind(self) -> str:
        """What addresses call its kind."""
        return kind_of(self.row)

    @property
    def name(self) -> str:
        """What its owner called it."""
        return self.row.name or gettext("Without a name")

    @property
    def is_program(self) -> bool:
        """Whether somebody signed a program in with it, rather than made it by hand."""
        return not getattr(self.row, "is_personal", True)

    @property
    def kind_name(self) -> str:
        """What people call its kind."""
        if self.is_program:
            return gettext("Signed-in program")
        return gettext("Token") if self.kind == "token" else gettext("API key")

    @cached_property
    def state(self) -> State:
        """Return the state, as every list says it."""
        return state_of(self.row)

    @property
    def is_usable(self) -> bool:
        """Whether it counts now."""
        return self.state in (State.ACTIVE, State.ROTATED, State.REFRESHABLE)

    @property
    def is_rotatable(self) -> bool:
        """Whether another can come in its place: a signed-in program refreshes, and signs in anew."""
        return self.state is State.ACTIVE and not self.is_program

    @property
    def state_name(self) -> str:
        """What people are told of the state, nothing where all is well."""
        names = {
            State.ACTIVE: "",
            State.REFRESHABLE: "",
            State.ROTATED: gettext("Replaced"),
            State.EXPIRED: gettext("Expired"),
            State.REVOKED: gettext("Revoked"),
        }
        return names.get(self.state, gettext("No longer good"))

    @property
    def may(self) -> list[str]:
        """What it may do."""
        if self.row.granted is None:
            return [gettext("Everything that you may")]
        told = {scope.name: scope.description for scope in scopes.declared()}
        return [told.get(name, name) for name in sorted(self.row.granted)] or [gettext("Nothing")]

    @property
    def limits(self) -> list[str]:
        """What else it is limited to."""
        row, found = self.row, []
        if row.methods is not None:
            methods = gettext("only by %(methods)s") % {"methods": ", ".join(map(str, row.methods))}
            found.append(gettext("only reads") if is_read_only(row) else methods)
        if row.networks:
            found.append(gettext("only from %(networks)s") % {"networks": ", ".join(map(str, row.networks))})
        if row.origins:
            found.append(gettext("only on %(origins)s") % {"origins": ", ".join(map(str, row.origins))})
        if row.rate:
            found.append(gettext("at most %(rate)s") % {"rate": row.rate})
        return found

    @property
    def ends_at(self) -> datetime | None:
        """When it ends or ended, None for never."""
        return self.row.revoked_at or refreshable_until(self.row) or self.row.end


@dataclass(frozen=True)
class Entries:
    """All that the page shows; `is_cut` says whether there are more."""

    own: list[Entry]
    programs: list[Entry]
    ended: list[Entry]
    is_cut: bool


def entries_of(user: Any) -> Entries:
    """Return what `user` has, and what has ended of late: two queries for each kind."""
    now, is_cut = timezone.now(), False
    found: list[Entry] = []
    over = Q(revoked_at__gt=now - ENDED)
    for end in ("expires_at", "ends_at"):
        over |= Q(("revoked_at", None), (f"{end}__gt", now - ENDED), (f"{end}__lte", now))
    for kind in KINDS:
        lasting = list(lasting_of(user, kind)[: SHOWN + 1])
        is_cut |= len(lasting) > SHOWN
        ended = rows_of(user, kind).filter(over).exclude(pk__in=[row.pk for row in lasting])[:SHOWN_ENDED]
        found += [_entry(row, user) for row in (*lasting[:SHOWN], *ended)]
    good = sorted((entry for entry in found if entry.is_usable), key=lambda entry: entry.row.created_at, reverse=True)
    return Entries(
        own=[entry for entry in good if not entry.is_program],
        programs=[entry for entry in good if entry.is_program],
        ended=sorted((entry for entry in found if not entry.is_usable), key=_end, reverse=True),
        is_cut=is_cut,
    )


def _entry(row: Any, user: Any) -> Entry:
    row.user = user  # spares a query for each
    return Entry(row)


def _end(entry: Entry) -> float:
    return 0.0 if entry.ends_at is None else entry.ends_at.timestamp()
