"""What happened, for the record: who signed in, who was refused, what was ended, by whom and from where.

`record(Event.SOMETHING, request, user=…)` writes a line to the log `sessionauth.audit` and, unless SESSIONAUTH_AUDIT is
off, a row of `AuthEvent`. It never fails, and no request that it tells of can take it back.
"""

from __future__ import annotations

from sessionauth.audit.events import Event
from sessionauth.audit.recording import arecord, record
from sessionauth.audit.writing import write_pending
from sessionauth.logs import JSONFormatter

__all__ = ["Event", "JSONFormatter", "arecord", "record", "write_pending"]
