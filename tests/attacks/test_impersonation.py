"""Ways round what holds while somebody acts as somebody else, tried on the running middleware."""

from __future__ import annotations

import pytest
from django.contrib.auth import alogin, get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from sessionauth import scopes
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import windows
from sessionauth.models import APIKey, Impersonation
from tests.impersonation import site
from tests.impersonation.conftest import _site as _site
from tests.impersonation.conftest import alice as alice
from tests.impersonation.conftest import browser as browser
from tests.impersonation.conftest import root as root

pytestmark = pytest.mark.django_db


async def asign_in(request: HttpRequest) -> HttpResponse:
    user = await get_user_model()._base_manager.aget(pk=request.POST["user"])
    await alogin(request, user, "django.contrib.auth.backends.ModelBackend")
    return HttpResponse("ok")


@csrf_exempt
def refuse(request: HttpRequest) -> HttpResponse:
    return HttpResponseForbidden(f"not for {request.user.get_username()}")


urlpatterns = [*site.urlpatterns, path("asign-in/", asign_in), path("refuse/", refuse)]


@pytest.fixture(autouse=True)
def _own_urls(settings, _site):
    settings.ROOT_URLCONF = "tests.attacks.test_impersonation"


def test_login__by_django_s_async_function_ends_it_too(browser, alice, make_user):
    bob = make_user("bob")
    row = browser.begin(alice, write=True)
    answer = browser.post("/asign-in/", {"user": bob.pk})
    assert answer.status_code == 200, answer.content
    row.refresh_from_db()
    assert row.end_reason == "login"
    told = browser.who()
    assert (told["user"], told["actor"]) == (bob.get_username(), bob.get_username())


def test_refusal__of_a_view_that_asks_for_no_token_is_its_own(browser, alice):
    """Its 403 was taken for that of a stale form, and the person told that nothing was done."""
    browser.begin(alice, write=True)
    answer = browser.post("/refuse/", {}, **{"X-CSRFToken": browser.form()})
    assert (answer.status_code, answer.content) == (403, b"not for alice")


def test_read_only__is_told_by_a_view_that_asks_for_no_token(browser, alice):
    browser.begin(alice)
    answer = browser.post("/refuse/", {}, **{"X-CSRFToken": browser.form()})
    assert (answer.status_code, answer.json()["code"]) == (403, "impersonation_read_only")


def test_window__that_ends_while_it_goes_less_far_is_not_used(rf, root, alice, monkeypatch):
    """It would have been handed out as it was before, which is further than this request may go."""
    key, _ = APIKey.objects.issue(user=root, scopes=[scopes.IMPERSONATE])
    windows.enter(rf.get("/"), key, root, alice, "write")
    goes_on = windows._goes_on

    def end_right_after(row, *people):
        answer = goes_on(row, *people)
        Impersonation.objects.get(pk=row.pk).end("revoked")
        return answer

    monkeypatch.setattr(windows, "_goes_on", end_right_after)
    with pytest.raises(ImpersonationDenied) as caught:
        windows.enter(rf.get("/"), key, root, alice, "read")
    assert caught.value.code == "ended"
