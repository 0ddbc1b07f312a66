"""How far a restricted credential gets in Ninja: to operations that state a scope, and no further."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from sessionauth.confinement import MARK, Admission
from sessionauth.contrib.ninja.auth import RequestAuth
from sessionauth.contrib.ninja.operations import in_path, path_view_of


def admission(view: Any, request: HttpRequest) -> Admission | None:
    """Say what the operation that answers `request` does with a restricted credential; None for a view not Ninja's.

    One with a class of ours that states a scope lets it in as nobody: whatever else stands beside it, Ninja's own
    session class above all, must not take the owner for somebody who is signed in. A decorator that states a scope
    (`scope_required`, on the function or by `decorate_view`) marks the operation as it marks a view.
    """
    path_view = path_view_of(view)
    if path_view is None:
        return None
    operation = in_path(path_view, request.method)
    if operation is None:
        return Admission.AS_NOBODY  # for Ninja to answer 405
    if any(getattr(one, MARK, False) is True for one in (operation.run, operation.view_func)):
        return Admission.ADMITTED
    ways: list[Any] = list(operation.auth_callbacks)
    is_stated = any(isinstance(way, RequestAuth) and way.states_scope(request.method) for way in ways)
    return Admission.AS_NOBODY if is_stated else Admission.REFUSED
