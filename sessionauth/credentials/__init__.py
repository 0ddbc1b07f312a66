"""What is done with keys and tokens: issued, rotated, refreshed, revoked, looked up without the database.

The acts are imported at their first use: who only looks credentials up, as each request does, needs none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionauth.late import names_of

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
    "aissue": "sessionauth.credentials.issuing",
    "aissue_login_token": "sessionauth.credentials.issuing",
    "arefresh": "sessionauth.credentials.refreshing",
    "arename": "sessionauth.credentials.listing",
    "arevoke_all": "sessionauth.credentials.revoking",
    "arotate": "sessionauth.credentials.rotating",
    "issue": "sessionauth.credentials.issuing",
    "issue_login_token": "sessionauth.credentials.issuing",
    "of": "sessionauth.credentials.listing",
    "refresh": "sessionauth.credentials.refreshing",
    "rename": "sessionauth.credentials.listing",
    "revoke_all": "sessionauth.credentials.revoking",
    "rotate": "sessionauth.credentials.rotating",
}

__getattr__ = names_of(__name__, _HOMES)
