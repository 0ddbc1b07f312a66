"""Ends a wait or a lock: for administrators, commands, a password reset, and a link by mail.

Also called inside of a transaction it takes effect at once, as the counting does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from sessionauth import accounts, audit
from sessionauth.conf import seconds, settings
from sessionauth.guards import base, counters, device, keys
from sessionauth.guards.counters import Tally, outside
from sessionauth.guards.lockout import RULE, key_of, limit
from sessionauth.guards.rate_limit import RateLimitGuard
from sessionauth.models import LoginThrottle

SALT = "sessionauth.unlock"


def unlock(user: Any, request: HttpRequest | None = None) -> int:
    """Let `user` try again at once; return how many locks and waits that ended, 1 where a rate alone held them up.

    `request` is one of the owner's, who has proved to read their mail: its browser is known to them from now on, or
    whoever goes on attacking the account would keep them out all the same. What the rates count in a cache against
    other browsers that are known to the owner is not forgotten, nor what is counted by address. Links in mails sent
    before unlock nothing any more.
    """
    rates = _tallies([*keys.names(user), keys.account(request, None, user)])
    held = _any_full(rates)  # asked first: some of them are rows of the user's
    ended = max(int(held), outside.write(lambda: _forget(_of(user)), None))
    _clear(rates)
    device.offer(request, user, is_proved=True)
    if ended:
        audit.record(audit.Event.ACCOUNT_UNLOCKED, user=user)
    return ended


async def aunlock(user: Any, request: HttpRequest | None = None) -> int:
    """See unlock()."""
    return await sync_to_async(unlock)(user, request)


def unlock_name(name: str) -> int:
    """Let whoever posts `name` try again, an account or a name that nobody has."""
    user = accounts.find(None, name)
    ended = 0 if user is None else unlock(user)
    value = keys.name(name)
    rates = _tallies([value])
    others = max(int(_any_full(rates)), outside.write(lambda: _forget(Q(key=key_of(value), user_id=None)), None))
    _clear(rates)
    if others:
        audit.record(audit.Event.ACCOUNT_UNLOCKED, name=name)
    return ended + others


async def aunlock_name(name: str) -> int:
    """See unlock_name()."""
    return await sync_to_async(unlock_name)(name)


def unlock_row(row: LoginThrottle) -> int:
    """Let the account or the name that `row` counts try again, where only the row is known."""
    user = None if row.user_id is None else get_user_model()._base_manager.filter(pk=row.user_id).first()
    if user is not None:
        return unlock(user)
    ended = outside.write(lambda: _forget(Q(pk=row.pk)), None)
    if ended:
        audit.record(audit.Event.ACCOUNT_UNLOCKED, subject=row)
    return ended


def is_locked(user: Any) -> bool:
    """Say whether `user` has to wait, or is locked, because of failures one after the other."""
    return _holding(outside.rows().filter(_of(user), rule=RULE)).exists()


def is_held(user: Any) -> bool:
    """Say whether `user` cannot sign in for now: is_locked(), or for what a rate counts against a name of theirs."""
    return is_locked(user) or _any_full(_tallies(keys.names(user)))


def locked() -> QuerySet[LoginThrottle]:
    """Return the rows of all accounts and names that wait or are locked now."""
    return _holding(outside.rows().filter(rule=RULE))


def make_link_token(user: Any) -> str:
    """Return the token of a link that unlocks `user`: good once, for SESSIONAUTH_UNLOCK_AGE, until the next lock."""
    row = LoginThrottle(key=key_of(keys.owner(user)), rule=RULE, user_id=user.pk)
    outside.write(lambda: outside.rows().bulk_create([row], ignore_conflicts=True), None)
    return signing.dumps([user._meta.pk.value_to_string(user), *_generations(user)], salt=SALT)


def redeem(token: str, request: HttpRequest | None = None) -> Any | None:
    """Unlock the account that `token` names and return its user; None for a token that is no good any more.

    `request` is that of unlock(). Of several at once one unlocks. A token is malformed, expired, used, or from before a
    later lock: all the same.
    """
    try:
        key, generation, total = signing.loads(token, salt=SALT, max_age=int(seconds(settings.UNLOCK_AGE)))
        user = get_user_model()._default_manager.filter(pk=key).first()
    except (signing.BadSignature, ValidationError, ValueError, TypeError):
        return None
    if user is None or _generations(user) != (generation, total):
        return None
    mine = Q(key=key_of(keys.owner(user)), generation=generation)
    if not outside.write(lambda: outside.rows().filter(mine).update(generation=F("generation") + 1), None):
        return None
    unlock(user, request)
    return user


async def aredeem(token: str, request: HttpRequest | None = None) -> Any | None:
    """See redeem()."""
    return await sync_to_async(redeem)(token, request)


def _of(user: Any) -> Q:
    """Return which counters are `user`'s: not those of another account whose name differs in its spelling alone."""
    return Q(user_id=user.pk) | Q(key__in=[key_of(value) for value in keys.names(user)], user_id=None)


def _generations(user: Any) -> tuple[int, int]:
    """Return how often `user` was locked or unlocked: by the counter that is theirs alone, and in all."""
    own, found = key_of(keys.owner(user)), outside.rows().filter(_of(user), rule=RULE)
    generations = dict(found.values_list("key", "generation"))
    return generations.get(own, 0), sum(generations.values())


def _forget(mine: Q) -> int:
    """Set the counters `mine` to none, and return how many of them held somebody up."""
    found = outside.rows().filter(mine)
    found.exclude(rule=RULE).delete()
    held = _holding(found).count()
    found.filter(rule=RULE).update(
        count=0, blocked_until=None, pending_until=None, generation=F("generation") + 1, changed_at=timezone.now()
    )
    return held


def _holding(found: QuerySet[LoginThrottle]) -> QuerySet[LoginThrottle]:
    return found.filter(Q(blocked_until__gt=timezone.now()) | Q(rule=RULE, count__gte=limit()))


def _tallies(values: Iterable[str | None]) -> list[Tally]:
    rates = [guard for guard in base.active() if isinstance(guard, RateLimitGuard) and guard.by == "account"]
    return [tally for guard in rates for value in set(values) - {None} for tally in guard.tallies(str(value))]


def _any_full(found: list[Tally]) -> bool:
    return any(counters.is_full(tally) for tally in found)


def _clear(found: list[Tally]) -> None:
    for tally in found:
        counters.clear(tally)
