"""What can go wrong, as one tree."""

from __future__ import annotations

from typing import Any, Literal

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Why a credential of ours was not accepted; for logs, signals and `auth.failure`, never for the client.
FailureCode = Literal[
    "malformed",
    "unknown",
    "environment",
    "expired",
    "revoked",
    "inactive",
    "password_changed",
    "refreshed",
    "stolen",
    "network",
    "origin",
    "method",
    "rate",
    "wrong",
    "ambiguous",
    "denied",
    "unavailable",
]


class SessionAuthError(Exception):
    """Root of this app's exceptions."""


class SessionTooLarge(SessionAuthError):
    """A session does not fit into a cookie. A mistake of the project's code, so it is neither hidden nor survived."""


class InvalidCredential(SessionAuthError):
    """A credential that is ours, and wrong.

    Raised by an authenticator. `code` says why, for logs and signals; the client is only told that the credential is
    not valid, because "revoked" or "expired" would confirm to a thief that a found secret was once good. `credential`
    is its row, where there is one. `method` is the name of the authenticator that raised it, noted by whoever asked it.
    """

    method: str = ""

    def __init__(self, code: FailureCode | str = "wrong", *, credential: Any = None) -> None:
        super().__init__(code)
        self.code = code
        self.credential = credential


class LimitedCredential(InvalidCredential):
    """A credential that is good, and may not do this now. The client is told, also where what is wrong is ignored.

    `status` is that of the answer, `error` its code, `public` its detail, and `retry_after` the seconds after which
    another try makes sense, None for "not by waiting". The `code` is for signals and logs.
    """

    status: int = 403
    error: str = "insufficient_scope"
    public: str | Promise = _("The credential may not do this.")

    def __init__(self, code: FailureCode | str, *, credential: Any = None, retry_after: int | None = None) -> None:
        super().__init__(code, credential=credential)
        self.retry_after = retry_after


class MethodRefused(LimitedCredential):
    """The credential is for other HTTP methods than this one."""

    public = _("The credential may not be used with this method.")

    def __init__(self, *, credential: Any = None) -> None:
        super().__init__("method", credential=credential)


class RateExceeded(LimitedCredential):
    """The credential has been used as often as its rate allows."""

    status = 429
    error = "too_many_requests"
    public = _("The credential was used too often. Please try again later.")

    def __init__(self, *, credential: Any = None, retry_after: int | None = None) -> None:
        super().__init__("rate", credential=credential, retry_after=retry_after)


class RateUnknown(LimitedCredential):
    """How often the credential was used cannot be counted now."""

    status = 503
    error = "unavailable"
    public = _("The credential cannot be accepted at the moment. Please try again in a minute.")

    def __init__(self, *, credential: Any = None, retry_after: int | None = None) -> None:
        super().__init__("unavailable", credential=credential, retry_after=retry_after)


class SeveralCredentials(InvalidCredential):
    """Two different secrets in one request: which of them is meant cannot be known (RFC 6750 section 2: refuse)."""

    def __init__(self) -> None:
        super().__init__("ambiguous")


class NotAuthenticated(SessionAuthError, PermissionDenied):
    """Nobody is there where somebody must be.

    A PermissionDenied, so that a project's `handler403` may answer it; otherwise the middleware answers 401.
    `reason` is the word that UNAUTHORIZED_HANDLER and the signal `auth_required` also get.
    """

    def __init__(self, reason: str = "anonymous") -> None:
        super().__init__(reason)
        self.reason = reason


class NeverFresh(SessionAuthError, PermissionDenied, ValueError):
    """Who is there cannot confirm a login, because it was none with a session: a program, above all.

    A PermissionDenied, so that a page that lets it through answers 403.
    """


