"""The desk of colleagues. SESSIONAUTH_LOGIN_URLS sends strangers to a sign-in page of its own."""

from __future__ import annotations

from django.urls import path

from invoices.views import staff

app_name = "staff"
urlpatterns = [
    path("", staff.desk, name="desk"),
    path("invoices/<int:pk>/send/", staff.send, name="send"),
    path("invoices/<int:pk>/paid/", staff.mark_paid, name="mark_paid"),
    path("customers/", staff.CustomerList.as_view(), name="customers"),
]
