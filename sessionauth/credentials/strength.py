"""Whether one credential may do more than another, in any of the ways in which one can be limited."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sessionauth import http, scopes
from sessionauth.exceptions import StrongerThanParent
from sessionauth.models import AbstractAccessToken, AbstractCredential
from sessionauth.models.limiting import owner_key
from sessionauth.rates import Rate


def check(child: AbstractCredential, parent: AbstractCredential) -> None:
    """Raise StrongerThanParent if `child` may do more than `parent`, with what is too much by field.

    What cannot be compared counts as more.
    """
    stronger = {field: [words] for field, (is_weaker, words) in WAYS.items() if not is_weaker(child, parent)}
    if stronger:
        raise StrongerThanParent(stronger)


def _same_owner(child: Any, parent: Any) -> bool:
    """Say whether both stand for the same user, or for the same nobody: two keys of nobody's may be of two services."""
    mine, theirs = owner_key(child), owner_key(parent)
    if mine is not None or theirs is not None:
        return bool(mine == theirs)
    return type(child) is type(parent) and all(
        getattr(child, field.attname) == getattr(parent, field.attname)
        for field in type(child)._meta.concrete_fields
        if field.is_relation and field.name != "rotated_from"
    )


def _scopes(child: AbstractCredential, parent: AbstractCredential) -> bool:
    if child.granted is None:
        return parent.granted is None
    # "All of its owner's" is nothing where there is no owner, and a scope that is named there is held.
    held = frozenset() if parent.granted is None and parent.get_user() is None else parent.granted
    return all(scopes.grants(held, scope) for scope in child.granted)


def _networks(child: AbstractCredential, parent: AbstractCredential) -> bool:
    if parent.networks == []:
        return True
    try:
        wide, narrow = _collapsed(parent.networks), _collapsed(child.networks)
    except (TypeError, ValueError):
        return False
    return bool(narrow) and all(any(_is_within(one, other) for other in wide) for one in narrow)


def _collapsed(networks: Collection[str]) -> list[http.Network]:
    """Return `networks` as few as they can be said in. Raises ValueError for what is none."""
    read = [http.read_network(one) for one in networks]
    fours = ipaddress.collapse_addresses(one for one in read if isinstance(one, ipaddress.IPv4Network))
    sixes = ipaddress.collapse_addresses(one for one in read if isinstance(one, ipaddress.IPv6Network))
    return [*chain[http.Network](fours, sixes)]


def _is_within(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one.subnet_of(other))


def _methods(child: AbstractCredential, parent: AbstractCredential) -> bool:
    if parent.methods is None:
        return True
    allowed = _words(parent.methods)
    # HEAD is GET without the body.
    return child.methods is not None and _words(child.methods) <= allowed | ({"HEAD"} if "GET" in allowed else set())


def _origins(child: AbstractCredential, parent: AbstractCredential) -> bool:
    return parent.origins == [] or (child.origins != [] and _words(child.origins) <= _words(parent.origins))


def _words(listed: Any) -> set[Any]:
    """Return `listed` as a set; what is no list of words is within nothing, and nothing is within it."""
    return set(listed) if isinstance(listed, list) and all(isinstance(one, str) for one in listed) else {object()}


def _rate(child: AbstractCredential, parent: AbstractCredential) -> bool:
    """Say whether no stretch of time lets `child` do more; two rates may each allow more than the other in some."""
    if not parent.rate:
        return True
    try:
        fast, slow = Rate.parse(parent.rate), Rate.parse(child.rate)
    except ValueError:
        return False
    return slow.limit <= fast.limit and slow.period >= fast.period


def sliding_of(row: AbstractCredential) -> timedelta | None:
    """Return how far each use moves the end of `row` on; not at all once another has come in its place."""
    return None if row.is_succeeded else row.sliding


def latest_end(row: AbstractCredential) -> datetime | None:
    """Return the last moment at which `row` may still be good, however it is used; None for no such moment."""
    return row.ends_at if sliding_of(row) is not None and row.expires_at is not None else row.end


def slid(moment: datetime, sliding: timedelta, ends_at: datetime | None) -> datetime:
    """Return when what slides ends if it is used at `moment`."""
    return moment + sliding if ends_at is None else min(moment + sliding, ends_at)


def _is_no_later(one: datetime | None, other: datetime | None) -> bool:
    return other is None or (one is not None and one <= other)


def _expires_at(child: AbstractCredential, parent: AbstractCredential) -> bool:
    if not _is_no_later(latest_end(child), latest_end(parent)):
        return False
    # Left unused, too, it ends no later than the parent would, used just now.
    return sliding_of(parent) is None or child.sliding is not None or _is_no_later(child.end, _used_now(parent))


def _used_now(row: AbstractCredential) -> datetime | None:
    sliding = sliding_of(row)
    return row.end if sliding is None else slid(timezone.now(), sliding, row.ends_at)


def _sliding(child: AbstractCredential, parent: AbstractCredential) -> bool:
    sliding = sliding_of(parent)
    if sliding is None or child.sliding is None:
        return True
    return child.sliding <= sliding and _is_no_later(child.end, _used_now(parent))


def _is_personal(child: Any, parent: Any) -> bool:
    """Say whether what issues while a login lasts issues what ends with the same login."""
    if not isinstance(parent, AbstractAccessToken) or parent.is_personal:
        return True
    bound = isinstance(child, AbstractAccessToken) and not child.is_personal
    return bound and child.session_digest == parent.session_digest and child.family == parent.family


#: The ways of being limited, by the field that people and programs are told of.
WAYS: dict[str, tuple[Callable[[Any, Any], bool], str | Promise]] = {
    "user": (_same_owner, _("It must belong to whom the credential belongs that issues it.")),
    "scopes": (_scopes, _("It may have no scopes that the credential does not have that issues it.")),
    "networks": (_networks, _("It must be limited to networks of the credential that issues it.")),
    "methods": (_methods, _("It must be limited to methods of the credential that issues it.")),
    "origins": (_origins, _("It must be limited to origins of the credential that issues it.")),
    "rate": (_rate, _("It may not be used more often than the credential that issues it.")),
    "expires_at": (_expires_at, _("It may not last longer than the credential that issues it.")),
    "sliding": (_sliding, _("It may not last longer unused than the credential that issues it.")),
    "is_personal": (_is_personal, _("It must end with the login of the credential that issues it.")),
}
