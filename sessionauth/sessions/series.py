"""The rows of remembered browsers: entered, judged, rotated by compare-and-swap, ended.

A series is one browser's row with the values it is known by, one after the other.
"""

from __future__ import annotations

import enum
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, router, transaction
from django.utils import timezone

from sessionauth import crypto
from sessionauth.conf import seconds, settings
from sessionauth.models import LoginSession, RememberToken
from sessionauth.models.binding import session_digests as session_digests
from sessionauth.sessions import registry, timeouts


class Standing(enum.Enum):
    """What a validator is to its series."""

    #: The one that was given out last.
    CURRENT = "current"
    #: The one before it, a moment ago: a request that was on its way when another one rotated it, or still is when the
    #: browser has already come again.
    SIBLING = "sibling"
    #: The one before it, long ago: the answer that brought the next one was lost, for nobody has confirmed it.
    LOST = "lost"
    #: None of these: used up, or forged by somebody who knows the selector.
    STOLEN = "stolen"


def new_selector() -> str:
    """Return the random name of a row: 128 bits."""
    return secrets.token_urlsafe(16)


def new_validator() -> str:
    """Return a new proof: 256 bits, of which a plain digest is kept."""
    return secrets.token_urlsafe(32)


def enter(user: Any, age: float, **fields: Any) -> tuple[RememberToken, str]:
    """Begin a series of `user` that lasts `age` seconds, and return its row and its first validator."""
    validator, moment = new_validator(), timezone.now()
    token = RememberToken(
        user_id=user.pk,
        selector=new_selector(),
        digest=crypto.digest(validator),
        session_digest=session_digests(user)[0],
        created_at=moment,
        expires_at=moment + timedelta(seconds=age),
        **fields,
    )
    token.save(force_insert=True, using=router.db_for_write(RememberToken))
    return token, validator


def by_selector(selector: str) -> models.QuerySet[RememberToken]:
    """Return the row `selector`, if there is one."""
    return registry.remembered().filter(selector=selector)


def owner(token: RememberToken) -> Any | None:
    """Return the user of `token`, whom a manager may hide and another database hold; None if there is none any more."""
    users = get_user_model()._base_manager
    return users.using(router.db_for_write(users.model)).filter(pk=token.user_id).first()


def overall_limit() -> float | None:
    """Return how many seconds after a login its browser is forgotten in any case; None for no such limit.

    Under the presets aal2 and aal3 a remembered browser only takes up a session again that was idle (NIST SP 800-63B-4
    section 5.1), and so lasts no longer than one.
    """
    return timeouts.limits.absolute if timeouts.ends_remembered() else None


def failure(token: RememberToken, user: Any) -> str | None:
    """Return why `token` of `user` must not be used, whatever proves it; None if it may."""
    if token.is_revoked:
        return "revoked"
    limit = overall_limit()
    if token.is_expired or (limit is not None and (timezone.now() - token.created_at).total_seconds() >= limit):
        return "expired"
    if not getattr(user, "is_active", True):
        return "inactive"
    matches = [hmac.compare_digest(token.session_digest, digest) for digest in session_digests(user)]
    return None if any(matches) else "password changed"


def expiry(token: RememberToken) -> datetime:
    """Return when `token` expires if it is used now: as before, or with SESSIONAUTH_REMEMBER_SLIDING anew."""
    if not settings.REMEMBER_SLIDING:
        return token.expires_at
    moved = timezone.now() + (token.expires_at - (token.last_used_at or token.created_at))
    limit = overall_limit()
    return moved if limit is None else min(moved, token.created_at + timedelta(seconds=limit))


def judge(token: RememberToken, digest: str) -> Standing:
    """Say what the validator of `digest` is to `token`; both comparisons are always made."""
    is_current = hmac.compare_digest(digest, token.digest)
    is_previous = hmac.compare_digest(digest, token.previous_digest or token.digest)
    if is_current:
        return Standing.CURRENT
    if not is_previous or not token.previous_digest:
        return Standing.STOLEN
    since = (timezone.now() - (token.rotated_at or token.created_at)).total_seconds()
    if since <= seconds(settings.REMEMBER_GRACE):
        return Standing.SIBLING
    return Standing.STOLEN if token.confirmed else Standing.LOST


def rotate(token: RememberToken, user: Any, digest: str) -> str | None:
    """Replace the value of `token` by a new one, and return that; None if another request has been quicker.

    One UPDATE that compares what was read: of many at once it happens to one. `digest` is that of the value that was
    presented; it stays good for a moment, and until the browser has shown that it got the new one. The row is bound
    anew to the session hash of `user`, so that it outlives a fallback key.
    """
    validator, moment = new_validator(), timezone.now()
    values: dict[str, Any] = {
        "digest": crypto.digest(validator),
        "previous_digest": digest,
        "confirmed": False,
        "session_digest": session_digests(user)[0],
        "rotated_at": moment,
        "last_used_at": moment,
        "expires_at": expiry(token),
    }
    if not registry.remembered().filter(pk=token.pk, digest=token.digest, revoked_at=None).update(**values):
        return None
    for name, value in values.items():
        setattr(token, name, value)
    return validator


def read_again(token: RememberToken) -> RememberToken | None:
    """Return the row of `token` as it is now, also inside a transaction that shows it as it was (MariaDB)."""
    found = registry.remembered().filter(pk=token.pk)
    if transaction.get_connection(found.db).in_atomic_block:
        found = found.select_for_update()
    return found.first()


def confirm(token_pk: Any, digest: str) -> None:
    """Note that the browser has the value of `digest`: the one before it is theft, once no request can be late."""
    registry.remembered().filter(pk=token_pk, digest=digest).update(confirmed=True)


def end_of(sessions: models.QuerySet[LoginSession], reason: str) -> int:
    """End the series that `sessions` began with or from, and return how many there were."""
    keys = sessions.exclude(remember_token=None).values("remember_token")
    return registry.forget_rows(registry.remembered().filter(pk__in=keys), reason)


def live(user: Any) -> models.QuerySet[RememberToken]:
    """Return the remembered browsers of `user`."""
    return registry.remembered().filter(user_id=user.pk, revoked_at=None, expires_at__gt=timezone.now())


def prunable() -> models.QuerySet[RememberToken]:
    """Return the rows that nothing is lost with: their time is over, and their cookies would be refused anyway."""
    return registry.remembered().filter(expires_at__lte=timezone.now())
