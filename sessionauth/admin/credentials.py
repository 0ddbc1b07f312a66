"""Keys and tokens in the admin: issued, limited, rotated and revoked, each secret shown once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, ForeignKeyRawIdWidget
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from sessionauth.admin import handing_out
from sessionauth.admin.credential_acts import CredentialActs
from sessionauth.admin.limits_form import LimitsForm
from sessionauth.credentials.issuing import issue
from sessionauth.exceptions import TooManyCredentials
from sessionauth.models import AbstractCredential, AccessToken, APIKey
from sessionauth.views import tickets

TOO_MANY = _("Its owner has as many of these as they may have. Revoke one first.")
SCOPES = ("extent", "scopes", "permissions")
LIMITS = ("expires_at", "methods", "networks", "origins", "rate")
ABOUT = (
    *("hint", "state", "created_at", "impersonation", "last_used_at"),
    *("rotated_at", "rotated_from", "revoked_at", "revoked_reason"),
)


class UserSelect(AutocompleteSelect):
    """Django's, which fails where what was sent is no key at all."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        """Show what was chosen, if it can be the key of anybody."""
        return super().optgroups(name, [one for one in value if self._can_be_a_key(one)], attr)

    def _can_be_a_key(self, text: str) -> bool:
        try:
            return get_user_model()._meta.pk.clean(text, None) is not None
        except ValidationError:
            return False


class CredentialAdmin(CredentialActs):
    """Base for the admin of credentials; derive that of your own `AbstractAPIKey` from it, and register that.

    Issuing needs the permission `add`, for somebody else also `issue_for_others`; rotating needs `rotate`, revoking
    `change`, all with the model's name behind. Nobody but a superuser is shown a secret of who may do more than
    themselves, or widens what such a credential may do. Where there is a page to confirm a login, issuing and rotating
    need a fresh one. What has ended can be looked at. Rows are deleted by `sessionauth_prune` and with their users, not
    by hand: they are evidence; override `has_delete_permission()` to have it otherwise.
    """

    form: Any = LimitsForm
    add_form_template: ClassVar[Any] = "sessionauth/admin/issue.html"
    change_form_template: ClassVar[Any] = "sessionauth/admin/credential.html"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields in groups: whose it is, what it may do, limits, what became of it."""
        if self.fieldsets or self.fields:
            return super().get_fieldsets(request, obj)
        known = [] if obj is None else ["owner"]
        about = [] if obj is None else [(_("About it"), {"fields": ABOUT})]
        scopes = SCOPES if self.may_limit(request, obj) else ("granted_scopes",)
        return [
            (None, {"fields": [*self._own_fields(obj), *known, "name"]}),
            (_("What it may do"), {"fields": scopes}),
            (_("Limits"), {"fields": LIMITS}),
            *about,
        ]

    def _own_fields(self, obj: Any) -> list[str]:
        """Return the fields that this model has beyond ours; the user of a row that is there is shown as its owner."""
        ours = {field.name for field in AbstractCredential._meta.get_fields()}
        ours |= {"user"} if obj is not None else set()
        fields = (*self.opts.concrete_fields, *self.opts.many_to_many)
        return [field.name for field in fields if field.editable and not field.primary_key and field.name not in ours]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return what is not changed: whose it is, and the limits for who could not have issued it."""
        fixed = [*super().get_readonly_fields(request, obj)]
        if obj is None:
            return fixed
        path = self.model.user_path
        fixed += [*ABOUT, "owner", *([path.partition("__")[0]] if path else ())]
        if not self.may_limit(request, obj):
            fixed += ["granted_scopes", *SCOPES, *LIMITS, *self._own_fields(obj)]
        return list(dict.fromkeys(fixed))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which knows who fills it in."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.request = request
        form.refusal = getattr(request, "_sessionauth_refusal", "")
        form.may_issue_for_others = self.has_permission_to("issue_for_others", request)
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the visitor alone where they may not issue for others, else a search rather than a list of all."""
        users = get_user_model()
        if db_field.remote_field.model is users:
            if not self.has_permission_to("issue_for_others", request):
                kwargs.setdefault("queryset", users._default_manager.filter(pk=request.user.pk))
            else:
                kwargs.setdefault("widget", self._user_widget(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _user_widget(self, db_field: Any, request: HttpRequest) -> Any:
        users = self.admin_site._registry.get(get_user_model())
        if users is not None and users.get_search_fields(request) and users.has_view_permission(request):
            return UserSelect(db_field, self.admin_site)
        return ForeignKeyRawIdWidget(db_field.remote_field, self.admin_site)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Say which acts the page leads to."""
        row = context.get("original")
        if row is not None:
            context["may_rotate"] = self.has_rotate_permission(request, row)
            context["may_revoke"] = self.has_revoke_permission(request, row)
        return super().render_change_form(request, context, *args, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show or take the form; for a new one, from who has just signed in, and once."""
        if "_saveasnew" in request.POST:
            raise PermissionDenied  # a copy would be another secret, past what is asked below
        if object_id is not None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        if self.has_add_permission(request):
            if (answer := handing_out.unready(request)) is not None:
                return answer
            # One without a ticket is a project's own.
            if tickets.FIELD in request.POST and not tickets.take(request):
                request.__dict__["_sessionauth_refusal"] = tickets.SPENT
        extra = {"ticket": tickets.make(request)} | (extra_context or {})
        try:
            return super().changeform_view(request, None, form_url, extra)
        except TooManyCredentials:
            request.__dict__["_sessionauth_refusal"] = TOO_MANY
            return super().changeform_view(request, None, form_url, extra)

    @sensitive_variables("secret")
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Issue a new one, or save what was changed and nothing else."""
        if change:
            # Of the others somebody else may have changed one since.
            changed = {"scopes" if name in SCOPES else name for name in form.changed_data}
            obj.save(update_fields=changed & {field.name for field in self.opts.concrete_fields})
            return
        given = {field.name: getattr(obj, field.name) for field in self.opts.concrete_fields if field.editable}
        given.pop(self.opts.pk.name, None)
        row, secret = issue(self.model, **given)
        obj.__dict__.update(row.__dict__)  # Django goes on with `obj`: history, many-to-many fields, inlines
        request.__dict__["_sessionauth_issued"] = secret

    @sensitive_variables()
    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret, whatever button was pressed."""
        return handing_out.show(self, request, obj, request.__dict__.pop("_sessionauth_issued"))


admin.site.register(APIKey, CredentialAdmin)
admin.site.register(AccessToken, CredentialAdmin)
