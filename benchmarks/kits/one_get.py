"""The floor of whatever is cached: a page that gets one small value from the cache."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.asking import Ask
from benchmarks.kits import base, logins


def got(request: HttpRequest) -> HttpResponse:
    return HttpResponse(cache.get("name"))


def _ask() -> Ask:
    # Opens a connection, at which Django looks before and after each request: a process that knows keys has one, too.
    base.alice()
    cache.set("name", base.NAME, None)
    return Ask("/got/")


# As many URLs stand before it as before what it is compared with: Django tries each.
urlpatterns = [*logins.urlpatterns, path("got/", got)]
CASES = {**base.CASES, "got": _ask}
