"""Views that use request.user in all the ways that Django's documentation shows. A URLconf."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import (
    aget_user,
    alogin,
    alogout,
    aupdate_session_auth_hash,
    get_user,
    login,
    logout,
    update_session_auth_hash,
)
from django.contrib.auth.decorators import login_not_required
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse, StreamingHttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from sessionauth import aget_auth, get_auth
from sessionauth.decorators import login_required as sessionauth_login_required
from tests.coexistence.middlewares import the_user

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def told(user: Any) -> str | None:
    return user.get_username() if user.is_authenticated else None


def whoami(request: HttpRequest) -> JsonResponse:
    """Tell who it is by request.user, then by us, and whether a middleware marked the user."""
    user, auth = request.user, get_auth(request)
    marked = getattr(user, "is_marked", None)
    return JsonResponse({"user": told(user), "auth": told(auth.user), "method": auth.method, "marked": marked})


async def awhoami(request: HttpRequest) -> JsonResponse:
    user, auth = await request.auser(), await aget_auth(request)
    marked = getattr(user, "is_marked", None)
    return JsonResponse({"user": told(user), "auth": told(auth.user), "method": auth.method, "marked": marked})


def auth_first(request: HttpRequest) -> JsonResponse:
    """Ask us before anybody looked at request.user."""
    auth = get_auth(request)
    return JsonResponse({"auth": told(auth.user), "method": auth.method, "user": told(request.user)})


async def aauth_first(request: HttpRequest) -> JsonResponse:
    auth = await aget_auth(request)
    return JsonResponse({"auth": told(auth.user), "method": auth.method, "user": told(await request.auser())})


@login_not_required
def open_to_all(request: HttpRequest) -> JsonResponse:
    return whoami(request)


def untouched(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def has_user(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"has": [hasattr(request, name) for name in ("user", "auser", "auth", "session")]})


@sync_to_async
def everybody(request: HttpRequest) -> dict[str, str | None]:
    """Tell who it is by everything that is not a coroutine."""
    return {
        "user": told(request.user),
        "auth": told(get_auth(request).user),
        "face": told(request.auth.user),  # type: ignore[attr-defined]
        "django": told(get_user(request)),
    }


async def all_ways(request: HttpRequest) -> dict[str, str | None]:
    ways = {
        "auser": told(await request.auser()),
        "aauth": told((await aget_auth(request)).user),
        "adjango": told(await aget_user(request)),
    }
    return ways | await everybody(request)


@csrf_exempt
async def change(request: HttpRequest, act: str, look: str) -> JsonResponse:
    """Tell who it is before (where `look` says so) and after `act`."""
    before = await all_ways(request) if look == "looked" else None
    if act == "login":
        await sync_to_async(login)(request, await sync_to_async(the_user)(request), MODEL_BACKEND)
    elif act == "alogin":
        await alogin(request, await sync_to_async(the_user)(request), MODEL_BACKEND)
    elif act == "logout":
        await sync_to_async(logout)(request)
    elif act == "alogout":
        await alogout(request)
    elif act == "assign":
        request.user = await sync_to_async(the_user)(request)
    return JsonResponse({"before": before, "after": await all_ways(request)})


@csrf_exempt
def new_password(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    user.set_password("another correct horse")
    user.save()
    update_session_auth_hash(request, user)
    return HttpResponse(str(told(user)))


@csrf_exempt
async def anew_password(request: HttpRequest) -> HttpResponse:
    user: Any = await request.auser()
    user.set_password("another correct horse")
    await user.asave()
    await aupdate_session_auth_hash(request, user)
    return HttpResponse(str(told(user)))


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Look at the user only while the answer is already on its way."""

    def parts() -> Iterator[str]:
        yield "it is "
        yield str(told(request.user))

    return StreamingHttpResponse(parts())


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        yield "it is "
        yield str(told(await request.auser()))

    return StreamingHttpResponse(parts())


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def told_apart(request: HttpRequest) -> str | None:
    """Tell who it is in a thread that Django makes for error pages, and leave no connection there."""
    name = told(request.user)
    if threading.current_thread() is not threading.main_thread():
        connections.close_all()
    return name


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponseNotFound(f"Not here, {told_apart(request)}.")


def server_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Sorry, {told_apart(request)}.", status=500)


def large(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<p>{told(request.user)}</p>" * 100)


CALLS: list[str | None] = []


def counted(request: HttpRequest) -> HttpResponse:
    """Say for whom this was made, and the how manieth it is: who gets an old number was served from a cache."""
    CALLS.append(told(request.user))
    return HttpResponse(f"{CALLS[-1]} {len(CALLS)}")


async def acounted(request: HttpRequest) -> HttpResponse:
    CALLS.append(told(await request.auser()))
    return HttpResponse(f"{CALLS[-1]} {len(CALLS)}")


def counted_for_all(request: HttpRequest) -> HttpResponse:
    CALLS.append(None)
    return HttpResponse(f"all {len(CALLS)}")


async def auntouched(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


handler404 = not_found
handler500 = server_error

urlpatterns = [
    path("whoami/", whoami),
    path("awhoami/", awhoami),
    path("auth-first/", auth_first),
    path("aauth-first/", aauth_first),
    path("untouched/", untouched),
    path("has-user/", has_user),
    path("open/", open_to_all),
    path("change/<str:act>/<str:look>/", change),
    path("new-password/", new_password),
    path("anew-password/", anew_password),
    path("stream/", stream),
    path("astream/", astream),
    path("broken/", broken),
    path("counted/", counted),
    path("acounted/", acounted),
    path("counted-private/", sessionauth_login_required(counted)),
    path("counted-for-all/", counted_for_all),
    path("auntouched/", auntouched),
    path("auntouched-private/", sessionauth_login_required(auntouched)),
    path("large/", large),
    path("", include("tests.project.urls")),
]
