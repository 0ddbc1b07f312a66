"""The curl lines of the demo, as data: printed by it, listed on a page, executed by `--check` and by a test."""

from __future__ import annotations

import json

from django.conf import settings

from demo.line import JAR, Group, Line
from demo.people import ALICE, SAM, SUE
from demo.secrets import PARTNER_PATH, Secrets

JSON = ("Content-Type", "application/json")
HTML = ("Accept", "text/html")
CONFIRM = "/account/confirm/"
AUTH = "/api/auth/"
WRITE = ["invoices:write"]
#: What the invoice is for that a line creates.
PROBE = "Proofreading"


def get(title: str, path: str, status: int, answer: str, *headers: tuple[str, str], basic: str = "") -> Line:
    """Return a line that reads."""
    return Line(title, path, status, answer, headers=headers, basic=basic)


def post(title: str, path: str, status: int, answer: str, *headers: tuple[str, str], body: str) -> Line:
    """Return a line that writes JSON."""
    return Line(title, path, status, answer, "POST", (*headers, JSON), body=body)


def auth(title: str, path: str, status: int, answer: str, *headers: tuple[str, str], **body: object) -> Line:
    """Return a line that asks the API of keys and tokens to do something."""
    return post(title, AUTH + path, status, answer, *headers, body=json.dumps(body))


def kept(title: str, method: str, status: int, answer: str, path: str = "/account/session/", **body: object) -> Line:
    """Return a line of a client that keeps cookies as a browser does."""
    headers = (JSON,) if body else ()
    return Line(title, path, status, answer, method, headers, body=json.dumps(body) if body else "", jar=JAR)


def bearer(secret: str) -> tuple[str, str]:
    """Return the header that carries a token."""
    return ("Authorization", f"Bearer {secret}")


def key(secret: str) -> tuple[str, str]:
    """Return the header that carries an API key."""
    return ("X-Api-Key", secret)


def cookie(session: str) -> tuple[str, str]:
    """Return the header that carries a browser's session."""
    return ("Cookie", f"{settings.SESSION_COOKIE_NAME}={session}")


def invoice(**changes: object) -> str:
    """Return the body of a request that creates an invoice; `changes` replace fields of it."""
    line = {"description": PROBE, "quantity": 2, "unit_price": "35.00"}
    return json.dumps({"customer": 2, "due": "2030-01-31", "lines": [line], **changes})


def groups(secrets: Secrets) -> tuple[Group, ...]:
    """Return all lines, made with `secrets`."""
    return (
        Group("Who am I?", who(secrets)),
        Group("Invoices, for whom they are meant", invoices(secrets)),
        Group("Keys that are no good", wrong(secrets)),
        Group("Keys that may not do everything", confined(secrets)),
        Group("Tokens of one's own: these lines belong in this order", own_tokens(secrets)),
        Group("Browsers", browsers(secrets)),
        Group("Signing in without a page: cookies in a jar, the CSRF token beside them", signing_in()),
        Group("Support acts as a customer: these lines belong in this order", acting()),
        Group("A partner that signs its requests", partner(secrets)),
        Group("Requests that make no sense", nonsense(secrets)),
    )


def who(secrets: Secrets) -> tuple[Line, ...]:
    """Each way to say who one is."""
    path = "/api/whoami"
    own_scheme = ("Authorization", f"Token {secrets.alice_token}")
    foreign = ("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.another-librarys-token")
    return (
        get("Open to all, and looks at nobody", "/api/health", 200, '"status": "ok"'),
        get("Nobody", path, 200, '"state": "anonymous"'),
        get("A token", path, 200, '"method": "bearer"', bearer(secrets.alice_token)),
        get("The same with a scheme of our own", path, 200, '"method": "token"', own_scheme),
        get("An API key", path, 200, '"method": "api_key"', key(secrets.read_key)),
        get("A service's key: recognised, but nobody", path, 200, '"user": null', key(secrets.service_key)),
        get("HTTP Basic", path, 200, '"method": "basic"', basic=f"{ALICE.email}:{ALICE.password}"),
        get("HTTP Basic, wrong password", path, 401, "Basic realm=", basic=f"{ALICE.email}:wrong"),
        get("A token of another library is not ours to judge", path, 200, '"state": "anonymous"', foreign),
    )


