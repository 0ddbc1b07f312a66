"""One address, several methods: each method has a view of its own, which says what it asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from invoices.api.problems import Problem, problem
from sessionauth.decorators import credential_allowed

View = Callable[..., Any]


def by_method(**views: View) -> View:
    """Return a view that hands on to the one of `views` that is named like the request's method.

    A HEAD goes to GET. All views of one address are either plain or all asynchronous. A `Problem` that one of them
    raises becomes the answer.
    """
    if any(iscoroutinefunction(view) for view in views.values()):

        async def aendpoint(request: HttpRequest, **captured: Any) -> HttpResponseBase:
            view = _choose(request, views)
            if isinstance(view, HttpResponse):
                return view
            try:
                answer: HttpResponseBase = await view(request, **captured)
            except Problem as trouble:
                return trouble.response()
            return answer

        return _confined(aendpoint)

    def endpoint(request: HttpRequest, **captured: Any) -> HttpResponseBase:
        view = _choose(request, views)
        if isinstance(view, HttpResponse):
            return view
        try:
            answer: HttpResponseBase = view(request, **captured)
        except Problem as trouble:
            return trouble.response()
        return answer

    return _confined(endpoint)


def _confined(endpoint: View) -> View:
    # A restricted key is only let into views that say what they ask of it. This one asks nothing itself, and the views
    # behind it do: each is decorated with the scope that its method needs.
    allowed: View = credential_allowed(endpoint)
    return allowed


def _choose(request: HttpRequest, views: dict[str, View]) -> View | HttpResponse:
    method = "GET" if request.method == "HEAD" else str(request.method)
    if method in views:
        return views[method]
    allow = ", ".join([*views, "HEAD", "OPTIONS"] if "GET" in views else [*views, "OPTIONS"])
    if method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": allow})
    answer = problem(405, "Method not allowed", f"This address answers {allow}.")
    answer.headers["Allow"] = allow
    return answer
