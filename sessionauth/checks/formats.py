"""The formats of other packages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage

from sessionauth.authenticators.base import CredentialAuthenticator
from sessionauth.checks.authenticators import active
from sessionauth.checks.finding import Finding, ask

PACKAGE_GOES_ON = Finding(
    "W217",
    "The authenticator {path} claims the format {format}, and {app} is installed: a token that this makes from now on "
    "is refused until it is imported.",
    "Issue tokens by sessionauth from now on and take {app} out; until then run sessionauth_import often, and silence "
    "this check.",
)

APPS = {"knox": "knox", "authtoken": "rest_framework.authtoken", "drf-api-key": "rest_framework_api_key"}


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check what is claimed of other packages."""
    return ask(claims)


def claims() -> Iterator[CheckMessage]:
    """Look for packages whose new tokens would be taken for wrong ones of ours."""
    for one in active():
        if not isinstance(one.authenticator, CredentialAuthenticator):
            continue
        for name in sorted(one.authenticator.formats):
            if apps.is_installed(APPS[name]):
                yield PACKAGE_GOES_ON(path=one.path, format=name, app=APPS[name])
