"""Acts in the admin that only those may do who have just proved who they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, overload

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver

from sessionauth.access import FreshRule, refused
from sessionauth.authenticators import get_auth
from sessionauth.decorators import fresh_login_required

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object

Action = Callable[..., Any]
#: The ends of names of URLs behind which one only looks, as long as one does not send anything.
LOOKS = ("_changelist", "_history")
SAFE = frozenset({"GET", "HEAD"})


@overload
def fresh_admin_action(action: Action) -> Action: ...
@overload
def fresh_admin_action(*, max_age: timedelta | int | None = ...) -> Callable[[Action], Action]: ...
def fresh_admin_action(
    action: Action | None = None, *, max_age: timedelta | int | None = None
) -> Action | Callable[[Action], Action]:
    """Have an action of the admin done by those alone who have just proved who they are.

    Others are asked to confirm it and come back to the list, where they choose anew. `max_age` is that of
    `fresh_login_required`. It stands above or below `@admin.action`, on a function or a method.
    """

    def decorate(action: Action) -> Action:
        @wraps(action)
        def guarded(model_admin: Any, request: HttpRequest, rows: Any) -> Any:
            refuse = FreshRule(max_age).check(get_auth(request), request.method)
            return action(model_admin, request, rows) if refuse is None else refused(request, refuse)

        return guarded

    return decorate if action is None else decorate(action)


class FreshAdminMixin(Base):
    """Gives an admin whose pages only those change something on who have just proved who they are.

    Asked for are its forms to add, change and delete, before they are filled in, whatever is sent to it, actions among
    that, and every further page of it, such as that of a user's password. Lists and histories can be looked at. Put it
    first among the bases. `fresh_max_age` is how long ago the proof may be, a timedelta or seconds; None for
    SESSIONAUTH_FRESH_AGE.
    """

    fresh_max_age: timedelta | int | None = None

    def get_urls(self) -> list[Any]:
        """Guard the pages."""
        urls = super().get_urls()
        for pattern in _patterns(urls):
            pattern.callback = self._guarded(pattern.callback, (pattern.name or "").endswith(LOOKS))
        return urls

    def _guarded(self, view: Any, only_looks: bool) -> Any:
        fresh = fresh_login_required(max_age=self.fresh_max_age)(view)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            # Who has nothing to do here is told so by the admin: it has a login page of its own.
            is_open = (only_looks and request.method in SAFE) or not self.admin_site.has_permission(request)
            return (view if is_open else fresh)(request, *args, **kwargs)

        return guarded


def _patterns(urls: list[Any]) -> Iterator[URLPattern]:
    for url in urls:
        if isinstance(url, URLResolver):
            yield from _patterns(url.url_patterns)
        else:
            yield url
