"""Beyond the three: any credential signs in. Here it is a signed link, good once and for ten minutes."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.core import signing
from django.http import HttpResponse
from django.urls import path

from sessionauth import LoginManager, get_auth
from sessionauth.decorators import fresh_login_required

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

SALT = "sign in by link"


def link_for(user):
    """Return what is mailed; the last login makes it worthless once it was used."""
    return signing.dumps([user.pk, str(user.last_login)], salt=SALT)


class LinkBackend(BaseBackend):
    """Knows who was sent a link."""

    login_method = "link"

    def authenticate(self, request, link):
        try:
            pk, last_login = signing.loads(link, salt=SALT, max_age=600)
        except signing.BadSignature:
            return None
        user = self.get_user(pk)
        return user if user is not None and str(user.last_login) == last_login else None

    def get_user(self, user_id):
        return get_user_model().objects.filter(pk=user_id, is_active=True).first()


def sign_in(request):
    token = LoginManager().login(request, link=request.POST["link"])
    return HttpResponse(str(token) if token else "That link is not good any more.")


def who(request):
    return HttpResponse(str(get_auth(request)))


@fresh_login_required(methods=["link"])
def by_link_only(request):
    return HttpResponse("opened")


urlpatterns = [path("link/", sign_in), path("who/", who), path("letter/", by_link_only)]


@pytest.fixture(autouse=True)
def project(settings):
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, f"{__name__}.LinkBackend"]


@pytest.fixture
def lin(django_user_model, password):
    return django_user_model.objects.create_user("lin", password=password)


def test_a_link_signs_in_once(client, lin):
    link = link_for(lin)
    assert client.post("/link/", {"link": link}).content == b"lin"
    assert client.get("/who/").content == b"lin"
    assert client.get("/letter/").content == b"opened"
    client.logout()
    assert client.post("/link/", {"link": link}).content == b"That link is not good any more."
    assert client.get("/who/").content == b"Anonymous"


def test_another_proof_does_not_open_the_letter(client, lin):
    client.force_login(lin)
    assert client.get("/letter/", headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize("link", ["", "nonsense", "a:b:c", "\0", "x" * 10_000])
def test_a_forged_link_is_nobodys(client, lin, link):
    assert client.post("/link/", {"link": link}).content == b"That link is not good any more."


def test_the_link_of_an_inactive_user_is_nobodys(client, lin, django_user_model):
    link = link_for(lin)
    django_user_model.objects.update(is_active=False)
    assert client.post("/link/", {"link": link}).content == b"That link is not good any more."
