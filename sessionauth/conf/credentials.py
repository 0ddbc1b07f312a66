"""Settings of keys and tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.functional import Promise

from sessionauth.conf.kinds import (
    age,
    boolean,
    choice,
    format_map,
    https_url,
    optional,
    positive,
    scope_map,
    text,
    text_map,
)
from sessionauth.conf.setting import Setting


class CredentialSettings:
    """What programs carry, and what it may do."""

    #: First word of our keys and tokens; lower-case letters and digits.
    KEY_BRAND: ClassVar = Setting[str]("sa", text)
    #: Optional word that marks the keys of this deployment, such as "live" or "test"; empty for none. It tells people and scanners what they have found, and decides nothing: keys from before it was changed go on working.
    KEY_ENVIRONMENT: ClassVar = Setting[str]("", text)
    #: At most how often "last used" and "last seen" are written, a timedelta or seconds; None for never.
    LAST_USED_INTERVAL: ClassVar = Setting[timedelta | int | None](timedelta(seconds=60), optional(age))
    #: After how many invalid keys and tokens an address is answered 429 instead of 401, such as "60/m"; None for never.
    KEY_FAILURE_RATE: ClassVar = Setting[str | None]("60/m", optional(text))
    #: Scopes by name, {name: (description, [permissions])}.
    SCOPES: ClassVar = Setting[Mapping[str, tuple[str | Promise, Collection[str]]]]({}, scope_map)
    #: Secrets mixed into the digests of keys and tokens, {name: secret}; the first is used for new ones, and what was made with another is made anew at its next use. Digests without one count only while the pair "": "" stands last. None by default: a digest of 190 random bits cannot be guessed, but rows written into the database by an attacker would count.
    KEY_PEPPERS: ClassVar = Setting[Mapping[str, str]]({}, text_map)
    #: The shared cache in which keys and tokens are looked up before the database, an alias of CACHES; None for no cache.
    KEY_CACHE: ClassVar = Setting[str | None](None, optional(text))
    #: For how long an entry of that cache is believed at most, a timedelta or seconds; 0 for no cache. What is revoked counts at once; for so long it may count on where users are changed by `update()` or SQL, or the cache fails during a revocation.
    KEY_CACHE_TTL: ClassVar = Setting[timedelta | int](timedelta(seconds=30), age)
    #: How many usable access tokens, and how many API keys, a user may have; None for any number.
    MAX_TOKENS: ClassVar = Setting[int | None](None, optional(positive))
    #: See MAX_TOKENS.
    MAX_KEYS: ClassVar = Setting[int | None](None, optional(positive))
    #: What happens when one more is issued: "reject" refuses it, "evict" revokes the oldest.
    MAX_CREDENTIALS_ACTION: ClassVar = Setting[str]("reject", choice("reject", "evict"))
    #: For how long the old secret stays good when a credential is rotated, a timedelta or seconds.
    ROTATION_OVERLAP: ClassVar = Setting[timedelta | int](timedelta(days=1), age)
    #: How long a token lasts that was got for a name and a password; knox: 10 hours.
    TOKEN_AGE: ClassVar = Setting[timedelta | int](timedelta(hours=10), age)
    #: Whether each use of such a token makes it last TOKEN_AGE from then, up to TOKEN_MAX_AGE.
    TOKEN_SLIDING: ClassVar = Setting[bool](False, boolean)
    #: After how long such a token ends, and all that are got by refreshing it, however often it is used; None for never.
    TOKEN_MAX_AGE: ClassVar = Setting[timedelta | int | None](timedelta(days=30), optional(age))
    #: How long a refresh token is good for, a timedelta or seconds; None for no refresh tokens.
    REFRESH_AGE: ClassVar = Setting[timedelta | int | None](timedelta(days=30), optional(age))
    #: For how long a refresh token that was used may come again without being called stolen, a timedelta or seconds.
    REFRESH_GRACE: ClassVar = Setting[timedelta | int](timedelta(seconds=10), age)
    #: Where the public keys of those who may report leaked secrets are had, an https address; GitHub's is "https://api.github.com/meta/public_keys/secret_scanning". None, and no LEAK_KEYS: no reports are taken.
    LEAK_KEYS_URL: ClassVar = Setting[str | None](None, optional(https_url))
    #: Public keys of those who may report leaked secrets, {identifier: PEM}; asked before those of LEAK_KEYS_URL.
    LEAK_KEYS: ClassVar = Setting[Mapping[str, str]]({}, text_map)
    #: Whether the answer to a report says which of the secrets were ours, so that the pattern can be bettered.
    LEAK_FEEDBACK: ClassVar = Setting[bool](False, boolean)
    #: How the secrets of other packages look where they differ from what is usual: {"knox": {"prefixes": […], "lengths": […], "algorithm": "sha512"}, "authtoken": {"lengths": […]}, "drf-api-key": {"prefix_length": 8, "secret_length": 32}}. What is left out of "knox" is read from REST_KNOX, if that is there still.
    IMPORTED_FORMATS: ClassVar = Setting[Mapping[str, Mapping[str, Any]]]({}, format_map)
    #: For how long keys and tokens that have ended are kept as evidence, a timedelta or seconds, before `sessionauth_prune` deletes them; None for ever. A token that was refreshed stays until its refresh token has run out, to be known again if that was stolen.
    CREDENTIAL_RETENTION: ClassVar = Setting[timedelta | int | None](timedelta(days=90), optional(age))
