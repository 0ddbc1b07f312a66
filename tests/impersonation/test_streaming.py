"""Answers that are made while they are sent: every piece is the target's, and none finds the actor."""

from __future__ import annotations

import io

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.http import FileResponse, StreamingHttpResponse
from django.urls import path

from sessionauth.authenticators import aget_auth, get_auth
from sessionauth.impersonation import streaming
from sessionauth.impersonation.stage import MARKER, Stage
from tests.impersonation import site

pytestmark = pytest.mark.django_db


def _pieces(request):
    for _ in range(2):
        yield f"{request.user.get_username()} {get_auth(request).user.get_username()} {request.session.get('cart')}\n"
    request.session["cart"] = "streamed"
    request.session.save()


async def _apieces(request):
    for _ in range(2):
        user, auth = await request.auser(), await aget_auth(request)
        yield f"{user.get_username()} {auth.user.get_username()} {await request.session.aget('cart')}\n"
    await sync_to_async(request.session.__setitem__)("cart", "streamed")
    await sync_to_async(request.session.save)()


def stream(request):
    return StreamingHttpResponse(_pieces(request))


async def astream(request):
    return StreamingHttpResponse(_apieces(request))


def broken(request):
    def pieces():
        yield "first"
        raise ValueError("no more")

    return StreamingHttpResponse(pieces())


urlpatterns = [path("stream/", stream), path("astream/", astream), path("broken/", broken)]
urlpatterns += site.urlpatterns


@pytest.fixture(autouse=True)
def _urls(settings, _site):
    settings.ROOT_URLCONF = __name__


def text_of(answer):
    if not answer.is_async:
        return answer.getvalue().decode()

    async def collect():
        return b"".join([piece async for piece in answer.streaming_content])

    return async_to_sync(collect)().decode()


@pytest.mark.parametrize("is_marked", [True, False], ids=["marker", "no_marker"])
def test_stream__is_the_target_s_to_the_last_piece(browser, alice, is_marked):
    browser.get("/cart/?put=root's")
    browser.begin(alice)
    browser.get("/cart/?put=alice's")
    if not is_marked:
        del browser.cookies[MARKER]
    answer = browser.get("/astream/" if browser.is_async else "/stream/")
    assert text_of(answer) == f"{alice.get_username()} {alice.get_username()} alice's\n" * 2
    browser.cookies[MARKER] = "1"
    assert browser.get("/cart/").json() == {"cart": "streamed"}
    browser.post("/impersonate/stop/")
    assert browser.get("/cart/").json() == {"cart": "root's"}


def test_stream__leaves_the_request_as_it_came(browser, alice):
    browser.begin(alice)
    answer = browser.get("/astream/" if browser.is_async else "/stream/")
    text_of(answer)
    request = answer.asgi_request if browser.is_async else answer.wsgi_request
    assert request.session.session_key == browser.cookies["sessionid"].value


def test_stream__that_fails(browser, alice):
    browser.begin(alice)
    answer = browser.get("/broken/")
    with pytest.raises(ValueError, match="no more"):
        text_of(answer)
    request = answer.asgi_request if browser.is_async else answer.wsgi_request
    assert request.session.session_key == browser.cookies["sessionid"].value


@pytest.mark.once
def test_file__stays_one(rf):
    """Servers send it in a faster way; Django's test client would take it apart."""
    stage = Stage(rf.get("/"))
    stage.child = stage.request.session = object()
    answer = FileResponse(io.BytesIO(b"a file"))
    streaming.keep_up(answer, stage)
    assert answer.file_to_stream is not None


def test_nobody__is_not_wrapped(browser, root):
    answer = browser.get("/astream/" if browser.is_async else "/stream/")
    assert text_of(answer).startswith(f"{root.get_username()} {root.get_username()} None")
