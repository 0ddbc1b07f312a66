"""Settings of impersonation: who may act as whom, for how long and how far."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import ClassVar

from sessionauth.conf.kinds import age, boolean, choice, names, optional
from sessionauth.conf.setting import Setting


class ImpersonationSettings:
    """How somebody may act as somebody else."""

    #: Whether anybody may impersonate at all; False also ends what is running, from the next request on.
    IMPERSONATION_ENABLED: ClassVar = Setting[bool](True, boolean)
    #: Dotted paths of functions `(request, *, actor, target)`, sync or async, that must all agree; they can only refuse more than what is always refused.
    IMPERSONATION_GUARDS: ClassVar = Setting[Collection[str]](
        ("sessionauth.impersonation.rules.has_permission",),
        names,
        seed="imia: one function that only sees the impersonating user.",
    )
    #: How long an impersonation lasts, a timedelta or seconds.
    IMPERSONATION_MAX_AGE: ClassVar = Setting[timedelta | int](
        timedelta(minutes=30), age, seed="imia: as long as the session."
    )
    #: End impersonations that nobody used for so long, a timedelta or seconds; None for IMPERSONATION_MAX_AGE alone.
    IMPERSONATION_IDLE_AGE: ClassVar = Setting[timedelta | int | None](timedelta(minutes=15), optional(age))
    #: Whether impersonations begin read-only; more needs the permission `impersonate_write`.
    IMPERSONATION_READ_ONLY: ClassVar = Setting[bool](True, boolean)
    #: Whether whoever starts is asked why: "required", "optional" or "off".
    IMPERSONATION_REASON: ClassVar = Setting[str]("required", choice("off", "optional", "required"))
    #: Whether only those may start who have just proved who they are (see FRESH_AGE).
    IMPERSONATION_FRESH: ClassVar = Setting[bool](True, boolean)
    #: Whether superusers may impersonate superusers.
    IMPERSONATION_SUPERUSERS: ClassVar = Setting[bool](False, boolean)
