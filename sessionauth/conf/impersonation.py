"""Settings of impersonation: who may act as whom, for how long and how far."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import ClassVar

from sessionauth.conf.kinds import age, boolean, choice, count, header_name, names, optional, pattern, text
from sessionauth.conf.setting import Setting


class ImpersonationSettings:
    """How somebody may act as somebody else."""

    #: Whether anybody may impersonate at all; False also ends what is running, from the next request on.
    IMPERSONATION_ENABLED: ClassVar = Setting[bool](True, boolean)
    #: Dotted paths of functions `(request, *, actor, target)`, sync or async, that must all agree; they can only refuse more than what is always refused.
    IMPERSONATION_GUARDS: ClassVar = Setting[Collection[str]](
        ("sessionauth.impersonation.rules.has_permission",),
        names,
        seed="imia: one function that only sees the impersonating user.",
    )
    #: How long an impersonation lasts, a timedelta or seconds.
    IMPERSONATION_MAX_AGE: ClassVar = Setting[timedelta | int](
        timedelta(minutes=30), age, seed="imia: as long as the session."
    )
    #: How long one lasts at most, however often it is extended, a timedelta or seconds; None for no limit to that.
    IMPERSONATION_TOTAL_AGE: ClassVar = Setting[timedelta | int | None](timedelta(hours=4), optional(age))
    #: End impersonations that nobody used for so long, a timedelta or seconds; None for IMPERSONATION_MAX_AGE alone.
    IMPERSONATION_IDLE_AGE: ClassVar = Setting[timedelta | int | None](timedelta(minutes=15), optional(age))
    #: Whether impersonations begin read-only; more needs the permission `impersonate_write`.
    IMPERSONATION_READ_ONLY: ClassVar = Setting[bool](True, boolean)
    #: Whether whoever starts is asked why: "required", "optional" or "off".
    IMPERSONATION_REASON: ClassVar = Setting[str]("required", choice("off", "optional", "required"))
    #: Reasons to choose from, to which one's own words may be added; without any a reason is in one's own words alone.
    IMPERSONATION_REASON_CHOICES: ClassVar = Setting[Collection[str]]((), names)
    #: How many characters a reason in one's own words has at least.
    IMPERSONATION_REASON_MIN_LENGTH: ClassVar = Setting[int](0, count)
    #: Whether whoever starts is asked for a reference, such as the number of a ticket: "required", "optional" or "off".
    IMPERSONATION_REFERENCE: ClassVar = Setting[str]("optional", choice("off", "optional", "required"))
    #: Regular expression that a whole reference matches, None for any text.
    IMPERSONATION_REFERENCE_PATTERN: ClassVar = Setting[str | None](None, optional(pattern))
    #: Where one goes as somebody else first, a URL or view name; None for LOGIN_REDIRECT_URL.
    IMPERSONATION_START_URL: ClassVar = Setting[str | None](None, optional(text))
    #: Where one goes after the end if nothing says where it began, a URL or view name; None for a page that tells of it.
    IMPERSONATION_STOP_URL: ClassVar = Setting[str | None](None, optional(text))
    #: Whether only those may start who have just proved who they are (see FRESH_AGE).
    IMPERSONATION_FRESH: ClassVar = Setting[bool](True, boolean)
    #: Whether superusers may impersonate superusers.
    IMPERSONATION_SUPERUSERS: ClassVar = Setting[bool](False, boolean)
    #: The header in which a program says as whom it acts, such as "X-Impersonate-User"; None for no such header. Taken only beside a key or token in a header, with the scope `sessionauth:impersonate`.
    IMPERSONATION_HEADER: ClassVar = Setting[str | None](None, optional(header_name))
    #: By which unique fields that header may name a user: "pk" as it is, any other as `field:value`.
    IMPERSONATION_HEADER_LOOKUPS: ClassVar = Setting[Collection[str]](("pk",), names)
    #: How long after the last request one impersonation by the header is over, a timedelta or seconds; the next request begins, and records, another one.
    IMPERSONATION_WINDOW: ClassVar = Setting[timedelta | int](timedelta(minutes=15), age)
    #: Whether whoever acts as a user in a browser, and may change things, may issue keys and tokens of that user. They end with the impersonation, and whoever uses them acts as the user, no further than it goes.
    IMPERSONATION_CREDENTIALS: ClassVar = Setting[bool](False, boolean)
    #: Whether people may get a token with which a client of theirs acts as a user; it lasts IMPERSONATION_MAX_AGE.
    IMPERSONATION_TOKENS: ClassVar = Setting[bool](False, boolean)
    #: Where the banner stands that says whom one acts as: "tag" where templates have {% impersonation_banner %}, "inject" on every page.
    IMPERSONATION_BANNER: ClassVar = Setting[str]("tag", choice("inject", "tag"))
    #: The names of further URLs that nobody may have as somebody else, as reverse() takes them.
    IMPERSONATION_FORBIDDEN_VIEWS: ClassVar = Setting[Collection[str]]((), names)
    #: Whether the admin leads to it: a column in the list of users, a link on the page of a user, an action.
    IMPERSONATION_ADMIN: ClassVar = Setting[bool](True, boolean)
    #: Whether whoever is impersonated gets a mail: "off", "start", or "both" for one at the end too.
    IMPERSONATION_NOTIFY: ClassVar = Setting[str]("off", choice("off", "start", "both"))
    #: The networks of the guard `allowed_networks`, such as "10.0.0.0/8".
    IMPERSONATION_NETWORKS: ClassVar = Setting[Collection[str]]((), names)
    #: What the guard `target_consented` asks of a user, such as "profile.allows_support": True, or until when.
    IMPERSONATION_CONSENT: ClassVar = Setting[str]("allows_impersonation", text)
    #: How long after its end `sessionauth_prune` keeps an impersonation, a timedelta or seconds; None for ever.
    IMPERSONATION_RETENTION: ClassVar = Setting[timedelta | int | None](None, optional(age))
