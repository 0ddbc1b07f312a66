"""URLs of another host: what states a scope elsewhere states none here."""

from __future__ import annotations

from django.urls import path

from tests.attacks import places

urlpatterns = [path(f"{name}/", places.plain) for name in places.STATED]
