"""What administrators see and do; each act is the function that pages and commands call."""

from __future__ import annotations

from sessionauth.admin import impersonations, user_acts
from sessionauth.admin.credentials import CredentialAdmin
from sessionauth.admin.events import AuthEventAdmin
from sessionauth.admin.freshness import FreshAdminMixin, fresh_admin_action
from sessionauth.admin.impersonate_links import ImpersonateAdminMixin
from sessionauth.admin.impersonation_tokens import ImpersonationTokenAdmin
from sessionauth.admin.impersonations import ImpersonationAdmin
from sessionauth.admin.sessions import LoginSessionAdmin, RememberTokenAdmin
from sessionauth.admin.throttles import LoginThrottleAdmin

__all__ = [
    "AuthEventAdmin",
    "CredentialAdmin",
    "FreshAdminMixin",
    "ImpersonateAdminMixin",
    "ImpersonationAdmin",
    "ImpersonationTokenAdmin",
    "LoginSessionAdmin",
    "LoginThrottleAdmin",
    "RememberTokenAdmin",
    "fresh_admin_action",
]

# Here and not in `apps`, for where nobody loads the admin its models must not be registered either.
user_acts.connect()
impersonations.connect()
