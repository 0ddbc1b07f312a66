"""Secrets of programs: made, taken apart and digested by pure functions that know no model."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from sessionauth.conf import djangos

#: GitHub's base62 alphabet and order, so that their secret scanners check our checksums offline.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY_LENGTH = 32  # 32 base62 characters carry 190 bits
CHECKSUM_LENGTH = 6  # 62**6 > 2**32
MAX_LENGTH = 200

WORD = re.compile(r"[a-z][a-z0-9]{0,15}\Z")
#: A whole secret: brand, kind, environment if any, the random part, its checksum.
SHAPE = re.compile(
    rf"([^_]*)_({WORD.pattern[:-2]})_(?:({WORD.pattern[:-2]})_)?"
    rf"([0-9A-Za-z]{{{BODY_LENGTH}}})([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)
VALUES = {digit: value for value, digit in enumerate(ALPHABET)}

_BEGUN = hashlib.sha256()

NO_PEPPERS: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True, repr=False)
class ParsedSecret:
    """A secret whose form is right: its checksum holds, so it is worth a look into the database.

    `digests` are all by which its row may be known: the first is what a new row would have, made with `pepper`, and
    those of older peppers and of formats that were imported follow.
    """

    kind: str
    environment: str
    hint: str
    digests: tuple[str, ...]
    pepper: str = ""

    def __repr__(self) -> str:
        return f"<ParsedSecret {self.hint}>"

    @property
    def digest(self) -> str:
        """The digest that its row has, or is to have from its next use on."""
        return self.digests[0]


class Mac:
    """HMAC-SHA256 under one key, for a key that is used again: what `hmac.digest()` makes, in a sixth of its time.

    OpenSSL looks up the algorithm by its name and begins with the key anew for each message. Here what has the key
    behind it is kept, and copied: of a request in a session that took off a twentieth.
    """

    __slots__ = ("_begun",)

    def __init__(self, key: bytes) -> None:
        begun = hmac.new(key, digestmod="sha256")
        # What OpenSSL has of it, where it is by OpenSSL: with the same methods, and no step of Python's around each.
        self._begun: hmac.HMAC = getattr(begun, "_hmac", None) or begun

    def digest(self, message: bytes) -> bytes:
        """Return the MAC of `message`."""
        made = self._begun.copy()
        made.update(message)
        return made.digest()


def checksum(body: str) -> str:
    """Return the CRC32 of `body` in base62.

    Computed over the random part alone and padded to six characters, as GitHub does with its own tokens
    (https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/).
    """
    value, digits = zlib.crc32(body.encode("ascii")), ""
    while value:
        value, digit = divmod(value, 62)
        digits = ALPHABET[digit] + digits
    return digits.rjust(CHECKSUM_LENGTH, ALPHABET[0])


def _holds(body: str, check: str) -> bool:
    """Say whether `check` is the checksum of `body`; on each request, so it is read rather than written."""
    value = 0
    for digit in check:
        value = value * 62 + VALUES[digit]
    return value == zlib.crc32(body.encode("ascii"))


def digest(secret: str, pepper: str = "") -> str:
    """Return what is kept of `secret`: SHA-256 of the whole, in hex; with a `pepper` its HMAC under that key.

    A slow, salted hash would add nothing to 190 random bits and would forbid the lookup by index.
    """
    encoded = secret.encode("utf-8", "surrogatepass")
    if not pepper:
        return sha256(encoded)
    return _under(pepper).digest(encoded).hex()


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data`, in hex; by a copy, for the same reason as Mac."""
    made = _BEGUN.copy()
    made.update(data)
    return made.hexdigest()


def keyed(salt: str, text: str) -> str:
    """Return `text` as Django's `salted_hmac(salt, text, algorithm="sha256")` digests it, in hex; a lone surrogate too.

    With what it makes of SECRET_KEY kept: an attempt to sign in asks for half a dozen.
    """
    return _salted(salt, djangos.SECRET_KEY).digest(text.encode("utf-8", "surrogatepass")).hex()


@lru_cache(maxsize=16)
def _salted(salt: str, secret: str | bytes) -> Mac:
    return Mac(hashlib.sha256(salt.encode() + (secret.encode() if isinstance(secret, str) else secret)).digest())


@lru_cache(maxsize=16)
def _under(pepper: str) -> Mac:
    return Mac(pepper.encode("utf-8", "surrogatepass"))


def digests(secret: str, peppers: Mapping[str, str] = NO_PEPPERS) -> tuple[str, ...]:
    """Return the digests that `secret` may have under `peppers`, {name: key}, in their order; one without any.

    Where there are peppers, a digest without one counts only if the pepper "" is among them: whoever can write into
    the table could otherwise let in a secret of their own.
    """
    if not peppers:
        return (digest(secret),)
    return tuple(digest(secret, pepper) for pepper in peppers.values())


def first(peppers: Mapping[str, str]) -> str:
    """Return the name of the pepper that new digests are made with, "" for none."""
    return next(iter(peppers)) if peppers else ""


def hint(secret: str) -> str:
    """Return the part of `secret` that may be shown: the words in front and the last four characters."""
    return f"{secret[: -BODY_LENGTH - CHECKSUM_LENGTH]}…{secret[-4:]}"


def new_secret(brand: str, kind: str, environment: str = "") -> str:
    """Return a new random secret such as `sa_key_live_<32 characters><6 characters>`.

    `brand`, `kind` and `environment` are its words; an empty `environment` is left out.
    """
    body = "".join(secrets.choice(ALPHABET) for _ in range(BODY_LENGTH))
    words = [word for word in (brand, kind, environment) if word]
    return "_".join([*words, body + checksum(body)])


def claimed_kind(secret: str, brand: str) -> str | None:
    """Return the second word of `secret` if its first is `brand`: which of our tables it speaks of, or None."""
    head, separator, rest = secret[:MAX_LENGTH].partition("_")
    kind, second_separator, _ = rest.partition("_")
    return kind if head == brand and separator and second_separator else None


def parse(secret: str, brand: str, peppers: Mapping[str, str] = NO_PEPPERS) -> ParsedSecret | None:
    """Take `secret` apart if it has the form of a secret of `brand` and its checksum holds; else None.

    `peppers` are those of SESSIONAUTH_KEY_PEPPERS.

    Costs no more for a megabyte than for forty characters, and raises nothing, whatever it is given.
    """
    if len(secret) > MAX_LENGTH:
        return None
    found = SHAPE.fullmatch(secret)
    if found is None:
        return None
    of, kind, environment, body, check = found.groups("")
    if of != brand or not _holds(body, check):
        return None
    return ParsedSecret(kind, environment, hint(secret), digests(secret, peppers), first(peppers))


def is_same(one: str, other: str) -> bool:
    """Say whether both are the same, in a time that does not tell how far they are."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
