"""Our SessionMiddleware beside Django's: the same answers, with a thread under ASGI only where a session is saved."""

from __future__ import annotations

import pytest
from asgiref.sync import SyncToAsync, async_to_sync, sync_to_async
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.cached_db import SessionStore as CachedStore
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware as DjangosSessionMiddleware
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils.log import log_response

from sessionauth.sessions import db, store
from sessionauth.sessions.middleware import SessionMiddleware

pytestmark = pytest.mark.django_db

DJANGOS = "django.contrib.sessions.middleware.SessionMiddleware"
OURS = "sessionauth.sessions.middleware.SessionMiddleware"


async def nothing(request):
    return HttpResponse()


async def looks(request):
    return HttpResponse(await request.session.aget("colour", "none"))


async def puts(request):
    await request.session.aset("colour", "red")
    return HttpResponse()


async def puts_and_fails(request):
    await request.session.aset("colour", "red")
    return HttpResponse(status=503)


async def raises(request):
    await request.session.aset("colour", "red")
    raise ZeroDivisionError


async def empties(request):
    await request.session.aflush()
    return HttpResponse()


async def loses(request):
    """Have the session deleted by a request beside this one."""
    await request.session.aset("colour", "red")
    await Session.objects.all().adelete()
    return HttpResponse()


async def takes_away(request):
    del request.session
    return HttpResponse()


async def streams(request):
    await request.session.aset("colour", "red")

    async def pieces():
        yield b"red"

    return StreamingHttpResponse(pieces())


async def ends_with_browser(request):
    await sync_to_async(request.session.set_expiry)(0)
    return HttpResponse()


async def tells_colour(request):
    return HttpResponse(request.session["colour"])


VIEWS = [nothing, looks, puts, puts_and_fails, raises, empties, loses, takes_away, streams, ends_with_browser]
urlpatterns = [path(f"{view.__name__}/", view) for view in [*VIEWS, tells_colour]]
#: Cookies that no session can have: Django has the browser throw them away.
NO_KEYS = ["", "short"]


def answer(settings, middleware, view, came, *, is_async=True):
    """Return what a browser that has a session, has none, or sends the cookie `came` is told by `view`.

    Without what differs by chance.
    """
    settings.MIDDLEWARE = [middleware]
    settings.ROOT_URLCONF = __name__
    browser = (AsyncClient if is_async else Client)(raise_request_exception=False)
    if came == "session":
        session = SessionStore()
        session["shade"] = "dark"
        session.save()
        browser.cookies["sessionid"] = session.session_key
    elif came is not None:
        browser.cookies["sessionid"] = came
    told = async_to_sync(browser.get)(f"/{view}/") if is_async else browser.get(f"/{view}/")
    cookie = told.cookies.get("sessionid")
    told_cookie = cookie and {name: value for name, value in cookie.items() if name != "expires"}
    kept = [row.get_decoded() for row in Session.objects.all()]
    Session.objects.all().delete()
    return told.status_code, told.get("Vary"), told_cookie, bool(cookie and cookie.value), kept


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("came", ["session", None, *NO_KEYS])
@pytest.mark.parametrize("every_request", [False, True])
@pytest.mark.parametrize("view", [view.__name__ for view in VIEWS])
def test_answer__is_djangos(settings, view, every_request, came, is_async):
    settings.SESSION_SAVE_EVERY_REQUEST = every_request
    djangos, ours = (answer(settings, one, view, came, is_async=is_async) for one in (DJANGOS, OURS))
    assert ours == djangos


def test_untouched_session__is_not_djangos_business(settings, monkeypatch):
    monkeypatch.setattr(DjangosSessionMiddleware, "process_response", None)
    assert answer(settings, OURS, "nothing", "session", is_async=False)[0] == 200


@pytest.mark.parametrize(
    "vary", [None, "", "Cookie", "Accept, Cookie", "accept,cookie", "Accept,Cookie", "X-Cookie", "*"]
)
def test_vary__is_djangos_whatever_it_says_already(rf, vary):
    told = []
    for middleware in (DjangosSessionMiddleware, SessionMiddleware):
        request, response = rf.get("/"), HttpResponse()
        if vary is not None:
            response["Vary"] = vary
        request.session = SessionStore("a" * 32)
        request.session.get("colour")
        told.append(middleware(HttpResponse).process_response(request, response)["Vary"])
    assert told[0] == told[1]


class Coloured(SessionMiddleware):
    """What a project may have made of it: steps of its own, which ask the database on each request."""

    def process_request(self, request):
        super().process_request(request)
        request.session["colour"] = f"{Session.objects.count()} sessions"

    def process_response(self, request, response):
        response = super().process_response(request, response)
        response["X-Sessions"] = str(Session.objects.count())
        return response


