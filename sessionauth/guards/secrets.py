"""How often keys and tokens come: wrong ones by address, after they have failed; good ones only if they have a rate."""

from __future__ import annotations

import logging

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sessionauth.conf import settings
from sessionauth.exceptions import (
    GuardUnavailable,
    InvalidCredential,
    LimitedCredential,
    RateExceeded,
    RateUnknown,
    TooManyAttempts,
)
from sessionauth.guards import counters, keys
from sessionauth.guards.counters import Full, Rate, Tally, Unavailable, cache
from sessionauth.models import AbstractCredential
from sessionauth.request_state import state_of

logger = logging.getLogger("sessionauth")


def too_many(request: HttpRequest, failure: InvalidCredential) -> TooManyAttempts | None:
    """Count a secret that was looked up in vain; return what to answer instead of 401 where there were too many.

    Nobody guesses 190 bits: this only tells a program that has gone astray to come back later, and keeps the answer
    short. So it counts in the cache alone, and trouble with that changes nothing. What is malformed was not looked up.
    """
    rate = settings.KEY_FAILURE_RATE
    if rate is None or not is_counted(failure):
        return None
    if not settings.GUARDS_ENABLED or cache.fault() is not None:
        return None
    try:
        found = cache.take(Tally("secret", keys.address(request, None, None), Rate.parse(rate)))
    except (Unavailable, ValueError):
        return None
    if not isinstance(found, Full):
        return None
    return TooManyAttempts(_("Too many invalid credentials. Please try again later."), retry_after=found.retry_after)


def is_counted(failure: InvalidCredential) -> bool:
    """Say whether too_many() asks the cache: passwords have guards of their own. No I/O."""
    is_looked_up = failure.code not in ("malformed", "ambiguous") and failure.method != "basic"
    return is_looked_up and not isinstance(failure, LimitedCredential)


def keep_to_rate(row: AbstractCredential, request: HttpRequest | None) -> None:
    """Count a use of `row`, if it has a rate: by one command of the cache, or a statement where no cache counts.

    A passive request, which only asks whether the credential is still good, is no use of it.

    Raises RateExceeded, and RateUnknown where it cannot be counted and SESSIONAUTH_GUARD_ON_CACHE_ERROR says so.
    """
    if not row.rate or (request is not None and state_of(request).is_passive):
        return
    try:
        tally = Tally("credential", keys.credential(row), Rate.parse(row.rate))
    except ValueError:
        logger.error("%r has the rate %r, which is none: it is not let in.", row, row.rate)
        raise RateExceeded(credential=row) from None
    try:
        found = counters.take(tally, request)
    except GuardUnavailable as denial:
        raise RateUnknown(credential=row, retry_after=denial.retry_after) from None
    if isinstance(found, Full):
        raise RateExceeded(credential=row, retry_after=found.retry_after)
