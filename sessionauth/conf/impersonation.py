"""Settings of impersonation: whether anybody may act as somebody else, and as whom."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from sessionauth.conf.kinds import boolean, names
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
    #: Whether superusers may impersonate superusers.
    IMPERSONATION_SUPERUSERS: ClassVar = Setting[bool](False, boolean)
