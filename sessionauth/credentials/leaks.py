"""What is done about a secret that somebody has found where it should not be: it ends, and its owner is told."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from asgiref.sync import sync_to_async
from django.core.exceptions import ObjectDoesNotExist

from sessionauth.credentials.revoking import revoke_family
from sessionauth.credentials.rows import rows, token_models
from sessionauth.crypto import ParsedSecret
from sessionauth.models import AbstractAccessToken, AbstractCredential
from sessionauth.models.credentials import REFRESH_KIND, models_by_kind
from sessionauth.signals import credential_leaked

#: What is kept with a row as the reason.
REASON = "leaked"


def find(parsed: ParsedSecret) -> AbstractCredential | None:
    """Return the row of a secret whatever has become of it, None for a secret that was never given to anybody here."""
    name = "refresh_digest" if parsed.kind == REFRESH_KIND else "digest"
    for model in _models(parsed.kind):
        row: AbstractCredential | None = rows(model).filter(**{f"{name}__in": parsed.digests}).first()
        if row is not None:
            return row
    return None


def standing(parsed: ParsedSecret) -> str:
    """Return what a secret is good for: "live", or why it is not: "unknown", "revoked", "expired", "refreshed"…"""
    row = find(parsed)
    if row is None:
        return "unknown"
    if parsed.kind == REFRESH_KIND and isinstance(row, AbstractAccessToken):
        return row.refresh_failure() or "live"
    return row.failure() or "live"


def report(parsed: ParsedSecret, *, url: str = "", source: str = "") -> bool:
    """End the credential of a secret that was found at `url`, and tell `credential_leaked`; `source` says by whom.

    A refresh token ends with all that were got from the same login: which of them the finder has used is not known.
    Return whether there was anything to end. Once more, it does nothing.
    """
    row = find(parsed)
    if row is None or not _end(row, parsed):
        return False
    credential_leaked.send_robust(sender=type(row), credential=row, url=url, source=source)
    return True


async def areport(parsed: ParsedSecret, *, url: str = "", source: str = "") -> bool:
    """See report()."""
    return await sync_to_async(report)(parsed, url=url, source=source)


def _end(row: AbstractCredential, parsed: ParsedSecret) -> int:
    if parsed.kind == REFRESH_KIND and isinstance(row, AbstractAccessToken):
        # A user who is gone without their rows has no login that could be looked for.
        with suppress(ObjectDoesNotExist):
            return revoke_family(row, REASON)
    return row.revoke(REASON)


def _models(kind: str) -> Iterable[type[AbstractCredential]]:
    if kind == REFRESH_KIND:
        return token_models()
    model = models_by_kind().get(kind)
    return [] if model is None else [model]
