"""URLs of a project that takes our pages, beside those of the default project, and some login pages of its own."""

from __future__ import annotations

from django.urls import include, path

from sessionauth import LoginManager, TooManyAttempts
from sessionauth.views.login import LoginView
from tests.project.urls import urlpatterns as others


def not_on_sundays(request, user):
    raise TooManyAttempts("Not on Sundays.", retry_after=7)


urlpatterns = [
    path("account/", include("sessionauth.urls")),
    path("api/auth/", include("sessionauth.api_urls")),
    path("hosts/", LoginView.as_view(success_url_allowed_hosts={"desk.example"})),
    path("away/", LoginView.as_view(redirect_authenticated_user=True)),
    path("guarded/", LoginView.as_view(manager=LoginManager(guards=[not_on_sundays]))),
    *others,
]
