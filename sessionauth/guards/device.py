"""The device cookie (OWASP): a browser in which the owner has signed in before counts its failures on its own.

So an attacker who makes an account wait, or locks it, does not lock its owner out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings as django_settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sessionauth.conf import seconds, settings
from sessionauth.request_state import state_of

SALT = "sessionauth.device"
LONGEST = 200


def cookie_name() -> str:
    """Return the name of the cookie; `__Host-` where it may be so called, so that no subdomain can plant one."""
    if settings.DEVICE_COOKIE_NAME is not None:
        return settings.DEVICE_COOKIE_NAME
    is_host = django_settings.SESSION_COOKIE_SECURE and not django_settings.SESSION_COOKIE_DOMAIN
    return "__Host-sessionauth_device" if is_host else "sessionauth_device"


def is_claimed(request: HttpRequest | None) -> bool:
    """Say whether `request` comes from a browser that says it is known to somebody."""
    return request is not None and cookie_name() in request.COOKIES


def of(request: HttpRequest | None, user: Any) -> str | None:
    """Return the nonce of the browser that `request` comes from if `user` has signed in there, else None."""
    age = settings.DEVICE_COOKIE_AGE
    value = None if request is None or age is None else request.COOKIES.get(cookie_name())
    if age is None or not value or len(value) > LONGEST:
        return None
    try:
        return _signer(user).unsign(value, max_age=int(seconds(age)))
    except (signing.BadSignature, ValueError, OverflowError):
        return None


def offer(request: HttpRequest | None, user: Any, *, is_proved: bool = False) -> None:
    """Let the browser of `request` be known to `user`, if `user` is signed in to it when the response goes out.

    `is_proved` says that the owner is known to sit there already, such as by a link in a mail.
    """
    if request is None or settings.DEVICE_COOKIE_AGE is None:
        return
    acts = state_of(request).on_response
    if not any(isinstance(act, _Cookie) for act in acts):
        acts.append(_Cookie(request, user, is_proved))


@dataclass(frozen=True, slots=True)
class _Cookie:
    request: HttpRequest
    user: Any
    is_proved: bool

    def __call__(self, response: HttpResponseBase) -> None:
        if not self.is_proved and not self._is_signed_in():
            return  # a program's password, or one step of several
        # The same one as before: a new one with each login would be a new counter with each login.
        nonce = of(self.request, self.user) or secrets.token_urlsafe(16)
        response.set_cookie(
            cookie_name(),
            _signer(self.user).sign(nonce),
            max_age=int(seconds(settings.DEVICE_COOKIE_AGE or 0)),
            path="/",
            domain=None if cookie_name().startswith("__Host-") else django_settings.SESSION_COOKIE_DOMAIN,
            secure=django_settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )

    def _is_signed_in(self) -> bool:
        token = state_of(self.request).token
        return token is not None and token.method == "session" and token.user_id == self.user.pk


def _signer(user: Any) -> signing.TimestampSigner:
    """Return the signer of `user`'s cookies: bound to the account by its salt, so that it need not stand in them.

    And to the password: who once knew it may have signed in any number of times, and would have as many counters to
    guess the new one by.
    """
    return signing.TimestampSigner(salt=f"{SALT}:{user._meta.pk.value_to_string(user)}:{user.password}")
