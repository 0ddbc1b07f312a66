"""The pages while it lasts: how far it goes and how long, further, longer, and the end of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.generic import FormView, TemplateView

from sessionauth import base_user
from sessionauth.authenticators import get_auth
from sessionauth.exceptions import ImpersonationDenied
from sessionauth.impersonation import back, beginning, rules, service
from sessionauth.impersonators import page_of
from sessionauth.mixins import LoginRequiredMixin
from sessionauth.models import Impersonation
from sessionauth.request_state import state_of
from sessionauth.views.impersonation import facts
from sessionauth.views.impersonation.page import AboutMixin, ActMixin
from sessionauth.views.page import json

if TYPE_CHECKING:
    FormBase = FormView[Any]
else:
    FormBase = FormView


def to_page(name: str) -> HttpResponse:
    """Redirect to our page `name`."""
    return HttpResponseRedirect(page_of(name))


class RunningMixin:
    """Tells templates of the impersonation that runs."""

    request: HttpRequest

    @property
    def running(self) -> Impersonation | None:
        """The one of this request, None for none."""
        row: Impersonation | None = get_auth(self.request).impersonation
        return row

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add who acts as whom, how far and for how long."""
        auth, row = get_auth(self.request), self.running
        own: dict[str, Any] = {"impersonation": row, "actor_name": base_user.display_name(auth.actor)}
        if row is not None:
            own |= {
                "target_name": auth.display_name,
                "seconds_left": facts.left(row.expires_at),
                "may_upgrade": row.is_read_only and rules.may_write(auth.actor),
            }
        context: dict[str, Any] = super().get_context_data(**own, **kwargs)  # type: ignore[misc]
        return context


class ImpersonationView(RunningMixin, AboutMixin, TemplateView):
    """Tells who acts as whom, how far and for how long, as a page or by JSON; DELETE stops it.

    Asking is no use of it, so that a page may ask how long it lasts without making it last.
    """

    is_open = True
    sessionauth_stops_impersonation = True
    template_name = "sessionauth/impersonation_running.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Tell."""
        state_of(request).is_passive = True
        if self.answers_json:
            return json(facts.told(request, self.running))
        return to_page("impersonation_ended") if self.running is None else super().get(request, *args, **kwargs)

    def delete(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Stop; who does not act as anybody is themself afterwards, too."""
        service.stop(request)
        return json(facts.told(request, None, next=back.take(request)))


class StopView(RunningMixin, ActMixin, FormBase):
    """Stops by POST alone, whoever asks and whatever has become of them; then it goes back to where it began."""

    is_open = True
    sessionauth_stops_impersonation = True
    form_class = Form
    template_name = "sessionauth/impersonation_stop.html"
    way_back = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask."""
        return to_page("impersonation_ended") if self.running is None else super().get(request, *args, **kwargs)

    def act(self, form: Any) -> None:
        """Stop."""
        service.stop(self.request)
        self.way_back = back.take(self.request)

    def done(self, form: Any) -> HttpResponse:
        """Tell the client who it is again."""
        return json(facts.told(self.request, None, next=self.get_success_url()))

    def get_success_url(self) -> str:
        """Go where the form or the address says, else back to where it began."""
        return self.get_redirect_url() or self.way_back


class ChangeView(RunningMixin, ActMixin, LoginRequiredMixin, FormBase):
    """Base of the two that have it go further; why is asked anew."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask."""
        return to_page("impersonation_ended") if self.running is None else super().get(request, *args, **kwargs)

    def done(self, form: Any) -> HttpResponse:
        """Tell the client how far it goes, and for how long, now."""
        return json(facts.told(self.request, self.running))

    def get_success_url(self) -> str:
        """Go where the form or the address says, else to the page that tells how far it goes."""
        return self.get_redirect_url() or page_of("impersonation")


class ExtendView(ChangeView):
    """Has it last for SESSIONAUTH_IMPERSONATION_MAX_AGE from now on, within SESSIONAUTH_IMPERSONATION_TOTAL_AGE."""

    template_name = "sessionauth/impersonation_extend.html"

    def act(self, form: Any) -> None:
        """Extend it."""
        service.extend(self.request, reason=form.why)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add for how long."""
        return super().get_context_data(terms=facts.terms(get_auth(self.request).actor), **kwargs)


class UpgradeView(ChangeView):
    """Lets those change things who hold the permission `impersonate_write`."""

    template_name = "sessionauth/impersonation_upgrade.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, if it would be allowed and is not so already."""
        if self.running is not None and not self.running.is_read_only:
            return to_page("impersonation")
        if self.running is not None and not rules.may_write(get_auth(request).actor):
            return self.told(ImpersonationDenied("write", beginning.ONLY_LOOKS), 403)
        return super().get(request, *args, **kwargs)

    def act(self, form: Any) -> None:
        """Upgrade it."""
        service.upgrade(self.request, reason=form.why)


class EndedView(RunningMixin, AboutMixin, TemplateView):
    """Says that one is oneself again, and leads back to where it began."""

    is_open = True
    template_name = "sessionauth/impersonation_ended.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say so, if it is so."""
        return super().get(request, *args, **kwargs) if self.running is None else to_page("impersonation")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the way back, and whether to offer another start."""
        auth = get_auth(self.request)
        own = {"auth": auth, "back": back.kept_in(self.request), "may_begin": rules.may_begin(auth.user)}
        return super().get_context_data(**own, **kwargs)
