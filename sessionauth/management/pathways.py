"""Every way in, and what stands before it: what ASVS 6.1.3 wants to be written down."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import load_backend

from sessionauth import backends
from sessionauth.authenticators import active
from sessionauth.conf import seconds, settings
from sessionauth.sessions import remember, timeouts


def pathways() -> dict[str, Any]:
    """Return what signs anybody in or recognises them, with the guards before it and how long it lasts."""
    return {
        "authenticators": [_authenticator(one) for one in active()],
        "backends": _backends(),
        "guards": [_guard(entry) for entry in settings.LOGIN_GUARDS] if settings.GUARDS_ENABLED else [],
        "lockout": {"limit": settings.LOCKOUT_LIMIT, "waits_from": settings.LOCKOUT_WAIT_FROM},
        "sessions": {
            "engine": django_settings.SESSION_ENGINE,
            "cookie_age": django_settings.SESSION_COOKIE_AGE,
            "idle": timeouts.limits.idle,
            "absolute": timeouts.limits.absolute,
            "fresh": seconds(settings.FRESH_AGE),
            "remembered": remember.lifetime(),
            "protection": settings.SESSION_PROTECTION,
            "at_most": settings.MAX_SESSIONS,
        },
    }


def _authenticator(one: Any) -> dict[str, Any]:
    return {
        "name": one.name,
        "path": _path(type(one)),
        "carriers": list(one.carriers),
        "sent_unasked": one.ambient,
    }


def _backends() -> list[dict[str, Any]]:
    """Return AUTHENTICATION_BACKENDS; guarded is what stands behind ours, and ours itself."""
    found, is_behind = [], False
    for path in django_settings.AUTHENTICATION_BACKENDS:
        is_behind = is_behind or isinstance(load_backend(path), backends.SessionAuthBackend)
        found.append({"path": path, "guarded": is_behind and settings.GUARDS_ENABLED})
    return found


def _guard(entry: Any) -> dict[str, Any]:
    if isinstance(entry, str):
        return {"path": entry, "options": {}}
    return {"path": entry["NAME"], "options": dict(entry.get("OPTIONS", {}))}


def _path(found: type[Any]) -> str:
    return f"{found.__module__}.{found.__qualname__}"
