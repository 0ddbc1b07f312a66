"""Accounts: up, in by other doors, and who is there. The other pages are those of sessionauth, see config/urls.py."""

from __future__ import annotations

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/staff/", views.StaffSignIn.as_view(), name="staff_sign_in"),
    path("link/", views.AskForLink.as_view(), name="link"),
    path("link/<str:token>/", views.link_sign_in, name="link_sign_in"),
    path("sign-up/", views.SignUp.as_view(), name="sign_up"),
    path("who-am-i/", views.who_am_i, name="who_am_i"),
    path("bank-details/", views.bank_details, name="bank_details"),
    path("end-by-flag/", views.end_session, name="end_session"),
]
