"""Which of Ninja's operations answers a request: one of its views holds all those of one path."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.operation import Operation, PathView

from sessionauth.confinement import MAX_WRAPPERS, match_of


def path_view_of(view: Any) -> PathView | None:
    """Return the operations behind `view`, None if it is not Ninja's. Wrappers are seen through by `__wrapped__`.

    The view is a closure that holds them, or a bound method in Ninja before 1.5.
    """
    for _ in range(MAX_WRAPPERS):
        held = [getattr(view, "__self__", None), *_contents(view)]
        found = next((one for one in held if isinstance(one, PathView)), None)
        if found is not None or not hasattr(view, "__wrapped__"):
            return found
        view = view.__wrapped__
    return None


def _contents(view: Any) -> list[Any]:
    if not getattr(view, "__module__", "").startswith("ninja."):
        return []  # a closure of the project's may hold anything
    return [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]


def in_path(path_view: PathView, method: str | None) -> Operation | None:
    """Return what answers `method`, as Ninja finds it; None where it answers 405."""
    return next((operation for operation in path_view.operations if method in operation.methods), None)


def function_of(view: Any, request: HttpRequest) -> Any:
    """Return the function of the operation behind `view` that answers `request`, None where there is none."""
    path_view = path_view_of(view)
    operation = None if path_view is None else in_path(path_view, request.method)
    return None if operation is None else operation.view_func


def operation_of(request: HttpRequest) -> Operation | None:
    """Return the operation that answers `request`, None where that cannot be told (in Ninja's own test client)."""
    match = match_of(request)
    path_view = None if match is None else path_view_of(getattr(match, "func", None))
    return None if path_view is None else in_path(path_view, request.method)
