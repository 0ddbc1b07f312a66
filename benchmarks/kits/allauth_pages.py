"""The login page of allauth."""

from __future__ import annotations

from django.urls import include, path

from benchmarks.asking import Ask
from benchmarks.kits import base

urlpatterns = [*base.urlpatterns, path("accounts/", include("allauth.urls"))]


def attempt(name: str, password: str, *statuses: int) -> Ask:
    base.alice()
    return Ask("/accounts/login/", form={"login": name, "password": password}, statuses=statuses)


CASES = {
    **base.CASES,
    "good_login": lambda: attempt(base.NAME, base.PASSWORD, 302),
    "bad_login": lambda: attempt(base.NAME, "wrong", 200),  # the page once more
    "unknown_login": lambda: attempt("mallory", "wrong", 200),
    "locked": lambda: attempt(base.NAME, "wrong", 200, 429),
}
