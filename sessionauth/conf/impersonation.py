"""Settings of impersonation: who may act as whom, for how long and how far."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import ClassVar

from sessionauth.conf.kinds import age, boolean, choice, count, names, optional, pattern, text
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
    #: Reasons to choose from, to which one's own words may be added; without any a reason is in one's own words alone.
    IMPERSONATION_REASON_CHOICES: ClassVar = Setting[Collection[str]]((), names)
    #: How many characters a reason in one's own words has at least.
    IMPERSONATION_REASON_MIN_LENGTH: ClassVar = Setting[int](0, count)
    #: Whether whoever starts is asked for a reference, such as the number of a ticket: "required", "optional" or "off".
    IMPERSONATION_REFERENCE: ClassVar = Setting[str]("optional", choice("off", "optional", "required"))
    #: Regular expression that a whole reference matches, None for any text.
    IMPERSONATION_REFERENCE_PATTERN: ClassVar = Setting[str | None](None, optional(pattern))
    #: Where one goes as somebody else first, a URL or view name; None for LOGIN_REDIRECT_URL.
    IMPERSONATION_START_URL: ClassVar = Setting[str | None](None, optional(text))
    #: Where one goes after the end if nothing says where it began, a URL or view name; None for a page that tells of it.
    IMPERSONATION_STOP_URL: ClassVar = Setting[str | None](None, optional(text))
    #: Whether only those may start who have just proved who they are (see FRESH_AGE).
    IMPERSONATION_FRESH: ClassVar = Setting[bool](True, boolean)
    #: Whether superusers may impersonate superusers.
    IMPERSONATION_SUPERUSERS: ClassVar = Setting[bool](False, boolean)
