"""Every form in which a view may state a scope, or state none. A URLconf."""

from __future__ import annotations

from django.urls import include, path
from django.views.decorators.cache import cache_page
from rest_framework import routers
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission, IsAdminUser, IsAuthenticated

from sessionauth.contrib.rest_framework import (
    AccessTokenAuthentication,
    APIKeyAuthentication,
    HasAuthMethod,
    HasScope,
    IsFresh,
    IsPerson,
    IsProgram,
    NotImpersonating,
    RequestAuthentication,
)
from sessionauth.decorators import credential_allowed, scope_required
from tests.contrib.rest_framework import app
from tests.contrib.rest_framework.app import READ, WRITE, CanRead, closed_function, tell
from tests.project.ways_urls import urlpatterns as ways

router = routers.DefaultRouter()
router.register("groups", app.Groups)
router.register("per-action", app.PerAction, basename="per-action")
router.register("stock", app.StockGroups, basename="stock")

#: Views that ask for READ of a restricted credential, and let it in.
ASKING = {
    "scope": tell(HasScope(READ)),
    "class": tell(CanRead),
    "class_instance": tell(CanRead()),
    "own": app.OwnScope.as_view(),
    "asked": app.AskedScope.as_view(),
    "and": tell(HasScope(READ) & IsAuthenticated),
    "rand": tell(IsAuthenticated & CanRead),
    "list": tell(IsAuthenticated, HasScope(READ)),
    "or_scope": tell(HasScope(WRITE) | HasScope(READ)),
    "or_known": tell(HasScope(READ) | IsAuthenticated),
    "ror_known": tell(IsAuthenticated | CanRead),
    "or_any": tell(AllowAny | HasScope(READ)),
    "deep": tell((IsAdminUser | IsAuthenticated) & (AllowAny | (HasScope(READ) & IsAuthenticated))),
    "not": tell(~HasScope(WRITE) & HasScope(READ)),
    "by_method": tell(HasScope({"GET": READ})),
    "any_of": tell(HasScope([["auth.delete_user"], [READ]])),
    "override": app.ByOverride.as_view(),
    "function": app.function,
    "decorated": scope_required(READ)(tell(IsAuthenticated)),
    "mixin": app.ScopedByMixin.as_view(),
    "no_checks_scope": tell(HasScope(READ) | IsAuthenticated, view=app.NoChecks),
    "no_initial_scope": tell(HasScope(READ) | IsAuthenticated, view=app.NoInitial),
    "lazy_scope": tell(HasScope(READ), view=app.Lazy),
    "token_class": tell(HasScope(READ), by=(AccessTokenAuthentication, APIKeyAuthentication)),
    "beside": tell(HasScope(READ), by=(SessionAuthentication, BasicAuthentication, RequestAuthentication)),
}

#: Views that state no scope, or none that counts.
SILENT = {
    "allow_any": tell(AllowAny),
    "nothing": tell(),
    "known": tell(IsAuthenticated),
    "for_admins": tell(IsAdminUser),
    "program": tell(IsProgram),
    "only_not": tell(~HasScope(WRITE)),
    "not_or": tell(~(HasScope(WRITE) | IsPerson)),
    "method": tell(HasAuthMethod("api_key", "bearer")),
    "overridden": app.Overridden.as_view(),
    "lazy": app.Lazy.as_view(),
    "lazy_permissions": app.LazyPermissions.as_view(),
    "no_initial": app.NoInitial.as_view(),
    "no_checks": app.NoChecks.as_view(),
    "unlisted": app.Unlisted.as_view(),
    "inner": app.Inner.as_view(),
    "inner_scope": app.Inner.as_view(permission_classes=[HasScope(READ) | AllowAny]),
    "inner_ours": app.Inner.as_view(authentication_classes=[RequestAuthentication], permission_classes=[AllowAny]),
    "stock_classes": tell(HasScope(READ) | AllowAny, by=(SessionAuthentication,)),
    "closed_function": closed_function,
    "read_only": tell(
        type("ReadOnly", (BasePermission,), {"has_permission": lambda s, r, v: r.method in SAFE_METHODS})
    ),
}

#: Views that take every restricted credential.
ALLOWED = {
    "allowed": credential_allowed(tell(IsAuthenticated)),
    "allowed_class": app.AllowedClass.as_view(),
    "allowed_mixin": app.AllowedMixin.as_view(),
    "allowed_handler": app.AllowedHandler.as_view(),
    "allowed_function": credential_allowed(closed_function),
}

OTHERS = {
    "mixed": tell((HasScope(READ) & IsAdminUser) | IsAuthenticated),
    "lazy_mixed": app.LazyMixed.as_view(),
    "write": tell(HasScope(WRITE)),
    "fresh": tell(IsFresh()),
    "fresh_by_code": tell(IsFresh(max_age=120, methods=["code"])),
    "fresh_or_program": tell(IsFresh() | HasScope(READ)),
    "scope_then_admin": tell(HasScope(WRITE) | IsAuthenticated, IsAdminUser),
    "myself": tell(NotImpersonating & IsAuthenticated),
    "person": tell(IsPerson),
    "tokens": tell(IsAuthenticated, by=(AccessTokenAuthentication,)),
    "keys": tell(AllowAny, by=(APIKeyAuthentication,)),
    "both": tell(IsAuthenticated, by=(AccessTokenAuthentication, APIKeyAuthentication, RequestAuthentication)),
    "session_first": tell(IsAuthenticated, by=(SessionAuthentication, RequestAuthentication)),
    "cached": cache_page(60)(tell(AllowAny)),
    "browsable": tell(HasScope(READ), view=app.Browsable),
    "browsable_closed": tell(IsAuthenticated, view=app.Browsable),
}

urlpatterns = [
    *ways,
    path("api/", include(router.urls)),
    path("objects/<str:name>/", app.Objects.as_view()),
    path("admin-like/", include(([path("tell/", tell(HasScope(READ)))], "admin"))),
    *(path(f"{name}/", view) for name, view in {**ASKING, **SILENT, **ALLOWED, **OTHERS}.items()),
]
