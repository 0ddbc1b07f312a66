"""Views behind every rule, sync and async, and one that tells who is there."""

from __future__ import annotations

from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required as django_login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views import View

from sessionauth import aget_auth, get_auth
from sessionauth.decorators import anonymous_required, auth_method_required, login_required, scope_required
from sessionauth.mixins import LoginRequiredMixin


def who(request: HttpRequest) -> JsonResponse:
    auth = get_auth(request)
    return JsonResponse(
        {
            "name": auth.user.get_username(),
            "method": auth.method,
            "state": auth.state.value,
            "fresh": auth.is_fresh,
            "credential": getattr(auth.credential, "name", None),
        }
    )


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


async def aok(request: HttpRequest) -> HttpResponse:
    await aget_auth(request)
    return HttpResponse("ok")


class Page(LoginRequiredMixin, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok")


class APage(LoginRequiredMixin, View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok")


urlpatterns = [
    path("login/", auth_views.LoginView.as_view(template_name="admin/login.html"), name="login"),
    path("who/", who),
    path("open/", ok),
    path("secret/", login_required(ok)),
    path("asecret/", login_required(aok)),
    path("page/", Page.as_view()),
    path("apage/", APage.as_view()),
    path("scoped/", scope_required("auth.view_user")(ok)),
    path("ascoped/", scope_required("auth.view_user")(aok)),
    path("session-only/", auth_method_required("session")(ok)),
    path("nobody-only/", anonymous_required(ok)),
    path("django/", django_login_required(ok)),
]
