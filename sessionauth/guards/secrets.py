"""Keys and tokens that are wrong, counted by address after they have failed: a good one costs no command."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sessionauth.conf import settings
from sessionauth.exceptions import InvalidCredential, TooManyAttempts
from sessionauth.guards import keys
from sessionauth.guards.counters import Full, Rate, Tally, Unavailable, cache


def too_many(request: HttpRequest, failure: InvalidCredential) -> TooManyAttempts | None:
    """Count a secret that was looked up in vain; return what to answer instead of 401 where there were too many.

    Nobody guesses 190 bits: this only tells a program that has gone astray to come back later, and keeps the answer
    short. So it counts in the cache alone, and trouble with that changes nothing. What is malformed was not looked up.
    """
    rate = settings.KEY_FAILURE_RATE
    if rate is None or failure.code == "malformed" or not settings.GUARDS_ENABLED or cache.fault() is not None:
        return None
    try:
        found = cache.take(Tally("secret", keys.address(request, None, None), Rate.parse(rate)))
    except (Unavailable, ValueError):
        return None
    if not isinstance(found, Full):
        return None
    return TooManyAttempts(_("Too many invalid credentials. Please try again later."), retry_after=found.retry_after)
