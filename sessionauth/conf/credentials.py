"""Settings of keys and tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import ClassVar

from django.utils.functional import Promise

from sessionauth.conf.kinds import age, optional, scope_map, text
from sessionauth.conf.setting import Setting


class CredentialSettings:
    """What programs carry, and what it may do."""

    #: First word of our keys and tokens; lower-case letters and digits.
    KEY_BRAND: ClassVar = Setting[str]("sa", text)
    #: Optional word that marks the keys of this deployment, such as "live" or "test"; empty for none.
    KEY_ENVIRONMENT: ClassVar = Setting[str]("", text)
    #: At most how often "last used" and "last seen" are written, a timedelta or seconds; None for never.
    LAST_USED_INTERVAL: ClassVar = Setting[timedelta | int | None](timedelta(seconds=60), optional(age))
    #: After how many invalid keys and tokens an address is answered 429 instead of 401, such as "60/m"; None for never.
    KEY_FAILURE_RATE: ClassVar = Setting[str | None]("60/m", optional(text))
    #: Scopes by name, {name: (description, [permissions])}.
    SCOPES: ClassVar = Setting[Mapping[str, tuple[str | Promise, Collection[str]]]]({}, scope_map)
