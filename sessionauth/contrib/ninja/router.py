"""The API of keys and tokens for Ninja: `api.add_router("/auth/", router)`.

Its operations are the views of `sessionauth.api_urls`, at the same addresses below its own, with the project's
throttles before them. Who may do what is decided as there, so that the API's own authentication is not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Router

from sessionauth import api_urls, confinement, paths
from sessionauth.contrib.ninja.operations import function_of
from sessionauth.contrib.recognising import accept, recognise
from sessionauth.views.api.described import TAG, operations


def is_way_in(view: Any, request: HttpRequest) -> bool:
    """Say whether `view` is Ninja's, and the operation behind it that answers `request` gives out tokens."""
    return request.method in getattr(function_of(view, request), paths.WAY_IN, ())


paths.ask(is_way_in)


def _plain(view: Any, request: HttpRequest, **captured: Any) -> HttpResponseBase:
    if request.method not in view.view_class.sessionauth_way_in:
        accept(request, recognise(request))
    response: HttpResponseBase = view(request, **captured)
    return response


def _operation(view: Any, *, is_numbered: bool) -> Callable[..., HttpResponseBase]:
    """Return what Ninja calls: it reads from the signature what stands in the address."""

    def one(request: HttpRequest, pk: int) -> HttpResponseBase:
        return _plain(view, request, pk=pk)

    def every(request: HttpRequest) -> HttpResponseBase:
        return _plain(view, request)

    operation: Callable[..., HttpResponseBase] = one if is_numbered else every
    setattr(operation, paths.WAY_IN, view.view_class.sessionauth_way_in)
    for name in confinement.OF_IMPERSONATION:
        setattr(operation, name, confinement.is_marked(view, name))
    return confinement.mark(operation)


def make_router() -> Router:
    """Return a new router, for a project with several APIs: one belongs to one."""
    made = Router(auth=None, tags=[TAG])
    told = operations()
    for pattern in api_urls.urlpatterns:
        path = str(pattern.pattern).replace("<int:pk>", "{int:pk}")
        for method in ("get", "post", "patch", "delete"):
            if (described := told[str(pattern.name)].get(method)) is not None:
                operation = _operation(pattern.callback, is_numbered="{" in path)
                add = made.api_operation(
                    [method.upper()],
                    f"/{path}",
                    summary=described["summary"],
                    operation_id=f"sessionauth_{pattern.name}_{method}",
                    openapi_extra={name: value for name, value in described.items() if name != "parameters"},
                )
                add(operation)
    return made


router = make_router()
