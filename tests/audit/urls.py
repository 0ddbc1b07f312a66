"""Views in which something happens that is recorded."""

from __future__ import annotations

import asyncio

from django.contrib.auth import get_user_model, login
from django.db import connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from sessionauth import audit
from sessionauth.audit import Event
from sessionauth.models import APIKey
from tests.account_urls import urlpatterns as others
from tests.contracts import MODEL_BACKEND

#: What the views have seen of themselves.
seen = {}


def revoke(request):
    """Tell of somebody's session, without a request."""
    assert request.user.is_authenticated
    audit.record(Event.SESSION_REVOKED, user=get_user_model().objects.get(pk=request.POST["user"]))
    return HttpResponse()


def three(request):
    """Tell of three things."""
    for number in range(3):
        audit.record(Event.LOGIN_FAILED, request, number=number)
    return HttpResponse()


def fail(request):
    """Do things, and fail: in a transaction nothing of it has happened."""
    seen["atomic"] = connection.in_atomic_block
    APIKey.objects.issue(name="taken back")
    login(request, get_user_model().objects.get(), MODEL_BACKEND)
    raise RuntimeError("after it was told")


def undo(request):
    """Take back what was told, and answer as if nothing had happened."""
    with transaction.atomic():
        APIKey.objects.issue(name="taken back")
        transaction.set_rollback(True)
    return HttpResponse()


def stream(request):
    """Tell of something when the middleware has long gone."""

    def body():
        audit.record(Event.LOGIN_FAILED, request, reason="late")
        yield b"ok"

    return StreamingHttpResponse(body())


async def wait(request):
    """Tell of something, and be left waiting by a client who goes away."""
    await audit.arecord(Event.LOGIN_FAILED, request, reason="left")
    seen["waiting"].set()
    await asyncio.sleep(60)


async def begin(request):
    """Leave something to a task that goes on when the answer has been given."""

    async def go_on():
        await seen["answered"].wait()
        await audit.arecord(Event.LOGIN_FAILED, reason="afterwards")

    seen["task"] = asyncio.create_task(go_on())
    return HttpResponse()


urlpatterns = [
    path("begin/", begin),
    path("revoke/", revoke),
    path("three/", three),
    path("fail/", fail),
    path("undo/", undo),
    path("stream/", stream),
    path("wait/", wait),
    *others,
]
