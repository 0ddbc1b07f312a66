"""Whether the header in which programs say as whom they act is read, and means somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured

from sessionauth.authenticators.base import CredentialAuthenticator
from sessionauth.checks import authenticators, reading
from sessionauth.checks.finding import Finding, ask
from sessionauth.checks.impersonation import is_installed

UNREAD = Finding(
    "E240",
    "SESSIONAUTH_IMPERSONATION_HEADER is set, and nothing reads it: whoever sends it acts as themself.",
    "Add 'sessionauth.impersonation.middleware.ImpersonationMiddleware' to MIDDLEWARE, right after "
    "sessionauth.middleware.AuthenticationMiddleware.",
)
TAKEN = Finding(
    "E241",
    "SESSIONAUTH_IMPERSONATION_HEADER is {name}, in which something else comes.",
    'Give it a name of its own, such as "X-Impersonate-User".',
)
AMBIGUOUS = Finding(
    "E242",
    "SESSIONAUTH_IMPERSONATION_HEADER_LOOKUPS names {name}, {fault}.",
    'Name "pk" and unique fields of the user model alone.',
)
USELESS = Finding(
    "W243",
    "SESSIONAUTH_IMPERSONATION_HEADER is set, and nothing in SESSIONAUTH_AUTHENTICATORS reads keys or tokens: each use "
    "of it is refused.",
    "Add 'sessionauth.authenticators.token.BearerAuthenticator', or set it to None.",
)

#: What servers, browsers and Django read themselves.
STANDARD = frozenset(
    {"accept", "authorization", "content-length", "content-type", "cookie", "host", "origin", "referer"}
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the header, where there is one."""
    return ask(name, lookups) if reading.value_of("IMPERSONATION_HEADER") is not None else []


def name() -> Iterator[CheckMessage]:
    """Look for who reads the header, and what else comes in it."""
    if not is_installed():
        yield UNREAD()
    found, header = authenticators.made(), str(reading.value_of("IMPERSONATION_HEADER"))
    carriers = {carrier.lower() for one in found if one.wrong is None for carrier in one.authenticator.carriers}
    if header.lower() in STANDARD | carriers:
        yield TAKEN(name=header)
    if all(one.wrong is None for one in found):
        if not any(isinstance(one.authenticator, CredentialAuthenticator) for one in found):
            yield USELESS()


def lookups() -> Iterator[CheckMessage]:
    """Look for fields that there are not, and that several users may share."""
    try:
        meta: Any = get_user_model()._meta
    except ImproperlyConfigured:
        return
    for wanted in reading.value_of("IMPERSONATION_HEADER_LOOKUPS"):
        if wanted == "pk":
            continue
        try:
            is_unique = bool(meta.get_field(wanted).unique)
        except (FieldDoesNotExist, AttributeError):
            yield AMBIGUOUS(name=reading.shown(wanted), fault="which is no field of users")
            continue
        if not is_unique:
            yield AMBIGUOUS(name=reading.shown(wanted), fault="which several users may share")
