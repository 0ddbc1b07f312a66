"""URLs of a project that takes the API of keys and tokens as views of REST framework."""

from __future__ import annotations

from django.urls import include, path

from tests.account_urls import urlpatterns as others

urlpatterns = [path("api/auth/", include("sessionauth.contrib.rest_framework.urls")), *others]
