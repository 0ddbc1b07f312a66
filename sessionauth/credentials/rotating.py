"""A new secret for the same purpose: the old one stays good for a while, so that nothing stands still meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from sessionauth.conf import seconds, settings
from sessionauth.credentials import strength
from sessionauth.credentials.issuing import INHERITED, OF_THE_LOGIN, read_again
from sessionauth.credentials.rows import own_fields, rows, with_user
from sessionauth.credentials.strength import slid
from sessionauth.exceptions import AlreadyRotated, CredentialEnded, NotToBeRotated
from sessionauth.models import AbstractAccessToken, AbstractCredential
from sessionauth.signals import credential_rotated

#: What goes along, so that it is good for one of the two.
REFRESH = ("refresh_digest", "refresh_expires_at")


@sensitive_variables("secret", "fields")
def rotate(
    row: AbstractCredential, *, overlap: timedelta | int | None = None, parent: AbstractCredential | None = None
) -> tuple[Any, str]:
    """Put a new credential in the place of `row`, and return `(new_row, secret)`; of several at once one does.

    The new one is what `row` is in the database now: name, owner, limits, project's fields. If it had an end, it has as
    long to live again; a token bound to a login keeps its end, and its refresh token is from now on that of the new
    one. `overlap` is how long the old secret stays good, a timedelta or seconds, by default
    SESSIONAUTH_ROTATION_OVERLAP; 0 ends it at once. `parent` is the credential that asks, None where a person does: it
    may ask for none that is stronger than itself, and gets none that lasts longer, nor more overlap than by default: it
    would be two for as long as it likes.

    Raises ImpersonationDenied ("issuing") for whoever acts as somebody else, NotToBeRotated for what was issued
    meanwhile, AlreadyRotated, CredentialEnded for one that is not to be used any more, and StrongerThanParent.
    """
    overlap = settings.ROTATION_OVERLAP if overlap is None else overlap
    if seconds(overlap) < 0:
        raise ValueError("overlap must not be negative")
    if parent is not None:
        overlap = min(overlap, settings.ROTATION_OVERLAP, key=seconds)
    model, moment = type(row), timezone.now()
    found = rows(model)
    with transaction.atomic(using=found.db):
        old = _claim(row, moment)
        fields = _fields(old, moment, keeps_end=parent is not None)
        if parent is not None and (type(parent), parent.pk) != (model, old.pk):
            strength.check(old, read_again(parent))
        _retire(old, moment + timedelta(seconds=seconds(overlap)))
        new, secret = model._default_manager.renewed(**fields)
        new.rotated_from_id = old.pk
        new.save(force_insert=True, using=found.db)
    row.rotated_at, row.expires_at = old.rotated_at, old.expires_at
    credential_rotated.send_robust(sender=model, credential=old, successor=new)
    return new, secret


async def arotate(
    row: AbstractCredential, *, overlap: timedelta | int | None = None, parent: AbstractCredential | None = None
) -> tuple[Any, str]:
    """See rotate()."""
    return await sync_to_async(rotate)(row, overlap=overlap, parent=parent)


def _claim(row: AbstractCredential, moment: datetime) -> Any:
    """Mark `row` as rotated before anybody else does, and return it as it is in the database, locked."""
    found = rows(type(row)).filter(pk=row.pk)
    is_ours = found.filter(row._open()).update(rotated_at=moment)
    now = with_user(found).first()
    if now is None:
        raise CredentialEnded("unknown")
    if now.impersonation_id is not None:
        raise NotToBeRotated
    if (code := now.failure()) is not None:
        raise CredentialEnded(code)
    if not is_ours:
        raise AlreadyRotated
    return now


def _retire(old: Any, end: datetime) -> None:
    old.expires_at = end if old.end is None else min(end, old.end)
    values = {"expires_at": old.expires_at}
    if isinstance(old, AbstractAccessToken):
        values |= dict.fromkeys(REFRESH)
    rows(type(old)).filter(pk=old.pk).update(**values)


def _fields(old: Any, moment: datetime, *, keeps_end: bool) -> dict[str, Any]:
    fields = {name: getattr(old, name) for name in ("name", *INHERITED)}
    fields |= {field.attname: getattr(old, field.attname) for field in own_fields(type(old))}
    if isinstance(old, AbstractAccessToken):
        fields |= {name: getattr(old, name) for name in (*OF_THE_LOGIN, *REFRESH)}
        keeps_end = keeps_end or not old.is_personal
    if not keeps_end:
        fields["ends_at"] = _as_long_again(old.ends_at, old, moment)
        fields["expires_at"] = _as_long_again(old.expires_at, old, moment)
    if old.sliding is not None and old.expires_at is not None:
        fields["expires_at"] = slid(moment, old.sliding, fields["ends_at"])
    return fields


def _as_long_again(end: datetime | None, old: Any, moment: datetime) -> datetime | None:
    return None if end is None else moment + (end - old.created_at)