class LoginDenied(SessionAuthError, PermissionDenied):
    """A guard refuses a login, whatever the credentials.

    A PermissionDenied, so that Django's `authenticate()` asks no other backend. `public` is what a form or an API tells
    the person; empty, the answer looks like that to a wrong password. `code` is a word for programs and logs, `status`
    the HTTP status of the answer, `retry_after` the seconds after which another try makes sense, None for "not by
    waiting".
    """

    code: str = "login_denied"
    status: int = 403
    public: str | Promise = _("You may not sign in here now.")

    def __init__(
        self, public: str | Promise | None = None, *, code: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(str(self.code if code is None else code))
        self.retry_after = retry_after
        if public is not None:
            self.public = public
        if code is not None:
            self.code = code


class InactiveUser(LoginDenied):
    """The account may not sign in; told to the log, and to the person like a wrong password."""

    code = "inactive"
    public = ""


class TooManyAttempts(LoginDenied):
    """More attempts than a rate allows."""

    code = "too_many_attempts"
    status = 429
    public = _("Too many attempts to sign in. Please try again later.")


class AccountLocked(TooManyAttempts):
    """Too many failures one after the other: the account waits, or is locked until somebody unlocks it.

    The same answer for a name that nobody has.
    """

    code = "account_locked"
    public = _("Too many failed attempts for this account. Please try again later, or unlock it.")


class GuardUnavailable(LoginDenied):
    """Attempts cannot be counted now, and SESSIONAUTH_GUARD_ON_CACHE_ERROR says that nobody gets in uncounted."""

    code = "guard_unavailable"
    status = 503
    public = _("Signing in is not possible at the moment. Please try again in a minute.")


class TooManySessions(LoginDenied):
    """As many browsers are signed in as SESSIONAUTH_MAX_SESSIONS allows, and a further one is not let in."""

    code = "too_many_sessions"
    public = _("You are signed in with too many browsers. Sign out of one of them first.")


class ChallengeRequired(LoginDenied):
    """A further proof is asked before the password is looked at, such as a CAPTCHA; raised by guards of a project."""

    code = "challenge_required"
    public = _("Please solve the challenge to go on.")


class CredentialConflict(SessionAuthError):
    """What was asked of a key or token cannot be done as things stand.

    `public` tells people why, `code` programs and logs, and `status` is the HTTP status of the answer.
    """

    code: str = "conflict"
    status: int = 409
    public: str | Promise = _("This cannot be done now.")

    def __init__(self, code: str | None = None) -> None:
        super().__init__(self.code if code is None else code)
        if code is not None:
            self.code = code


class TooManyCredentials(CredentialConflict):
    """The user has as many keys or tokens as SESSIONAUTH_MAX_KEYS or SESSIONAUTH_MAX_TOKENS allows."""

    code = "too_many_credentials"
    public = _("You have as many of these as you may have. Revoke one first.")


class AlreadyRotated(CredentialConflict):
    """Another one has come in the place of this credential before."""

    code = "already_rotated"
    public = _("This has been rotated before; rotate what came in its place.")


class NotToBeRotated(CredentialConflict):
    """It was issued while somebody acted as its owner, and nothing comes in its place."""

    code = "impersonation"
    public = _("This was issued while somebody acted as its owner. It ends with that, and is not rotated.")


class CredentialEnded(CredentialConflict):
    """A credential that is not to be used any more cannot be rotated. `code` says why, as `failure()` does."""

    code = "ended"
    public = _("This has ended.")


class StrongerThanParent(SessionAuthError, ValidationError):
    """A credential was to issue one that may do more than itself. `message_dict` says in which fields."""


#: What a developer reads beside the code, in the traceback of a test above all.
DENIALS = {
    "disabled": "SESSIONAUTH_IMPERSONATION_ENABLED is off",
    "inactive": "that user is not active",
    "nobody": "nobody is signed in",
    "program": "a program acts as somebody by a header alone",
    "self": "that is the user who is signed in",
    "stale": "the login is not fresh",
    "superuser": "that user is a superuser",
    "unknown": "there is no such user",
}


class ImpersonationDenied(SessionAuthError, PermissionDenied):
    """Somebody may not impersonate, or not this user, or not now.

    `code` is a word for programs and logs. `public` tells the person why; a guard gives its own. `guard` is the dotted
    path of the guard that refused, "" where none did.
    """

    status: int = 403
    public: str | Promise = _("You may not act as this user.")
    guard: str = ""

    def __init__(self, code: str = "refused", public: str | Promise | None = None) -> None:
        super().__init__(code)
        self.code = code
        if public:
            self.public = public

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.code, self.guard or DENIALS.get(self.code))))

    @property
    def says_why(self) -> bool:
        """Whether it has words of its own: without any the answer is that of somebody who is not there."""
        return "public" in vars(self)
