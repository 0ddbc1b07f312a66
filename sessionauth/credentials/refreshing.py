"""A new token for the refresh token of the last one, once; a second time it is a thief's, or was one's before.

After RFC 9700 section 4.14.2 (rotation of refresh tokens with the detection of their reuse).
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.db import router, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from sessionauth import crypto
from sessionauth.conf import seconds, settings
from sessionauth.credentials import limits
from sessionauth.credentials.issuing import INHERITED, lifetime, refresh_fields
from sessionauth.credentials.revoking import revoke_family
from sessionauth.credentials.rows import own_fields, rows, with_user
from sessionauth.exceptions import InvalidCredential
from sessionauth.models import AbstractAccessToken, AccessToken
from sessionauth.models.binding import session_digests
from sessionauth.models.credentials import REFRESH_KIND
from sessionauth.request_state import current, state_of
from sessionauth.signals import credential_refreshed, credential_stolen

STOLEN = "theft"


@sensitive_variables("refresh_secret", "taken")
def refresh(
    refresh_secret: str, *, model: type[AbstractAccessToken] = AccessToken, request: HttpRequest | None = None
) -> tuple[Any, str, str | None]:
    """Take a refresh token for a new token and refresh token: `(row, secret, refresh_secret)`. The old ones end.

    Of several at once one succeeds. A refresh token that comes again ends all tokens of its login, unless it comes
    within SESSIONAUTH_REFRESH_GRACE: then a client has only asked twice. `model` is a project's own model of tokens.
    `request` is what brings it, which is held to the networks and origins of the token; None holds it to neither.

    Raises InvalidCredential, whose code says why: "malformed" (no query was asked), "unknown", "revoked", "expired",
    "inactive", "password_changed", "network", "origin", "refreshed" (used a moment ago), "stolen" (used long ago).
    """
    found, moment = _found(refresh_secret, model), timezone.now()
    for _ in range(2):  # a rotation may have carried the refresh token on to another row meanwhile
        old = found.first()
        _judge(old, moment, request)
        taken = _take(old, moment)
        if taken is not None:
            credential_refreshed.send_robust(sender=model, credential=old, successor=taken[0])
            return taken
    raise InvalidCredential("refreshed")


async def arefresh(
    refresh_secret: str, *, model: type[AbstractAccessToken] = AccessToken, request: HttpRequest | None = None
) -> tuple[Any, str, str | None]:
    """See refresh()."""
    return await sync_to_async(refresh)(refresh_secret, model=model, request=request)


@sensitive_variables("refresh_secret")
def _found(refresh_secret: str, model: type[AbstractAccessToken]) -> QuerySet[Any]:
    """Return the row that a refresh token belongs to, if there is one. Raises InvalidCredential for what is none."""
    is_text = isinstance(refresh_secret, str)
    parsed = crypto.parse(refresh_secret, settings.KEY_BRAND, settings.KEY_PEPPERS) if is_text else None
    if parsed is None or parsed.kind != REFRESH_KIND:
        raise InvalidCredential("malformed")
    return with_user(rows(model)).filter(refresh_digest__in=parsed.digests)


def _judge(old: Any, moment: datetime, request: HttpRequest | None) -> None:
    """Raise InvalidCredential unless the refresh token of `old` may be taken; sound the alarm for one that was."""
    if old is None:
        raise InvalidCredential("unknown")
    code = old.refresh_failure()
    if code is None:
        if request is not None:
            limits.check_place(old, request)
        return
    if code != "refreshed":
        raise InvalidCredential(code)
    if moment - old.refreshed_at <= timedelta(seconds=seconds(settings.REFRESH_GRACE)):
        raise InvalidCredential(code)
    _alarm(old)
    raise InvalidCredential("stolen")


def _alarm(old: Any) -> None:
    """End the login that `old` comes from, and tell `credential_stolen`; once, however often the token comes."""
    request = current()
    if transaction.get_connection(router.db_for_write(type(old))).in_atomic_block and request is not None:
        # Once more after the view's transaction, which may be rolled back: no alarm is.
        state_of(request).later.append(partial(_end, old))
    if _end(old):
        user = old.get_user()
        credential_stolen.send_robust(sender=type(old), request=request, user=user, credential=old)


def _end(old: Any) -> bool:
    is_first = old.revoke(STOLEN)
    revoke_family(old, STOLEN)
    return bool(is_first)


@sensitive_variables("fields", "secret", "refresh_secret")
def _take(old: Any, moment: datetime) -> tuple[Any, str, str | None] | None:
    """Return what comes in the place of `old`, None if another request has been quicker."""
    model, found = type(old), rows(type(old))
    with transaction.atomic(using=found.db):
        if not _claim(old, moment):
            return None
        now = with_user(found).get(pk=old.pk)  # as it is now that nobody else changes it
        if (code := now.owner_failure()) is not None:
            raise InvalidCredential(code)
        fields, refresh_secret = _fields(now, moment)
        new, secret = model._default_manager.renewed(**fields)
        new.rotated_from_id = old.pk
        new.save(force_insert=True, using=found.db)
    old.refreshed_at, old.expires_at = now.refreshed_at, now.expires_at
    return new, secret, refresh_secret


def _claim(old: Any, moment: datetime) -> bool:
    """Take the refresh token of `old` before anybody else does, and end its access token."""
    # By the primary key alone, as all acts do: MariaDB locks what it finds by another index in another order.
    # A rotation has taken the refresh token along.
    found = rows(type(old)).filter(old._open(), pk=old.pk)
    sooner = Case(When(Q(expires_at__lt=moment), then=F("expires_at")), default=Value(moment))
    return bool(found.update(refreshed_at=moment, expires_at=sooner, family=old.family or uuid.uuid4()))


def _fields(old: Any, moment: datetime) -> tuple[dict[str, Any], str | None]:
    """Return the fields of the next token, and its refresh token. Bound to today's key it outlives a fallback key."""
    fields = {name: getattr(old, name) for name in ("name", *INHERITED, "family")}
    fields |= {field.attname: getattr(old, field.attname) for field in own_fields(type(old))}
    made, refresh_secret = refresh_fields(moment, old.ends_at)
    bound = {"is_personal": False, "session_digest": session_digests(old.get_user())[0]}
    return fields | made | bound | lifetime(moment, old.ends_at), refresh_secret
