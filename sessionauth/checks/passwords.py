"""How passwords are hashed and judged; most of it on `manage.py check --deploy`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import hashers, password_validation
from django.core.checks import CheckMessage

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask

NOT_ARGON2 = Finding(
    "W120",
    "New passwords are hashed by {name}, not by Argon2, which costs an attacker memory as well as time.",
    'Put "django.contrib.auth.hashers.Argon2PasswordHasher" first in PASSWORD_HASHERS and leave the others behind it: '
    "older hashes are renewed at the next login.",
    "--deploy",
)
WEAK_HASHER = Finding(
    "W121",
    "PASSWORD_HASHERS accepts {name}: what it has hashed can be guessed by the billion.",
    "Take it out, once no hash of it is left or all are wrapped in a better one.",
    "--deploy",
)
CUTS_OFF = Finding(
    "W122",
    "PASSWORD_HASHERS has {name}, which ignores what follows the 72nd byte of a password.",
    "Use Argon2PasswordHasher or BCryptSHA256PasswordHasher.",
    "--deploy",
)
NO_LENGTH = Finding(
    "W123",
    "AUTH_PASSWORD_VALIDATORS has no MinimumLengthValidator of at least 8: passwords may be as short as one likes.",
    'Add "django.contrib.auth.password_validation.MinimumLengthValidator" with a min_length of 15; 8 where a second '
    "factor is asked.",
    "--deploy",
)
NO_LIST = Finding(
    "W124",
    "AUTH_PASSWORD_VALIDATORS has no CommonPasswordValidator: the first passwords that anybody tries are accepted.",
    'Add "django.contrib.auth.password_validation.CommonPasswordValidator".',
    "--deploy",
)
COMPOSITION = Finding(
    "W125",
    "AUTH_PASSWORD_VALIDATORS has NumericPasswordValidator, a rule of composition: twenty random digits are refused.",
    "Take it out. Length and a list of common passwords are what helps (NIST SP 800-63B-4 section 3.1.1.2).",
    "--deploy",
)

NO_SUCH_HASH = Finding(
    "E173",
    "SESSIONAUTH_OLDER_HASHES has {entry}, which none of PASSWORD_HASHERS can check: every refused login would fail.",
    'Write the name of an algorithm, such as "pbkdf2_sha256", or a hash as it stands in the table of users, of a '
    "password that nobody has.",
)

WEAK = {"md5", "sha1", "unsalted_md5", "unsalted_sha1", "crypt"}


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what cannot work."""
    return ask(older)


def check_deploy(**kwargs: Any) -> list[CheckMessage]:
    """Check what stands between a stolen table of users and their passwords, and between a guess and an account."""
    return ask(hashing, judging)


def hashing() -> Iterator[CheckMessage]:
    """Look at PASSWORD_HASHERS."""
    for place, path in enumerate(reading.strings("PASSWORD_HASHERS")):
        found = reading.load(path).found
        name, algorithm = path.rpartition(".")[2], getattr(found, "algorithm", None)
        if algorithm in WEAK:
            yield WEAK_HASHER(name=name)
        elif place == 0 and algorithm is not None and algorithm != hashers.Argon2PasswordHasher.algorithm:
            yield NOT_ARGON2(name=name)
        if algorithm == hashers.BCryptPasswordHasher.algorithm:
            yield CUTS_OFF(name=name)


def older() -> Iterator[CheckMessage]:
    """Look at SESSIONAUTH_OLDER_HASHES."""
    listed = reading.value_of("OLDER_HASHES")
    for entry in listed if isinstance(listed, list | tuple | set | frozenset) else ():
        if isinstance(entry, str) and not _is_hash(entry):
            yield NO_SUCH_HASH(entry=reading.shown(entry.partition("$")[0]))


def _is_hash(entry: str) -> bool:
    try:
        if "$" in entry:
            hashers.identify_hasher(entry).decode(entry)
        else:
            hashers.get_hasher(entry)
    except NotImplementedError:
        return True
    except Exception:  # whatever a hasher says of what it cannot read, or PASSWORD_HASHERS of itself
        return False
    return True


def judging() -> Iterator[CheckMessage]:
    """Look at AUTH_PASSWORD_VALIDATORS."""
    validators = list(_validators())
    lengths = [_length(options) for kind, options in validators if _is_a(kind, "MinimumLengthValidator")]
    if max(lengths, default=0) < 8:
        yield NO_LENGTH()
    if not any(_is_a(kind, "CommonPasswordValidator") for kind, _ in validators):
        yield NO_LIST()
    if any(_is_a(kind, "NumericPasswordValidator") for kind, _ in validators):
        yield COMPOSITION()


def _validators() -> Iterator[tuple[Any, Any]]:
    listed = getattr(django_settings, "AUTH_PASSWORD_VALIDATORS", ())
    for entry in listed if isinstance(listed, list | tuple) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("NAME"), str):
            yield reading.load(entry["NAME"]).found, entry.get("OPTIONS")


def _length(options: Any) -> int:
    length = options.get("min_length", 8) if isinstance(options, Mapping) else 8
    return length if isinstance(length, int) else 8


def _is_a(kind: Any, name: str) -> bool:
    return isinstance(kind, type) and issubclass(kind, getattr(password_validation, name))
