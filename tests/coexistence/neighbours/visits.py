"""Visits of several steps, in which what one answer gave is shown in the next."""

from __future__ import annotations

from tests.coexistence.neighbours.asks import HTML, JSON, Ask, basic
from tests.coexistence.neighbours.people import PASSWORD

LOGIN = {"username": "alice", "password": PASSWORD}
ALLAUTH_LOGIN = {"login": "alice", "password": PASSWORD}
WRONG = {"username": "alice", "password": "wrong"}
PAGE = {"Accept": HTML}
BROWSER, APP = "/_allauth/browser/v1/", "/_allauth/app/v1/"


def get(path: str, **headers: str) -> Ask:
    return Ask("GET", path, PAGE | headers)


def form(path: str, fields: dict[str, str], **headers: str) -> Ask:
    return Ask("POST", path, PAGE | headers, form=fields, csrf=True)


def api(method: str, path: str, body: object = None, **headers: str) -> Ask:
    """A request with JSON. `{name}` in a header is filled in with `name` from the answers before."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Ask(method, path, {"Accept": JSON} | headers, body=body, csrf=path.startswith(BROWSER))


def visits(known: dict[str, str]) -> dict[str, list[Ask]]:
    """Return the steps of each visit; the steps of one visit share cookies."""
    new = {"username": "newcomer", "email": "new@example.org", "password1": "xKw-93-lqp", "password2": "xKw-93-lqp"}
    change = {"old_password": PASSWORD, "new_password1": "xKw-93-lqp", "new_password2": "xKw-93-lqp"}
    back = {"old_password": "xKw-93-lqp", "new_password1": "mnb-14-vcx", "new_password2": "mnb-14-vcx"}
    allauth_change = {"oldpassword": PASSWORD, "password1": "xKw-93-lqp", "password2": "xKw-93-lqp"}
    page, private = get("/page/"), get("/private/")
    return {
        "Django: sign in and out": [
            private,
            form("/login/", WRONG),
            form("/login/", {"username": "gone", "password": PASSWORD}),
            form("/login/?next=/private/", LOGIN),
            private,
            get("/apage/"),
            get("/drf/default/"),
            Ask("POST", "/protected/", PAGE),
            form("/protected/", {}),
            form("/logout/", {}),
            private,
        ],
        "Django: another signs in on top": [
            form("/login/", LOGIN),
            form("/login/", {"username": "root", "password": PASSWORD}),
            page,
            form("/login/", {"username": "root", "password": PASSWORD}),
            page,
        ],
        "Django: a stranger's forged form": [Ask("POST", "/login/", PAGE, form=LOGIN), page],
        "admin": [
            get("/admin/"),
            form("/admin/login/?next=/admin/", {"username": "boss", "password": PASSWORD}),
            get("/admin/"),
            get("/admin/auth/user/"),
            form("/admin/auth/user/add/", {"username": "made", "password1": "q", "password2": "q"}),
            form(
                "/admin/auth/user/add/",
                {"username": "made", "usable_password": "true", "password1": "xKw-93-lqp", "password2": "xKw-93-lqp"},
            ),
            form("/admin/password_change/", {**change, "old_password": "wrong"}),
            form("/admin/password_change/", change),
            get("/admin/"),
            form("/admin/logout/", {}),
            get("/admin/"),
        ],
        "allauth: sign in and out": [
            get("/accounts/login/"),
            form("/accounts/login/", {**ALLAUTH_LOGIN, "password": "wrong"}),
            form("/accounts/login/", {**ALLAUTH_LOGIN, "login": "carol"}),
            private,
            get("/accounts/email/"),
            get("/accounts/sessions/"),
            get("/accounts/"),
            form("/accounts/password/change/", allauth_change),
            private,
            form("/accounts/logout/", {}),
            private,
            get("/accounts/"),
        ],
        "allauth: inactive": [form("/accounts/login/", {**ALLAUTH_LOGIN, "login": "gone"}), page],
        "allauth: sign up": [form("/accounts/signup/", new), private, form("/accounts/logout/", {}), private],
        "allauth: forgotten": [form("/accounts/password/reset/", {"email": "root@example.org"}), page],
        "allauth headless: browser": [
            get("/page/"),
            api("GET", BROWSER + "auth/session"),
            api("POST", BROWSER + "auth/login", {"username": "root", "password": "wrong"}),
            api("POST", BROWSER + "auth/login", {"username": "root", "password": PASSWORD}),
            api("GET", BROWSER + "auth/session"),
            api("GET", BROWSER + "account/email"),
            private,
            api("DELETE", BROWSER + "auth/session"),
            private,
        ],
        "allauth headless: app": [
            api("GET", APP + "auth/session"),
            api("POST", APP + "auth/login", {"username": "root", "password": "wrong"}),
            api("POST", APP + "auth/login", {"username": "root", "password": PASSWORD}),
            api("GET", APP + "auth/session", X_Session_Token="{session_token}"),
            api("GET", "/drf/allauth/", X_Session_Token="{session_token}"),
            api("GET", "/ninja/allauth", X_Session_Token="{session_token}"),
            api("DELETE", APP + "auth/session", X_Session_Token="{session_token}"),
            api("GET", APP + "auth/session", X_Session_Token="{session_token}"),
        ],
        "allauth headless: app in a browser that is signed in": [
            form("/login/", LOGIN),
            api("GET", APP + "auth/session"),
            api("POST", APP + "auth/login", {"username": "root", "password": PASSWORD}),
            api("GET", APP + "auth/session", X_Session_Token="{session_token}"),
            api("GET", APP + "auth/session"),
            page,
        ],
        "REST framework: obtain a token": [
            api("POST", "/drf/obtain/", WRONG),
            api("POST", "/drf/obtain/", LOGIN),
            api("GET", "/drf/token/", Authorization="Token {token}"),
        ],
        "REST framework: its login page": [
            get("/drf/auth/login/"),
            form("/drf/auth/login/?next=/private/", LOGIN),
            private,
            get("/drf/default/"),
            form("/drf/auth/logout/", {}),
            private,
        ],
        "simplejwt": [
            api("POST", "/jwt/obtain/", WRONG),
            api("POST", "/jwt/obtain/", {"username": "gone", "password": PASSWORD}),
            api("POST", "/jwt/obtain/", LOGIN),
            api("GET", "/drf/jwt/", Authorization="Bearer {access}"),
            api("POST", "/jwt/verify/", {"token": known["jwt"]}),
            api("POST", "/jwt/verify/", {"token": known["jwt_expired"]}, Authorization="Bearer {access}"),
            api(
                "POST",
                "/jwt/refresh/",
                {"refresh": known["jwt_refresh"]},
                Authorization=f"Bearer {known['jwt_expired']}",
            ),
            api("POST", "/jwt/refresh/", {"refresh": known["jwt_refresh"]}),
            api("POST", "/jwt/refresh/", {"refresh": known["jwt_refresh_removed"]}),
            api("POST", "/jwt/blacklist/", {"refresh": known["jwt_refresh"]}),
        ],
        "knox": [
            api("POST", "/knox/login/"),
            api("POST", "/knox/login/", Authorization=basic("alice", "wrong")),
            api("POST", "/knox/login/", Authorization=basic("alice", PASSWORD)),
            api("GET", "/drf/knox/", Authorization="Token {token}"),
            api("POST", "/knox/logout/", Authorization="Token {token}"),
            api("GET", "/drf/knox/", Authorization="Token {token}"),
            api("POST", "/knox/logoutall/", Authorization=f"Token {known['knox']}"),
        ],
        "knox, in a browser that is signed in": [
            form("/login/", LOGIN),
            api("POST", "/knox/login/", Authorization=basic("root", PASSWORD)),
            private,
            api("POST", "/knox/logout/", Authorization="Token {token}"),
            private,
        ],
        "OAuth toolkit": [
            form("/o/token/", {"grant_type": "password", **LOGIN}, Authorization=basic("desk", "wrong")),
            form("/o/token/", {"grant_type": "password", **WRONG}, Authorization=basic("desk", "desk-secret")),
            form("/o/token/", {"grant_type": "password", **LOGIN}, Authorization=basic("desk", "desk-secret")),
            api("GET", "/oauth/protected/", Authorization="Bearer {access_token}"),
            api("GET", "/drf/oauth/", Authorization="Bearer {access_token}"),
            form("/o/introspect/", {"token": "oauth-good"}, Authorization=basic("desk", "desk-secret")),
            get("/o/applications/"),
            get("/o/authorize/?response_type=code&client_id=desk"),
        ],
        "Ninja: session and CSRF": [
            form("/login/", LOGIN),
            api("GET", "/ninja/session"),
            api("POST", "/ninja/session", {}),
            Ask("POST", "/ninja/session", {"Accept": JSON}, body={}, csrf=True),
            Ask("POST", "/ninja/session-last", {"Accept": JSON}, body={}, csrf=True),
            api("POST", "/ninja/session-last", {}, X_Api_Key="ninja-knows-this-key"),
            api("POST", "/ninja/session-first", {}, X_Api_Key="ninja-knows-this-key"),
        ],
        "password changed elsewhere": [
            form("/login/", {"username": "newcomer", "password": "xKw-93-lqp"}),
            form("/password/", back),
            page,
        ],
        "what the client accepts": [
            Ask("GET", path, {"Accept": accept} if accept else {})
            for path in ("/private/", "/private-class/", "/permitted/", "/drf/default/", "/drf/token/", "/missing/")
            for accept in (JSON, HTML, "*/*", "")
        ],
        "what the client accepts, signed in": [
            form("/login/", LOGIN),
            *(get(path) for path in ("/drf/default/", "/drf/open/", "/drf/none/", "/o/applications/", "/admin/")),
        ],
    }
