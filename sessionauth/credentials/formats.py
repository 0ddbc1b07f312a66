"""The formats of other packages, whose secrets go on working after `sessionauth_import`.

A row that was imported is known by what the other package kept of the secret. The first use has shown the secret
itself, and from then on the row is known by our own digest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from django.conf import settings as django_settings

from sessionauth import crypto
from sessionauth.conf import settings
from sessionauth.crypto import ParsedSecret

T = TypeVar("T")
D = TypeVar("D")

#: How much of a secret is shown at most.
SHOWN = 8
#: How long knox lets a token last where the project does not say.
HOURS = timedelta(hours=10)


class Format:
    """How the secrets of one package look, and what it keeps of them."""

    name: ClassVar[str]
    #: The kind of the rows that they become.
    kind: ClassVar[str]

    @property
    def options(self) -> Mapping[str, Any]:
        """What SESSIONAUTH_IMPORTED_FORMATS says of it."""
        return settings.IMPORTED_FORMATS.get(self.name, {})

    def pattern(self) -> str:
        """Return a regular expression of the whole secret."""
        raise NotImplementedError

    def matches(self, secret: str) -> bool:
        """Say whether `secret` has exactly the form of this package's secrets."""
        return len(secret) <= crypto.MAX_LENGTH and re.fullmatch(self.pattern(), secret, re.ASCII) is not None

    def kept(self, secret: str) -> str:
        """Return what the package keeps of `secret` in its table."""
        raise NotImplementedError

    def known_by(self, kept: str) -> str:
        """Return the text whose digest an imported row has until it is used, from what the package `kept`.

        It begins with the format's name: what is in somebody else's table would otherwise be presented as a secret
        of the same form, and have that digest.
        """
        return f"{self.name}:{kept}"

    def imported_digest(self, kept: str) -> str:
        """Return by what a row is known when it is imported once more, whatever has become of its digest."""
        return crypto.digest(f"imported:{self.name}:{kept}")

    def fault(self, kept: str, beginning: str) -> str:
        """Return why a row that holds `kept`, of a secret that begins so, cannot be taken over; "" if it can.

        "slow": it was hashed as passwords are, so that it cannot be looked up. "unlike": no secret of today's form
        leads to it.
        """
        return ""

    def sliding(self) -> tuple[timedelta | None, timedelta | None]:
        """Return by how much each use moves the end of a token on, and how long it lasts at most; None for never."""
        return None, None

    def hint(self, beginning: str) -> str:
        """Return what may be shown of a secret that begins so."""
        return f"{beginning[:SHOWN]}…"


class Knox(Format):
    """django-rest-knox 4.2 and newer: a prefix of the project's, then hexadecimal digits; an unsalted hash is kept."""

    name = "knox"
    kind = "pat"

    def pattern(self) -> str:
        """See Format.pattern(). Prefixes and lengths may be several: those of today, and of tokens made before."""
        lengths = self.options.get("lengths", [_of_knox("AUTH_TOKEN_CHARACTER_LENGTH", int, 64)])
        tails = "|".join(f"[0-9a-f]{{{int(length) // 2 * 2}}}" for length in lengths)
        return f"(?:{self._prefixes()})(?:{tails})"

    def _prefixes(self) -> str:
        prefixes = self.options.get("prefixes", [_of_knox("TOKEN_PREFIX", str, "")])
        return "|".join(map(re.escape, prefixes))

    @property
    def algorithm(self) -> str:
        """The name of the hash, as hashlib knows it."""
        path = _of_knox("SECURE_HASH_ALGORITHM", str, "hashlib.sha512")
        name = str(self.options.get("algorithm", path.rpartition(".")[2]))
        return name if name in hashlib.algorithms_guaranteed and not name.startswith("shake") else "sha512"

    def kept(self, secret: str) -> str:
        """See Format.kept()."""
        return hashlib.new(self.algorithm, secret.encode()).hexdigest()

    def fault(self, kept: str, beginning: str) -> str:
        """See Format.fault()."""
        if not re.fullmatch(f"(?:{self._prefixes()})[0-9a-f]*", beginning):
            return "unlike"
        return "" if len(kept) == hashlib.new(self.algorithm).digest_size * 2 else "unlike"

    def sliding(self) -> tuple[timedelta | None, timedelta | None]:
        """See Format.sliding()."""
        if not _of_knox("AUTO_REFRESH", bool, False):
            return None, None
        return _of_knox("TOKEN_TTL", timedelta, HOURS), _of_knox("AUTO_REFRESH_MAX_TTL", timedelta, None)


class AuthToken(Format):
    """Django REST framework's authtoken: 40 hexadecimal digits, kept as they are."""

    name = "authtoken"
    kind = "pat"

    def pattern(self) -> str:
        """See Format.pattern()."""
        lengths = self.options.get("lengths", [40])
        return "|".join(f"[0-9a-f]{{{int(length)}}}" for length in lengths)

    def kept(self, secret: str) -> str:
        """See Format.kept()."""
        return secret

    def known_by(self, kept: str) -> str:
        """See Format.known_by(). The secret is there, so that its row has our own digest from the beginning."""
        return kept

    def fault(self, kept: str, beginning: str) -> str:
        """See Format.fault()."""
        return "" if self.matches(kept) else "unlike"


class DRFAPIKey(Format):
    """djangorestframework-api-key: a prefix that may be seen, a dot, and the secret; SHA-512 is kept since 3.0."""

    name = "drf-api-key"
    kind = "key"
    #: What is before the hash that is not salted, by which alone a row can be looked up.
    UNSALTED = "sha512$$"

    def pattern(self) -> str:
        """See Format.pattern()."""
        prefix, secret = self.options.get("prefix_length", 8), self.options.get("secret_length", 32)
        return rf"[0-9A-Za-z]{{{int(prefix)}}}\.[0-9A-Za-z]{{{int(secret)}}}"

    def kept(self, secret: str) -> str:
        """See Format.kept()."""
        return self.UNSALTED + hashlib.sha512(secret.encode()).hexdigest()

    def fault(self, kept: str, beginning: str) -> str:
        """See Format.fault()."""
        if len(beginning) != self.options.get("prefix_length", 8):
            return "unlike"
        return "" if kept.startswith(self.UNSALTED) else "slow"


FORMATS: Mapping[str, Format] = {one.name: one for one in (Knox(), AuthToken(), DRFAPIKey())}


def is_of(secret: str, names: Collection[str]) -> bool:
    """Say whether `secret` has the form of one of the formats `names`."""
    return any(one.matches(secret) for one in FORMATS.values() if one.name in names)


def parse(secret: str, names: Collection[str]) -> ParsedSecret | None:
    """Return `secret` with the digests that its row may have, if it has the form of one of the formats `names`.

    Where it has the form of several, it is looked for among the rows of all of them.
    """
    found = [one for one in FORMATS.values() if one.name in names and one.matches(secret)]
    if not found:
        return None
    texts = [secret, *(one.known_by(one.kept(secret)) for one in found)]
    digests = [digest for text in texts for digest in crypto.digests(text, settings.KEY_PEPPERS)]
    pepper = crypto.first(settings.KEY_PEPPERS)
    return ParsedSecret(found[0].kind, "", found[0].hint(secret), tuple(dict.fromkeys(digests)), pepper)


def _of_knox(name: str, kind: type[T], default: D) -> T | D:
    """Return knox's own setting `name`, as far as it is there still and what it has to be."""
    own = getattr(django_settings, "REST_KNOX", None)
    value = own.get(name, default) if isinstance(own, Mapping) else default
    return value if isinstance(value, kind) else default
