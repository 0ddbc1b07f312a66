"""What every stack has: a page that looks at nobody, a page that says who is there, and a browser of alice's."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from benchmarks.asking import Ask

NAME, PASSWORD = "alice", "correct horse battery staple"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


async def apage(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username() or "nobody")


async def awhoami(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    return HttpResponse(user.get_username() or "nobody")


urlpatterns = [
    path("page/", page),
    path("async/page/", apage),
    path("whoami/", whoami),
    path("async/whoami/", awhoami),
]


def alice(name: str = NAME, **fields: bool) -> object:
    """Return the user of that name, made at the first call."""
    users = get_user_model().objects
    found = users.filter(username=name).first()
    return found or users.create_user(name, f"{name}@example.org", PASSWORD, **fields)


def browser(user: object | None = None) -> Client:
    """Return a browser in which `user` (alice) is signed in."""
    client = Client()
    client.force_login(user or alice(), BACKEND)  # type: ignore[arg-type]
    client.get("/whoami/")  # what the first request of a sign-in brings stands in the browser's cookies from then on
    return client


def cookie(client: Client) -> dict[str, str]:
    return {"cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}


def bearer(secret: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"authorization": f"{scheme} {secret}"}


CASES: dict[str, Callable[[], Ask]] = {
    "page": lambda: Ask("/page/"),
    "page_cookie": lambda: Ask("/page/", cookie(browser())),
    "anonymous": lambda: Ask("/whoami/", says="nobody"),
    "session": lambda: Ask("/whoami/", cookie(browser()), says=NAME),
}
