"""Authentication for Django: who is this, how do we know, how sure are we, and what may this credential do.

The public names are loaded on first use, so that importing the package imports nothing: settings files, user models
and pytest plugins may do so before Django is set up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sessionauth.authenticators import aauthenticate as aauthenticate_request
    from sessionauth.authenticators import aget_auth, get_auth
    from sessionauth.authenticators import authenticate as authenticate_request
    from sessionauth.base_user import SessionAuthUserMixin
    from sessionauth.exceptions import InvalidCredential, NotAuthenticated
    from sessionauth.sessions.registry import alogout_everywhere, logout_everywhere
    from sessionauth.user_token import LoginState, UserToken

__version__ = "0.1.0"

__all__ = [
    "InvalidCredential",
    "LoginState",
    "NotAuthenticated",
    "SessionAuthUserMixin",
    "UserToken",
    "aauthenticate_request",
    "aget_auth",
    "alogout_everywhere",
    "authenticate_request",
    "get_auth",
    "logout_everywhere",
]

_HOMES = {
    "InvalidCredential": ("exceptions", "InvalidCredential"),
    "LoginState": ("user_token", "LoginState"),
    "NotAuthenticated": ("exceptions", "NotAuthenticated"),
    "SessionAuthUserMixin": ("base_user", "SessionAuthUserMixin"),
    "UserToken": ("user_token", "UserToken"),
    "aauthenticate_request": ("authenticators", "aauthenticate"),
    "aget_auth": ("authenticators", "aget_auth"),
    "alogout_everywhere": ("sessions.registry", "alogout_everywhere"),
    "authenticate_request": ("authenticators", "authenticate"),
    "get_auth": ("authenticators", "get_auth"),
    "logout_everywhere": ("sessions.registry", "logout_everywhere"),
}


def __getattr__(name: str) -> Any:
    try:
        module, attribute = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
