"""Ask the checks about settings."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, run_checks
from django.test import override_settings

from sessionauth.checks.finding import APP

SESSIONS = "sessionauth.authenticators.session.SessionAuthenticator"
BEARER = "sessionauth.authenticators.token.BearerAuthenticator"
TOKEN = "sessionauth.authenticators.token.TokenAuthenticator"
API_KEY = "sessionauth.authenticators.api_key.APIKeyAuthenticator"
BASIC = "sessionauth.authenticators.basic.BasicAuthenticator"
CALLBACK = "sessionauth.authenticators.callback.CallbackAuthenticator"
THINGS = "tests.checks.things"


def asked(*, deploy: bool = False, **overrides: Any) -> list[CheckMessage]:
    """What our checks say while the settings are `overrides`."""
    with override_settings(**overrides):
        return run_checks(tags=[APP], include_deployment_checks=deploy)


def codes(*, deploy: bool = False, **overrides: Any) -> list[str]:
    """The codes of what our checks say, each as often as it is said."""
    return sorted(code_of(message) for message in asked(deploy=deploy, **overrides) if is_ours(message))


def hint(code: str, **overrides: Any) -> str:
    """The hint of the one message `code`."""
    [message] = [message for message in asked(**overrides) if message.id == f"{APP}.{code}"]
    return str(message.hint)


def code_of(message: CheckMessage) -> str:
    return str(message.id).removeprefix(f"{APP}.")


def is_ours(message: CheckMessage) -> bool:
    return str(message.id).startswith(f"{APP}.")


def using(*entries: Any) -> dict[str, Any]:
    """The setting of these authenticators."""
    return {"SESSIONAUTH_AUTHENTICATORS": list(entries)}
