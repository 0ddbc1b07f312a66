"""Secrets of programs: made, taken apart and digested by pure functions that know no model."""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from dataclasses import dataclass, field

#: GitHub's base62 alphabet and order, so that their secret scanners check our checksums offline.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY_LENGTH = 32  # 32 base62 characters carry 190 bits
CHECKSUM_LENGTH = 6  # 62**6 > 2**32
MAX_LENGTH = 200

WORD = re.compile(r"[a-z][a-z0-9]{0,15}\Z")


@dataclass(frozen=True, slots=True)
class ParsedSecret:
    """A secret whose form is right: its checksum holds, so it is worth a look into the database."""

    kind: str
    environment: str
    hint: str
    digest: str = field(repr=False)


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


def digest(secret: str) -> str:
    """Return what is kept of `secret`: SHA-256 of the whole, in hex.

    A slow, salted hash would add nothing to 190 random bits and would forbid the lookup by index.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def hint(secret: str) -> str:
    """Return the part of `secret` that may be shown: the words in front and the last four characters."""
    head, _, tail = secret.rpartition("_")
    return f"{head}_…{tail[-4:]}"


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


def parse(secret: str, brand: str) -> ParsedSecret | None:
    """Take `secret` apart if it has the form of a secret of `brand` and its checksum holds; else None.

    Costs no more for a megabyte than for forty characters, and raises nothing, whatever it is given.
    """
    if len(secret) > MAX_LENGTH or not secret.isascii():
        return None
    words = secret.split("_")
    if len(words) not in (3, 4) or words[0] != brand or not all(WORD.match(word) for word in words[1:-1]):
        return None
    tail = words[-1]
    body, check = tail[:BODY_LENGTH], tail[BODY_LENGTH:]
    if len(tail) != BODY_LENGTH + CHECKSUM_LENGTH or not tail.isalnum() or checksum(body) != check:
        return None
    environment = words[2] if len(words) == 4 else ""
    return ParsedSecret(words[1], environment, hint(secret), digest(secret))
