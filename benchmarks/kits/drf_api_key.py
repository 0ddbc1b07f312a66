"""Keys of djangorestframework-api-key, which know no user."""

from __future__ import annotations

from django.urls import path
from rest_framework_api_key.models import APIKey
from rest_framework_api_key.permissions import HasAPIKey

from benchmarks.asking import Ask
from benchmarks.kits import base
from benchmarks.kits.drf_view import Who

urlpatterns = [
    *base.urlpatterns,
    path("api/", Who.as_view(authentication_classes=[], permission_classes=[HasAPIKey])),
]


def key() -> Ask:
    _, secret = APIKey.objects.create_key(name="desk")
    return Ask("/api/", base.bearer(secret, "Api-Key"))


CASES = {
    **base.CASES,
    "key": key,
    "unknown_key": lambda: Ask("/api/", base.bearer("abcdefgh.abcdefgh", "Api-Key"), statuses=(401, 403)),
}
