"""Views behind every rule, as functions and classes, sync and async."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpResponse
from django.urls import include, path
from django.views import View

from sessionauth import NotAuthenticated, decorators, mixins
from tests.project.ways_urls import urlpatterns as ways

SCOPE = "auth.view_user"


def page(request, **kwargs):
    return HttpResponse("reached")


async def apage(request, **kwargs):
    return HttpResponse("reached")


class Page(View):
    def get(self, request):
        return HttpResponse("reached")


class AsyncPage(View):
    async def get(self, request):
        return HttpResponse("reached")


RULES = {
    "login": (decorators.login_required, mixins.LoginRequiredMixin, {}),
    "own_login": (
        decorators.login_required(login_url="/own/", redirect_field_name="back"),
        mixins.LoginRequiredMixin,
        {"login_url": "/own/", "redirect_field_name": "back"},
    ),
    "scope": (decorators.scope_required(SCOPE), mixins.ScopeRequiredMixin, {"scope_required": SCOPE}),
    "scopes": (
        decorators.scope_required(SCOPE, "auth.add_user"),
        mixins.ScopeRequiredMixin,
        {"scope_required": [SCOPE, "auth.add_user"]},
    ),
    "any_of": (
        decorators.scope_required([["auth.add_user"], [SCOPE]]),
        mixins.ScopeRequiredMixin,
        {"scope_required": [["auth.add_user"], [SCOPE]]},
    ),
    "by_method": (
        decorators.scope_required({"GET": SCOPE, "POST": "auth.add_user"}),
        mixins.ScopeRequiredMixin,
        {"scope_required": {"GET": SCOPE, "POST": "auth.add_user"}},
    ),
    "method": (
        decorators.auth_method_required("session", "bearer"),
        mixins.AuthMethodRequiredMixin,
        {"auth_methods": ["session", "bearer"]},
    ),
    "fresh": (decorators.fresh_login_required, mixins.FreshLoginRequiredMixin, {}),
    "fresher": (
        decorators.fresh_login_required(max_age=120, login_url="/own/", redirect_field_name="back"),
        mixins.FreshLoginRequiredMixin,
        {"max_age": timedelta(minutes=2), "login_url": "/own/", "redirect_field_name": "back"},
    ),
    "by_code": (
        decorators.fresh_login_required(methods=["code", "link"]),
        mixins.FreshLoginRequiredMixin,
        {"proof_methods": ["code", "link"]},
    ),
    "right_now": (decorators.fresh_login_required(max_age=0), mixins.FreshLoginRequiredMixin, {"max_age": 0}),
    "anonymous": (decorators.anonymous_required, mixins.AnonymousRequiredMixin, {}),
    "anonymous_to": (
        decorators.anonymous_required(redirect_to="home"),
        mixins.AnonymousRequiredMixin,
        {"redirect_to": "home"},
    ),
    "allowed": (decorators.credential_allowed, mixins.CredentialAllowedMixin, {}),
}


def dressed(name):
    """Yield the URL of every form of one rule."""
    decorate, mixin, attributes = RULES[name]
    for view in (page, apage):
        yield path(f"{name}/{view.__name__}/", decorate(view))
    for view in (Page, AsyncPage):
        cls = type(f"{name}{view.__name__}", (mixin, view), attributes)
        yield path(f"{name}/{view.__name__}/", cls.as_view())
        yield path(f"{name}/decorated{view.__name__}/", decorate(view.as_view()))


#: The forms that every rule comes in.
FORMS = ["page", "apage", "Page", "AsyncPage", "decoratedPage", "decoratedAsyncPage"]


class Raising(mixins.LoginRequiredMixin, Page):
    raise_exception = True
    permission_denied_message = "Not for you."


class Both(mixins.LoginRequiredMixin, PermissionRequiredMixin, Page):
    permission_required = "auth.delete_user"


def raises(request):
    raise NotAuthenticated("stale")


urlpatterns = [
    *ways,
    path("home/", page, name="home"),
    *(one for name in RULES for one in dressed(name)),
    path("raising/", Raising.as_view()),
    path("both/", Both.as_view()),
    path("raises/", raises),
    path("by_key/", decorators.auth_method_required("api_key")(page)),
    path("confirm/", page, name="confirm"),
    path("area/", include(([path("page/", page), path("open/", decorators.anonymous_required(page))], "area"))),
]
