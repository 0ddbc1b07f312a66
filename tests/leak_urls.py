"""A project that takes reports of leaks."""

from __future__ import annotations

from django.urls import path

from sessionauth.views.leaks import LeakView
from tests.project import urls

urlpatterns = [path("leaks/", LeakView.as_view()), *urls.urlpatterns]
