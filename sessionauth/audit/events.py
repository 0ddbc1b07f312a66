"""The names of events: a closed vocabulary that alarms and reports can rely on."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from django.utils.translation import gettext_noop as _

SUCCESS, FAILURE, DENIED = "success", "failure", "denied"


class Event(StrEnum):
    """One kind of event.

    The string is what rows and log lines are called. `outcome` is what it means where nothing else is said, `owasp` the
    closest word of the OWASP logging vocabulary, and `says` a sentence for people. `is_bounded` is true of what anybody
    can make happen as often as they like: of equal ones, one a minute gets a row; the log gets them all.
    """

    outcome: str
    owasp: str
    says: str
    is_bounded: bool

    def __new__(cls, name: str, outcome: str, owasp: str, says: str, is_bounded: bool = False) -> Self:
        """Make the member of that name."""
        self = str.__new__(cls, name)
        self._value_ = name
        self.outcome, self.owasp, self.says, self.is_bounded = outcome, owasp, says, is_bounded
        return self

    LOGIN_SUCCEEDED = (
        "login_succeeded",
        SUCCESS,
        "authn_login_success",
        _("Somebody signed in; `remembered` says whether the browser will be let in again."),
    )
    LOGIN_FAILED = "login_failed", FAILURE, "authn_login_fail", _("Credentials to sign in were wrong.")
    LOGIN_DENIED = "login_denied", DENIED, "authn_login_fail_max", _("A guard refused an attempt to sign in."), True
    LOGIN_RESTORED = "login_restored", SUCCESS, "session_renewed", _("A remembered browser was let in again.")
    LOGIN_CONFIRMED = "login_confirmed", SUCCESS, "authn_login_success", _("Somebody proved again who they are.")
    CONFIRMATION_FAILED = (
        "confirmation_failed",
        FAILURE,
        "authn_login_fail",
        _("Somebody signed in gave a wrong password, to confirm the login or to change the password."),
    )
    LOGGED_OUT = "logged_out", SUCCESS, "session_logout", _("Somebody signed out.")
    LOGGED_OUT_EVERYWHERE = (
        "logged_out_everywhere",
        SUCCESS,
        "session_expired",
        _("A user was signed out of every browser."),
    )
    ACCOUNT_LOCKED = "account_locked", DENIED, "authn_login_lock", _("Failures one after the other locked a name.")
    ACCOUNT_UNLOCKED = "account_unlocked", SUCCESS, "authn_login_unlock", _("A name was unlocked.")
    GUARD_DEGRADED = "guard_degraded", FAILURE, "sys_monitor_disabled", _("Attempts could not be counted in the cache.")
    PASSWORD_CHANGED = "password_changed", SUCCESS, "authn_password_change", _("A user has a new password.")
    PASSWORD_RESET_ASKED = (
        "password_reset_asked",
        SUCCESS,
        "authn_password_change",
        _("Somebody asked for a mail to set a new password."),
        True,
    )
    SESSION_REVOKED = (
        "session_revoked",
        SUCCESS,
        "session_expired",
        _("Signed-in browsers were signed out from outside."),
    )
    SESSION_EXPIRED = (
        "session_expired",
        SUCCESS,
        "session_expired",
        _("A session was over, and its browser came again."),
    )
    SESSION_EVICTED = "session_evicted", SUCCESS, "excess_sessions_exceeded", _("A login ended the oldest session.")
    SESSION_PROTECTED = (
        "session_protected",
        DENIED,
        "session_use_after_expire",
        _("A session came from another browser or network."),
    )
    REMEMBER_REVOKED = "remember_revoked", SUCCESS, "authn_token_revoked", _("A browser is remembered no longer.")
    REMEMBER_STOLEN = "remember_stolen", DENIED, "authn_token_reuse", _("A remember cookie came a second time.")
    CREDENTIAL_ISSUED = "credential_issued", SUCCESS, "authn_token_created", _("A key or token was issued.")
    CREDENTIAL_REVOKED = "credential_revoked", SUCCESS, "authn_token_revoked", _("A key or token was revoked.")
    CREDENTIAL_LEAKED = (
        "credential_leaked",
        DENIED,
        "authn_token_revoked",
        _("A key or token was found where it should not be, and revoked."),
    )
    CREDENTIAL_IMPORTED = (
        "credential_imported",
        SUCCESS,
        "authn_token_created",
        _("Keys or tokens of another package were taken over; `count` says how many."),
    )
    CREDENTIAL_ROTATED = (
        "credential_rotated",
        SUCCESS,
        "authn_token_created",
        _("A new key or token came in the place of one; `successor` is its key."),
    )
    CREDENTIAL_STOLEN = "credential_stolen", DENIED, "authn_token_reuse", _("A refresh token came a second time.")
    CREDENTIAL_REJECTED = (
        "credential_rejected",
        DENIED,
        "authn_login_fail",
        _("A key or token was presented and not accepted."),
        True,
    )
    ACCESS_DENIED = "access_denied", DENIED, "authz_fail", _("A credential went where it may not go."), True
    IMPERSONATION_STARTED = (
        "impersonation_started",
        SUCCESS,
        "privilege_permissions_changed",
        _("Somebody began to impersonate a user."),
    )
    IMPERSONATION_CHANGED = (
        "impersonation_changed",
        SUCCESS,
        "privilege_permissions_changed",
        _("An impersonation goes further, or lasts longer, than before; the reason is `upgraded` or `extended`."),
    )
    IMPERSONATION_ENDED = (
        "impersonation_ended",
        SUCCESS,
        "privilege_permissions_changed",
        _("An impersonation ended; the reason says how."),
    )
    IMPERSONATION_DENIED = "impersonation_denied", DENIED, "authz_fail", _("Somebody was not let impersonate."), True
