"""Facts of a request, read without any I/O."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.http import escape_leading_slashes, url_has_allowed_host_and_scheme

from sessionauth.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Characters of an address with brackets, a zone and a port, and more; what is longer is none.
LONGEST_ADDRESS = 200
#: The methods that only read (RFC 9110 section 9.2.1), less TRACE.
READING = ("GET", "HEAD", "OPTIONS")
#: Methods by which a request only asks, as Django's CSRF protection has them.
SAFE = frozenset({*READING, "TRACE"})


def header(request: HttpRequest, name: str) -> str:
    """Return the header `name` or an empty string.

    Read from META rather than from `request.headers`, which builds a dictionary of all of them first.
    """
    value = request.META.get(place(name), "")
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=64)
def place(name: str) -> str:
    """Return the key in `META` under which the header `name` stands."""
    return "HTTP_" + name.upper().replace("-", "_")


def authorization(request: HttpRequest, name: str = "Authorization") -> tuple[str, str]:
    """Return the scheme in lower case and the rest of the header `name`; ("", "") if it is absent.

    RFC 9110 section 11.4: one or more spaces stand between them, and the scheme's case does not matter.
    """
    scheme, _, rest = header(request, name).strip(" \t").partition(" ")
    return scheme.lower(), rest.strip(" \t")


def wants_html(request: HttpRequest) -> bool:
    """Say whether a page rather than JSON is the right answer: `Accept` names text/html, or is absent.

    `*/*` is what curl and HTTP libraries send; it asks for no page.
    """
    accept = header(request, "Accept")
    return not accept or "text/html" in accept.lower() or "application/xhtml+xml" in accept.lower()


def client_ip(request: HttpRequest) -> str | None:
    """Return the address of the client, or None where it is not an address.

    It is what the server saw, unless SESSIONAUTH_TRUSTED_PROXIES says that proxies stand in front. Then it is the
    right-most hop of X-Forwarded-For that is no trusted proxy's (networks), or the n-th from the right (a number):
    whatever a client writes into that header itself stands further left, and is never read.
    """
    seen, proxies = request.META.get("REMOTE_ADDR", ""), settings.TRUSTED_PROXIES
    if not proxies:
        return _read_again(seen) if isinstance(seen, str) else None
    address = parse_address(seen)
    hops = [hop for hop in header(request, "X-Forwarded-For").split(",") if hop.strip()]
    address = _counted(address, hops, proxies) if isinstance(proxies, int) else _untrusted(address, hops, proxies)
    return None if address is None else str(address)


@lru_cache(maxsize=1024)
def _read_again(text: str) -> str | None:
    """Return the address `text` in one way of writing: many requests come from one."""
    address = parse_address(text)
    return None if address is None else str(address)


def _counted(address: Address | None, hops: list[str], count: int) -> Address | None:
    # With fewer hops than proxies it did not come through them.
    return parse_address(hops[-count]) if len(hops) >= count else address


def _untrusted(address: Address | None, hops: list[str], proxies: Collection[str]) -> Address | None:
    """Go from the server towards the client as long as the hops are our own; what cannot be read is no address."""
    networks = [ipaddress.ip_network(network) for network in proxies]
    while hops and address is not None and any(address in network for network in networks):
        address = parse_address(hops.pop())
    return address


def parse_address(text: object) -> Address | None:
    """Read an address as servers and proxies write it, with a port, in brackets, with a zone, mapped into IPv6."""
    return _parsed(text) if isinstance(text, str) and len(text) <= LONGEST_ADDRESS else None


@lru_cache(maxsize=256)
def _parsed(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        # A zone such as fe80::1%eth0 names an interface of this machine; databases take none.
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped


@lru_cache(maxsize=1024)
def read_network(text: str) -> Network:
    """Read an address or a network such as "192.0.2.0/24"; one mapped into IPv6 is the IPv4 one. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no text")
    found = ipaddress.ip_network(text)
    mapped = found.network_address.ipv4_mapped if isinstance(found, ipaddress.IPv6Network) else None
    if mapped is None or found.prefixlen < 96:
        return found
    return ipaddress.ip_network(f"{mapped}/{found.prefixlen - 96}")


def is_in(address: str, networks: Iterable[Network]) -> bool:
    """Say whether `address`, as client_ip() returns it, is in one of `networks`."""
    known = ipaddress.ip_address(address)
    return any(known in network for network in networks)


def network(address: str | None) -> str:
    """Return what counts as one client: an IPv4 address, the /64 of an IPv6 address, "unknown" for None."""
    if address is None:
        return "unknown"
    if ":" in address:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return address


def user_agent(request: HttpRequest) -> str:
    """Return the User-Agent, cut to 300 characters and freed of what does not print."""
    return _printable(header(request, "User-Agent")[:300])


@lru_cache(maxsize=256)
def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def is_safe_url(request: HttpRequest, url: str, hosts: Collection[str] = ()) -> bool:
    """Say whether `url` leads to this site, or to one of `hosts`, and nowhere else."""
    return url_has_allowed_host_and_scheme(url, {request.get_host(), *hosts}, require_https=request.is_secure())


def return_path(request: HttpRequest) -> str:
    """Return the path to come back to after a login, or an empty string.

    For GET and HEAD it is the request's own. A form's target often answers only POST, so for other methods it is the
    page that the form was on, if the Referer names one of this site.
    """
    if request.method in ("GET", "HEAD"):
        return escape_leading_slashes(request.get_full_path())
    referer = header(request, "Referer")
    if not referer or not is_safe_url(request, referer):
        return ""
    parts = urlsplit(referer)
    path = escape_leading_slashes(parts.path + (f"?{parts.query}" if parts.query else "")) or "/"
    return path if is_safe_url(request, path) else ""


def keep_private(response: HttpResponseBase) -> None:
    """Have nobody keep `response`, whatever else its Cache-Control says."""
    if "Cache-Control" in response.headers:
        patch_cache_control(response, private=True, no_store=True)
    else:
        response.headers["Cache-Control"] = "private, no-store"


def same_origin(request: HttpRequest, url: str) -> bool:
    """Say whether `url` is relative or has the scheme and host of `request`."""
    parts = urlsplit(url)
    return (not parts.scheme or parts.scheme == request.scheme) and (
        not parts.netloc or parts.netloc == request.get_host()
    )


def challenge(scheme: str, parameters: Mapping[str, str]) -> str:
    """Return a challenge for WWW-Authenticate (RFC 9110 section 11.3), with every parameter as a quoted string.

    Quotes and backslashes are escaped; what is no visible ASCII is dropped, line breaks above all.
    """
    return _challenge(scheme, *parameters.items())


@lru_cache(maxsize=256)
def _challenge(scheme: str, *parameters: tuple[str, str]) -> str:
    quoted = (f'{name}="{_quotable(value)}"' for name, value in parameters)
    return f"{scheme} {', '.join(quoted)}"


def _quotable(value: str) -> str:
    visible = "".join(char for char in value if " " <= char <= "~")
    return visible.replace("\\", "\\\\").replace('"', '\\"')
