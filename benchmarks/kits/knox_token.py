"""Tokens of django-rest-knox."""

from __future__ import annotations

from django.urls import path
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.permissions import IsAuthenticated

from benchmarks.asking import Ask
from benchmarks.kits import base
from benchmarks.kits.drf_view import Who

urlpatterns = [
    *base.urlpatterns,
    path("api/", Who.as_view(authentication_classes=[TokenAuthentication], permission_classes=[IsAuthenticated])),
]


def key() -> Ask:
    _, secret = AuthToken.objects.create(base.alice())
    return Ask("/api/", base.bearer(secret, "Token"))


def many() -> Ask:
    for _ in range(99):
        AuthToken.objects.create(base.alice("carol"))
    _, secret = AuthToken.objects.create(base.alice("carol"))
    return Ask("/api/", base.bearer(secret, "Token"))


CASES = {
    **base.CASES,
    "key": key,
    "key_of_100": many,
    "unknown_key": lambda: Ask("/api/", base.bearer("0" * 64, "Token"), statuses=(401,)),
}
