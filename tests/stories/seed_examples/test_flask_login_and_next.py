"""Flask-Login's login page: remember me, the way back to where one was sent from, and the page to log out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path

from sessionauth import LoginManager, get_auth, logout
from sessionauth.access import success_url
from sessionauth.decorators import login_required
from sessionauth.models import RememberToken

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def login(request):
    if request.method == "POST":
        remember = timedelta(days=7) if "remember" in request.POST else False
        if LoginManager().login(request, request.POST["name"], request.POST["word"], remember=remember):
            return HttpResponseRedirect(success_url(request, default="/"))
    return HttpResponse("Who are you?")


@login_required
def settings_page(request):
    return HttpResponse(f"Settings of {request.user}")


@login_required
def logout_page(request):
    logout(request)
    return HttpResponseRedirect("/somewhere/")


def home(request):
    return HttpResponse(f"Hello, {get_auth(request)}")


urlpatterns = [path("login/", login), path("settings/", settings_page), path("logout/", logout_page), path("", home)]


@pytest.fixture(autouse=True)
def project(settings):
    settings.LOGIN_URL = "/login/"


@pytest.fixture
def ann(django_user_model, password):
    return django_user_model.objects.create_user("ann", password=password)


@pytest.fixture
def form(ann, password):
    return {"name": "ann", "word": password}


def test_the_way_back(client, form):
    sent = client.get("/settings/?tab=2")["Location"]
    assert sent == "/login/?next=/settings/%3Ftab%3D2"
    back = client.post(sent, form)["Location"]
    assert back == "/settings/?tab=2"
    assert client.get(back).content == b"Settings of ann"


@pytest.mark.parametrize("evil", ["http://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_never_leads_to_another_site(client, form, evil):
    assert client.post("/login/", {**form, "next": evil})["Location"] == "/"


def test_the_way_back_kept_in_the_session(client, form, settings):
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    assert client.get("/settings/")["Location"] == "/login/"
    assert client.post("/login/", form)["Location"] == "/settings/"
    assert client.post("/login/", form)["Location"] == "/", "it is good for one login"


def test_the_way_back_is_forgotten_at_logout(client, form, ann, settings):
    settings.SESSIONAUTH_USE_SESSION_FOR_NEXT = True
    client.get("/settings/")
    client.force_login(ann)
    client.get("/logout/")
    assert client.post("/login/", form)["Location"] == "/"


def test_remembered_for_a_week(client, form, ann):
    client.post("/login/", {**form, "remember": "on"})
    token = RememberToken.objects.get(user=ann)
    assert (token.expires_at - token.created_at).days == 7
    del client.cookies["sessionid"]
    assert client.get("/").content == b"Hello, ann"


def test_not_remembered_unless_asked(client, form):
    client.post("/login/", form)
    del client.cookies["sessionid"]
    assert client.get("/").content == b"Hello, Anonymous"


def test_logging_out_forgets_the_browser(client, form):
    client.post("/login/", {**form, "remember": "on"})
    client.get("/logout/")
    assert client.get("/").content == b"Hello, Anonymous"
