"""Keys and tokens by JSON, for `path("api/auth/", include("sessionauth.api_urls"))`."""

from __future__ import annotations

from django.urls import URLPattern, path

from sessionauth.views.api import credentials, impersonation, tokens


def _of(kind: str) -> list[URLPattern]:
    return [
        path(f"{kind}s/", credentials.CredentialsView.as_view(kind=kind), name=f"{kind}s"),
        path(f"{kind}s/revoke-all/", credentials.RevokeAllView.as_view(kind=kind), name=f"{kind}s_revoke_all"),
        path(f"{kind}s/<int:pk>/", credentials.CredentialView.as_view(kind=kind), name=kind),
        path(f"{kind}s/<int:pk>/rotate/", credentials.RotateOneView.as_view(kind=kind), name=f"{kind}_rotate"),
    ]


app_name = "sessionauth_api"
urlpatterns = [
    path("token/", tokens.TokenView.as_view(), name="current"),
    path("token/refresh/", tokens.RefreshView.as_view(), name="refresh"),
    path("token/revoke/", tokens.RevokeView.as_view(), name="revoke"),
    path("token/rotate/", tokens.RotateView.as_view(), name="rotate"),
    path("impersonation/", impersonation.ImpersonationView.as_view(), name="impersonation"),
    *_of("token"),
    *_of("key"),
]
