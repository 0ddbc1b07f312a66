"""The pages: the list, a new one, another name, another secret, the end of one or of all.

No program's credential reaches them; programs have `sessionauth.api_urls`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables
from django.views.generic import FormView, TemplateView

from sessionauth.credentials.issuing import issue
from sessionauth.credentials.listing import rename
from sessionauth.credentials.revoking import revoke_all
from sessionauth.credentials.rotating import rotate
from sessionauth.exceptions import CredentialConflict
from sessionauth.forms import EndSessionsForm
from sessionauth.mixins import LoginRequiredMixin
from sessionauth.refusals import problem
from sessionauth.views import tickets
from sessionauth.views.json_body import Fields, WrongBody, is_json, is_storable, object_of
from sessionauth.views.keys.carriers import carrier_of
from sessionauth.views.keys.entries import Entry, entries_of
from sessionauth.views.keys.forms import IssueForm, RenameForm, RotateForm
from sessionauth.views.owned import KINDS, REVOKED, find, told
from sessionauth.views.page import FormPageMixin, PageMixin, json
from sessionauth.views.proving import ProvingMixin

if TYPE_CHECKING:
    FormBase = FormView[Any]
else:
    FormBase = FormView

LIST = reverse_lazy("sessionauth:keys")


class KeysView(PageMixin, LoginRequiredMixin, TemplateView):
    """Lists one's keys, tokens and signed-in programs."""

    template_name = "sessionauth/keys.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the list."""
        if self.answers_json:
            found = entries_of(request.user)
            return json({"credentials": [told(one.row) for one in (*found.own, *found.programs, *found.ended)]})
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add them."""
        return super().get_context_data(entries=entries_of(self.request.user), **kwargs)


class SecretView(ProvingMixin, LoginRequiredMixin, FormBase):
    """Base of the two that show a secret: in the answer to the POST itself, once, and nowhere else.

    There is no redirect: on its way the secret would have to be kept somewhere.
    """

    secret_template_name = "sessionauth/key_secret.html"  # noqa: S105 (no password)

    @sensitive_variables("secret", "document", "context")
    def shown(self, row: Any, secret: str, replaced: Any = None) -> HttpResponse:
        """Return the page or the document with the new `row`, its secret, and the row that it `replaced`."""
        if self.answers_json:
            document = told(row) | {"secret": secret}
            return json(document if replaced is None else document | {"replaces": told(replaced)}, status=201)
        context = {"entry": Entry(row), "secret": secret, "carrier": carrier_of(row), "replaced": replaced}
        return render(self.request, self.secret_template_name, context)

    def refused(self, form: Any, code: str, says: str) -> HttpResponse:
        """Show the form again, with what is in the way as things are."""
        form.add_error(None, says)
        if self.answers_json:
            return problem(409, code, says)
        response: HttpResponse = self.form_invalid(form)
        response.status_code = 409
        return response


class IssueView(SecretView):
    """Issues a key or a token of one's own."""

    form_class = IssueForm
    template_name = "sessionauth/key_issue.html"

    def json_fields(self) -> Fields:
        """Return the fields of a JSON body, of which `scopes` and `networks` may be lists."""
        document = {name: value for name, value in object_of(self.request).items() if value is not None}
        if not is_storable(document) or not all(_is_field(*item) for item in document.items()):
            raise WrongBody(400, "invalid_request", gettext("The members of the body are texts, booleans or lists."))
        if isinstance(networks := document.get("networks"), list):
            document["networks"] = "\n".join(networks)
        return document

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the ticket of this form."""
        return super().get_context_data(ticket=tickets.make(self.request), **kwargs)

    @sensitive_variables("secret")
    def form_valid(self, form: Any) -> HttpResponse:
        """Issue it, unless this very form has done so before."""
        self.prove()
        if not is_json(self.request) and not tickets.take(self.request):
            return self.refused(form, "already_sent", str(tickets.SPENT))
        try:
            row, secret = issue(KINDS[form.cleaned_data["kind"]], user=self.request.user, **form.wanted)
        except CredentialConflict as reason:
            return self.refused(form, reason.code, str(reason.public))
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self.form_invalid(form)
        return self.shown(row, secret)


def _is_field(name: str, value: Any) -> bool:
    if name in ("scopes", "networks") and isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, str | bool)


class OneMixin:
    """A page about the key or token in the address."""

    request: HttpRequest
    kwargs: dict[str, Any]

    @cached_property
    def entry(self) -> Entry:
        """It. Raises Http404 for another's, and for one that is not there or has ended."""
        kind = self.kwargs["kind"]
        row = find(self.request.user, kind, self.kwargs["pk"]) if kind in KINDS else None
        if row is None or not Entry(row).is_usable:
            raise Http404
        return Entry(row)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add it."""
        context: dict[str, Any] = super().get_context_data(entry=self.entry, **kwargs)  # type: ignore[misc]
        return context


class RotateView(OneMixin, SecretView):
    """Puts another secret in the place of one; a second time there is nothing left to replace."""

    form_class = RotateForm
    template_name = "sessionauth/key_rotate.html"

    @sensitive_variables("secret")
    def form_valid(self, form: Any) -> HttpResponse:
        """Rotate it."""
        row = self.entry.row
        self.prove()
        try:
            new, secret = rotate(row, overlap=form.cleaned_data["overlap"])
        except CredentialConflict as reason:
            return self.refused(form, reason.code, str(reason.public))
        return self.shown(new, secret, replaced=find(self.request.user, self.kwargs["kind"], row.pk))


class RenameView(OneMixin, FormPageMixin, LoginRequiredMixin, FormBase):
    """Gives one another name."""

    form_class = RenameForm
    template_name = "sessionauth/key_rename.html"
    success_url = LIST

    def get_initial(self) -> dict[str, Any]:
        """Begin with the name it has."""
        return {"name": self.entry.row.name}

    def act(self, form: Any) -> None:
        """Rename it."""
        rename(self.entry.row, form.cleaned_data["name"])


class RevokeView(OneMixin, FormPageMixin, LoginRequiredMixin, FormBase):
    """Ends one for good, after a question. It needs no fresh login: whoever finds a stranger there is in a hurry."""

    form_class = Form
    template_name = "sessionauth/key_revoke.html"
    success_url = LIST

    def act(self, form: Any) -> None:
        """Revoke it."""
        self.entry.row.revoke(REVOKED)


class RevokeAllView(ProvingMixin, LoginRequiredMixin, FormBase):
    """Ends every key, every token and every signed-in program of the account."""

    form_class = EndSessionsForm
    template_name = "sessionauth/keys_revoke_all.html"
    success_url = LIST

    def act(self, form: Any) -> None:
        """Revoke them."""
        self.prove()
        revoke_all(self.request.user, reason=REVOKED)
