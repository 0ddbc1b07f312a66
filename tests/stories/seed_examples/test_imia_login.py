"""imia's login manager: a page that signs in, a page that signs out, and guards that may say no.

Guards are coroutines or plain functions `(request, user)`. They run once the password is right, one after the other,
and what one raises is what the page catches.
"""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse, HttpResponseRedirect
from django.test import AsyncClient, Client
from django.urls import path

from sessionauth import InactiveUser, LoginManager, TooManyAttempts, get_auth

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

login_manager = LoginManager()
logins = {"max": 0}


async def throttle_logins(request, user):
    logins[user.get_username()] += 1
    if logins[user.get_username()] > 2:
        raise TooManyAttempts


async def require_active_user(request, user):
    if not user.is_active:
        raise InactiveUser


GUARDS = [throttle_logins, require_active_user]


async def alogin_page(request):
    try:
        form = request.POST
        token = await login_manager.alogin(request, form["name"], form["word"], guards=GUARDS)
    except TooManyAttempts:
        return HttpResponse("Slowly!", status=429)
    except InactiveUser:
        token = None
    return HttpResponseRedirect("/app/" if token else "/login/?error=invalid_credentials")


def login_page(request):
    try:
        token = login_manager.login(request, request.POST["name"], request.POST["word"], guards=GUARDS)
    except TooManyAttempts:
        return HttpResponse("Slowly!", status=429)
    except InactiveUser:
        token = None
    return HttpResponseRedirect("/app/" if token else "/login/?error=invalid_credentials")


def logout_page(request):
    login_manager.logout(request)
    return HttpResponseRedirect("/login/")


async def alogout_page(request):
    await login_manager.alogout(request)
    return HttpResponseRedirect("/login/")


def app(request):
    return HttpResponse(str(get_auth(request)))


urlpatterns = [
    path("login/", login_page),
    path("alogin/", alogin_page),
    path("logout/", logout_page),
    path("alogout/", alogout_page),
    path("app/", app),
]


class Browser:
    """A browser that uses the sync pages over WSGI, or the async ones over ASGI."""

    def __init__(self, is_async):
        self.client, self.prefix = (AsyncClient(), "/a") if is_async else (Client(), "/")

    def post(self, page, **form):
        return self.ask("post", self.prefix + page, form)

    def ask(self, method, *args):
        call = getattr(self.client, method)
        return (async_to_sync(call) if isinstance(self.client, AsyncClient) else call)(*args)

    def sign_in(self, word):
        return self.post("login/", name="max", word=word)

    @property
    def name(self):
        return self.ask("get", "/app/").content.decode()


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def browser(request):
    logins["max"] = 0
    return Browser(request.param)


@pytest.fixture
def max_(django_user_model, password):
    return django_user_model.objects.create_user("max", password=password)


def test_right_words_lead_to_the_app(browser, max_, password):
    assert browser.sign_in(password)["Location"] == "/app/"
    assert browser.name == "max"


def test_wrong_words_lead_back(browser, max_):
    assert browser.sign_in("guess")["Location"] == "/login/?error=invalid_credentials"
    assert browser.name == "Anonymous"


def test_signing_out_leaves_nobody(browser, max_, password):
    browser.sign_in(password)
    browser.post("logout/")
    assert browser.name == "Anonymous"


def test_a_guard_that_raises_is_caught_by_the_page(browser, max_, password):
    for _ in range(2):
        browser.sign_in(password)
    answer = browser.sign_in(password)
    assert (answer.status_code, answer.content) == (429, b"Slowly!")
    assert browser.name == "max", "who is signed in stays so"


def test_the_guards_learn_nothing_of_wrong_words(browser, max_):
    for _ in range(5):
        browser.sign_in("guess")
    assert logins == {"max": 0}


def test_the_inactive_are_told_apart_by_the_page_alone(browser, max_, password, django_user_model):
    django_user_model.objects.update(is_active=False)
    assert browser.sign_in(password)["Location"] == "/login/?error=invalid_credentials"
    assert browser.name == "Anonymous"
