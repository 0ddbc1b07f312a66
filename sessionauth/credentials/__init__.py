"""What is done with keys and tokens: issued, rotated, refreshed, revoked, looked up without the database."""

from __future__ import annotations

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
