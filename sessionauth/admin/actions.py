"""Adds actions to an admin whose `get_actions()` may be of an earlier Django's kind, or of the project's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin.options import IS_POPUP_VAR
from django.http import HttpRequest
from django.utils.inspect import get_func_args


def actions_of(ask: Callable[..., dict[str, Any]], request: HttpRequest, where: Any) -> dict[str, Any]:
    """Return what `ask`, the `get_actions()` of the next class, has for `where`.

    Since Django 6.1 that is the list or the page of one object; None before, and where nobody says. Who was not told of
    pages yet has none for them.
    """
    if where is not None and "action_location" in get_func_args(ask):
        return ask(request, action_location=where)
    return ask(request) if _is_list(where) else {}


def takes_actions(model_admin: Any, request: HttpRequest, where: Any) -> bool:
    """Say whether `model_admin` has actions on this page, and `where` is a list: ours are about many rows."""
    return model_admin.actions is not None and IS_POPUP_VAR not in request.GET and _is_list(where)


def _is_list(where: Any) -> bool:
    return where is None or where.value == "CHANGE_LIST"
