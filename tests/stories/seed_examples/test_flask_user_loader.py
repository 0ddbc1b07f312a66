"""Flask-Login's user_loader: the session holds an id, and one function of the project's knows whose it is.

The function gets the request and the session. Users may be objects of any class; here nothing is in the database.
"""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import path

from sessionauth.decorators import login_required

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Guest:
    is_authenticated = True  # all that a user must have
    is_anonymous = False

    def __init__(self, room, *, is_active=True):
        self.room = room
        self.is_active = is_active

    def get_display_name(self):
        return f"the guest in {self.room}"


GUESTS = {"101": Guest("101"), "102": Guest("102", is_active=False)}


def load_guest(request, session):
    return GUESTS.get(session.get("room"))


async def aload_guest(request, session):
    return GUESTS.get(await session.aget("room"))


def broken(request, session):
    raise ConnectionError("the register is closed")


def check_in(request, room):
    request.session["room"] = room
    return HttpResponse()


@login_required
def breakfast(request):
    return HttpResponse(f"Good morning to {request.auth}")


urlpatterns = [path("check-in/<room>/", check_in), path("breakfast/", breakfast)]


@pytest.fixture(autouse=True)
def project(settings):
    settings.LOGIN_URL = ""
    settings.SESSIONAUTH_USER_LOADER = f"{__name__}.load_guest"


@pytest.mark.parametrize("loader", ["load_guest", "aload_guest"])
def test_the_loader_knows_the_id(client, settings, loader):
    settings.SESSIONAUTH_USER_LOADER = f"{__name__}.{loader}"
    client.get("/check-in/101/")
    assert client.get("/breakfast/").content == b"Good morning to the guest in 101"


def test_an_id_that_nobody_has_is_nobody(client):
    assert client.get("/breakfast/").status_code == 401
    client.get("/check-in/999/")
    assert client.get("/breakfast/").status_code == 401


def test_an_inactive_user_is_nobody(client):
    client.get("/check-in/102/")
    assert client.get("/breakfast/").status_code == 401


def test_a_loader_that_fails_lets_nobody_in_and_brings_nothing_down(client, settings, caplog):
    settings.SESSIONAUTH_USER_LOADER = f"{__name__}.broken"
    client.get("/check-in/101/")
    assert client.get("/breakfast/").status_code == 401
    assert "SESSIONAUTH_USER_LOADER failed" in caplog.text
