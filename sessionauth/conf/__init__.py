"""Every setting of the app: its type, its default and what it does, read from Django's settings until one changes."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from django.utils.module_loading import import_string

from sessionauth.conf.credentials import CredentialSettings
from sessionauth.conf.impersonation import ImpersonationSettings
from sessionauth.conf.logins import LoginSettings
from sessionauth.conf.requests import RequestSettings
from sessionauth.conf.sessions import SessionSettings
from sessionauth.conf.setting import PREFIX, DjangosSettings, FromSettings, Setting

__all__ = ["PREFIX", "TOPICS", "Setting", "Settings", "declared", "djangos", "load", "seconds", "settings"]

#: The settings by topic, in the order of the reference.
TOPICS = (RequestSettings, LoginSettings, SessionSettings, CredentialSettings, ImpersonationSettings)


class Settings(
    RequestSettings, LoginSettings, SessionSettings, CredentialSettings, ImpersonationSettings, FromSettings
):
    """The settings of sessionauth; every name stands in Django's settings with the prefix SESSIONAUTH_."""


settings = Settings()
#: Django's own, for what every request reads.
djangos = DjangosSettings()


@cache
def declared() -> dict[str, Setting[Any]]:
    """Return every setting by its full name, in the order of declaration."""
    return {found.name: found for topic in TOPICS for found in vars(topic).values() if isinstance(found, Setting)}


#: No float holds every int; what is longer than all the time there is need not be told apart.
LONGEST = 10**15


def seconds(value: timedelta | int) -> float:
    """Return a setting of kind `age` as seconds."""
    return value.total_seconds() if isinstance(value, timedelta) else float(min(value, LONGEST))


def load(path: str) -> Any:
    """Import what a dotted-path setting names."""
    return import_string(path)
