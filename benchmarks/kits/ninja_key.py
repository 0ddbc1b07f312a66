"""A key in Ninja, looked up by hand as its documentation shows, by a unique column of the user: the least there is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI
from ninja.security import HttpBearer

from benchmarks.asking import Ask
from benchmarks.kits import base

SECRET = "b" * 40


class ByHand(HttpBearer):
    """Finds the user by a unique column: the least that a lookup can be."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return get_user_model().objects.filter(username=token, is_active=True).first()


api = NinjaAPI(auth=ByHand(), urls_namespace="bench")


@api.get("/who")
def who(request: Any) -> str:
    return str(request.auth.get_username())


urlpatterns = [*base.urlpatterns, path("api/", api.urls)]


def key() -> Ask:
    base.alice(SECRET)
    return Ask("/api/who", base.bearer(SECRET))


CASES = {
    **base.CASES,
    "key": key,
    "unknown_key": lambda: Ask("/api/who", base.bearer("0" * 40), statuses=(401,)),
}
