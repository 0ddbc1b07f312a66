"""How events look in a log. Apart from the record itself, because LOGGING is read before there are models."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.http import HttpRequest

from sessionauth.request_state import STATE, current

#: The attributes of every record, always all there; also what JSONFormatter writes.
ATTRIBUTES = (
    "event",
    "time",
    "outcome",
    "reason",
    "user_id",
    "user_name",
    "actor_id",
    "actor_name",
    "method",
    "subject",
    "session",
    "ip_address",
    "user_agent",
    "path",
    "data",
)

#: The attributes that WhoFilter adds to every record.
WHO = ("user_id", "actor_id", "impersonation_id")


class WhoFilter(logging.Filter):
    """Adds to each record of any logger who the request is under way for. For a handler, or for a logger.

    `user_id` is the user; `actor_id` the person who is really there, where that is not the user, and `impersonation_id`
    the key of the row that says why. All are text, and None where there is no request, nobody is signed in, or nothing
    has asked yet who it is: nothing is asked for a line of a log, the database least of all. What a record says of
    itself, as events do, stays.

    ::

        "filters": {"who": {"()": "sessionauth.logs.WhoFilter"}}
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the attributes; always True."""
        for name, value in zip(WHO, _who(record), strict=True):
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class JSONFormatter(logging.Formatter):
    """Writes each event as one line of JSON. For a handler of the logger "sessionauth.audit".

    ::

        "formatters": {"events": {"()": "sessionauth.logs.JSONFormatter"}}
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; of records that are no event, their level, logger, message and what WhoFilter added."""
        if not isinstance(getattr(record, "event", None), str):
            plain = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
            return json.dumps(plain | _added(record, WHO), default=str)
        kept = {name: getattr(record, name, None) for name in ATTRIBUTES} | _added(record, WHO[2:])
        return json.dumps({"level": record.levelname, **kept}, default=str)


def _added(record: logging.LogRecord, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names if hasattr(record, name)}


def _who(record: logging.LogRecord) -> tuple[str | None, str | None, str | None]:
    # Django tells of the answers 4xx and 5xx when the request is over already, and hands it along.
    request: Any = getattr(record, "request", None)
    request = getattr(request, "_request", request)
    request = request if isinstance(request, HttpRequest) else current()
    state = None if request is None else request.__dict__.get(STATE)
    token = None if state is None else state.token
    if token is None:
        return None, None, None
    row = token.impersonation
    return _text(token.user_id), _text(token.original_user_id), None if row is None else _text(row.pk)


def _text(key: object) -> str | None:
    return None if key is None else str(key)
