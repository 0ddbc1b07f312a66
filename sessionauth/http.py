"""Facts of a request, read without any I/O."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.http import escape_leading_slashes, url_has_allowed_host_and_scheme


def header(request: HttpRequest, name: str) -> str:
    """Return the header `name` or an empty string.

    Read from META rather than from `request.headers`, which builds a dictionary of all of them first.
    """
    value = request.META.get("HTTP_" + name.upper().replace("-", "_"), "")
    return value if isinstance(value, str) else ""


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
    """Return the address of the client as the server saw it, or None where it is not an address.

    X-Forwarded-For is never read: anyone can send it. Translating it is the proxy's or a middleware's job.
    """
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", "").strip())
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    # A scope such as fe80::1%eth0 names an interface of this machine; databases take none.
    return str(address).partition("%")[0]


def user_agent(request: HttpRequest) -> str:
    """Return the User-Agent, cut to 300 characters and freed of what does not print."""
    return "".join(char for char in header(request, "User-Agent")[:300] if char.isprintable())


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
    quoted = (f'{name}="{_quotable(value)}"' for name, value in parameters.items())
    return f"{scheme} {', '.join(quoted)}"


def _quotable(value: str) -> str:
    visible = "".join(char for char in value if " " <= char <= "~")
    return visible.replace("\\", "\\\\").replace('"', '\\"')
