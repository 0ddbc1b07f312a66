"""Somebody who acts as somebody else by django-hijack."""

from __future__ import annotations

from django.urls import include, path

from benchmarks.asking import Ask
from benchmarks.kits import base

urlpatterns = [*base.urlpatterns, path("hijack/", include("hijack.urls"))]


def impersonated() -> Ask:
    target = base.alice()
    client = base.browser(base.alice("root", is_superuser=True, is_staff=True))
    answer = client.post("/hijack/acquire/", {"user_pk": target.pk})  # type: ignore[attr-defined]
    assert answer.status_code == 302, answer.status_code
    return Ask("/whoami/", base.cookie(client), says=base.NAME)


CASES = {**base.CASES, "impersonated": impersonated}
