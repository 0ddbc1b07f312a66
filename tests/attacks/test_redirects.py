"""Open redirects, paths that slip by the policy, and words of an attacker in our headers, logs and messages."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.views import LoginView
from django.contrib.messages import get_messages
from django.http import HttpResponse, HttpResponseRedirect
from django.test import Client
from django.urls import include, path, re_path
from django.utils.http import url_has_allowed_host_and_scheme

from sessionauth import access, http
from sessionauth.decorators import login_required
from sessionauth.models import APIKey, LoginSession
from tests.asking import Sent, ask, environ_of, through_wsgi
from tests.project.views import untouched

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

HTML = {"Accept": "text/html"}

EVIL = [
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "\\/evil.example",
    "https://evil.example/",
    "http:evil.example",
    "http:///evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "\x08//evil.example",
    "\t//evil.example",
    "\n//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "https://evil.example\\@testserver/",
    "https://[evil/",
    "//testserver:80@evil.example",
    "http://testserver\uff0fevil.example/",
    "//\u3002evil\u3002example",
]


@login_required
def members(request, rest=""):
    return HttpResponse("members")


class OurLogin(LoginView):
    """A login page that goes back to what was kept in the session."""

    template_name = "admin/login.html"

    def get_default_redirect_url(self):
        return access.pop_next(self.request) or super().get_default_redirect_url()


def pop(request):
    return HttpResponse(access.pop_next(request))


urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", OurLogin.as_view(), name="login"),
    path("elsewhere/", lambda request: HttpResponseRedirect("https://login.example/in"), name="elsewhere"),
    path("pop/", pop),
    path("public/", untouched),
    path("public/<path:rest>", lambda request, rest: HttpResponse(f"public {rest}")),
    path("login-history/", untouched),
    path("loginx/", untouched),
    path("api/", include(([path("things/", untouched), path("", untouched)], "api"), namespace="api")),
    path("outer/", include(([path("api/", include(([path("x/", untouched)], "inner")))], "outer"))),
    re_path(r"^[mM]ixed/$", untouched),
    re_path(r"^(?P<rest>[\s\S]*)$", members),
]


def next_of(response):
    """Return where the login page would lead, None without a next."""
    assert response.status_code == 302
    return parse_qs(urlsplit(response["Location"]).query, keep_blank_values=True).get("next", [None])[0]


def is_safe(url):
    return url_has_allowed_host_and_scheme(url, {"testserver"}) and url.startswith("/") and "\n" not in url


@pytest.mark.parametrize("evil", EVIL)
def test_next__of_a_get_is_the_path_and_stays_here(evil):
    for place in (evil, f"/?next={evil}", f"/{evil}", f"/x?{evil}"):
        environ = environ_of(place, [(b"Accept", b"text/html")])
        answer = through_wsgi(handler(), environ)
        if answer.status == 302:
            location = answer.header("Location")
            assert location.startswith("/login/?next=/"), location
            back = parse_qs(urlsplit(location).query)["next"][0]
            assert is_safe(back), (place, back)
        assert "evil" not in str([name for name, _ in answer.headers])


def handler():
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()


@pytest.mark.parametrize(
    "evil", [*EVIL, "https://testserver//evil.example/", "http://testserver/\\evil.example", "http://testserver"]
)
def test_next__of_a_post_comes_from_a_referer_of_this_site_only(evil):
    answer = ask("wsgi", "/form/", Sent({**HTML, "Referer": evil.replace("\n", "").replace("\r", "")}))
    answer = ask("wsgi", "/form/", Sent({**HTML, "Referer": evil.replace("\n", "").replace("\r", "")}), "PUT")
    assert answer.status in (302, 403)
    client = Client(headers={**HTML, "Referer": evil})
    back = next_of(client.post("/form/"))
    assert is_safe(back), back


def test_next__of_a_post_is_the_page_with_the_form():
    client = Client(headers={**HTML, "Referer": "http://testserver/page/?a=1#x"})
    assert next_of(client.post("/form/")) == "/page/?a=1"
    assert next_of(Client(headers=HTML).post("/form/")) == django_settings.LOGIN_REDIRECT_URL


def test_next__of_a_get_ignores_the_referer():
    assert next_of(Client(headers={**HTML, "Referer": "http://testserver/other/"}).get("/page/?a=1")) == "/page/?a=1"


@pytest.mark.parametrize("evil", EVIL)
def test_login__does_not_follow_a_next_that_leads_away(evil, make_user, password):
    make_user("alice")
    response = Client().post("/login/", {"username": "alice", "password": password, "next": evil})
    assert response["Location"] == django_settings.LOGIN_REDIRECT_URL


@pytest.mark.parametrize("evil", EVIL)
def test_next_in_the_session__is_judged_again_when_it_is_used(evil, client, settings):
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    client.get("/page/", headers=HTML)
    session = client.session
    session["_sessionauth"] = {**session["_sessionauth"], "next": evil}
    session.save()
    assert client.get("/pop/").content == b""


def test_next_in_the_session__is_used_once_and_kept_out_of_the_url(client, settings, make_user, password):
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    make_user("alice")
    response = client.get("/page/?secret=1", headers=HTML)
    assert response["Location"] == "/login/"
    credentials = {"username": "alice", "password": password}
    assert client.post("/login/", credentials)["Location"] == "/page/?secret=1"
    assert client.get("/pop/").content == b""


@pytest.mark.parametrize("place", ["/page/", *(evil for evil in EVIL if evil.startswith("/"))])
def test_next__for_a_login_page_elsewhere_is_absolute_and_of_this_host(place, settings):
    settings.LOGIN_URL = "https://login.example/in?a=1"
    answer = through_wsgi(handler(), environ_of(place, [(b"Accept", b"text/html")]))
    query = parse_qs(urlsplit(answer.header("Location")).query)
    assert query["a"] == ["1"]
    assert query["next"][0].startswith("http://testserver/")


def test_host__that_is_not_ours_is_a_bad_request(client):
    for host in ("evil.example", "testserver.evil.example", "testserver@evil.example", ""):
        response = client.get("/page/", headers={**HTML, "Host": host})
        assert response.status_code == 400 or "evil" not in response.get("Location", "")


# Paths that the policy speaks of.


def guarded(settings, **policy):
    settings.SESSIONAUTH_ON_FAILURE = "raise"
    for name, value in policy.items():
        setattr(settings, f"SESSIONAUTH_{name}", value)


def status(place, script_name="", query=b"", method="GET"):
    environ = environ_of(place, [(b"Accept", b"application/json")], query, method)
    environ["SCRIPT_NAME"] = script_name
    return through_wsgi(handler(), environ).status


TRICKS = [
    "/secret/",
    "/secret",
    "//public/",
    "/./public/",
    "/x/../public/",
    "/publicx/",
    "/public-not/",
    "/PUBLIC/",
    "/Public/",
    "/x/public/",
    "/x?/public/",
    "/x;/public/",
    "/x#/public/",
    "/x\\public/",
    "/%70ublic/",
    "/p\u00fcblic/",
    "/ public/",
    "/\tpublic/",
    "/\npublic/",
    "/\0public/",
    "/login/../secret/",
    "/login;/secret/",
    "/login/x",
    "/loginx/",
    "/login-history/",
    "/static",
    "/staticx/",
    "/x/static/",
    "//static/x",
]


@pytest.mark.parametrize("place", TRICKS)
def test_exempt__opens_nothing_but_what_it_names(place, settings):
    guarded(settings, EXEMPT=["/public/"])
    assert status(place) == 401


@pytest.mark.parametrize(
    "place", ["/public/", "/public/x", "/public/../secret/", "/public//secret", "/login/", "/static/x"]
)
def test_exempt__opens_what_it_names(place, settings):
    guarded(settings, EXEMPT=["/public/"])
    assert status(place) != 401 or place == "/static/x"  # no view serves it here; a 404 of `members` asks for a login


@pytest.mark.parametrize("query", [b"next=/public/", b"/public/", b"x=/login/", b"?/public/"])
def test_query__never_counts(query, settings):
    guarded(settings, EXEMPT=["/public/", "^.*public", "^/login/$"])
    assert status("/secret/", query=query) == 401


@pytest.mark.parametrize("place", ["/secret/", "/public/", "/api/", "/api/things/", "/"])
def test_protect__nothing_named_means_everywhere(place, settings):
    guarded(settings)
    assert status(place) == 401


@pytest.mark.parametrize(
    ("place", "expected"), [("/api/things/", 401), ("/api/", 401), ("/api", 401), ("/public/", 200), ("/apix", 401)]
)
def test_protect__a_prefix_ends_at_a_slash(place, expected, settings):
    guarded(settings, PROTECT=["/api/"])
    if place == "/apix":  # not protected by the policy, but its own view asks
        assert status(place) == 401
    else:
        assert status(place) == expected


@pytest.mark.parametrize(
    ("entries", "place", "is_open"),
    [
        (["api"], "/api/things/", True),
        (["api"], "/outer/api/x/", False),
        (["inner"], "/outer/api/x/", True),
        (["outer"], "/outer/api/x/", True),
        (["nonsense"], "/api/things/", False),
        (["^/api/$"], "/api/", True),
        (["^/api/$"], "/api/things/", False),
        (["^/api/"], "/api/things/", True),
        (["^api"], "/api/things/", False),
        (["/"], "/api/", False),
        (["/api"], "/api/things/", True),
        (["/api"], "/apix/", False),
    ],
)
def test_exempt__takes_prefixes_patterns_and_namespaces(entries, place, is_open, settings):
    guarded(settings, EXEMPT=entries)
    assert (status(place) == 200) is is_open


def test_exempt__wins_over_protect(settings):
    guarded(settings, PROTECT=["/public/"], EXEMPT=["/public/open"])
    assert (status("/public/x"), status("/public/open")) == (401, 200)


@pytest.mark.parametrize("script_name", ["/app", "/public", "/login", "/static"])
def test_script_name__is_no_part_of_the_path_and_opens_nothing(script_name, settings):
    guarded(settings, EXEMPT=["/public/"])
    assert status("/secret/", script_name) == 401
    assert status("/public/", script_name) == 200
    assert status("/login/", script_name) == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "TRACE", "NONSENSE"])
def test_methods__none_but_options_goes_unasked(method, settings):
    guarded(settings)
    assert status("/public/", method=method) in (401, 403)


def test_options__tells_nothing(settings):
    guarded(settings)
    environ = environ_of("/public/", [], method="OPTIONS")
    answer = through_wsgi(handler(), environ)
    assert (answer.status, answer.body) == (200, b"")


# An attacker's words.


@pytest.mark.parametrize("realm", ['a"b', "a\\", "a\r\nX-Evil: 1", 'x", Basic realm="y', "ünïcode", "\x00", "a,b"])
def test_realm__cannot_add_headers_or_challenges(realm, settings):
    settings.SESSIONAUTH_REALM = realm
    for sent in (Sent(), Sent({"X-Api-Key": "sa_key_x"})):
        answer = ask("wsgi", "/page/", Sent({**sent.headers, "Accept": "application/json"}))
        assert answer.status == 401
        assert answer.header("X-Evil") is None
        challenge = answer.header("WWW-Authenticate")
        assert challenge.isascii()
        assert challenge.isprintable()
        assert without_quoted(challenge).count("realm=") == len(
            [one for one in ("Bearer", "ApiKey") if one in challenge]
        )


def without_quoted(challenge):
    """Return a challenge without its quoted strings, read as RFC 9110 does."""
    outside, inside, skip = [], False, False
    for char in challenge:
        if skip:
            skip = False
        elif inside and char == "\\":
            skip = True
        elif char == '"':
            inside = not inside
        elif not inside:
            outside.append(char)
    assert not inside
    return "".join(outside)


@pytest.mark.parametrize(
    "agent", ["evil\r\nX: 1", "a\x1b[31mred", "\x00\x07", "\u202egnp.exe", "x" * 5000, "\ud800", "ÿ" * 400, ""]
)
def test_user_agent__is_kept_in_a_form_that_can_be_shown(agent, make_user, password, caplog):
    make_user("alice")
    client = Client(HTTP_USER_AGENT=agent)
    client.post("/login/", {"username": "alice", "password": password})
    kept = LoginSession.objects.get().user_agent
    assert len(kept) <= 300
    assert kept.isprintable()
    assert "\x1b" not in caplog.text


@pytest.mark.parametrize(
    "address", ["", "x", "1.2.3.4, 5.6.7.8", "::ffff:1.2.3.4", "fe80::1%eth0", "unix:", "999.1.1.1", "\x00"]
)
def test_address__is_one_or_nothing(address, make_user, password):
    make_user("alice")
    client = Client(REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR="6.6.6.6")
    assert client.post("/login/", {"username": "alice", "password": password}).status_code == 302
    assert LoginSession.objects.get().ip_address in (None, "1.2.3.4", "fe80::1")


def test_message__is_for_pages_only():
    for headers, told in (
        (HTML, True),
        ({"Accept": "application/json"}, False),
        ({**HTML, "X-Api-Key": "sa_key_x"}, False),
    ):
        client = Client()
        response = client.get("/page/", headers=headers)
        assert bool(list(get_messages(response.wsgi_request))) is told
        assert ("messages" in response.cookies) is told


def test_refusal__repeats_nothing_that_was_sent(make_user):
    _, secret = APIKey.objects.issue(user=make_user("alice"), scopes=[])
    for headers in (
        {"X-Api-Key": "sa_key_<script>"},
        {"Authorization": "Bearer sa_pat_<script>"},
        {"X-Api-Key": secret},
    ):
        answer = ask("wsgi", "/page/<script>", Sent({**headers, "Accept": "application/json<script>"}))
        assert answer.status in (401, 403)
        assert b"script" not in answer.body
        assert json.loads(answer.body)["status"] == answer.status


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "text/html",
        "TEXT/HTML;q=0.1",
        "application/json",
        "application/json, text/html",
        "\xff",
        "x" * 100_000,
    ],
)
def test_accept__decides_between_a_page_and_a_problem(accept, rf):
    request = rf.get("/", headers={} if accept is None else {"Accept": accept})
    assert http.wants_html(request) is (not accept or "text/html" in accept.lower())


def test_users__are_untouched_by_all_this():
    assert not get_user_model().objects.exists()
