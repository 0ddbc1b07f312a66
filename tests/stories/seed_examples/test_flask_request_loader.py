"""Flask-Login's request_loader: one function of the project's looks at the request itself.

It stands in SESSIONAUTH_AUTHENTICATORS as a callback. Naming the headers that it reads lets caches keep the answers of
those who did not send them apart from the others'.
"""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.core import signing
from django.http import HttpResponse
from django.urls import path

from sessionauth import InvalidCredential
from sessionauth.decorators import login_required

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

#: Tickets are signed by another service of the house, and say who is on the way.
tickets = signing.TimestampSigner(salt="ticket")


def load_from_ticket(request):
    ticket = request.headers.get("X-Ticket")
    if ticket is None:
        return None  # not ours: whoever stands next in the list may know
    try:
        name = tickets.unsign(ticket, max_age=60)
    except signing.BadSignature:
        raise InvalidCredential from None  # ours, and wrong: nobody else is asked
    return get_user_model().objects.filter(username=name).first()


@login_required
def platform(request):
    return HttpResponse(f"{request.user.get_username()} by {request.auth.method}")


urlpatterns = [path("platform/", platform)]


@pytest.fixture(autouse=True)
def project(settings):
    settings.LOGIN_URL = ""
    settings.SESSIONAUTH_AUTHENTICATORS = [
        {
            "NAME": "sessionauth.authenticators.callback.CallbackAuthenticator",
            "OPTIONS": {"callback": f"{__name__}.load_from_ticket", "name": "ticket", "vary": ["X-Ticket"]},
        },
        "sessionauth.authenticators.session.SessionAuthenticator",
    ]


@pytest.fixture
def anna(django_user_model):
    return django_user_model.objects.create_user("anna")


def test_a_ticket_says_who_it_is(client, anna):
    answer = client.get("/platform/", headers={"X-Ticket": tickets.sign("anna")})
    assert answer.content == b"anna by ticket"
    assert "X-Ticket" in answer.headers["Vary"]


def test_without_a_ticket_the_session_is_asked(client, anna):
    assert client.get("/platform/").status_code == 401
    client.force_login(anna)
    assert client.get("/platform/").content == b"anna by session"


def test_a_ticket_goes_before_a_session(client, anna, django_user_model):
    django_user_model.objects.create_user("boris")
    client.force_login(anna)
    assert client.get("/platform/", headers={"X-Ticket": tickets.sign("boris")}).content == b"boris by ticket"


def test_a_forged_ticket_is_not_made_good_by_a_session(client, anna):
    client.force_login(anna)
    assert client.get("/platform/", headers={"X-Ticket": "anna:forged:forged"}).status_code == 401


def test_a_ticket_starts_no_session(client, anna):
    answer = client.get("/platform/", headers={"X-Ticket": tickets.sign("anna")})
    assert not answer.cookies
    assert client.get("/platform/").status_code == 401
