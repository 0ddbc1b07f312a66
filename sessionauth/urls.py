"""The pages, for `path("account/", include("sessionauth.urls"))`. `session/` is the same as a resource of JSON."""

from __future__ import annotations

from django.urls import path

from sessionauth.views import confirm, devices, login, passwords, session, unlock
from sessionauth.views.impersonation import running, starting
from sessionauth.views.keys import pages as keys

app_name = "sessionauth"
urlpatterns = [
    path("login/", login.LoginView.as_view(), name="login"),
    path("logout/", login.LogoutView.as_view(), name="logout"),
    path("confirm/", confirm.ConfirmLoginView.as_view(), name="confirm_login"),
    path("session/", session.SessionView.as_view(), name="session"),
    path("devices/", devices.DevicesView.as_view(), name="devices"),
    path("devices/<int:pk>/end/", devices.EndDeviceView.as_view(), name="device_end"),
    path("devices/others/end/", devices.EndOthersView.as_view(), name="devices_end_others"),
    path("devices/all/end/", devices.EndAllView.as_view(), name="devices_end_all"),
    path("keys/", keys.KeysView.as_view(), name="keys"),
    path("keys/new/", keys.IssueView.as_view(), name="key_issue"),
    path("keys/all/revoke/", keys.RevokeAllView.as_view(), name="keys_revoke_all"),
    path("keys/<slug:kind>/<int:pk>/rename/", keys.RenameView.as_view(), name="key_rename"),
    path("keys/<slug:kind>/<int:pk>/rotate/", keys.RotateView.as_view(), name="key_rotate"),
    path("keys/<slug:kind>/<int:pk>/revoke/", keys.RevokeView.as_view(), name="key_revoke"),
    path("password/", passwords.PasswordChangeView.as_view(), name="password_change"),
    path("password/done/", passwords.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("password/reset/", passwords.PasswordResetView.as_view(), name="password_reset"),
    path("password/reset/sent/", passwords.PasswordResetSentView.as_view(), name="password_reset_sent"),
    path("password/reset/done/", passwords.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path(
        "password/reset/<str:uidb64>/<str:token>/",
        passwords.PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
    path("impersonate/", starting.ImpersonateStartView.as_view(), name="impersonate_start"),
    path("impersonate/<str:pk>/", starting.ImpersonateView.as_view(), name="impersonate"),
    path("impersonation/", running.ImpersonationView.as_view(), name="impersonation"),
    path("impersonation/stop/", running.StopView.as_view(), name="impersonation_stop"),
    path("impersonation/extend/", running.ExtendView.as_view(), name="impersonation_extend"),
    path("impersonation/upgrade/", running.UpgradeView.as_view(), name="impersonation_upgrade"),
    path("impersonation/ended/", running.EndedView.as_view(), name="impersonation_ended"),
    path("unlock/", unlock.UnlockView.as_view(), name="unlock"),
    path("unlock/sent/", unlock.UnlockSentView.as_view(), name="unlock_sent"),
    path("unlock/done/", unlock.UnlockDoneView.as_view(), name="unlock_done"),
    path("unlock/<str:token>/", unlock.UnlockConfirmView.as_view(), name="unlock_confirm"),
]
