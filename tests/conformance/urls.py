"""The site that the conformance tests ask."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.staticfiles.views import serve
from django.urls import include, path

from tests.conformance import views

area = [path("secret/", views.secret)]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("static/<path:path>", serve, {"insecure": True}),
    path("login/", LoginView.as_view(template_name="admin/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("login-here/", views.login_here),
    path("plain/", views.plain),
    path("who/", views.who),
    path("awho/", views.awho),
    path("app/", views.who),
    path("app2/", views.who),
    path("admin-of-ours/", views.who),
    path("secret/", views.secret),
    path("asecret/", views.asecret),
    path("secret-class/", views.Secret.as_view()),
    path("messages/", views.queued_messages),
    path("template/", views.template),
    path("first/", include((area, "first"))),
    path("second/", include((area, "second"))),
]
