"""How events look in a log. Apart from the record itself, because LOGGING is read before there are models."""

from __future__ import annotations

import json
import logging

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


class JSONFormatter(logging.Formatter):
    """Writes each event as one line of JSON. For a handler of the logger "sessionauth.audit".

    ::

        "formatters": {"events": {"()": "sessionauth.logs.JSONFormatter"}}
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; of records that are no event, their level, logger and message."""
        if not isinstance(getattr(record, "event", None), str):
            plain = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
            return json.dumps(plain)
        kept = {name: getattr(record, name, None) for name in ATTRIBUTES}
        return json.dumps({"level": record.levelname, **kept}, default=str)
