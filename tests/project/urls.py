"""URLs of the test project: Django's own login pages, the admin, and views to look at."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from tests.project import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", LoginView.as_view(template_name="admin/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("untouched/", views.untouched, name="untouched"),
    path("whoami/", views.whoami, name="whoami"),
]
