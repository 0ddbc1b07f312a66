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
    from sessionauth.exceptions import (
        AccountLocked,
        InactiveUser,
        InvalidCredential,
        LoginDenied,
        NotAuthenticated,
        TooManyAttempts,
    )
    from sessionauth.guards import LoginGuard, before_credentials
    from sessionauth.login import (
        LoginManager,
        aconfirm_login,
        alogin_user,
        alogout,
        confirm_login,
        login_user,
        logout,
    )
    from sessionauth.sessions.registry import alogout_everywhere, logout_everywhere
    from sessionauth.user_token import LoginState, UserToken

__version__ = "0.1.0"

__all__ = [
    "AccountLocked",
    "InactiveUser",
    "InvalidCredential",
    "LoginDenied",
    "LoginGuard",
    "LoginManager",
    "LoginState",
    "NotAuthenticated",
    "SessionAuthUserMixin",
    "TooManyAttempts",
    "UserToken",
    "aauthenticate_request",
    "aconfirm_login",
    "aget_auth",
    "alogin_user",
    "alogout",
    "alogout_everywhere",
    "authenticate_request",
    "before_credentials",
    "confirm_login",
    "get_auth",
    "login_user",
    "logout",
    "logout_everywhere",
]

_HOMES = {
    "AccountLocked": ("exceptions", "AccountLocked"),
    "InactiveUser": ("exceptions", "InactiveUser"),
    "InvalidCredential": ("exceptions", "InvalidCredential"),
    "LoginDenied": ("exceptions", "LoginDenied"),
    "LoginGuard": ("guards", "LoginGuard"),
    "LoginManager": ("login", "LoginManager"),
    "LoginState": ("user_token", "LoginState"),
    "NotAuthenticated": ("exceptions", "NotAuthenticated"),
    "SessionAuthUserMixin": ("base_user", "SessionAuthUserMixin"),
    "TooManyAttempts": ("exceptions", "TooManyAttempts"),
    "UserToken": ("user_token", "UserToken"),
    "aauthenticate_request": ("authenticators", "aauthenticate"),
    "aconfirm_login": ("login", "aconfirm_login"),
    "aget_auth": ("authenticators", "aget_auth"),
    "alogin_user": ("login", "alogin_user"),
    "alogout": ("login", "alogout"),
    "alogout_everywhere": ("sessions.registry", "alogout_everywhere"),
    "authenticate_request": ("authenticators", "authenticate"),
    "before_credentials": ("guards", "before_credentials"),
    "confirm_login": ("login", "confirm_login"),
    "get_auth": ("authenticators", "get_auth"),
    "login_user": ("login", "login_user"),
    "logout": ("login", "logout"),
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
