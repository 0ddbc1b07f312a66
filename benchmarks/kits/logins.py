"""A view that signs in as Django's documentation writes it, and so the stock project; axes and we stand behind it."""

from __future__ import annotations

from django.contrib.auth import aauthenticate, alogin, authenticate, login
from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.asking import Ask
from benchmarks.kits import base


def sign_in(request: HttpRequest) -> HttpResponse:
    user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return HttpResponse("no", status=403)
    login(request, user)
    return HttpResponse("yes")


async def asign_in(request: HttpRequest) -> HttpResponse:
    user = await aauthenticate(request, username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return HttpResponse("no", status=403)
    await alogin(request, user)
    return HttpResponse("yes")


urlpatterns = [*base.urlpatterns, path("sign-in/", sign_in), path("async/sign-in/", asign_in)]


def attempt(name: str, password: str, *statuses: int) -> Ask:
    base.alice()
    return Ask("/sign-in/", form={"username": name, "password": password}, statuses=statuses)


CASES = {
    **base.CASES,
    "good_login": lambda: attempt(base.NAME, base.PASSWORD, 200),
    "bad_login": lambda: attempt(base.NAME, "wrong", 403),
    "unknown_login": lambda: attempt("mallory", "wrong", 403),
    # Asked often enough before it is measured (worker.WARM_UP) to be over every limit.
    "locked": lambda: attempt(base.NAME, "wrong", 403, 429),
}
