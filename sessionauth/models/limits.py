"""What the limits of a credential may be: for what, where, by which methods, from which pages and how often."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from http import HTTPMethod
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sessionauth import http, scopes
from sessionauth.rates import Rate

#: Ports that browsers leave out of `Origin`.
DEFAULT_PORTS = {"http": 80, "https": 443}

#: Years between which an end may lie: the second is the first too late. Python and databases end with 9999.
FIRST_YEAR, LAST_YEAR = 1900, 9000

#: So many things a list of limits may name: each use of the credential goes through them.
MOST = 1000


def clean_scopes(value: Any) -> None:
    """Raise ValidationError unless `value` is None or a list of known scopes."""
    if value is None:
        return
    if strange := scopes.unknown(_strings(value, _("Scopes must be a list of strings."))):
        message = _("Unknown scopes: %(scopes)s. Declare them in SESSIONAUTH_SCOPES, or name permissions.")
        raise ValidationError(message, code="unknown_scope", params={"scopes": ", ".join(strange)})


def clean_networks(value: Any) -> None:
    """Raise ValidationError unless `value` is a list of addresses and networks."""
    for text in _strings(value, _("Networks must be a list of strings.")):
        try:
            http.read_network(text)
        except ValueError as error:
            message = _("%(network)s is no network: write an address, or a network such as 192.0.2.0/24 (%(fault)s).")
            params = {"network": text, "fault": str(error)}
            raise ValidationError(message, code="invalid_network", params=params) from None


def clean_methods(value: Any) -> None:
    """Raise ValidationError unless `value` is None or a list of HTTP methods, at least one."""
    if value is None:
        return
    methods = _strings(value, _("Methods must be a list of strings, or null for all."))
    if not methods:
        raise ValidationError(_("Name at least one method, or leave it empty for all."), code="no_method")
    if strange := [method for method in methods if method not in HTTPMethod.__members__]:
        message = _("Unknown HTTP methods: %(methods)s. Write them as in GET, in capital letters.")
        raise ValidationError(message, code="invalid_method", params={"methods": ", ".join(strange)})


def clean_origins(value: Any) -> None:
    """Raise ValidationError unless `value` is a list of origins as browsers write them."""
    for text in _strings(value, _("Origins must be a list of strings.")):
        if (wanted := _origin(text)) != text:
            message = _("%(origin)s is no origin: write %(wanted)s.")
            params = {"origin": text, "wanted": wanted or "https://example.org"}
            raise ValidationError(message, code="invalid_origin", params=params)


def clean_rate(value: Any) -> None:
    """Raise ValidationError unless `value` is empty or a rate."""
    try:
        if value:
            Rate.parse(value)
    except ValueError:
        message = _("%(rate)s is no rate: write one such as 100/m (a number, and s, m, h or d).")
        raise ValidationError(message, code="invalid_rate", params={"rate": value}) from None


def is_in_reach(moment: datetime) -> bool:
    """Say whether `moment` can be written in every time zone, and put off by a rotation."""
    return FIRST_YEAR <= moment.year < LAST_YEAR


def clean_moment(value: Any) -> None:
    """Raise ValidationError for a moment at the edge of what there are years for."""
    if isinstance(value, datetime) and not is_in_reach(value):
        message = _("Name a year from %(first)d to %(last)d, or leave it empty for never.")
        params = {"first": FIRST_YEAR, "last": LAST_YEAR - 1}
        raise ValidationError(message, code="invalid_moment", params=params)


def _strings(value: Any, message: Any) -> Collection[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValidationError(message, code="invalid")
    must_be_few(value)
    return value


def must_be_few(listed: Collection[Any]) -> None:
    """Raise ValidationError for more than MOST."""
    if len(listed) > MOST:
        raise ValidationError(_("These are too many."), code="too_many")


def _origin(text: str) -> str | None:
    """Return `text` as a browser would send it (RFC 6454 section 6.2), None if no page has such an origin."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not parts.scheme or not host or not text.isascii() or any(char in text for char in " *\\\"'<>"):
        return None
    host = f"[{host}]" if ":" in host else host
    is_shown = port is not None and port != DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}:{port}" if is_shown else f"{parts.scheme}://{host}"


#: What looks at the field of that name.
CLEAN: dict[str, Callable[[Any], None]] = {
    "networks": clean_networks,
    "methods": clean_methods,
    "origins": clean_origins,
    "rate": clean_rate,
    "expires_at": clean_moment,
    "ends_at": clean_moment,
}
