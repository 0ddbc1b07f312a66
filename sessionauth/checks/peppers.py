"""Peppers that protect, and rows that have lost theirs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.db import DatabaseError, router, transaction

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.models import AbstractCredential
from sessionauth.models.credentials import models_by_kind

BAD_PEPPER = Finding(
    "E193",
    "The pepper {name} of SESSIONAUTH_KEY_PEPPERS {fault}.",
    "Give each a name of at most 20 characters and at least 32 bytes of a secret, such as get_random_secret_key() "
    'makes. The name "" with the secret "" stands last, for as long as digests from before there were peppers count.',
)
LOST_PEPPER = Finding(
    "W194",
    "Some rows of {model} in the database {alias} have digests of a pepper that SESSIONAUTH_KEY_PEPPERS does not name: "
    "these secrets are refused.",
    'Put the pepper back behind the first (for digests of none the name "" with the secret ""), or revoke these rows.',
    "--database",
)

SHORTEST = 32
LONGEST_NAME = AbstractCredential._meta.get_field("pepper").max_length or 0


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the peppers themselves."""
    return ask(peppers)


def check_database(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Check the rows in `databases`; not before `migrate`, which may be about to make the column."""
    if any("migrate" in word for word in sys.argv[1:2]):
        return []
    return ask(lambda: (message for alias in databases or () for message in rows(alias)))


def peppers() -> Iterator[CheckMessage]:
    """Look for peppers that are none."""
    names = list(reading.value_of("KEY_PEPPERS"))
    for name, pepper in reading.value_of("KEY_PEPPERS").items():
        if fault := _fault(name, pepper, is_before_others=name == names[0] != names[-1]):
            yield BAD_PEPPER(name=reading.shown(name), fault=fault)


def _fault(name: str, pepper: str, *, is_before_others: bool) -> str | None:
    if not name:
        if pepper:
            return "has no name, which stands for digests without a pepper"
        return "stands first, so that new digests are made without one" if is_before_others else None
    if len(name) > LONGEST_NAME:
        return f"has a name longer than {LONGEST_NAME} characters"
    is_short = len(pepper.encode("utf-8", "surrogatepass")) < SHORTEST
    return f"is shorter than {SHORTEST} bytes, and can be guessed" if is_short else None


def rows(alias: str) -> Iterator[CheckMessage]:
    """Look for digests that are found no more."""
    known = list(reading.value_of("KEY_PEPPERS")) or [""]
    for model in models_by_kind().values():
        if router.db_for_write(model) == alias and _has_lost(model, alias, known):
            yield LOST_PEPPER(model, model=model._meta.label, alias=alias)


def _has_lost(model: type[AbstractCredential], alias: str, known: list[str]) -> bool:
    live = model._base_manager.using(alias).filter(revoked_at=None)
    try:
        with transaction.atomic(using=alias):  # a missing table must not spoil the transaction of whoever asks
            return live.exclude(pepper__in=known).exists()
    except DatabaseError:  # another check tells of a missing table
        return False