def invoices(secrets: Secrets) -> tuple[Line, ...]:
    """Reading and writing."""
    path = "/api/invoices"
    alice, sam = bearer(secrets.alice_token), bearer(secrets.sam_token)
    scope = "insufficient_scope"
    return (
        get("Nobody: a challenge for each way to sign in", path, 401, "WWW-Authenticate: Bearer realm="),
        get("Alice sees her own", path, 200, "Aster & Daughters", alice),
        get("A service's key sees all", path, 200, "Briar Bakery", key(secrets.service_key)),
        get("From an asynchronous view", "/api/totals", 200, '"unpaid"', sam),
        post("Sam creates one, without a CSRF token", path, 201, "INV-", sam, body=invoice()),
        post("Alice may not", path, 403, scope, alice, body=invoice()),
        post("Sam may, but this key of his only reads", path, 403, scope, key(secrets.sam_read_key), body=invoice()),
        get("Briar's invoice is none of Alice's business", f"{path}/2", 404, "no such", key(secrets.read_key)),
    )


def wrong(secrets: Secrets) -> tuple[Line, ...]:
    """Keys of ours that are no good; each answer is the same, so that it tells a thief nothing."""
    path, status, answer = "/api/whoami", 401, "invalid_token"
    both = (bearer(secrets.alice_token), key(secrets.read_key))
    return (
        get("Truncated", path, status, answer, key(secrets.truncated_key)),
        get("Mistyped", path, status, answer, key(secrets.mistyped_key)),
        get("Unknown", path, status, answer, key(secrets.unknown_key)),
        get("Expired", path, status, answer, key(secrets.expired_key)),
        get("Revoked", path, status, answer, key(secrets.revoked_key)),
        get("Two different ones at once", path, 400, "invalid_request", *both),
    )


def confined(secrets: Secrets) -> tuple[Line, ...]:
    """A restricted key reaches only what says which scope it wants."""
    page, admin = "/account/who-am-i/", "/admin/"
    people = "people_only"
    return (
        get("A page that states no scope, to a full token", page, 200, "How do we know?", bearer(secrets.alice_token)),
        get("The same page, to a restricted key", page, 403, "insufficient_scope", key(secrets.read_key)),
        get("The admin, to the superuser's restricted key", admin, 403, people, key(secrets.root_read_key)),
        get("The admin, even to the superuser's full key", admin, 403, people, key(secrets.root_key)),
    )


def own_tokens(secrets: Secrets) -> tuple[Line, ...]:
    """Get a token for a password, refresh it, look through one's keys, rotate, issue and revoke them.

    What uses a secret up is titled "Once": the same line does not work again.
    """
    right = {"username": ALICE.email, "password": ALICE.password, "name": f"{secrets.label}: got for a password"}
    refresh, old, leaving = {"refresh_token": secrets.refresh_token}, secrets.rotating_key, secrets.leaving_key
    wrong = {"username": SAM.email, "password": "wrong"}
    mine, issuing = bearer(secrets.login_token), key(secrets.issuing_key)
    child: dict[str, object] = {"name": f"{secrets.label}: issued by a key", "scopes": ["invoices:read"]}
    return (
        auth("A token for a name and a password: no cookie, no session", "token/", 200, '"access_token"', **right),
        auth("The wrong password, guarded like the page", "token/", 400, "invalid_grant", **wrong),
        get("Whose token is it, and what may it do?", AUTH + "token/", 200, '"is_current": true', mine),
        get("A program that one has signed in with lists one's keys", AUTH + "keys/", 200, '"state": "active"', mine),
        get("A restricted key does not", AUTH + "keys/", 403, "insufficient_scope", key(old)),
        auth("Once: the next token", "token/refresh/", 200, '"refresh_token"', **refresh),
        auth("A refresh token is good for one", "token/refresh/", 400, "invalid_grant", **refresh),
        auth("Once: a key puts another in its own place", "token/rotate/", 201, '"secret"', key(old), overlap=3600),
        auth("It does not do so twice", "token/rotate/", 409, "already_rotated", key(old), overlap=3600),
        auth("A key that was given the scope to issues others", "keys/", 201, '"secret"', issuing, **child),
        auth("They may do no more than it does", "keys/", 400, "invalid", issuing, **child | {"scopes": WRITE}),
        auth("Once: a key revokes itself", "token/revoke/", 204, "no-store", key(leaving)),
        get("And is refused from then on", AUTH + "token/", 401, "invalid_token", key(leaving)),
    )


def browsers(secrets: Secrets) -> tuple[Line, ...]:
    """What a browser sends, and gets."""
    path = "/api/invoices"
    alice, ended = cookie(secrets.session), cookie(secrets.ended_session)
    door, staff_door = "Location: /account/login/?next=/reports/", "Location: /account/login/staff/?next=/staff/"
    return (
        get("Alice's session cookie", path, 200, "Aster & Daughters", alice),
        post("Her cookie changes nothing without a CSRF token", path, 403, "CSRF", alice, body=invoice()),
        get("A session that was ended by its flag", path, 401, "not_authenticated", ended),
        get("A browser is sent to sign in", "/reports/", 302, door, HTML),
        get("Staff have a door of their own", "/staff/", 302, staff_door, HTML),
        get("A program is told with a challenge", "/reports/", 401, "WWW-Authenticate"),
        get("One page there is exempt", "/reports/help/", 200, "open to everybody"),
    )


