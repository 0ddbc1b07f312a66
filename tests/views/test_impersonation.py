"""Acting as somebody else by the pages: who may begin, how far it goes, how it ends and where one is then."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessionauth.impersonation.middleware import ImpersonationMiddleware
from sessionauth.models import AccessToken, AuthEvent, Impersonation
from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

AUTHENTICATION = "sessionauth.middleware.AuthenticationMiddleware"
IMPERSONATION = f"{ImpersonationMiddleware.__module__}.{ImpersonationMiddleware.__name__}"
STATUS, STOP = "/account/impersonation/", "/account/impersonation/stop/"
EXTEND, UPGRADE = "/account/impersonation/extend/", "/account/impersonation/upgrade/"
ENDED, BY_NAME = "/account/impersonation/ended/", "/account/impersonate/"
WHY = {"reason": "ticket 7"}
HTML, JSON = {"accept": "text/html"}, {"accept": "application/json"}


@pytest.fixture(autouse=True)
def _site(settings):
    place = settings.MIDDLEWARE.index(AUTHENTICATION) + 1
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], IMPERSONATION, *settings.MIDDLEWARE[place:]]
    settings.LOGIN_REDIRECT_URL = "/whoami/"


@pytest.fixture
def sue(make_user):
    """Somebody of support, who may act as customers and look."""
    sue = make_user("sue")
    permit(sue, "impersonate")
    return sue


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def page(sue):
    """The browser of Sue, in which pages are asked for."""
    client = AuthClient(headers=HTML)
    client.force_login(sue)
    return client


def permit(user, *names):
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))


def of(user):
    return f"/account/impersonate/{user.pk}/"


def begin(client, user, query="", **more):
    answer = client.post(of(user) + query, {**WHY, **more})
    assert answer.status_code == 303, answer.content
    return Impersonation.objects.get(ended_at=None)


def who(client):
    return client.get("/whoami/").json()["user"]


def end_of(row):
    row.refresh_from_db()
    return row.end_reason


# ---- the question


def test_question__names_the_target_and_what_will_be_possible(page, alice):
    answer = page.get(of(alice) + "?next=/untouched/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    for part in ("Act as alice?", "change nothing", "30 minutes", "15 minutes", 'name="reason"', 'href="/untouched/"'):
        assert part in answer.text
    assert not Impersonation.objects.exists()


def test_question__of_somebody_who_may_change_things(page, sue, alice, settings):
    permit(sue, "impersonate_write")
    assert "unless you ask for more" in page.get(of(alice)).text
    settings.SESSIONAUTH_IMPERSONATION_READ_ONLY = False
    assert "You can change things in their name." in page.get(of(alice)).text


def test_question__to_nobody_is_to_sign_in(client, alice):
    answer = client.get(of(alice), headers=HTML)
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={of(alice)}")
    assert client.post(of(alice), WHY, headers=JSON).status_code == 401
    assert not AuthEvent.objects.filter(event__startswith="impersonation").exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_question__wants_a_fresh_login_and_comes_back(sue, alice, password, method):
    client = AuthClient(headers=HTML)
    client.force_login(sue, fresh=False)
    answer = getattr(client, method)(of(alice) + "?next=/untouched/")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/account/confirm/")
    if method == "get":
        answer = client.post(answer["Location"], {"password": password})
        assert answer["Location"] == of(alice) + "?next=/untouched/"
        assert client.get(answer["Location"]).status_code == 200
    answer = AuthClient(headers=JSON)
    answer.force_login(sue, fresh=False)
    assert answer.post(of(alice), WHY).json()["code"] == "fresh_login_required"


def test_question__without_a_fresh_login_if_so_set(sue, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_FRESH = False
    client = AuthClient(headers=HTML)
    client.force_login(sue, fresh=False)
    begin(client, alice)
    assert who(client) == "alice"


def test_question__json(page, alice):
    told = page.get(of(alice), headers=JSON).json()
    assert told["target"] == {"id": str(alice.pk), "display_name": "alice"}
    assert (told["is_read_only"], told["may_write"], told["seconds"], told["idle_seconds"]) == (True, False, 1800, 900)


# ---- the start


def test_start__the_target_s_page_and_the_way_back(page, alice):
    way = "/admin/auth/user/?is_staff__exact=1&p=2"
    answer = page.post(of(alice), {**WHY, "reference": "T-7", "next": way})
    assert (answer.status_code, answer["Location"]) == (303, "/whoami/")
    row = Impersonation.objects.get()
    assert (row.reason, row.reference, row.mode) == ("ticket 7", "T-7", "read")
    assert who(page) == "alice"
    answer = page.post(STOP)
    assert (answer.status_code, answer["Location"]) == (303, way)
    assert (who(page), end_of(row)) == ("sue", "released")
    assert page.post(STOP)["Location"] == ENDED


def test_start__goes_where_it_is_told(page, alice, settings):
    assert page.post(of(alice), {**WHY, "to": "/untouched/"})["Location"] == "/untouched/"
    page.post(STOP)
    settings.SESSIONAUTH_IMPERSONATION_START_URL = "sessionauth:impersonation"
    assert page.post(of(alice), {**WHY, "to": "//evil.example/"})["Location"] == STATUS


EVIL = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "javascript:alert(1)",
    "http:evil.example",
    "https://testserver@evil.example/",
    " //evil.example",
]


@pytest.mark.parametrize("url", EVIL, ids=range(len(EVIL)))
def test_next__leads_nowhere_else(page, alice, url):
    assert "evil.example" not in page.get(of(alice), {"next": url, "to": url}).text
    answer = page.post(of(alice), {**WHY, "next": url, "to": url})
    assert answer["Location"] == "/whoami/"
    assert page.get(STOP, {"next": url}).text.count("evil.example") == 0
    assert page.post(EXTEND, {**WHY, "next": url})["Location"] == STATUS
    assert page.post(STOP, {"next": url})["Location"] == ENDED


def test_next__of_a_session_that_somebody_else_wrote_leads_nowhere_else(page, alice):
    begin(page, alice, next="/untouched/")
    session = page.session
    session["_sessionauth"] = {**session["_sessionauth"], "way_back": "https://evil.example/"}
    session.save()
    assert page.post(STOP)["Location"] == ENDED


def test_start__by_get_is_none(page, alice):
    for address in (of(alice), BY_NAME, STOP, EXTEND, UPGRADE, STATUS, ENDED):
        page.get(address, WHY | {"user": "alice"})
    assert not Impersonation.objects.exists()
    row = begin(page, alice)
    before = Impersonation.objects.filter(pk=row.pk).values().get()
    for address in (STOP, EXTEND, UPGRADE, STATUS, ENDED, of(alice), BY_NAME):
        page.get(address, WHY)
    assert Impersonation.objects.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("path", [BY_NAME, STOP, EXTEND, UPGRADE, "of alice"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json"])
def test_act__needs_the_csrf_token(sue, alice, path, kind):
    client = Client(enforce_csrf_checks=True, headers=JSON)
    client.force_login(sue)
    path = of(alice) if path == "of alice" else path
    assert client.post(path, "", content_type=kind).status_code == 403
    assert client.delete(STATUS).status_code == 403
    assert not Impersonation.objects.exists()


def test_start__without_the_middleware_there_is_no_such_page(sue, alice, settings):
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if path != IMPERSONATION]
    client = AuthClient(headers=HTML)
    client.force_login(sue)
    for address in (of(alice), BY_NAME, STOP, EXTEND, UPGRADE, STATUS, ENDED):
        assert client.get(address).status_code == 404
        assert client.post(address, WHY).status_code == 404


# ---- whom


def _answers(client, address, data):
    """Return everything that could tell one answer from another: of the page, its form, and by JSON."""
    asked = [("get", address, None, HTML), ("post", address, data, HTML), ("post", address, data, JSON)]
    told = []
    for method, url, body, headers in asked:
        AuthEvent.objects.all().delete()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = getattr(client, method)(url, body, headers=headers)
        text = re.sub(r'value="[^"]*"', "", answer.content.decode().replace(address, ""))
        told.append((answer.status_code, text, len(queries), sorted(answer.headers), AuthEvent.objects.count()))
    return told


@pytest.fixture
def nobodies(make_user):
    """Users whom Sue may not act as."""
    return [
        make_user("carol", is_active=False),
        make_user("root", is_superuser=True),
        make_user("sam", is_staff=True),
    ]


@pytest.mark.parametrize("has_permission", [True, False], ids=["with the permission", "without it"])
def test_target__missing_or_forbidden_or_inactive_is_one_answer(page, sue, nobodies, has_permission):
    if not has_permission:
        sue.user_permissions.clear()
    page.get("/whoami/")
    missing = _answers(page, "/account/impersonate/987654321/", WHY)
    assert [status for status, *_ in missing] == [404, 404, 404]
    for user in (*nobodies, sue):
        assert _answers(page, of(user), WHY) == missing
    assert not Impersonation.objects.exists()


def test_target__by_name_missing_or_forbidden_or_inactive_is_one_answer(page, sue, nobodies):
    page.get("/whoami/")
    missing = _answers(page, BY_NAME, {**WHY, "user": "nobody"})
    assert [status for status, *_ in missing] == [200, 404, 404]
    for user in (*nobodies, sue):
        assert _answers(page, BY_NAME, {**WHY, "user": user.get_username()}) == missing
    assert not Impersonation.objects.exists()


def test_target__a_refusal_is_recorded(page, nobodies):
    page.post(of(nobodies[0]), WHY)
    page.post("/account/impersonate/987654321/", WHY)
    found = AuthEvent.objects.filter(event="impersonation_denied").order_by("pk").values_list("reason", flat=True)
    assert list(found) == ["inactive", "unknown"]


KEYS = ["x", "0", "-1", "9" * 400, "1.5", "1e3", "%00", "%ED%A0%80", "%F0%9F%98%80", "None", "1%0A", "..", "' OR 1=1"]


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
@pytest.mark.parametrize("method", ["get", "post"])
def test_target__a_key_that_is_none(page, key, method):
    answer = getattr(page, method)(f"/account/impersonate/{key}/", WHY if method == "post" else None)
    assert answer.status_code == 404
    assert page.post(BY_NAME, {**WHY, "user": key.replace("%00", "\0")}).status_code in (200, 404)


def test_target__by_name_or_key(page, alice):
    for user in ("alice", str(alice.pk)):
        assert page.post(BY_NAME, {**WHY, "user": user})["Location"] == "/whoami/"
        assert who(page) == "alice"
        page.post(STOP)


def test_target__a_name_that_is_another_s_key_is_nobody_s(page, alice, make_user):
    make_user(str(alice.pk))
    answer = page.post(BY_NAME, {**WHY, "user": str(alice.pk)})
    assert (answer.status_code, "There is nobody here" in answer.text) == (404, True)


def says_why(request, *, actor, target):
    raise PermissionDenied("Only on weekdays.")


def test_target__a_guard_may_say_why(page, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_GUARDS = [f"{__name__}.says_why"]
    for answer in (page.get(of(alice)), page.post(of(alice), WHY), page.post(BY_NAME, {**WHY, "user": "alice"})):
        assert (answer.status_code, "Only on weekdays." in answer.text) == (403, True)
    answer = page.post(of(alice), WHY, headers=JSON)
    assert (answer.status_code, answer.json()["detail"]) == (403, "Only on weekdays.")


@pytest.mark.parametrize("setting", ["ENABLED", "GUARDS"])
def test_target__nobody_where_nobody_may(page, alice, settings, setting):
    value = False if setting == "ENABLED" else ["sessionauth.impersonation.rules.superusers_only"]
    setattr(settings, f"SESSIONAUTH_IMPERSONATION_{setting}", value)
    for address in (of(alice), BY_NAME):
        assert page.get(address).status_code == 404
        assert page.post(address, {**WHY, "user": "alice"}).status_code == 404


# ---- what is said


def test_reason__is_asked_for(page, alice):
    answer = page.post(of(alice), {"reason": "  "})
    assert (answer.status_code, "This field is required." in answer.text) == (200, True)
    answer = page.post(of(alice), {}, headers=JSON)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["reason"])
    assert page.post(of(alice), {"reason": "x" * 501}).status_code == 200
    assert page.post(of(alice), {"reason": "a\0b"}).status_code == 200
    assert not Impersonation.objects.exists()


def test_reason__of_some_length(page, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_REASON_MIN_LENGTH = 9
    assert "at least 9 characters" in page.post(of(alice), {"reason": "ticket 7"}).text
    assert begin(page, alice, reason="ticket 77").reason == "ticket 77"
    assert "at least 9 characters" in page.post(EXTEND, {"reason": "short"}).text


@pytest.mark.parametrize(("setting", "shown"), [("off", False), ("optional", True)])
def test_reason__need_not_be(page, alice, settings, setting, shown):
    settings.SESSIONAUTH_IMPERSONATION_REASON = setting
    assert ('name="reason"' in page.get(of(alice)).text) is shown
    assert begin(page, alice, reason="").reason == ""


def test_reason__from_a_list(page, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_REASON_CHOICES = ["A call", "A mail"]
    text = page.get(of(alice)).text
    assert text.count('type="radio"') == 2
    assert page.post(of(alice), {"reason": "Because"}).status_code == 200
    assert begin(page, alice, reason="A mail", details="of Monday").reason == "A mail: of Monday"
    answer = page.post(EXTEND, {"reason": "Because"}, headers=JSON)
    assert list(answer.json()["errors"]) == ["reason"]


def test_reference__as_the_settings_want_it(page, alice, settings):
    settings.SESSIONAUTH_IMPERSONATION_REFERENCE = "required"
    settings.SESSIONAUTH_IMPERSONATION_REFERENCE_PATTERN = r"T-\d+"
    answer = page.post(of(alice), {**WHY, "reference": "T-7; DROP"})
    assert "no reference as they are written here" in answer.text
    assert list(page.post(of(alice), WHY, headers=JSON).json()["errors"]) == ["reference"]
    assert begin(page, alice, reference=" T-7 ").reference == "T-7"
    page.post(STOP)
    settings.SESSIONAUTH_IMPERSONATION_REFERENCE = "off"
    assert 'name="reference"' not in page.get(of(alice)).text
    assert begin(page, alice, reference="T-8").reference == ""


# ---- one at a time


def test_start__within_another_one(page, sue, alice, make_user):
    row = begin(page, alice)
    bob = make_user("bob")
    for address in (of(bob), of(alice), BY_NAME):
        for method in ("get", "post"):
            answer = getattr(page, method)(address, {**WHY, "user": "bob"})
            assert (answer.status_code, "Stop first" in answer.text) == (409, True)
    assert page.post(of(bob), WHY, headers=JSON).json()["code"] == "nested"
    assert (who(page), end_of(row)) == ("alice", "")


@pytest.fixture
def strict(sue):
    """A browser whose forms are checked as those of real ones."""
    client = AuthClient(enforce_csrf_checks=True, headers=HTML)
    client.force_login(sue)
    return client


def _token(client, address):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(address).text)[1]


def test_start__by_a_form_of_another_tab(strict, alice):
    first, second = _token(strict, of(alice)), _token(strict, of(alice))
    assert strict.post(of(alice), {**WHY, "csrfmiddlewaretoken": first}).status_code == 303
    assert strict.post(of(alice), {**WHY, "csrfmiddlewaretoken": second}).status_code == 403
    assert Impersonation.objects.count() == 1


# ---- the end


def test_stop__by_a_form_and_again_in_another_tab(strict, alice):
    strict.post(of(alice), {**WHY, "csrfmiddlewaretoken": _token(strict, of(alice)), "next": "/untouched/"})
    first, second = _token(strict, STATUS), _token(strict, STOP)
    assert strict.post(STOP, {"csrfmiddlewaretoken": first})["Location"] == "/untouched/"
    answer = strict.post(STOP, {"csrfmiddlewaretoken": second})
    assert (answer.status_code, "Nothing was done." in answer.text) == (409, True)
    assert who(strict) == "sue"


@pytest.mark.parametrize("in_session", [False, True], ids=["cookie", "session"])
@pytest.mark.parametrize("how", ["deactivated", "demoted", "expired", "revoked"])
def test_stop__works_whatever_has_become_of_it(strict, sue, alice, settings, how, in_session):
    settings.CSRF_USE_SESSIONS = in_session
    strict.post(of(alice), {**WHY, "csrfmiddlewaretoken": _token(strict, of(alice)), "next": "/untouched/"})
    token = _token(strict, STATUS)
    row = Impersonation.objects.get()
    if how == "deactivated":
        type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    elif how == "demoted":
        sue.user_permissions.clear()
    elif how == "expired":
        Impersonation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        row.end("revoked")
    answer = strict.post(STOP, {"csrfmiddlewaretoken": token})
    assert (answer.status_code, answer["Location"]) == (303, "/untouched/")
    assert who(strict) == "sue"
    assert end_of(row) != ""


def test_stop__by_somebody_who_is_deactivated(strict, sue, alice):
    strict.post(of(alice), {**WHY, "csrfmiddlewaretoken": _token(strict, of(alice))})
    token = _token(strict, STATUS)
    type(sue).objects.filter(pk=sue.pk).update(is_active=False)
    answer = strict.post(STOP, {"csrfmiddlewaretoken": token})
    assert (answer.status_code, answer["Location"]) == (303, ENDED)
    assert who(strict) is None
    assert "You are not signed in" in strict.get(ENDED).text
    assert end_of(Impersonation.objects.get()) == "actor_changed"


def test_stop__by_nobody_stops_nothing(client):
    assert client.post(STOP, headers=HTML)["Location"] == ENDED
    answer = client.post(STOP, headers=JSON)
    assert (answer.status_code, answer.json()["active"], answer.json()["actor"]) == (200, False, None)


def test_stop__goes_where_it_is_told(page, alice, settings):
    begin(page, alice, next="/whoami/")
    assert page.post(STOP, {"next": "/untouched/"})["Location"] == "/untouched/"
    begin(page, alice)
    settings.SESSIONAUTH_IMPERSONATION_STOP_URL = "untouched"
    assert page.post(STOP)["Location"] == "/untouched/"


def test_stop__asks_first(page, alice):
    assert page.get(STOP)["Location"] == ENDED
    begin(page, alice)
    text = page.get(STOP).text
    assert "Stop acting as alice?" in text
    assert "<strong>sue</strong>" in text


def test_ended_page(page, alice):
    assert "You are yourself again" in page.get(ENDED).text
    row = begin(page, alice, next="/untouched/")
    assert page.get(ENDED)["Location"] == STATUS
    row.end("revoked")
    assert page.get("/whoami/").status_code == 409
    text = page.get(ENDED).text
    assert 'href="/untouched/"' in text
    assert f'href="{BY_NAME}"' in text


# ---- while it lasts


def test_status__as_a_page(page, alice):
    assert page.get(STATUS)["Location"] == ENDED
    begin(page, alice, reason="ticket <7>", reference="T-7")
    text = page.get(STATUS).text
    for part in ("You are acting as alice", "<strong>sue</strong>", "ticket &lt;7&gt;", "T-7", STOP, EXTEND):
        assert part in text
    assert UPGRADE not in text


def test_status__json(page, sue, alice):
    told = page.get(STATUS, headers=JSON).json()
    assert (told["active"], told["actor"]["display_name"], told["target"], told["mode"]) == (False, "sue", None, None)
    row = begin(page, alice)
    told = page.get(STATUS, headers=JSON).json()
    assert (told["active"], told["mode"], told["may_write"], told["end_reason"]) == (True, "read", False, None)
    assert (told["actor"]["id"], told["target"]["id"]) == (str(sue.pk), str(alice.pk))
    assert 1790 <= told["seconds_left"] <= 1800
    assert 890 <= told["idle_seconds_left"] <= 900
    Impersonation.objects.update(expires_at=timezone.now())
    told = page.get(STATUS, headers=JSON).json()
    assert (told["active"], told["end_reason"], end_of(row)) == (False, "expired", "expired")
    assert page.get(STATUS, headers=JSON).json()["end_reason"] is None


def test_status__asking_is_no_use_of_it(page, alice):
    begin(page, alice)
    seen = timezone.now() - timedelta(minutes=10)
    Impersonation.objects.update(last_seen_at=seen)
    page.get(STATUS, headers=JSON)
    assert Impersonation.objects.get().last_seen_at == seen
    page.get("/whoami/")
    assert Impersonation.objects.get().last_seen_at > seen


def test_extend(page, alice):
    assert page.get(EXTEND)["Location"] == ENDED
    assert page.post(EXTEND, WHY).status_code == 409
    row = begin(page, alice)
    Impersonation.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert "30 minutes from now on" in page.get(EXTEND).text
    assert page.post(EXTEND, {"reason": ""}).status_code == 200
    assert page.post(EXTEND, {"reason": "still", "next": "/untouched/"})["Location"] == "/untouched/"
    row.refresh_from_db()
    assert row.expires_at > timezone.now() + timedelta(minutes=29)


def test_upgrade__without_the_permission(page, alice):
    row = begin(page, alice)
    assert page.get(UPGRADE).status_code == 403
    answer = page.post(UPGRADE, WHY)
    assert (answer.status_code, "You may only look." in answer.text) == (403, True)
    answer = page.post(UPGRADE, WHY, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "write")
    row.refresh_from_db()
    assert row.is_read_only


def test_upgrade(page, sue, alice):
    permit(sue, "impersonate_write")
    assert page.post(UPGRADE, WHY).status_code == 409
    row = begin(page, alice)
    answer = page.post("/untouched/", headers={"referer": "http://testserver/whoami/?a=1"})
    assert (answer.status_code, f'href="{UPGRADE}?next=%2Fwhoami%2F%3Fa%3D1"' in answer.text) == (403, True)
    assert "Change things as alice?" in page.get(UPGRADE).text
    assert page.post(UPGRADE, {"reason": ""}).status_code == 200
    assert page.post(UPGRADE, {"reason": "the address"})["Location"] == STATUS
    row.refresh_from_db()
    assert not row.is_read_only
    assert page.post("/untouched/").status_code == 200
    assert page.get(UPGRADE)["Location"] == STATUS
    assert page.post(UPGRADE, WHY).status_code == 303
    assert AuthEvent.objects.filter(event="impersonation_changed").count() == 1


# ---- by JSON, from a single page


def test_json__the_whole_way(sue, alice):
    permit(sue, "impersonate_write")
    client = AuthClient(enforce_csrf_checks=True, headers=JSON)
    client.force_login(sue)
    token = client.get("/account/session/").json()["csrf_token"]

    def ask(address, method="post", **body):
        return getattr(client, method)(address, body, "application/json", headers={"x-csrftoken": token})

    answer = ask(BY_NAME + "?next=/untouched/", user="alice", reason="ticket 7", reference="T-7")
    assert (answer.status_code, answer.json()["active"], answer.json()["target"]["display_name"]) == (
        201,
        True,
        "alice",
    )
    assert answer.json()["next"] == "/whoami/"
    token = answer.json()["csrf_token"]
    told = client.get("/account/session/").json()
    assert (told["user"]["display_name"], told["state"]) == ("alice", "impersonator")
    answer = ask(UPGRADE, reason="the address")
    assert (answer.status_code, answer.json()["mode"]) == (200, "write")
    assert ask(EXTEND, reason="still").status_code == 200
    answer = ask(STOP)
    assert (answer.status_code, answer.json()["active"], answer.json()["next"]) == (200, False, "/untouched/")
    assert ask(STOP).status_code == 409  # the token was made as Alice
    token = answer.json()["csrf_token"]
    assert ask(STOP).json()["active"] is False
    assert ask(of(alice), reason="again").status_code == 201
    token = client.get(STATUS).json()["csrf_token"]
    assert ask(STATUS, "delete").json()["actor"]["display_name"] == "sue"
    assert not Impersonation.objects.filter(ended_at=None).exists()


NONSENSE = [b"{", b"[]", b'{"reason": 1}', b'{"reason": {"a": 1}}', b'{"reason": "\\ud800"}', b'{"reason": "\\u0000"}']


@pytest.mark.parametrize("body", NONSENSE, ids=range(len(NONSENSE)))
def test_json__nonsense_is_a_problem(page, sue, alice, body):
    permit(sue, "impersonate_write")
    for address in (of(alice), BY_NAME):
        answer = page.post(address, body, content_type="application/json")
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    begin(page, alice)
    for address in (EXTEND, UPGRADE):
        assert page.post(address, body, content_type="application/json").status_code == 400


# ---- signing out and in by our pages


@pytest.mark.parametrize(("method", "path"), [("post", "/account/logout/"), ("delete", "/account/session/")])
def test_logout__stops_and_leaves_the_actor_signed_in(page, alice, method, path):
    row = begin(page, alice)
    getattr(page, method)(path)
    assert (who(page), end_of(row)) == ("sue", "logout")


@pytest.mark.parametrize("path", ["/account/login/", "/account/session/"])
def test_login__stops_and_signs_in(page, alice, make_user, password, path):
    make_user("bob")
    row = begin(page, alice, next="/untouched/")
    page.post(path, {"username": "bob", "password": password})
    assert (who(page), end_of(row)) == ("bob", "login")
    assert "way_back" not in page.session["_sessionauth"]


@pytest.mark.parametrize("path", ["/account/keys/", "/account/confirm/", "/account/password/", "/account/devices/"])
def test_other_pages__stay_closed(page, alice, path):
    begin(page, alice)
    answer = page.get(path)
    assert (answer.status_code, f'href="{STATUS}"' in answer.text) == (403, True)


# ---- the pages themselves


def test_pages__have_nothing_that_a_strict_policy_refuses_and_need_no_context_processor(page, sue, alice, settings):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {}}]
    permit(sue, "impersonate_write")
    asked = [of(alice), BY_NAME, ENDED]
    found = [page.get(address) for address in asked]
    begin(page, alice)
    found += [page.get(address) for address in (STATUS, STOP, EXTEND, UPGRADE)]
    for answer in found:
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert [word for word in ("<script", "<style", "style=", "onclick", "javascript:") if word in answer.text] == []


def test_pages__a_name_is_text(page, make_user):
    evil = make_user("evil", first_name="<script>alert(1)</script>")
    assert "<script" not in page.get(of(evil)).text
    begin(page, evil)
    for address in (STATUS, STOP, EXTEND):
        answer = page.get(address)
        assert ("<script" in answer.text, "&lt;script&gt;" in answer.text) == (False, True)


@pytest.mark.parametrize("path", [BY_NAME, "/account/impersonate/1/", EXTEND, UPGRADE])
def test_pages__take_no_program_s_credential(client, sue, path):
    _, secret = AccessToken.objects.issue(user=sue)
    answer = client.post(path, WHY, headers={"authorization": f"Bearer {secret}", **JSON})
    assert (answer.status_code, answer.json()["code"]) == (403, "people_only")
