"""Our keys in Ninja."""

from __future__ import annotations

from typing import Any

from django.urls import path
from ninja import NinjaAPI

from benchmarks.kits import ours
from sessionauth.contrib.ninja import RequestAuth, install

api = install(NinjaAPI(auth=RequestAuth(), urls_namespace="bench"))


@api.get("/who")
def who(request: Any) -> str:
    return str(request.user.get_username())


urlpatterns = [*ours.urlpatterns, path("api/", api.urls)]
CASES = {**ours.CASES, "key": lambda: ours.key("/api/who")}
