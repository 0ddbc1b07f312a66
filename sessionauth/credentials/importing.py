"""Takes over the tokens and keys of another package: their rows are read, and ours are made of them.

What clients have in their hands goes on working, where an authenticator claims the format. Nothing is changed in the
other package's table, which is read as it is: the package itself need not be installed any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.utils import timezone

from sessionauth import crypto
from sessionauth.audit import Event, record
from sessionauth.conf import settings
from sessionauth.credentials.rows import rows
from sessionauth.credentials.sources import Source, Taken
from sessionauth.models import AbstractCredential, limits, tagging
from sessionauth.models.binding import session_digests
from sessionauth.models.credentials import models_by_kind

BATCH = 1000
#: What is kept with a row whose original was revoked after it had been imported.
REASON = "revoked in {name}"

#: What can become of a row of the other package, in the order in which it is told. The first two are now ours.
OUTCOMES = ("imported", "known", "revoked", "expired", "orphaned", "slow", "unlike")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What imported rows are to be.

    `scopes` restricts them, None for all that their owners may; `name` is what they are called where the other package
    has no name for them. `is_login_bound`: tokens end with the password of their user and by logout_everywhere().
    """

    scopes: list[str] | None = None
    name: str = ""
    is_login_bound: bool = False


def take_over(
    source: Source,
    wishes: Wishes,
    *,
    batch: int = BATCH,
    dry_run: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Counter[str]:
    """Import the rows of `source`, `batch` at a time, and return how many had which of OUTCOMES.

    Each batch is a transaction of its own. What was imported before is known again, also if it has been used or revoked
    since, so that it may be interrupted, repeated and run twice at once. What the other package has marked as
    revoked since then is revoked here, too; what it has deleted is not seen. With `dry_run` nothing is written.
    `progress` is told how many more rows were looked at.

    "inactive" counts those of the imported whose user is inactive: they are refused until the user is active again.

    Raises ValidationError for scopes that mean nothing here, and ImpersonationDenied ("issuing") for whoever acts as
    somebody else: what is taken over outlasts that.
    """
    tagging.refuse()
    model = models_by_kind()[source.format.kind]
    model(scopes=wishes.scopes).clean_scopes()
    told: Counter[str] = Counter(dict.fromkeys((*OUTCOMES, "inactive"), 0))
    for taken in source.batches(batch):
        with transaction.atomic(using=router.db_for_write(model)):
            told.update(_Batch(model, source, wishes, taken).settle(dry_run=dry_run))
        if progress is not None:
            progress(len(taken))
    if told["imported"] and not dry_run:
        record(Event.CREDENTIAL_IMPORTED, label=source.format.name, count=told["imported"])
    return told


class _Batch:
    """Some rows of the other package, and what is known of them here."""

    def __init__(self, model: type[AbstractCredential], source: Source, wishes: Wishes, taken: list[Taken]) -> None:
        self.model, self.format, self.wishes, self.taken = model, source.format, wishes, taken
        self.now = timezone.now()
        digests = [self.format.imported_digest(one.kept) for one in taken]
        known = rows(model).filter(imported_digest__in=digests)
        self.known: dict[str, AbstractCredential] = {row.imported_digest: row for row in known}
        self.users = _users(one.user_id for one in taken)

    def settle(self, *, dry_run: bool) -> Counter[str]:
        told: Counter[str] = Counter()
        new: list[AbstractCredential] = []
        for one in self.taken:
            outcome = self._outcome(one)
            told[outcome] += 1
            if outcome == "imported":
                told["inactive"] += not getattr(self.users.get(one.user_id), "is_active", True)
                new.append(self._row(one))
            elif outcome == "revoked" and not dry_run:
                self._follow(one)
        if new and not dry_run:
            # Another import may be at the same rows: whoever comes second leaves them as they are.
            rows(self.model).bulk_create(new, ignore_conflicts=True)
        return told

    def _outcome(self, one: Taken) -> str:
        if one.is_revoked:
            return "revoked"
        if self.format.imported_digest(one.kept) in self.known:
            return "known"
        if one.expires_at is not None and one.expires_at <= self.now:
            return "expired"
        if one.user_id is not None and one.user_id not in self.users:
            return "orphaned"
        return self.format.fault(one.kept, one.beginning) or "imported"

    def _follow(self, one: Taken) -> None:
        row = self.known.get(self.format.imported_digest(one.kept))
        if row is not None:
            row.revoke(REASON.format(name=self.format.name))

    def _row(self, one: Taken) -> AbstractCredential:
        peppers = settings.KEY_PEPPERS
        return self.model(
            name=one.name or self.wishes.name,
            scopes=self.wishes.scopes,
            digest=crypto.digests(self.format.known_by(one.kept), peppers)[0],
            pepper=crypto.first(peppers),
            hint=self.format.hint(one.beginning),
            imported_from=self.format.name,
            imported_digest=self.format.imported_digest(one.kept),
            created_at=one.created_at,
            expires_at=self._end(one),
            **self._lifetime(one),
            **self._owner(one),
        )

    def _end(self, one: Taken) -> datetime | None:
        """Return when it expires; what was given the last day there is was meant to last for ever."""
        return one.expires_at if one.expires_at is not None and limits.is_in_reach(one.expires_at) else None

    def _lifetime(self, one: Taken) -> dict[str, Any]:
        sliding, longest = self.format.sliding()
        if sliding is None or one.expires_at is None:
            return {}
        return {"sliding": sliding, "ends_at": None if longest is None else one.created_at + longest}

    def _owner(self, one: Taken) -> dict[str, Any]:
        if one.user_id is None:
            return {}
        if not self.wishes.is_login_bound:
            return {"user_id": one.user_id}
        digest = session_digests(self.users[one.user_id])[0]
        return {"user_id": one.user_id, "is_personal": False, "session_digest": digest}


def _users(keys: Iterable[Any]) -> dict[Any, Any]:
    model = get_user_model()
    wanted = {key for key in keys if key is not None}
    return model._base_manager.using(router.db_for_write(model)).in_bulk(wanted) if wanted else {}
