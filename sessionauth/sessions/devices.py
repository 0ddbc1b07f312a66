"""Where somebody is signed in: the list that they see themselves, and how to end what stands on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from sessionauth import audit, http
from sessionauth.models import LoginSession, RememberToken
from sessionauth.request_state import SignIn, state_of
from sessionauth.sessions import browsers, fingerprint, registry, timeouts

#: What is kept as the reason with a row that its owner ended.
REASON = "ended by its owner"


@dataclass(frozen=True, slots=True)
class Device:
    """One browser, in words. `pk` is that of its login session: no secret, and good for nobody else.

    `name` is browser and system, `place` the address and whether it is in the network of whoever looks; where that is
    on a map nobody knows. With `is_signed_in` False the session is over, and the browser signs in again by itself.
    """

    pk: int
    name: str
    place: str
    ip_address: str | None
    created_at: datetime
    last_seen_at: datetime
    is_current: bool
    is_remembered: bool
    is_signed_in: bool
    is_earlier: bool


def devices_of(request: HttpRequest) -> list[Device]:
    """Return where the user of `request` is signed in or remembered; one query.

    This browser comes first, then the others by when they were seen. Sessions from before the app share one entry.
    """
    found = _known(request).select_related("remember_token").order_by("-last_seen_at", "-pk")
    devices = [_device(request, row) for row in _one_a_browser(found)]
    return sorted(devices, key=lambda device: not device.is_current)


async def adevices_of(request: HttpRequest) -> list[Device]:
    """See devices_of()."""
    return await sync_to_async(devices_of)(request)


def revoke_device(request: HttpRequest, pk: int, reason: str = REASON) -> bool:
    """Sign the user of `request` out of one browser, and forget it; False for one that is not theirs, or is over.

    `pk` is that of a Device, `reason` is kept with the row.
    """
    row = _known(request).filter(pk=pk).first()
    if row is not None:
        registry.revoke(row, reason)
    return row is not None


async def arevoke_device(request: HttpRequest, pk: int, reason: str = REASON) -> bool:
    """See revoke_device()."""
    return await sync_to_async(revoke_device)(request, pk, reason)


def logout_others(request: HttpRequest, reason: str = REASON) -> int:
    """Sign the user of `request` out of every browser but this one, and return how many there were.

    This one stays remembered, if it is. One that shares the row of the sessions from before the app gets its own, for
    the others on that row have to end. A program has no browser, and so ends all.
    """
    user: Any = request.user
    if not registry.lists(user):
        return 0
    keep = _current(request)
    if keep is not None and keep.earlier:
        keep = registry.record(request, user, SignIn(is_fresh=False), is_new=False)
    ended = registry.revoke_all(user, reason, keep=keep)
    audit.record(audit.Event.SESSION_REVOKED, request, user=user, reason=reason, others=ended)
    return ended


async def alogout_others(request: HttpRequest, reason: str = REASON) -> int:
    """See logout_others()."""
    return await sync_to_async(logout_others)(request, reason)


def _known(request: HttpRequest) -> QuerySet[LoginSession]:
    """Return the rows of browsers that are signed in, or would sign in again by themselves; the user's own alone."""
    user: Any = request.user
    if not registry.lists(user):
        return registry.rows().none()
    remembered = Q(remember_token__revoked_at=None, remember_token__expires_at__gt=timezone.now())
    return registry.rows().filter(timeouts.live() | remembered, user_id=user.pk)


def _one_a_browser(rows: Iterable[LoginSession]) -> Iterator[LoginSession]:
    """Leave out the sessions that a remembered browser had before the one it has, or before its last one."""
    found = list(rows)
    seen = {row.remember_token_id for row in found if timeouts.is_live(row)}
    for row in found:
        if timeouts.is_live(row):
            yield row
        elif row.remember_token_id not in seen:
            seen.add(row.remember_token_id)
            yield row


def _current(request: HttpRequest) -> LoginSession | None:
    """Return the row of the session by which `request` is its user's; a program's request has none."""
    token = state_of(request).token
    row = None if token is None else token.credential
    return row if isinstance(row, LoginSession) else None


def _device(request: HttpRequest, row: LoginSession) -> Device:
    is_live = timeouts.is_live(row)
    return Device(
        pk=row.pk,
        name=browsers.words(row.user_agent),
        place=_place(request, row.ip_address),
        ip_address=row.ip_address,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        is_current=is_live and row == _current(request),
        is_remembered=_is_good(row.remember_token),
        is_signed_in=is_live,
        is_earlier=row.earlier,
    )


def _is_good(token: RememberToken | None) -> bool:
    return token is not None and not token.is_revoked and token.expires_at > timezone.now()


def _place(request: HttpRequest, address: str | None) -> str:
    if not address:
        return ""
    here = fingerprint.network(http.client_ip(request))
    if not here:
        return address
    if here == fingerprint.network(address):
        return gettext("%(address)s, in your network") % {"address": address}
    return gettext("%(address)s, in another network") % {"address": address}
