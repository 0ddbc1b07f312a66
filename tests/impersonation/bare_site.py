"""The small site without our pages."""

from __future__ import annotations

from django.urls import path

from tests.impersonation import site

urlpatterns = [
    path("who/", site.who),
    path("awho/", site.awho),
    path("form/", site.form),
    path("sign-out/", site.sign_out),
]
