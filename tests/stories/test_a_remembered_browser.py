"""Robin keeps a laptop signed in for weeks, proves now and then that it is Robin, and loses the laptop."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import include, path

from sessionauth import get_auth
from sessionauth.decorators import fresh_login_required, login_required
from sessionauth.models import LoginSession, RememberToken
from sessionauth.testing import AuthClient
from tests.remembering import age

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"


@login_required
def desk(request):
    auth = get_auth(request)
    return HttpResponse(f"{auth}, {auth.state.value}")


@fresh_login_required
def payout(request):
    return HttpResponse("To which account?")


urlpatterns = [
    path("account/", include("sessionauth.urls")),
    path("desk/", desk),
    path("payout/", payout),
]


class Browser(AuthClient):
    """A browser that people open and close."""

    def __init__(self, agent: str) -> None:
        super().__init__(headers={"User-Agent": agent, "Accept": "text/html"})

    def sign_in(self, name: str, password: str, **fields: str) -> None:
        answer = self.post("/account/login/", {"username": name, "password": password, **fields})
        assert answer.status_code == 302, answer.content

    def close(self) -> None:
        """Lose what lasts only as long as the browser is open."""
        self.cookies.pop("sessionid", None)

    def read(self, path: str) -> str:
        return self.get(path, follow=True).content.decode()


@pytest.fixture(autouse=True)
def _site(settings):
    settings.LOGIN_URL = "sessionauth:login"
    settings.LOGIN_REDIRECT_URL = "/desk/"


@pytest.fixture
def robin(make_user):
    return make_user("robin", first_name="Robin")


@pytest.fixture
def laptop(robin, password):
    browser = Browser(LAPTOP)
    browser.sign_in("robin", password, remember="on")
    return browser


def test_weeks_at_the_laptop(laptop, password):
    assert laptop.read("/desk/") == "Robin, fresh"
    for _ in range(3):
        laptop.close()
        assert laptop.read("/desk/") == "Robin, remembered"
        assert laptop.read("/desk/") == "Robin, remembered"
    assert LoginSession.objects.filter(revoked_at=None).count() == 1

    page = laptop.read("/payout/")
    assert "password" in page
    assert "To which account?" not in page
    answer = laptop.post("/account/confirm/?next=/payout/", {"password": password}, follow=True)
    assert answer.content.decode() == "To which account?"
    assert laptop.read("/desk/") == "Robin, fresh"
    laptop.close()
    assert laptop.read("/desk/") == "Robin, remembered"


def test_the_laptop_is_lost(laptop, robin, password):
    laptop.close()
    phone = Browser(PHONE)
    phone.sign_in("robin", password)
    devices = phone.read("/account/devices/")
    assert "Firefox on Linux" in devices
    pk = LoginSession.objects.exclude(remember_token=None).get().pk
    assert f"/account/devices/{pk}/end/" in devices
    phone.post(f"/account/devices/{pk}/end/")
    assert RememberToken.objects.get().is_revoked
    assert "Robin" not in laptop.read("/desk/")
    assert phone.read("/desk/") == "Robin, fresh"


def test_the_cookie_is_copied(laptop, password):
    """The thief reads on, until Robin opens the laptop again: then both have to sign in."""
    thief = Browser(LAPTOP)
    thief.cookies["sessionauth_remember"] = laptop.cookies["sessionauth_remember"].value
    assert thief.read("/desk/") == thief.read("/desk/") == "Robin, remembered"
    assert "To which account?" not in thief.read("/payout/")

    laptop.close()
    age(RememberToken.objects.get(), minutes=2)
    assert "Robin" not in laptop.read("/desk/")
    assert "Robin" not in thief.read("/desk/")
    thief.close()
    assert "Robin" not in thief.read("/desk/")
    assert RememberToken.objects.get().revoked_reason == "theft"


def test_a_shared_computer(laptop, make_user, password):
    """Kim signs in where Robin was remembered, and leaves nobody behind."""
    make_user("kim", first_name="Kim")
    laptop.sign_in("kim", password)
    assert laptop.read("/desk/") == "Kim, fresh"
    laptop.post("/account/logout/")
    laptop.close()
    page = laptop.read("/desk/")
    assert "Kim" not in page
    assert "Robin" not in page
