"""Records credentials that were not accepted: by a call and not by the signal, whose sync receivers cost a thread."""

from __future__ import annotations

from django.http import HttpRequest

from sessionauth.audit.events import Event
from sessionauth.audit.recording import arecord, record
from sessionauth.exceptions import InvalidCredential
from sessionauth.request_state import state_of

#: What says already that a password sent by Basic was not accepted.
REFUSALS = {Event.LOGIN_FAILED, Event.LOGIN_DENIED}
#: What is left to the log: it is nobody's credential, or comes too often to be written down each time.
UNTOLD = {"malformed", "ambiguous", "rate"}


def rejected(request: HttpRequest, failure: InvalidCredential) -> None:
    """Record that `failure.method` did not accept a credential; what has not even its form is left to the log.

    A wrong password in Basic is a failed login like any other, and may have been told of as one.
    """
    event = _event(request, failure)
    if event is not None:
        record(event, request, method=failure.method, reason=failure.code, subject=failure.credential)


async def arejected(request: HttpRequest, failure: InvalidCredential) -> None:
    """See rejected()."""
    event = _event(request, failure)
    if event is not None:
        await arecord(event, request, method=failure.method, reason=failure.code, subject=failure.credential)


def _event(request: HttpRequest, failure: InvalidCredential) -> Event | None:
    if failure.code in UNTOLD or state_of(request).told & REFUSALS:
        return None
    return Event.LOGIN_FAILED if failure.method == "basic" else Event.CREDENTIAL_REJECTED
