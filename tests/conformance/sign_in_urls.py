"""A site with login, confirm and logout pages written with our functions, sync under /ours/ and async under /aours/."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path
from django.views import View

import sessionauth
from sessionauth import LoginManager, access, backends, get_auth
from sessionauth.decorators import fresh_login_required
from sessionauth.mixins import FreshLoginRequiredMixin
from tests.conformance import urls

#: What the form may ask to be remembered for.
REMEMBER = {"": False, "yes": True, "hour": timedelta(hours=1), "minute": 60}


def ours(request: HttpRequest) -> HttpResponse:
    form = request.POST
    remember = REMEMBER[form.get("remember", "")]
    if not LoginManager().login(request, form["username"], form["password"], remember=remember):
        return HttpResponse("Wrong name or password.", status=400)
    return HttpResponseRedirect(access.success_url(request, default="/app/"))


async def aours(request: HttpRequest) -> HttpResponse:
    form = request.POST
    remember = REMEMBER[form.get("remember", "")]
    if not await LoginManager().alogin(request, form["username"], form["password"], remember=remember):
        return HttpResponse("Wrong name or password.", status=400)
    return HttpResponseRedirect(access.success_url(request, default="/app/"))


def by_django(request: HttpRequest) -> HttpResponse:
    user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return HttpResponse("Wrong name or password.", status=400)
    login(request, user)
    return HttpResponseRedirect("/app/")


def given(request: HttpRequest) -> HttpResponse:
    """Sign somebody in without a password, fresh or not."""
    user = User.objects.get(username=request.POST["username"])
    try:
        token = sessionauth.login_user(request, user, fresh=request.POST.get("fresh", "1") == "1")
    except sessionauth.InactiveUser:
        return HttpResponse("inactive", status=403)
    return JsonResponse({"fresh": token.is_fresh})


def out(request: HttpRequest) -> HttpResponse:
    if "lost" in request.POST:
        get_auth(request)
        request.session.pop("_auth_user_id")
    sessionauth.logout(request)
    return HttpResponseRedirect("/")


async def aout(request: HttpRequest) -> HttpResponse:
    if "lost" in request.POST:
        await sessionauth.aget_auth(request)
        await request.session.apop("_auth_user_id")
    await sessionauth.alogout(request)
    return HttpResponseRedirect("/")


def out_by_django(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect("/")


def confirm(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse("Your password, please.")
    if not backends.confirm(request, request.user, {"password": request.POST["password"]}):
        return HttpResponse("Wrong password.", status=400)
    sessionauth.confirm_login(request, method=request.POST.get("method", "password"))
    return HttpResponseRedirect(access.success_url(request, default="/app/"))


async def aconfirm(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    if not await backends.aconfirm(request, user, {"password": request.POST["password"]}):
        return HttpResponse("Wrong password.", status=400)
    await sessionauth.aconfirm_login(request, method="password")
    return HttpResponseRedirect(access.success_url(request, default="/app/"))


def new_password(request: HttpRequest) -> HttpResponse:
    request.user.set_password(request.POST["password"])
    request.user.save()
    update_session_auth_hash(request, request.user)
    return HttpResponseRedirect("/app/")


def cart(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        request.session["cart"] = request.POST["cart"]
        request.session["colour"] = "green"
    return JsonResponse({"cart": request.session.get("cart"), "colour": request.session.get("colour")})


@fresh_login_required
def fresh(request: HttpRequest) -> HttpResponse:
    return HttpResponse("safe")


@fresh_login_required(max_age=120, methods=["password"])
async def afresh(request: HttpRequest) -> HttpResponse:
    return HttpResponse("safe")


class Fresh(FreshLoginRequiredMixin, View):
    max_age = timedelta(minutes=2)
    proof_methods = ("password",)

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("safe")


urlpatterns = [
    path("ours/login/", ours, name="our_login"),
    path("aours/login/", aours),
    path("django/login/", by_django),
    path("given/login/", given),
    path("ours/logout/", out),
    path("aours/logout/", aout),
    path("django/logout/", out_by_django),
    path("ours/confirm/", confirm, name="our_confirm"),
    path("aours/confirm/", aconfirm),
    path("new-password/", new_password),
    path("cart/", cart),
    path("fresh/", fresh),
    path("afresh/", afresh),
    path("fresh-class/", Fresh.as_view()),
    *urls.urlpatterns,
]
