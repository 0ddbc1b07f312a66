"""A small site on which one impersonates: what it did, and who it says is there."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import get_user_model, login, logout
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import include, path
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from sessionauth.authenticators import aget_auth, get_auth
from sessionauth.decorators import forbid_impersonation, impersonation_allowed
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import service
from sessionauth.mixins import ForbidImpersonationMixin
from sessionauth.models import APIKey

#: What was done, and as whom.
done: list[str] = []


def _told(auth, user):
    return JsonResponse(
        {
            "user": user.get_username() or None,
            "auth": auth.user.get_username() or None,
            "actor": auth.actor.get_username() or None,
            "original": None if auth.original_user is None else auth.original_user.get_username(),
            "state": auth.state.value,
            "fresh": auth.is_fresh,
            "impersonation": None if auth.impersonation is None else str(auth.impersonation.pk),
            "current": str(getattr(service.current_impersonation(), "pk", None)),
        }
    )


def who(request: HttpRequest) -> HttpResponse:
    return _told(get_auth(request), request.user)


async def awho(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    return _told(await aget_auth(request), user)


def untouched(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_token(request))


def act(request: HttpRequest) -> HttpResponse:
    done.append(request.user.get_username() or "nobody")
    return HttpResponse("done")


async def aact(request: HttpRequest) -> HttpResponse:
    done.append((await request.auser()).get_username() or "nobody")
    return HttpResponse("done")


act_unprotected = csrf_exempt(act)


def cart(request: HttpRequest) -> HttpResponse:
    if "put" in request.GET:
        request.session["cart"] = request.GET["put"]
    return JsonResponse({"cart": request.session.get("cart")})


def _answer(act, request, *args, **kwargs):
    try:
        act(request, *args, **kwargs)
    except ImpersonationDenied as denial:
        return JsonResponse({"code": denial.code, "public": str(denial.public)}, status=denial.status)
    return HttpResponse("ok")


def start(request: HttpRequest) -> HttpResponse:
    target = get_user_model()._base_manager.filter(pk=request.POST["target"]).first()
    return _answer(service.start, request, target, reason=request.POST.get("reason", ""))


@impersonation_allowed
def stop(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(service.stop(request)) + " " + request.user.get_username())


@impersonation_allowed
def upgrade(request: HttpRequest) -> HttpResponse:
    return _answer(service.upgrade, request, reason=request.POST.get("reason", ""))


@impersonation_allowed
def extend(request: HttpRequest) -> HttpResponse:
    return _answer(service.extend, request, reason=request.POST.get("reason", ""))


def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponse(request.user.get_username() or "nobody")


def sign_in(request: HttpRequest) -> HttpResponse:
    user = get_user_model()._base_manager.get(pk=request.POST["user"])
    login(request, user, "django.contrib.auth.backends.ModelBackend")
    return HttpResponse("ok")


def issue(request: HttpRequest) -> HttpResponse:
    APIKey.objects.issue(user=request.user)
    return HttpResponse("ok")


@forbid_impersonation
def mine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@forbid_impersonation
async def amine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


class Mine(ForbidImpersonationMixin, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok")


@impersonation_allowed
def search(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


@impersonation_allowed
class Search(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.user.get_username())


urlpatterns = [
    path("who/", who),
    path("awho/", awho),
    path("untouched/", untouched),
    path("form/", form),
    path("act/", act),
    path("aact/", aact),
    path("act-unprotected/", act_unprotected),
    path("cart/", cart),
    path("issue/", issue),
    path("mine/", mine),
    path("amine/", amine),
    path("mine-too/", Mine.as_view()),
    path("search/", search),
    path("search-too/", Search.as_view()),
    path("logout/", LogoutView.as_view(next_page="/who/")),
    path("login/", LoginView.as_view(next_page="/who/"), name="login"),
    path("sign-out/", sign_out),
    path("sign-in/", sign_in),
    path("impersonate/start/", start),
    path("impersonate/stop/", stop),
    path("impersonate/upgrade/", upgrade),
    path("impersonate/extend/", extend),
    path("admin/", admin.site.urls),
    path("account/", include("sessionauth.urls")),
]
