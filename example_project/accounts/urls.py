"""Accounts: in, up, out, who and which keys."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts import key_views, views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-in/staff/", views.SignIn.as_view(area="staff", next_page="staff:desk"), name="staff_sign_in"),
    path("sign-up/", views.SignUp.as_view(), name="sign_up"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("sign-out/everywhere/", views.sign_out_everywhere, name="sign_out_everywhere"),
    path("sign-out/by-flag/", views.end_session, name="end_session"),
    path("who-am-i/", views.who_am_i, name="who_am_i"),
    path("keys/", key_views.keys, name="keys"),
    path("keys/<slug:kind>/<int:pk>/revoke/", key_views.revoke, name="revoke_key"),
]
