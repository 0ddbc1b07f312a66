"""REST framework's own tokens."""

from __future__ import annotations

from django.urls import path
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import IsAuthenticated

from benchmarks.asking import Ask
from benchmarks.kits import base
from benchmarks.kits.drf_view import Who

urlpatterns = [
    *base.urlpatterns,
    path("api/", Who.as_view(authentication_classes=[TokenAuthentication], permission_classes=[IsAuthenticated])),
]


def key() -> Ask:
    token, _ = Token.objects.get_or_create(user=base.alice())
    return Ask("/api/", base.bearer(token.key, "Token"))


CASES = {
    **base.CASES,
    "key": key,
    "unknown_key": lambda: Ask("/api/", base.bearer("0" * 40, "Token"), statuses=(401,)),
}
