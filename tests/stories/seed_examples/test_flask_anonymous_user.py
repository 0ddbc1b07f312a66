"""Flask-Login's anonymous_user: a class of the project's own for those who are nobody, or a function that makes one."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.template import engines
from django.urls import path

from sessionauth.models import AnonymousUser

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Visitor(AnonymousUser):
    """Somebody without an account may have a language, and may read."""

    language = "en"

    def get_display_name(self):
        return "dear visitor"

    def get_scopes(self):
        return ["read"]


def visitor_from(request):
    """A factory gets the request, so that it can look around."""
    visitor = Visitor()
    visitor.language = request.headers.get("Accept-Language", "en")[:2]
    return visitor


def greet(request):
    template = engines["django"].from_string("{{ auth }} / {{ current_user.language }} / {{ user.is_anonymous }}")
    return HttpResponse(template.render({}, request))


urlpatterns = [path("", greet)]


def test_a_class(client, settings):
    settings.SESSIONAUTH_ANONYMOUS_USER = f"{__name__}.Visitor"
    assert client.get("/").content == b"dear visitor / en / True"


def test_a_factory_gets_the_request(client, settings):
    settings.SESSIONAUTH_ANONYMOUS_USER = f"{__name__}.visitor_from"
    assert client.get("/", headers={"Accept-Language": "fr-CH, fr"}).content == b"dear visitor / fr / True"


def test_somebody_is_still_somebody(client, settings, django_user_model):
    settings.SESSIONAUTH_ANONYMOUS_USER = f"{__name__}.Visitor"
    client.force_login(django_user_model.objects.create_user("olu", first_name="Olu"))
    assert client.get("/").content == b"Olu /  / False"


def test_nobody_may_do_what_the_class_says(client, settings):
    settings.SESSIONAUTH_ANONYMOUS_USER = f"{__name__}.Visitor"
    settings.SESSIONAUTH_SCOPES = {"read": ("Read", []), "write": ("Write", ["auth.change_user"])}
    auth = client.get("/").wsgi_request.auth
    assert ("read" in auth, "write" in auth) == (True, False)
