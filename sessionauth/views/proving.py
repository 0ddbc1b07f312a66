"""Forms that need a fresh login, or take the password along: nobody is sent about first."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from sessionauth.access import needs_confirmation
from sessionauth.authenticators import get_auth
from sessionauth.login import confirm_login
from sessionauth.views.json_body import is_json
from sessionauth.views.page import FormPageMixin, has_password


class ProvingMixin(FormPageMixin):
    """A page with a form made as EndSessionsForm is: where the login is not fresh, it asks for the password."""

    @cached_property
    def needs_password(self) -> bool:
        """Whether the login is too old to go without."""
        return not get_auth(self.request).is_fresh

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; whoever has no password is first sent to prove who they are in another way."""
        if self.needs_password and not has_password(request):
            return needs_confirmation(request)
        response: HttpResponse = super().get(request, *args, **kwargs)  # type: ignore[misc]
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do what is asked."""
        if self.needs_password and not (has_password(request) and self._brings_password()):
            return needs_confirmation(request)
        response: HttpResponse = super().post(request, *args, **kwargs)  # type: ignore[misc]
        return response

    def _brings_password(self) -> bool:
        """Say whether a client of JSON sent one; a form without it is shown again."""
        return not is_json(self.request) or "password" in self.json_fields()

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form whether it has to ask for the password."""
        return super().get_form_kwargs() | {"request": self.request, "needs_password": self.needs_password}

    def prove(self) -> None:
        """Make this session fresh where the password came along and was right."""
        if self.needs_password:
            confirm_login(self.request, method="password")
