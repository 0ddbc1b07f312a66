"""Whether the API that gives tokens for passwords fits the rest of the project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage

from sessionauth.authenticators.base import CredentialAuthenticator
from sessionauth.checks import authenticators, urls
from sessionauth.checks.finding import Finding, ask

#: Apps that ask people for more than a password.
SECOND_FACTORS = ("allauth.mfa", "django_otp", "mfa", "two_factor")
TOKEN_URL = ("sessionauth_api", "sessionauth_api:current")

PASSWORD_ALONE = Finding(
    "W205",
    "sessionauth.api_urls gives tokens for a name and a password, and {app} asks people for more than that.",
    "List the other URLs of `sessionauth.api_urls` without `token/`, or give it a door of your own: "
    "`TokenView.as_view(manager=LoginManager(guards=[…]))`, whose guard asks for the second factor. Then silence this.",
)
UNREADABLE = Finding(
    "W206",
    "sessionauth.api_urls gives tokens, and nothing in SESSIONAUTH_AUTHENTICATORS reads them.",
    "Add 'sessionauth.authenticators.token.BearerAuthenticator'.",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what stands beside `include("sessionauth.api_urls")`."""
    return ask(beside)


def beside() -> Iterator[CheckMessage]:
    """Look for second factors that are passed by, and for tokens that nothing reads."""
    namespace, name = TOKEN_URL
    if namespace not in (urls.namespaces() or ()) or not urls.has_name(name):
        return
    found = authenticators.made()
    # What one that cannot be made was to read, nobody knows; that it cannot is said already.
    are_made = all(one.wrong is None for one in found)
    if are_made and not any(isinstance(one.authenticator, CredentialAuthenticator) for one in found):
        yield UNREADABLE()
    installed = {config.name for config in apps.get_app_configs()}
    for app in SECOND_FACTORS:
        if app in installed:
            yield PASSWORD_ALONE(app=app)
