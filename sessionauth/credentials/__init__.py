"""What is done with keys and tokens: issued, rotated, refreshed, revoked, looked up without the database.

The acts are imported at their first use: who only looks credentials up, as each request does, needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sessionauth.credentials.issuing import aissue, aissue_login_token, issue, issue_login_token
    from sessionauth.credentials.listing import arename, of, rename
    from sessionauth.credentials.refreshing import arefresh, refresh
    from sessionauth.credentials.revoking import arevoke_all, revoke_all
    from sessionauth.credentials.rotating import arotate, rotate

__all__ = [
    "aissue",
    "aissue_login_token",
    "arefresh",
    "arename",
    "arevoke_all",
    "arotate",
    "issue",
    "issue_login_token",
    "of",
    "refresh",
    "rename",
    "revoke_all",
    "rotate",
]

_HOMES = {
    "aissue": "issuing",
    "aissue_login_token": "issuing",
    "arefresh": "refreshing",
    "arename": "listing",
    "arevoke_all": "revoking",
    "arotate": "rotating",
    "issue": "issuing",
    "issue_login_token": "issuing",
    "of": "listing",
    "refresh": "refreshing",
    "rename": "listing",
    "revoke_all": "revoking",
    "rotate": "rotating",
}


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(f"{__name__}.{home}"), name)
