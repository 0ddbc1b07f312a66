"""Which signals the record listens to."""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from sessionauth import signals
from sessionauth.late import late


def connect() -> None:
    """Connect every receiver of `sessionauth.audit.receivers` to its signal."""
    for signal, name in (
        (user_logged_in, "logged_in"),
        (user_logged_out, "logged_out"),
        (user_login_failed, "login_failed"),
        (signals.login_denied, "login_denied"),
        (signals.account_locked, "account_locked"),
        (signals.login_confirmed, "login_confirmed"),
        (signals.session_protected, "session_protected"),
        (signals.remember_token_used, "remember_token_used"),
        (signals.remember_token_stolen, "remember_token_stolen"),
        (signals.credential_issued, "credential_issued"),
        (signals.credential_revoked, "credential_revoked"),
        (signals.credential_leaked, "credential_leaked"),
        (signals.credential_rotated, "credential_rotated"),
        (signals.credential_stolen, "credential_stolen"),
        (signals.session_revoked, "session_revoked"),
        (signals.logged_out_everywhere, "logged_out_everywhere"),
        (signals.impersonation_started, "impersonation_started"),
        (signals.impersonation_changed, "impersonation_changed"),
        (signals.impersonation_ended, "impersonation_ended"),
        (signals.impersonation_denied, "impersonation_denied"),
    ):
        signal.connect(late(f"sessionauth.audit.receivers.{name}"), dispatch_uid=f"sessionauth.audit.{name}")
