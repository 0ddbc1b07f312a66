"""URLs that begin with a language."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import path

from tests.checks.urls import page

urlpatterns = i18n_patterns(path("enter/", page, name="enter"), path("login/", page, name="login"))
