"""The test project's URLs, and views that tell who came in."""

from __future__ import annotations

from django.urls import path

from tests.project import ways
from tests.project.urls import urlpatterns as project

urlpatterns = [
    *project,
    path("tell/", ways.tell),
    path("atell/", ways.atell),
    path("still/", ways.untouched),
    path("astill/", ways.auntouched),
    path("unchecked/", ways.unchecked),
]
