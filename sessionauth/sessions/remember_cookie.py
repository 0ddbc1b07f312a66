"""The remember cookie: how it is called, taken apart, set and deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers

from sessionauth.conf import settings
from sessionauth.models import RememberToken

#: `auth.method` of a request that was recognised by it.
METHOD = "remember"

NAME = "sessionauth_remember"
HOST_PREFIX = "__Host-"

#: 128 random bits to find the row by and 256 to prove it. They are worth nothing together with a guess, so the value
#: needs no signature, and a new SECRET_KEY forgets nobody.
FORM = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Presented:
    """The value of a remember cookie, taken apart."""

    selector: str
    validator: str = field(repr=False)


def name() -> str:
    """Return the name of the cookie.

    Unless the project names it, browsers are asked to keep other hosts and plain HTTP from setting one of this name
    (`__Host-`), wherever its attributes allow that.
    """
    if settings.REMEMBER_COOKIE_NAME is not None:
        return str(settings.REMEMBER_COOKIE_NAME)
    may_be_host = _is_secure() and settings.REMEMBER_COOKIE_PATH == "/" and not _domain()
    return HOST_PREFIX + NAME if may_be_host else NAME


def is_present(request: HttpRequest) -> bool:
    """Say whether `request` brings a remember cookie, whatever it is worth."""
    return bool(request.COOKIES) and name() in request.COOKIES


def presented(request: HttpRequest) -> Presented | None:
    """Return the remember cookie of `request`, None if there is none or it is nothing that we have ever given."""
    return parse(request.COOKIES.get(name(), ""))


def parse(value: str) -> Presented | None:
    """Take `value` apart if it has the form of ours; else None. Raises nothing, whatever it is given."""
    match = FORM.fullmatch(value)
    return None if match is None else Presented(match[1], match[2])


def set_on(response: HttpResponseBase, token: RememberToken, validator: str) -> None:
    """Give the browser the value that `token` is next known by, for as long as it counts."""
    left = round((token.expires_at - timezone.now()).total_seconds())
    response.set_cookie(name(), f"{token.selector}.{validator}", max_age=max(left, 0), **_attributes())
    _keep_to_one_person(response)


def delete_on(response: HttpResponseBase) -> None:
    """Take the cookie back; with every attribute it was set with, without which browsers may keep it."""
    response.set_cookie(name(), "", max_age=0, expires="Thu, 01 Jan 1970 00:00:00 GMT", **_attributes())
    _keep_to_one_person(response)


def _keep_to_one_person(response: HttpResponseBase) -> None:
    # A shared cache would hand the cookie to everybody. Django's own counts only requests that brought none.
    patch_vary_headers(response, ("Cookie",))
    patch_cache_control(response, private=True)


def _attributes() -> dict[str, Any]:
    same_site = settings.REMEMBER_COOKIE_SAMESITE
    return {
        "path": settings.REMEMBER_COOKIE_PATH,
        "domain": _domain(),
        "secure": _is_secure(),
        "httponly": settings.REMEMBER_COOKIE_HTTPONLY,
        "samesite": django_settings.SESSION_COOKIE_SAMESITE if same_site is None else same_site,
    }


def _domain() -> str | None:
    own = settings.REMEMBER_COOKIE_DOMAIN
    return (django_settings.SESSION_COOKIE_DOMAIN if own is None else own) or None


def _is_secure() -> bool:
    own = settings.REMEMBER_COOKIE_SECURE
    return bool(django_settings.SESSION_COOKIE_SECURE if own is None else own)
