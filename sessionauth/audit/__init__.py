"""What happened, for the record: who signed in, who was refused, what was ended, by whom and from where.

`record(Event.SOMETHING, request, user=…)` writes a line to the log `sessionauth.audit` and, unless SESSIONAUTH_AUDIT is
off, a row of `AuthEvent`. It never fails, and no request that it tells of can take it back.

All of it is imported when the first event happens: of most requests there is nothing to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionauth.late import names_of

if TYPE_CHECKING:
    from sessionauth.audit.events import Event
    from sessionauth.audit.recording import arecord, record
    from sessionauth.audit.writing import Typed, write_pending
    from sessionauth.logs import JSONFormatter

__all__ = ["Event", "JSONFormatter", "Typed", "arecord", "record", "write_pending"]

_HOMES = {
    "Event": "sessionauth.audit.events",
    "JSONFormatter": "sessionauth.logs",
    "Typed": "sessionauth.audit.writing",
    "arecord": "sessionauth.audit.recording",
    "record": "sessionauth.audit.recording",
    "write_pending": "sessionauth.audit.writing",
}

__getattr__ = names_of(__name__, _HOMES)
