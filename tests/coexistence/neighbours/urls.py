"""Everybody's URLs, as each library's documentation includes them."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path
from knox import views as knox_views
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView, TokenVerifyView

from tests.coexistence.neighbours import views
from tests.coexistence.neighbours.ninja_api import api

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", auth_views.LoginView.as_view(template_name="admin/login.html")),
    path("logout/", auth_views.LogoutView.as_view(next_page="/page/")),
    path("password/", auth_views.PasswordChangeView.as_view(success_url="/page/")),
    path("page/", views.page),
    path("untouched/", views.untouched),
    path("apage/", views.apage),
    path("direct/", views.direct),
    path("adirect/", views.adirect),
    path("private/", views.private),
    path("private-class/", views.PrivateView.as_view()),
    path("permitted/", views.permitted),
    path("exempt/", views.exempt),
    path("protected/", views.protected),
    path("varied/", views.varied),
    path("broken/", views.broken),
    *(path(f"drf/{name}/", view) for name, view in views.DRF_VIEWS.items()),
    path("drf/obtain/", obtain_auth_token),
    path("drf/auth/", include("rest_framework.urls")),
    path("jwt/obtain/", TokenObtainPairView.as_view()),
    path("jwt/refresh/", TokenRefreshView.as_view()),
    path("jwt/verify/", TokenVerifyView.as_view()),
    path("jwt/blacklist/", TokenBlacklistView.as_view()),
    path("knox/login/", views.KnoxLogin.as_view()),
    path("knox/logout/", knox_views.LogoutView.as_view()),
    path("knox/logoutall/", knox_views.LogoutAllView.as_view()),
    path("oauth/protected/", views.oauth_protected),
    path("o/", include("oauth2_provider.urls")),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("ninja/", api.urls),
]
