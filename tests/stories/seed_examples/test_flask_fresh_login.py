"""Flask-Login's fresh logins: a page that wants to be sure, and a page on which one proves it again."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path

from sessionauth import LoginManager, backends, confirm_login, get_auth
from sessionauth.access import success_url
from sessionauth.decorators import fresh_login_required, login_required

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def login(request):
    LoginManager().login(request, request.POST["name"], request.POST["word"], remember=True)
    return HttpResponse()


@login_required
def reauthenticate(request):
    if request.method == "POST" and backends.confirm(request, request.user, {"password": request.POST["word"]}):
        confirm_login(request, method="password")
        return HttpResponseRedirect(success_url(request))
    return HttpResponse(" ".join(str(message) for message in get_messages(request)))


@fresh_login_required
def change_address(request):
    return HttpResponse("Where to?")


def state(request):
    return HttpResponse(get_auth(request).state.value)


def go_away(request, reason):
    return HttpResponse(f"Go away: {reason}", status=403) if reason == "stale" else None


urlpatterns = [
    path("login/", login),
    path("reauthenticate/", reauthenticate, name="reauthenticate"),
    path("address/", change_address),
    path("state/", state),
]


@pytest.fixture(autouse=True)
def project(settings):
    settings.SESSIONAUTH_CONFIRM_URL = "reauthenticate"
    settings.SESSIONAUTH_CONFIRM_MESSAGE = "To protect your account, please say the word again."


@pytest.fixture
def remembered(client, django_user_model, password):
    """The browser of somebody who comes back after it has forgotten the session."""
    django_user_model.objects.create_user("ida", password=password)
    client.post("/login/", {"name": "ida", "word": password})
    assert client.get("/address/").content == b"Where to?"
    del client.cookies["sessionid"]
    assert client.get("/state/").content == b"remembered"
    return client


def test_who_is_only_remembered_proves_it_again(remembered, password):
    sent = remembered.get("/address/")["Location"]
    assert sent == "/reauthenticate/?next=/address/"
    assert remembered.get(sent).content == b"To protect your account, please say the word again."
    assert remembered.post(sent, {"word": "guess"}).status_code == 200
    assert remembered.get("/address/").status_code == 302
    assert remembered.post(sent, {"word": password})["Location"] == "/address/"
    assert remembered.get("/address/").content == b"Where to?"
    assert remembered.get("/state/").content == b"fresh"


def test_and_stays_remembered(remembered, password):
    remembered.post("/reauthenticate/", {"word": password})
    del remembered.cookies["sessionid"]
    assert remembered.get("/state/").content == b"remembered"


def test_nobody_elses_word_will_do(remembered, django_user_model):
    django_user_model.objects.create_user("eve", password="eve's own word")
    remembered.post("/reauthenticate/", {"word": "eve's own word", "username": "eve"})
    assert remembered.get("/address/").status_code == 302


def test_the_projects_own_answer(remembered, settings):
    settings.SESSIONAUTH_UNAUTHORIZED_HANDLER = f"{__name__}.go_away"
    assert remembered.get("/address/").content == b"Go away: stale"