def signing_in() -> tuple[Line, ...]:
    """Sign in, look around and sign out, as a single-page application does; the lines belong in this order."""
    who, right = {"username": ALICE.email}, {"username": ALICE.email, "password": ALICE.password}
    bare = Line("Without the token, nothing", "/account/session/", 403, "CSRF", "POST", (JSON,), body=json.dumps(right))
    return (
        kept("Who am I? Sets the CSRF cookie", "GET", 200, '"csrf_token"'),
        bare,
        kept("A wrong password", "POST", 401, "invalid_login", **who, password="wrong"),
        kept("The right one, and to be remembered", "POST", 200, '"state": "fresh"', **right, remember=True),
        kept("Who am I, and for how long?", "GET", 200, '"idle_seconds_left"'),
        kept("Where am I signed in?", "GET", 200, '"is_current": true', "/account/devices/"),
        kept("Proving once more that it is me", "POST", 200, '"is_fresh": true', CONFIRM, password=ALICE.password),
        kept("With the cookies of a browser the API answers too", "GET", 200, "Aster & Daughters", "/api/invoices"),
        kept("Signing out", "DELETE", 204, "Set-Cookie"),
        kept("Nobody again", "GET", 200, '"state": "anonymous"'),
    )


def acting() -> tuple[Line, ...]:
    """Begin to act as a customer, look around and stop, as a single-page application does."""
    begin, now = "/account/impersonate/", "/account/impersonation/"
    right = {"username": SUE.email, "password": SUE.password}
    alice, why = {"user": ALICE.email}, {"reason": "A call", "reference": "DESK-7"}
    return (
        kept("Sets the CSRF cookie", "GET", 200, '"csrf_token"'),
        kept("Sue of support signs in", "POST", 200, '"state": "fresh"', **right),
        kept(
            "A reason that is not among those of this site", "POST", 400, '"reason"', begin, **alice, reason="Why not"
        ),
        kept("Sam is no customer: as if nobody had that name", "POST", 404, "not_found", begin, **why, user=SAM.email),
        kept("She begins to act as Alice", "POST", 201, '"mode": "read"', begin, **alice, **why),
        kept("She sees what Alice sees", "GET", 200, "Aster & Daughters", "/api/invoices"),
        kept("And changes nothing", "POST", 403, "impersonation_read_only", "/api/invoices", **json.loads(invoice())),
        kept("Nor does she come to Alice's keys", "GET", 403, "impersonating", "/account/keys/"),
        kept("Who acts as whom, and for how long?", "GET", 200, '"seconds_left"', now),
        kept("She stops", "POST", 200, '"active": false', now + "stop/"),
        kept("And is herself again", "GET", 200, "Sue Sage"),
        kept("Once more as Alice", "POST", 201, '"mode": "read"', begin, **alice, **why),
        kept("Signing out only stops it: Sue is still there", "DELETE", 200, '"state": "fresh"'),
        kept("Now Sue signs out", "DELETE", 204, "Set-Cookie"),
    )


def guessing(base: str) -> str:
    """Return a line that tries eleven passwords of a name that nobody has; not for `--check`, as it works once."""
    options = """-s -o /dev/null -w '%{http_code} ' -u "guesser@desk.example:guess$n" """
    return f"for n in 1 2 3 4 5 6 7 8 9 10 11; do curl {options}{base}/api/whoami; done"


def partner(secrets: Secrets) -> tuple[Line, ...]:
    """Our own callback authenticator."""
    path = PARTNER_PATH
    forged = (*secrets.partner[:2], ("X-Partner-Signature", "0" * 64))
    return (
        get("Signed", path, 200, "Northwind", *secrets.partner),
        get("Signed by somebody else", path, 401, "invalid_token", *forged),
        get("Signed long ago", path, 401, "invalid_token", *secrets.partner_late),
        get("Sam's token is no signature", path, 403, "wrong_auth_method", bearer(secrets.sam_token)),
    )


def nonsense(secrets: Secrets) -> tuple[Line, ...]:
    """Whatever is sent, the answer says what is wrong with it."""
    path, sam = "/api/invoices", bearer(secrets.sam_token)
    return (
        post("No JSON", path, 400, "not valid JSON", sam, body="{oops"),
        post("Wrong types", path, 400, '"due"', sam, body=invoice(customer=[], due=True)),
        post("No such customer", path, 400, '"customer"', sam, body=invoice(customer=987654321)),
        get("No such invoice", f"{path}/987654321", 404, "no such", sam),
        Line("No such method", path, 405, "Allow: GET, POST", "DELETE", (sam,)),
    )
