"""Whether a credential may be used here and now: from this network, by this method, by a page of this site."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from sessionauth import http
from sessionauth.exceptions import InvalidCredential, MethodRefused
from sessionauth.models import AbstractCredential


def check(row: AbstractCredential, request: HttpRequest | None) -> None:
    """Raise InvalidCredential where the good credential `row` may not be used on `request`, None for no request at all.

    From a wrong network, or by a page of another site, it is not valid there, and the client is told no more than of
    any other. Of a method it may not use it is told (MethodRefused). What can not be read is kept to by refusing.
    """
    check_place(row, request)
    if request is not None and not may(row, request):
        raise MethodRefused(credential=row)


def check_place(row: AbstractCredential, request: HttpRequest | None) -> None:
    """Raise InvalidCredential where `row` may not be used from here; see check()."""
    if row.networks != [] and not _is_near(row.networks, request):
        raise InvalidCredential("network", credential=row)
    if row.origins != [] and request is not None and not _is_from(row.origins, request):
        raise InvalidCredential("origin", credential=row)


def _is_near(networks: Any, request: HttpRequest | None) -> bool:
    """Say whether the client is in one of `networks`; one without an address, or without a request, is in none."""
    address = None if request is None else http.client_ip(request)
    return address is not None and any(_has(network, address) for network in _listed(networks))


def _has(network: str, address: str) -> bool:
    try:
        return http.is_in(address, [http.read_network(network)])
    except ValueError:
        return False


def _is_from(origins: Any, request: HttpRequest) -> bool:
    """Say whether the page is of one of `origins`, or nobody says which: programs need not, and could say anything."""
    origin = http.header(request, "Origin")
    return not origin or origin in _listed(origins)


def may(row: AbstractCredential, request: HttpRequest) -> bool:
    """Say whether `row` may be used by the method that `request` has now."""
    if row.methods is None:
        return True
    # HEAD is GET without the body (RFC 9110 section 9.3.2).
    asked = {str(request.method), "GET"} if request.method == "HEAD" else {str(request.method)}
    return not asked.isdisjoint(_listed(row.methods))


def _listed(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
