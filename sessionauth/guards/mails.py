"""How many mails anybody may have sent to others, counted by the address that asks."""

from __future__ import annotations

from django.http import HttpRequest

from sessionauth.conf import settings
from sessionauth.exceptions import TooManyAttempts
from sessionauth.guards import counters, keys
from sessionauth.guards.counters import Full, Rate, Tally


def count(request: HttpRequest) -> None:
    """Count a request for a mail, whether or not there is anybody to write to.

    Raises TooManyAttempts beyond SESSIONAUTH_MAIL_RATE, and GuardUnavailable where it cannot be counted.
    """
    rate = settings.MAIL_RATE
    if rate is None or not settings.GUARDS_ENABLED:
        return
    found = counters.take(Tally("mail", keys.address(request, None, None), Rate.parse(rate)), request)
    if isinstance(found, Full):
        raise TooManyAttempts(retry_after=found.retry_after)
