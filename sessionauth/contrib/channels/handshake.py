"""A socket's handshake as a request: so that every authenticator, guard and limit works on it unchanged."""

from __future__ import annotations

import io
from collections.abc import Collection, MutableMapping, Sequence
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.utils.http import is_same_domain
from django.views.decorators.debug import sensitive_variables

from sessionauth import http
from sessionauth.authenticators import Authenticator, active, chain
from sessionauth.authenticators.base import PresentedSecret
from sessionauth.authenticators.remember import RememberAuthenticator
from sessionauth.exceptions import SeveralCredentials
from sessionauth.request_state import state_of

Scope = MutableMapping[str, Any]

#: A browser can send no header with a handshake. It offers the secret as a subprotocol: this and the secret.
OFFER = "sessionauth.bearer."
#: And this one beside it, for the server to choose: a browser gives up where none of its offers is.
PROTOCOL = "sessionauth"

SCHEMES = {"ws": "http", "wss": "https"}


class KeyKept(Exception):
    """The key of a session is not changed by a socket, which could not give the browser the new one."""


@sensitive_variables("secrets", "secret", "found")
def request_of(scope: Scope, *, is_passive: bool = False) -> HttpRequest:
    """Return the handshake of `scope` as a GET request, with its session.

    `is_passive` is for looking again whether a credential is still good: that is no use of it.
    Raises SeveralCredentials for a secret among the subprotocols and another one elsewhere.
    """
    request = ASGIRequest(_as_http(scope), io.BytesIO())
    state_of(request).is_passive = is_passive
    secrets = {offer.removeprefix(OFFER) for offer in _offered(scope) if offer.startswith(OFFER)}
    for secret in secrets:
        found = [one.credential for one in chain.explicit(request, active())]
        if len(secrets) > 1 or any(isinstance(one, PresentedSecret) and one.secret != secret for one in found):
            raise SeveralCredentials
        request.META["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    request.session = _session_of(scope, request)
    return request


def _as_http(scope: Scope) -> dict[str, Any]:
    query = scope.get("query_string", b"")
    text = query.decode("latin-1") if isinstance(query, bytes) else str(query)
    return {
        **scope,
        "type": "http",
        "method": "GET",
        "scheme": SCHEMES.get(scope.get("scheme", "ws"), scope.get("scheme")),
        "query_string": "".join(char for char in text if " " < char <= "~"),
        "path": scope.get("path") or "/",
    }


def _session_of(scope: Scope, request: HttpRequest) -> SessionBase:
    """Return the session that the cookie names, read anew: what a middleware has in hand may be old by now."""
    store: type[SessionBase] = import_module(django_settings.SESSION_ENGINE).SessionStore
    at_hand = getattr(scope.get("session"), "session_key", None)
    session = store(at_hand or request.COOKIES.get(django_settings.SESSION_COOKIE_NAME))
    session.cycle_key = _keep_key  # type: ignore[method-assign]
    return session


def _keep_key() -> None:
    raise KeyKept


def authenticators_for(request: HttpRequest, origins: Collection[str]) -> list[Authenticator]:
    """Return the authenticators whose answer may be believed of this handshake.

    What a browser sends unasked counts only if the page is one of this site or of `origins`: sockets know no
    same-origin policy, and any site may open one with its visitor's cookies. A remembered browser is not restored here:
    its next cookie could not be sent.
    """
    asked = [one for one in active() if not _restores(one)]
    return asked if is_from_here(request, origins) else [one for one in asked if not one.ambient]


def _restores(authenticator: object) -> bool:
    return isinstance(authenticator, RememberAuthenticator)


def is_from_here(request: HttpRequest, origins: Collection[str] = ()) -> bool:
    """Say whether the Origin is this site, one of CSRF_TRUSTED_ORIGINS or one of `origins`, written in the same way.

    Without the header it is not: every browser sends it with a handshake.
    """
    origin = http.header(request, "Origin")
    try:
        own = f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return False
    return bool(origin) and (origin == own or _is_among(origin, [*django_settings.CSRF_TRUSTED_ORIGINS, *origins]))


def _is_among(origin: str, trusted: Sequence[str]) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    wildcards = [urlsplit(one.replace("*", "", 1)) for one in trusted if "://*." in one]
    return origin in trusted or any(
        parts.scheme == one.scheme and is_same_domain(parts.netloc, one.netloc) for one in wildcards
    )


def _offered(scope: Scope) -> list[str]:
    return [offer for offer in scope.get("subprotocols") or () if isinstance(offer, str)]


def without_secret(scope: Scope) -> dict[str, Any]:
    """Return `scope` as consumers may see, log and echo it: without the subprotocol that is a secret."""
    offers = [offer for offer in _offered(scope) if not offer.startswith(OFFER)]
    if len(offers) == len(scope.get("subprotocols") or ()):
        return dict(scope)
    others = [(name, value) for name, value in scope.get("headers", ()) if name.lower() != b"sec-websocket-protocol"]
    if offers:
        others.append((b"sec-websocket-protocol", ", ".join(offers).encode("latin-1", "replace")))
    return {**scope, "subprotocols": offers, "headers": others}


def to_choose(scope: Scope) -> str | None:
    """Return the subprotocol that a server chooses where the consumer chose none, None for none."""
    return PROTOCOL if PROTOCOL in _offered(scope) else None
