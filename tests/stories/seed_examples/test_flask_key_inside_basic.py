"""Flask-Login's other request_loader: an API key inside an HTTP Basic header, for clients that can send nothing else.

An authenticator of the project's own in a few lines: it only says where the secret stands. That it is one of ours, that
it is in order and whose it is, the base class finds out.
"""

from __future__ import annotations

import base64

import pytest
from django.http import HttpResponse
from django.urls import path

from sessionauth import http
from sessionauth.authenticators.base import CredentialAuthenticator, PresentedSecret
from sessionauth.authenticators.basic import decode
from sessionauth.decorators import login_required
from sessionauth.models import APIKey

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class KeyInsideBasic(CredentialAuthenticator):
    """Reads `Authorization: Basic base64("<anything>:<key>")`."""

    name = "key_inside_basic"
    ambient = True  # a browser would send it unasked, once it had been typed in
    carriers = ("Authorization",)

    def extract(self, request):
        scheme, encoded = http.authorization(request)
        secret = decode(encoded).password if scheme == "basic" else ""
        return PresentedSecret(secret) if self.is_ours(secret) else None

    def challenge(self, request, error):
        return http.challenge("Basic", {"realm": self.realm})


@login_required
def feed(request):
    return HttpResponse(f"news for {request.user.get_username()}")


urlpatterns = [path("feed/", feed)]


@pytest.fixture(autouse=True)
def project(settings):
    settings.LOGIN_URL = ""
    settings.SESSIONAUTH_AUTHENTICATORS = [f"{__name__}.KeyInsideBasic"]


@pytest.fixture
def secret(django_user_model):
    return APIKey.objects.issue(user=django_user_model.objects.create_user("nadia"), name="feed reader")[1]


def inside_basic(secret):
    return {"Authorization": "Basic " + base64.b64encode(f"key:{secret}".encode()).decode()}


def test_the_key_is_known(client, secret):
    assert client.get("/feed/", headers=inside_basic(secret)).content == b"news for nadia"


def test_a_mistyped_key_is_refused_with_a_challenge(client, secret):
    refused = client.get("/feed/", headers=inside_basic(secret[:-1] + "-"))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="api"'


@pytest.mark.parametrize("other", ["a password of somebody's", "", "sa_nothing_of_ours"])
def test_a_real_password_is_none_of_its_business(client, other):
    assert client.get("/feed/", headers=inside_basic(other)).status_code == 401
