"""Protected views without signing in, for tests of what the views do."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from django.http import HttpRequest
from django.test.utils import TestContextDecorator

from sessionauth import access, middleware


class login_disabled(TestContextDecorator):  # noqa: N801 - used like a function, as Django's override_settings
    """Let everybody pass the rules of `sessionauth`, as a context manager or decorator.

    Decorators, mixins and everything else that asks `sessionauth.access`, and the policy of SESSIONAUTH_ON_FAILURE,
    then refuse nobody; the request is still nobody's. It holds in the whole process: for sync and async views and for
    the thread of a live server. What restricted credentials may reach stays as it is, and so does what Django's own
    `login_required` and `LoginRequiredMiddleware` say.

    There is no setting that does this, so that none can be left on in production.
    """

    def enable(self) -> None:
        """Begin."""
        with ExitStack() as stack:
            for rule in _rules():
                stack.enter_context(patch.object(rule, "check", _passes))
                stack.enter_context(patch.object(rule, "acheck", _apasses))
            stack.enter_context(patch.object(middleware, "on_failure", _goes_on))
            self._stack = stack.pop_all()

    def disable(self) -> None:
        """End: everything is as it was."""
        self._stack.close()


def _rules() -> list[type]:
    """Return the rules of `access`; new ones are found by their form."""
    found = (value for value in vars(access).values() if isinstance(value, type) and value is not access.Rule)
    return [value for value in found if {"check", "acheck"} <= vars(value).keys()]


def _passes(rule: access.Rule, auth: Any, method: str | None) -> None:
    return None


async def _apasses(rule: access.Rule, auth: Any, method: str | None) -> None:
    return None


def _goes_on(request: HttpRequest) -> None:
    return None
