"""Our keys in a view of REST framework."""

from __future__ import annotations

from django.urls import path
from rest_framework.permissions import IsAuthenticated

from benchmarks.kits import ours
from benchmarks.kits.drf_view import Who
from sessionauth.contrib.rest_framework import RequestAuthentication

urlpatterns = [
    *ours.urlpatterns,
    path("api/", Who.as_view(authentication_classes=[RequestAuthentication], permission_classes=[IsAuthenticated])),
]
CASES = {**ours.CASES, "key": lambda: ours.key("/api/")}
