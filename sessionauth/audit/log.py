"""The line that an event is in the log: name and main facts as the message, all facts as attributes of the record."""

from __future__ import annotations

import logging
from typing import Any

from sessionauth.audit.events import SUCCESS
from sessionauth.audit.text import moment, printable
from sessionauth.logs import ATTRIBUTES
from sessionauth.models import AuthEvent

__all__ = ["ATTRIBUTES", "attributes", "tell"]

logger = logging.getLogger("sessionauth.audit")


def tell(row: AuthEvent) -> None:
    """Write the line of `row`: a warning for what failed or was denied, information for the rest."""
    level = logging.INFO if row.outcome == SUCCESS else logging.WARNING
    if logger.isEnabledFor(level):
        logger.log(level, *_message(row), extra=attributes(row))


def _message(row: AuthEvent) -> tuple[str, ...]:
    """Return the format and what fills it in: why, what and whom it is about, from where, and at which route.

    Lines are grouped by their format (Sentry), so that it is one for each event. No name that somebody may have typed
    is in it, and what came with the request was made printable when it was recorded.
    """
    subject = printable(row.subject.replace(":", " ", 1))
    user = "" if row.user_id is None else printable(f"user {row.user_id}")
    guard = printable(row.data.get("guard", ""))
    told = ", ".join(fact for fact in (row.reason, guard, subject, user, row.ip_address, row.path) if fact)
    return (f"{row.event}: %s", told) if told else (str(row.event),)


def attributes(row: AuthEvent) -> dict[str, Any]:
    """Return what the record of `row` says beside its name: all of sessionauth.logs.ATTRIBUTES."""
    data = dict(row.data)
    return {
        "event": str(row.event),
        "time": moment(row.created_at),
        "outcome": row.outcome,
        "reason": row.reason,
        "user_id": _key(row.user_id),
        "user_name": row.user_name,
        "actor_id": _key(row.actor_id),
        "actor_name": row.actor_name,
        "method": row.method,
        "subject": row.subject,
        "session": data.pop("session", None),
        "ip_address": row.ip_address,
        "user_agent": row.user_agent,
        "path": row.path,
        "data": data,
    }


def _key(pk: object) -> str | None:
    return None if pk is None else str(pk)