class Closed(SessionMiddleware):
    """One that answers by itself."""

    def process_request(self, request):
        return HttpResponse(status=503)


@pytest.mark.parametrize("is_async", [True, False])
def test_own_steps_of_subclass__are_taken(settings, is_async):
    settings.MIDDLEWARE = [f"{__name__}.Coloured"]
    settings.ROOT_URLCONF = __name__
    told = async_to_sync(AsyncClient().get)("/tells_colour/") if is_async else Client().get("/tells_colour/")
    assert (told.content, told["X-Sessions"]) == (b"0 sessions", "1")
    assert answer(settings, f"{__name__}.Closed", "nothing", None, is_async=is_async)[0] == 503


class Initials(SessionStore):
    """What a project may have for an engine: one that begins by a way of its own."""

    def __init__(self, session_key=None):
        super().__init__(session_key)
        self.initials = ["ab"]


class Noting(SessionBase):
    def __init__(self, session_key=None):
        super().__init__(session_key)
        self.initials = ["ab"]


class InitialsFromBehind(SessionStore, Noting):
    """One whose way of its own stands behind Django's, which goes on to it."""


ENGINES = [
    f"django.contrib.sessions.backends.{name}" for name in ("db", "signed_cookies", "cache", "cached_db", "file")
]
ENGINES += ["sessionauth.sessions.db", "sessionauth.sessions.encrypted_cookies"]


def begun(middleware, cookie):
    """Return what a session has in it that came with the cookie, as `middleware` begins it."""
    request = HttpRequest()
    if cookie is not None:
        request.COOKIES["sessionid"] = cookie
    middleware.process_request(request)
    assert type(request.session) is middleware.SessionStore
    return {name: value for name, value in vars(request.session).items() if name != "_cache"}, request.session


@pytest.mark.parametrize("cookie", ["x" * 32, None, *NO_KEYS])
@pytest.mark.parametrize("engine", ENGINES)
def test_session__begins_as_with_django(settings, engine, cookie):
    settings.SESSION_ENGINE = engine
    djangos, ours = DjangosSessionMiddleware(looks), SessionMiddleware(looks)
    assert begun(ours, cookie)[0] == begun(ours, cookie)[0] == begun(djangos, cookie)[0]
    first = begun(ours, cookie)[1]
    first["colour"], first.modified = "red", True
    assert begun(ours, cookie)[0] == begun(djangos, cookie)[0]


def test_session__begins_by_what_the_settings_say_now(settings):
    middleware = SessionMiddleware(looks)
    begun(middleware, None)
    settings.SESSION_SERIALIZER = f"{__name__}.Initials"
    assert begun(middleware, None)[1].serializer is Initials


@pytest.mark.parametrize("engine", [Initials, InitialsFromBehind])
def test_session__of_an_engine_of_the_project_begins_by_its_own_way(engine):
    middleware = SessionMiddleware(looks)
    middleware.SessionStore = engine
    one, other = (begun(middleware, "x" * 32)[1] for _ in range(2))
    assert one.initials == other.initials == ["ab"]
    assert one.initials is not other.initials


@pytest.mark.parametrize(("view", "taken"), [("nothing", 0), ("puts", 1), ("takes_away", 0)])
def test_thread__is_only_for_what_is_saved(settings, monkeypatch, view, taken):
    hops = counted_hops(monkeypatch)

    def hops_of(middleware):
        hops.clear()
        answer(settings, middleware, view, None)
        return len(hops)

    assert hops_of(DJANGOS) - hops_of(OURS) == 2 - taken


def counted_hops(monkeypatch):
    """Return a list that gets what is sent into a thread from now on."""
    hops, original = [], SyncToAsync.__call__

    async def count(self, *args, **kwargs):
        if self.func is not log_response:  # Django's own, for each answer of an error
            hops.append(self.func)
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", count)
    return hops


@pytest.mark.parametrize("act", ["acreate", "asave", "acycle_key", "aflush"])
def test_own_engine__takes_one_hop_for_each_act(monkeypatch, act):
    session = db.SessionStore()
    session["colour"] = "red"
    session.save()
    hops = counted_hops(monkeypatch)
    async_to_sync(getattr(session, act))()
    assert len(hops) == 1


def test_session__is_of_the_engine_that_is_set_and_djangos_is_written_in_fewer_steps(settings):
    for engine, kind in (
        ("django.contrib.sessions.backends.db", store.SessionStore),
        ("sessionauth.sessions.db", db.SessionStore),
        ("django.contrib.sessions.backends.cached_db", CachedStore),
    ):
        settings.SESSION_ENGINE = engine
        request = HttpRequest()
        SessionMiddleware(lambda request: HttpResponse()).process_request(request)
        assert type(request.session) is kind
