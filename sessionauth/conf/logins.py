"""Settings of signing in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from sessionauth.conf.kinds import age, ages, boolean, choice, entries, names, optional, positive, proxies, text
from sessionauth.conf.setting import Setting


class LoginSettings:
    """Signing in, and who guards it."""

    #: Fields by which the login form's name finds an account; None means the username field, and the e-mail field where it is unique.
    LOGIN_FIELDS: ClassVar = Setting[Collection[str] | None](
        None, optional(names), seed="imia looks up by username or e-mail."
    )
    #: Guards of every login, as dotted paths or {"NAME": path, "OPTIONS": {…}}: `LoginGuard` classes, or callables `(request, user)` that raise to refuse.
    LOGIN_GUARDS: ClassVar = Setting[Collection[str | Mapping[str, Any]]](
        (
            {
                "NAME": "sessionauth.guards.rate_limit.RateLimitGuard",
                "OPTIONS": {"by": "address", "rates": ("10/m", "100/h")},
            },
            {
                "NAME": "sessionauth.guards.rate_limit.RateLimitGuard",
                "OPTIONS": {"by": "account", "rates": ("5/5m", "20/h")},
            },
            "sessionauth.guards.lockout.LockoutGuard",
            "sessionauth.guards.active.ActiveUserGuard",
        ),
        entries,
        seed="imia has none unless they are given; its documentation shows a throttle and an active user.",
    )
    #: Whether the guards of LOGIN_GUARDS are asked at all; for tests that sign in by the hundred, never for production.
    GUARDS_ENABLED: ClassVar = Setting[bool](True, boolean)
    #: After how many consecutive failures an account is locked until somebody unlocks it; its names in LOGIN_FIELDS share them evenly.
    LOCKOUT_LIMIT: ClassVar = Setting[int](
        100, positive, seed="NIST SP 800-63B-4 section 3.2.2: at most 100; the three have no such limit."
    )
    #: From which consecutive failure on an account has to wait.
    LOCKOUT_WAIT_FROM: ClassVar = Setting[int](10, positive)
    #: How long, one wait after the other, timedeltas or seconds; the last one stays.
    LOCKOUT_WAITS: ClassVar = Setting[Sequence[timedelta | int]](
        (30, 60, 120, 240, 480, 960, 1920, 3600),
        ages,
        seed="NIST SP 800-63B-4 section 3.2.2: from 30 seconds to an hour.",
    )
    #: What guards do while they cannot count in the cache: "fallback" counts in the database, "deny" answers 503, "allow" counts nothing.
    GUARD_ON_CACHE_ERROR: ClassVar = Setting[str]("fallback", choice("fallback", "deny", "allow"))
    #: Alias of the cache in which attempts are counted; one that is not shared or not atomic is passed over for the database.
    CACHE: ClassVar = Setting[str]("default", text)
    #: Proxies whose X-Forwarded-For is believed: networks ("10.0.0.0/8"), or how many of them stand in front.
    TRUSTED_PROXIES: ClassVar = Setting[Collection[str] | int](
        (), proxies, seed="Flask-Login believes the left-most address, which anyone can forge."
    )
    #: How long the cookie lasts that lets an owner in by a known browser while others attack the account, a timedelta or seconds; None for no such cookie.
    DEVICE_COOKIE_AGE: ClassVar = Setting[timedelta | int | None](timedelta(days=180), optional(age))
    #: Name of that cookie.
    DEVICE_COOKIE_NAME: ClassVar = Setting[str | None](None, optional(text))
    #: How long a link that unlocks an account is good, a timedelta or seconds.
    UNLOCK_AGE: ClassVar = Setting[timedelta | int](timedelta(minutes=10), age)
    #: How many mails (to set a new password, to unlock an account) an address may ask for; None for no limit. Nobody gets more than one a minute in any case.
    MAIL_RATE: ClassVar = Setting[str | None]("20/h", optional(text))
    #: At most how many passwords wait to be hashed in one process; more are answered 503.
    HASHING_QUEUE: ClassVar = Setting[int](64, positive)
    #: What some passwords are still hashed by besides today's hasher, where that takes longer: names of algorithms, or hashes of that strength. Each refused login does all of it, so that no account is told by its age.
    OLDER_HASHES: ClassVar = Setting[Collection[str]]((), names)
    #: Throw away what an anonymous session holds when somebody signs in, instead of keeping it.
    FLUSH_ON_LOGIN: ClassVar = Setting[bool](False, boolean, seed="imia and Django keep it.")
    #: Session keys that survive FLUSH_ON_LOGIN, and a login over another user's session.
    PRESERVE_SESSION_KEYS: ClassVar = Setting[Collection[str]]((), names)
