"""Where somebody is signed in, and how to end it: one browser, all others, all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.views.generic import FormView, TemplateView

from sessionauth.forms import EndSessionsForm
from sessionauth.login import logout
from sessionauth.mixins import LoginRequiredMixin
from sessionauth.refusals import login_url_for
from sessionauth.sessions.devices import Device, devices_of, logout_others, revoke_device
from sessionauth.sessions.registry import logout_everywhere
from sessionauth.views.page import PageMixin, json
from sessionauth.views.proving import ProvingMixin

if TYPE_CHECKING:
    EndBase = FormView[EndSessionsForm]
else:
    EndBase = FormView


class DevicesView(PageMixin, LoginRequiredMixin, TemplateView):
    """Lists the browsers in which the account is signed in, in one query."""

    template_name = "sessionauth/devices.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the list."""
        if self.answers_json:
            return json({"devices": [told(device) for device in devices_of(request)]})
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the devices."""
        return super().get_context_data(devices=devices_of(self.request), **kwargs)


def told(device: Device) -> dict[str, Any]:
    """Return a device for clients of JSON: no session key, which is kept nowhere, and no sid."""
    return {
        "id": device.pk,
        "name": device.name,
        "place": device.place,
        "is_current": device.is_current,
        "is_remembered": device.is_remembered,
        "is_signed_in": device.is_signed_in,
        "last_seen_at": device.last_seen_at.isoformat(),
        "created_at": device.created_at.isoformat(),
    }


class EndView(ProvingMixin, LoginRequiredMixin, EndBase):
    """Asks once more before sessions end; base of the three.

    The login must be fresh, or the password come in the same form: whoever finds a stranger in the list is not sent
    about first.
    """

    form_class = EndSessionsForm
    template_name = "sessionauth/devices_end.html"
    success_url = reverse_lazy("sessionauth:devices")

    def question(self) -> str:
        """Return what is asked."""
        raise NotImplementedError(f"{type(self).__name__}.question() is missing.")

    def consequence(self) -> str:
        """Return what a yes would do."""
        return ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is asked."""
        return super().get_context_data(question=self.question(), consequence=self.consequence(), **kwargs)

    def act(self, form: EndSessionsForm) -> None:
        """End them; a password that was right has made this session fresh as well."""
        self.prove()
        self.end()

    def end(self) -> None:
        """End them."""
        raise NotImplementedError(f"{type(self).__name__}.end() is missing.")


class EndDeviceView(EndView):
    """Ends one session, if it is one of the visitor's own."""

    @cached_property
    def device(self) -> Device:
        """The session in the address. Raises Http404 for one that is not theirs or has ended."""
        for device in devices_of(self.request):
            if device.pk == self.kwargs["pk"]:
                return device
        raise Http404

    def question(self) -> str:
        """Name the device."""
        return gettext("Sign out “%(device)s”?") % {"device": self.device.name}

    def consequence(self) -> str:
        """Say whether it is this one."""
        if self.device.is_current:
            return gettext("This is the browser that you are using now.")
        return gettext("Whoever uses it has to sign in again.")

    def end(self) -> None:
        """End it; in this browser that is signing out."""
        if self.device.is_current:
            logout(self.request)
        else:
            revoke_device(self.request, self.device.pk)

    def get_success_url(self) -> str:
        """Go back to the list, or away from it."""
        return _after_logout(self.request) if self.device.is_current else str(super().get_success_url())


class EndOthersView(EndView):
    """Ends every session but this one."""

    def question(self) -> str:
        """Name them."""
        return gettext("Sign out all other devices?")

    def consequence(self) -> str:
        """Say what stays."""
        return gettext("You stay signed in here alone. Remembered browsers are forgotten.")

    def end(self) -> None:
        """End them."""
        logout_others(self.request)


class EndAllView(EndView):
    """Ends every session, this one included."""

    def question(self) -> str:
        """Name them."""
        return gettext("Sign out everywhere?")

    def consequence(self) -> str:
        """Say what stays."""
        return gettext("Every device is signed out, this one too. Remembered browsers are forgotten.")

    def end(self) -> None:
        """End them."""
        logout_everywhere(self.request.user)
        logout(self.request)

    def get_success_url(self) -> str:
        """Go where a logout goes."""
        return _after_logout(self.request)


def _after_logout(request: HttpRequest) -> str:
    return resolve_url(django_settings.LOGOUT_REDIRECT_URL or login_url_for(request) or "/")
