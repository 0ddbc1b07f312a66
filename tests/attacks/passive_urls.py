"""URLs with names, for requests that are no use of a session, and a view that confirms a login."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from sessionauth import confirm_login
from tests.project import ways
from tests.project.ways_urls import urlpatterns as project


@csrf_exempt
def confirm(request):
    confirm_login(request)
    return HttpResponse()


named = [path("named/", ways.tell, name="tell")]

urlpatterns = [
    *project,
    *named,
    path("space/", include((named, "space"))),
    path("confirm/", confirm),
]
