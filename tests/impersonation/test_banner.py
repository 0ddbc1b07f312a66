"""The banner: on which pages it stands, what it says, and that nobody keeps it away."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import django
import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from sessionauth.impersonation.middleware import MARKER
from tests.asking import counted
from tests.impersonation.banner_pages import PAGE

pytestmark = pytest.mark.django_db

GZIP = "django.middleware.gzip.GZipMiddleware"
SHOWN = b"data-impersonation="


@pytest.fixture(autouse=True)
def _pages(_site, settings):
    settings.ROOT_URLCONF = "tests.impersonation.banner_pages"


@pytest.fixture
def _injected(settings):
    settings.SESSIONAUTH_IMPERSONATION_BANNER = "inject"


def body_of(answer):
    return b"".join(answer) if answer.streaming else answer.content


def told(page):
    """Return the words of the banner in `page`."""
    banner = page[page.index(SHOWN) :].decode()
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", banner.partition("</section>")[0])).split())


# ---- what it says


def test_tag__who_acts_as_whom_how_far_and_for_how_long(browser, root, alice):
    browser.begin(alice)
    page = browser.get("/tagged/").content
    assert f"{root.get_username()} , you are acting as {alice.get_username()} ." in told(page)
    assert "You may only look." in told(page)
    assert "Time left: 30 minutes" in told(page)
    assert b'<section aria-label="Acting as somebody else">' in page


def test_tag__when_it_ends_for_programs(browser, alice):
    row = browser.begin(alice)
    page = browser.get("/tagged/").content.decode()
    assert re.search(r'<time datetime="([^"]*)" data-left="(17\d\d|1800)">', page)
    row.change(expires_at=timezone.now() + timedelta(seconds=50.9))
    assert re.search(r"Time left: (50|4\d) seconds", told(browser.get("/tagged/").content))


def test_tag__that_it_goes_further(browser, alice):
    browser.begin(alice, write=True)
    assert "What you change is changed for them." in told(browser.get("/tagged/").content)


def test_tag__nothing_for_whoever_is_themself(browser, alice):
    assert SHOWN not in browser.get("/tagged/").content
    browser.begin(alice)
    browser.post("/impersonate/stop/")
    assert SHOWN not in browser.get("/tagged/").content


def test_tag__makes_no_page_that_is_the_same_for_everybody_anybody_s(browser):
    with counted() as queries:
        answer = browser.get("/tagged/")
    assert (len(queries), answer.headers.get("Vary")) == (0, None)


def test_tag__without_a_request():
    assert Template("{% load sessionauth %}{% impersonation_banner %}").render(Context()) == ""


@pytest.mark.usefixtures("_injected")
@pytest.mark.parametrize("path", ["/tagged/", "/page/"])
def test_banner__a_name_that_is_markup(browser, make_user, path):
    evil = "</script><script>alert(1)</script>\"'><img src=x>"
    mallory = make_user("mallory")
    wherever = [name for name in ("first_name", mallory.USERNAME_FIELD) if hasattr(mallory, name)]
    type(mallory).objects.filter(pk=mallory.pk).update(**dict.fromkeys(wherever, evil))
    browser.begin(mallory)
    page = browser.get(path).content
    assert SHOWN in page
    assert b"alert(1)</script>" not in page
    assert b"<img" not in page


def test_banner__nothing_inline(browser, alice):
    browser.begin(alice)
    page = browser.get("/tagged/").content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", page)


# ---- where it is put


@pytest.mark.usefixtures("_injected")
@pytest.mark.parametrize("path", ["/page/", "/apage/"])
def test_inject__a_page_that_asks_for_nobody(browser, alice, path):
    browser.begin(alice)
    page = browser.get(path).content
    assert page.startswith(b"<!doctype html><html><body><p>here</p><div")
    assert page.endswith(b"</div></BODY >\n</html>")
    assert page.count(SHOWN) == 1


@pytest.mark.usefixtures("_injected")
def test_inject__once_where_the_page_has_it(browser, alice):
    browser.begin(alice)
    assert browser.get("/tagged/").content.count(SHOWN) == 1


@pytest.mark.usefixtures("_injected")
@pytest.mark.parametrize("lure", ['data-impersonation="0"', "</body>", "<!-- </body> --> data-impersonation="])
def test_inject__what_somebody_has_written_keeps_it_away_from_no_page(browser, alice, lure):
    browser.begin(alice)
    page = browser.get(f"/page/?page={quote(PAGE.format(lure, ''))}").content
    assert page.endswith(b"</div></BODY >\n</html>")
    assert b"Stop" in page


def test_inject__not_unless_it_is_so_set(browser, alice):
    browser.begin(alice)
    assert SHOWN not in browser.get("/page/").content


@pytest.mark.usefixtures("_injected")
@pytest.mark.parametrize(
    "question",
    [
        "Content-Type=application/xhtml%2Bxml",
        "Content-Type=text/plain",
        "Content-Encoding=br",
        "Content-Disposition=Attachment;filename=a.html",
        "page=<p>a part of a page</p>",
        "page=",
        "Content-Type=text/html;charset=utf-16",
        "Content-Type=text/html;charset=nonsense",
        "status=304&page=",
        "status=204&page=",
    ],
)
def test_inject__stays_as_it_is(browser, alice, question):
    plain = browser.get(f"/page/?{question}")
    browser.begin(alice)
    answer = browser.get(f"/page/?{question}")
    assert (answer.content, answer.status_code) == (plain.content, plain.status_code)


@pytest.mark.usefixtures("_injected")
@pytest.mark.parametrize("path", ["/stream/", "/file/", "/data/"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_inject__no_page(browser, alice, path):
    browser.begin(alice)
    if browser.is_async and path != "/data/":
        assert browser.get(path).streaming
    else:
        assert SHOWN not in body_of(browser.get(path))


@pytest.mark.usefixtures("_injected")
def test_inject__a_page_without_end_tags(browser, alice):
    browser.begin(alice)
    page = browser.get("/page/?page=%0A<HTML><title>x</title><p>here").content
    assert page.startswith(b"\n<HTML><title>x</title><p>here<div")


@pytest.mark.usefixtures("_injected")
@pytest.mark.parametrize("status", [200, 403, 404, 500])
def test_inject__pages_of_errors(browser, alice, status):
    browser.begin(alice)
    answer = browser.get(f"/page/?status={status}")
    assert (answer.status_code, SHOWN in answer.content) == (status, True)


@pytest.mark.usefixtures("_injected")
def test_inject__a_view_that_failed(browser, alice):
    browser.begin(alice)
    browser.client.raise_request_exception = False
    answer = browser.get("/broken/")
    assert (answer.status_code, SHOWN in answer.content) == (500, True)


@pytest.mark.usefixtures("_injected")
def test_inject__the_length_is_right(browser, alice):
    browser.begin(alice)
    answer = browser.get("/page/?length=1")
    assert int(answer.headers["Content-Length"]) == len(answer.content)


@pytest.mark.usefixtures("_injected")
def test_inject__no_etag_of_another_page(browser, alice):
    browser.begin(alice)
    answer = browser.get('/page/?ETag="a"')
    assert not answer.has_header("ETag")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert browser.get('/page/?ETag="a"&Content-Type=text/plain').headers["ETag"] == '"a"'


@pytest.mark.usefixtures("_injected")
def test_inject__another_charset(browser, alice, settings):
    type(alice).objects.filter(pk=alice.pk).update(**{alice.USERNAME_FIELD: "ålice→"})
    browser.begin(alice)
    page = browser.get("/page/?Content-Type=text/html;charset=latin-1").content.decode("latin-1")
    assert "ålice&#8594;" in page


@pytest.mark.usefixtures("_injected")
def test_inject__before_it_is_compressed(browser, alice, settings):
    settings.MIDDLEWARE = [GZIP, *settings.MIDDLEWARE]
    browser.begin(alice)
    answer = browser.get(f"/page/?page={quote(PAGE.format('long ' * 100, ''))}", **{"accept-encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert SHOWN in gzip.decompress(answer.content)


@pytest.mark.usefixtures("_injected")
def test_inject__not_for_whoever_is_themself(browser, alice):
    plain = browser.get("/page/")
    assert (SHOWN in plain.content, plain.headers.get("Vary")) == (False, None)
    row = browser.begin(alice)
    row.end("revoked")
    assert SHOWN not in browser.get("/page/", accept="text/html").content
    assert SHOWN not in browser.get("/page/").content


@pytest.mark.usefixtures("_injected")
def test_inject__where_the_marker_is_lost_and_the_page_asks(browser, alice):
    browser.begin(alice)
    del browser.cookies[MARKER]
    assert SHOWN in browser.get("/asking/").content


@pytest.mark.usefixtures("_injected")
def test_inject__head(browser, alice):
    browser.begin(alice)
    answer = browser.ask("head", "/page/")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.usefixtures("_injected")
@pytest.mark.parametrize("path", ["/page/", "/tagged/"])
def test_banner__costs_no_query(browser, alice, path):
    browser.begin(alice)
    with counted() as queries:
        browser.get("/untouched/")
    plain = len(queries)
    with counted() as queries:
        browser.get(path)
    assert len(queries) == plain <= 3


# ---- what one can do in it


@pytest.mark.usefixtures("_injected")
@pytest.mark.parametrize("in_session", [False, True])
@pytest.mark.parametrize("path", ["/page/", "/tagged/"])
def test_stop__by_the_form_in_the_banner(browser, root, alice, settings, in_session, path):
    settings.CSRF_USE_SESSIONS = in_session
    browser.begin(alice)
    page = browser.get(path).content.decode()
    action, token = re.search(r'action="([^"]*)".*?name="csrfmiddlewaretoken" value="([^"]*)"', page, re.S).groups()
    assert browser.post(action, token=token).status_code < 400
    assert browser.who()["user"] == root.get_username()


def test_links__only_to_what_they_may(browser, root, alice):
    browser.begin(alice)
    assert b"Change things" in browser.get("/tagged/").content
    browser.post("/impersonate/upgrade/", {"reason": "a ticket"})
    assert b"Change things" not in browser.get("/tagged/").content


@pytest.mark.usefixtures("_injected")
def test_nonce__of_the_request(browser, alice):
    browser.begin(alice)
    page = browser.get("/nonce/?name=csp_nonce").content
    assert page.count(b' nonce="r4nd0m"') == 2
    written = browser.get("/nonce/?name=csp_nonce&Content-Security-Policy=x").content
    assert SHOWN in written
    assert b"nonce=" not in written


@pytest.mark.usefixtures("_injected")
@pytest.mark.skipif(django.VERSION < (6, 0), reason="Django 5.2 knows no nonces")
def test_nonce__of_djangos_policy(browser, alice, settings):
    settings.MIDDLEWARE = ["django.middleware.csp.ContentSecurityPolicyMiddleware", *settings.MIDDLEWARE]
    settings.SECURE_CSP = {"script-src": ["<CSP_NONCE_SENTINEL>"]}
    browser.begin(alice)
    answer = browser.get("/page/")
    (nonce,) = re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    assert answer.content.count(f' nonce="{nonce}"'.encode()) == 2


def test_can_impersonate__by_the_guards(browser, root, alice):
    def asked(target):
        return browser.get(f"/button/?target={target.pk}").content

    assert (asked(alice), asked(root)) == (b"yes", b"no")
    browser.begin(alice)
    assert asked(root) == b"no"


def test_can_impersonate__without_a_request(alice):
    template = Template("{% load sessionauth %}{% if request|can_impersonate:target %}yes{% else %}no{% endif %}")
    assert template.render(Context({"target": alice})) == "no"
    request = RequestFactory().get("/")
    assert template.render(Context({"request": request, "target": alice})) == "no"
