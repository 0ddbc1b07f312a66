"""What is asked of every project: each credential at each address, and whole visits step by step."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.coexistence.neighbours.people import PASSWORD

CSRF = "c" * 32
JSON, HTML = "application/json", "text/html,application/xhtml+xml"


@dataclass(frozen=True)
class Ask:
    """One request. `body` is sent as JSON, `form` as a form; a `csrf` one comes from a page of the site."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    body: Any = None
    form: dict[str, str] | None = None
    csrf: bool = False


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def authorizations(known: dict[str, str]) -> dict[str, str]:
    """Return values of `Authorization` by a name for the report."""
    return {
        "drf token": f"Token {known['drf']}",
        "drf token, lower case": f"token {known['drf']}",
        "drf token, inactive": f"Token {known['drf_inactive']}",
        "drf token, wrong": "Token 0123456789abcdef",
        "drf token, in parts": "Token a b",
        "drf token, not ascii": "Token \xe4\xf6",
        "drf token as bearer": f"Bearer {known['drf']}",
        "bare Token": "Token",
        "knox": f"Token {known['knox']}",
        "knox, expired": f"Token {known['knox_expired']}",
        "jwt": f"Bearer {known['jwt']}",
        "jwt, expired": f"Bearer {known['jwt_expired']}",
        "jwt, inactive": f"Bearer {known['jwt_inactive']}",
        "jwt, refresh for access": f"Bearer {known['jwt_refresh']}",
        "jwt, tampered": f"Bearer {known['jwt'][:-4]}AAAA",
        "oauth": f"Bearer {known['oauth']}",
        "oauth, expired": f"Bearer {known['oauth_expired']}",
        "bare Bearer": "Bearer",
        "bare Bearer and a space": "Bearer ",
        "bearer in parts": "Bearer a b",
        "bearer that begins like ours": "Bearer sa_other_abcdef",
        "bearer with half our brand": "Bearer sa_",
        "basic": basic("alice", PASSWORD),
        "basic, wrong": basic("alice", "wrong"),
        "basic, unknown": basic("nobody", PASSWORD),
        "basic, inactive": basic("gone", PASSWORD),
        "basic, colons": basic("zo\xeb:colon", "pass:w\xf6rd"),
        "basic, no colon": "Basic " + base64.b64encode(b"alice").decode(),
        "basic, not base64": "Basic !!!",
        "bare Basic": "Basic",
        "digest": 'Digest username="alice"',
        "another scheme": "Negotiate YII=",
        "only spaces": "   ",
    }


def credentials(known: dict[str, str]) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """Yield (name, headers, cookies)."""
    yield "nothing", {}, {}
    for name, value in authorizations(known).items():
        yield name, {"Authorization": value}, {}
    for name in known:
        if name.startswith("session"):
            yield name, {}, {"sessionid": known[name]}
    yield "session, no such", {}, {"sessionid": "x" * 32}
    yield "session, empty", {}, {"sessionid": ""}
    yield "session, malformed", {}, {"sessionid": "\xe4;,\x7f"}
    yield "session and drf token", {"Authorization": f"Token {known['drf']}"}, {"sessionid": known["session_root"]}
    yield "session and wrong jwt", {"Authorization": "Bearer a.b.c"}, {"sessionid": known["session_root"]}
    yield "allauth token", {"X-Session-Token": known["session"]}, {}
    yield "allauth token, wrong", {"X-Session-Token": "x" * 32}, {}
    yield "allauth token and session", {"X-Session-Token": known["session"]}, {"sessionid": known["session_root"]}
    yield "key", {"X-Api-Key": "ninja-knows-this-key"}, {}
    yield "key, wrong", {"X-Api-Key": "no"}, {}
    yield "key, like ours", {"X-Api-Key": "sa_other_abc"}, {"sessionid": known["session"]}


#: Every address that only answers, and changes nothing worth speaking of.
DJANGO = ["page", "apage", "direct", "private", "permitted", "exempt", "protected", "varied", "broken"]
DRF = ["default", "open", "none", "token", "session", "basic", "jwt", "stateless", "knox", "oauth", "allauth", "all"]
NINJA = ["session", "bearer", "key", "basic", "allauth", "session-first", "session-last", "none"]
READ = [
    *(f"/{name}/" for name in DJANGO),
    *(f"/drf/{name}/" for name in DRF),
    *(f"/ninja/{name}" for name in NINJA),
    "/oauth/protected/",
    "/_allauth/app/v1/auth/session",
    "/_allauth/browser/v1/auth/session",
    "/admin/auth/user/",
    "/missing/",
    "/untouched/",
]
WRITTEN = [
    *("/page/", "/exempt/", "/protected/"),
    *("/drf/default/", "/drf/session/", "/drf/token/", "/drf/all/"),
    *("/ninja/session", "/ninja/session-first", "/ninja/session-last"),
]
#: Pages that look at no header: one of them is enough for all the ways to write one.
PAGES = ["/direct/", "/private/", "/permitted/", "/exempt/", "/protected/", "/varied/", "/admin/auth/user/"]
#: Addresses that look at headers only: without one they refuse everybody in the same way.
FOREIGN = ["/drf/jwt/", "/drf/stateless/", "/drf/knox/", "/drf/oauth/", "/ninja/bearer", "/ninja/key"]
#: Where the way through the middleware differs under ASGI.
READ_ASYNC = [
    *("/page/", "/apage/", "/direct/", "/adirect/", "/private/", "/broken/", "/admin/auth/user/"),
    *("/drf/default/", "/drf/all/", "/ninja/session-last", "/ninja/async", "/_allauth/app/v1/auth/session"),
]
WRITTEN_ASYNC = ["/protected/", "/apage/", "/drf/default/", "/ninja/session-last"]


def matrix(known: dict[str, str], read: list[str], written: list[str], only: str = "") -> Iterator[tuple[str, Ask]]:
    """Yield every credential at every address: read, written from elsewhere, written from a page of the site.

    `only` is a regular expression that the credential's name must match.
    """
    for name, headers, cookies in credentials(known):
        if not re.search(only, name):
            continue
        for path in read:
            if path in (PAGES if headers else FOREIGN if cookies else []):
                continue
            accept = {"Accept": JSON} if path.startswith(("/drf", "/ninja", "/_allauth")) else {"Accept": HTML}
            given = accept | headers
            yield f"{name}: GET {path}", Ask("GET", path, given, cookies)
            if path in written:
                yield f"{name}: POST {path}", Ask("POST", path, given, cookies, body={})
            if path in written and cookies:
                yield f"{name}: POST {path} from a page", Ask("POST", path, given, cookies, body={}, csrf=True)
