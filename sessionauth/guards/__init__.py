"""The guards: rules that may refuse a login before or after the credential is checked."""

from __future__ import annotations

from sessionauth.guards.base import LoginGuard, before_credentials

__all__ = ["LoginGuard", "before_credentials"]
