"""URLs of a project that takes our pages, beside those of the default project."""

from __future__ import annotations

from django.urls import include, path

from tests.project.urls import urlpatterns as others

urlpatterns = [path("account/", include("sessionauth.urls")), *others]
