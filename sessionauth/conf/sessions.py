"""Settings of sessions, remembered logins and the record of both."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import ClassVar

from sessionauth.conf.kinds import age, boolean, choice, dotted_path, names, optional, positive, prefixes, text
from sessionauth.conf.setting import Setting


class SessionSettings:
    """How long a person is known, and how surely."""

    #: How long a login counts as fresh, a timedelta or seconds.
    FRESH_AGE: ClassVar = Setting[timedelta | int](
        timedelta(minutes=15), age, seed="Flask-Login: for ever. A session that stays fresh for days protects nothing."
    )
    #: Whether the admin asks for a fresh login also on its pages to change a password, and before it ends or unlocks what is others', as it does before it shows a secret.
    ADMIN_FRESH: ClassVar = Setting[bool](False, boolean)
    #: What happens to a session that comes from another browser or network: "basic" makes it stale, "strong" ends it, None does nothing.
    SESSION_PROTECTION: ClassVar = Setting[str | None](
        "basic", optional(choice("basic", "strong")), seed="Flask-Login."
    )
    #: Dotted path of `(request) -> str` that names a browser and where it is; None means browser family, system and FINGERPRINT_IP_PREFIX.
    FINGERPRINT: ClassVar = Setting[str | None](
        None, optional(dotted_path), seed="Flask-Login takes the whole address and User-Agent, which signs phones out."
    )
    #: How many bits of an IPv4 and an IPv6 address belong to a fingerprint; None for no address at all.
    FINGERPRINT_IP_PREFIX: ClassVar = Setting[tuple[int, int] | None]((24, 56), optional(prefixes))
    #: End sessions that nobody used for so long, a timedelta or seconds; None for Django's rules alone.
    IDLE_TIMEOUT: ClassVar = Setting[timedelta | int | None](None, optional(age))
    #: End sessions so long after the login, a timedelta or seconds; None for Django's rules alone.
    ABSOLUTE_TIMEOUT: ClassVar = Setting[timedelta | int | None](None, optional(age))
    #: Timeouts of NIST SP 800-63B-4: "aal1" (30 days), "aal2" (24 hours, 1 hour idle), "aal3" (12 hours, 15 minutes idle); IDLE_TIMEOUT and ABSOLUTE_TIMEOUT win.
    SESSION_PRESET: ClassVar = Setting[str | None](None, optional(choice("aal1", "aal2", "aal3")))
    #: URL names and path prefixes whose requests are no use of a session, such as polling.
    PASSIVE_URLS: ClassVar = Setting[Collection[str]]((), names)
    #: How many browsers a user may be signed in with at once; None for any number.
    MAX_SESSIONS: ClassVar = Setting[int | None](None, optional(positive))
    #: What a login above that number does: "evict" signs the oldest out, "reject" refuses the new one.
    MAX_SESSIONS_ACTION: ClassVar = Setting[str]("evict", choice("evict", "reject"))
    #: How long a browser is remembered, a timedelta or seconds.
    REMEMBER_AGE: ClassVar = Setting[timedelta | int](
        timedelta(days=30), age, seed="Flask-Login: 365 days, and only the browser is asked to keep to them."
    )
    #: Whether each restored login begins that time again.
    REMEMBER_SLIDING: ClassVar = Setting[bool](
        False, boolean, seed="Flask-Login's `REMEMBER_COOKIE_REFRESH_EACH_REQUEST`."
    )
    #: How long the value before the last one is still good, for requests that were on their way; a timedelta or seconds.
    REMEMBER_GRACE: ClassVar = Setting[timedelta | int](timedelta(seconds=60), age)
    #: What a stolen remember cookie ends: the "series" of that browser, or every remembered browser and session of the "user".
    REMEMBER_THEFT: ClassVar = Setting[str]("series", choice("series", "user"))
    #: Name of the remember cookie; None means `__Host-sessionauth_remember` where it may be so called, else `sessionauth_remember`.
    REMEMBER_COOKIE_NAME: ClassVar = Setting[str | None](None, optional(text), seed="Flask-Login: `remember_token`.")
    #: Domain of the remember cookie; None means SESSION_COOKIE_DOMAIN.
    REMEMBER_COOKIE_DOMAIN: ClassVar = Setting[str | None](None, optional(text), seed="Flask-Login.")
    #: Path of the remember cookie.
    REMEMBER_COOKIE_PATH: ClassVar = Setting[str]("/", text, seed="Flask-Login.")
    #: Whether the remember cookie is sent over HTTPS only; None means SESSION_COOKIE_SECURE.
    REMEMBER_COOKIE_SECURE: ClassVar = Setting[bool | None](None, optional(boolean), seed="Flask-Login: False.")
    #: Whether scripts are kept from the remember cookie.
    REMEMBER_COOKIE_HTTPONLY: ClassVar = Setting[bool](True, boolean, seed="Flask-Login.")
    #: SameSite of the remember cookie; None means SESSION_COOKIE_SAMESITE. A laxer one would restore beside a session that was not sent.
    REMEMBER_COOKIE_SAMESITE: ClassVar = Setting[str | None](
        None, optional(choice("Lax", "Strict", "None")), seed="Flask-Login: none, which leaves it to the browser."
    )
    #: Whether events are kept in the database, besides the log.
    AUDIT: ClassVar = Setting[bool](True, boolean)
    #: How long `sessionauth_prune` keeps events, a timedelta or seconds; None for ever.
    AUDIT_RETENTION: ClassVar = Setting[timedelta | int | None](timedelta(days=400), optional(age))
