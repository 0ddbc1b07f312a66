"""The forms of signing in. What they check goes through the guarded door, and what a guard says is told on them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import get_user_model
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from sessionauth import accounts, backends, mail
from sessionauth.conf import seconds, settings
from sessionauth.exceptions import InactiveUser, LoginDenied
from sessionauth.guards import unlock
from sessionauth.login import LoginManager


class LoginForm(auth_forms.AuthenticationForm):
    """Django's form with a box to be remembered; the name may be any of SESSIONAUTH_LOGIN_FIELDS.

    After `is_valid()` said no, `denied` is the refusal of a guard, if it was one. What it says publicly is the form's
    error; where it says nothing, the error is that of a wrong password, word for word.
    """

    remember = forms.BooleanField(label=_("Keep me signed in on this device"), required=False)

    manager = LoginManager()
    denied: LoginDenied | None = None

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        name = self.fields["username"]
        name.label = name_label()
        longest = max(getattr(field, "max_length", None) or 254 for field in _login_fields())
        name.max_length = name.widget.attrs["maxlength"] = longest  # type: ignore[attr-defined]

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        """Check name and password, once, through `manager`."""
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name is not None and password:
            self.user_cache = self._verified(self.manager.gather(name, password, {}))
            if self.user_cache is None:
                raise self.get_invalid_login_error()
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data

    @sensitive_variables()
    def _verified(self, given: dict[str, Any]) -> Any | None:
        request: Any = self.request
        user, self.denied = verify(self.manager, request, given)
        if self.denied is not None and self.denied.public:
            raise ValidationError(str(self.denied.public), code=self.denied.code)
        return user

    def confirm_login_allowed(self, user: Any) -> None:
        """Let everybody in whom backends and guards let in: an inactive user looks like a wrong password by now."""


@sensitive_variables("given", "user")
def verify(
    manager: LoginManager, request: HttpRequest, given: dict[str, Any]
) -> tuple[Any, None] | tuple[None, LoginDenied | None]:
    """Return whom `given` proves to `manager`, None for nobody, and the refusal of a guard if there was one.

    What went wrong otherwise is raised. An inactive user is nobody, whichever backend lets them in.
    """
    denied = None
    try:
        user = manager.verify(request, given, (_active,))
    except Exception as reason:
        user, denied = None, backends.denial_of(reason)
        if denied is None:
            raise
    if user is None:
        manager.tell_failure(request, given)
        return None, denied
    return user, None


def _active(request: HttpRequest, user: Any) -> None:
    """Refuse whom Django's form refuses, also where the backend does not: as a guard, so that it counts as wrong."""
    if not user.is_active:
        raise InactiveUser


def name_label() -> str:
    """Return what the name on a form is called, where it may be any of SESSIONAUTH_LOGIN_FIELDS."""
    first, *others = (str(field.verbose_name) for field in _login_fields())
    label = first
    for other in others:
        label = gettext("%(one)s or %(other)s") % {"one": label, "other": other}
    return str(capfirst(label))


def _login_fields() -> list[Any]:
    return [get_user_model()._meta.get_field(name) for name in accounts.login_fields()]


class PasswordField(forms.CharField):
    """The current password, of somebody who is signed in."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
        super().__init__(label=kwargs.pop("label", _("Password")), strip=False, widget=widget, **kwargs)


class _Confirming(forms.Form):
    """Base of forms on which somebody who is signed in proves that it is they."""

    denied: LoginDenied | None = None
    request: HttpRequest
    sessionauth_proves = True

    @sensitive_variables("password")
    def _prove(self, password: str, wrong: str | Any) -> str:
        """Return `password` if it is the user's own, asked through the guarded door."""
        try:
            is_right = backends.confirm(self.request, self.request.user, {"password": password})
        except Exception as reason:
            self.denied = denial = backends.denial_of(reason)
            if denial is None:
                raise
            raise ValidationError(str(denial.public or wrong), code=denial.code) from None
        if not is_right:
            raise ValidationError(wrong, code="password_incorrect")
        return password


class ConfirmLoginForm(_Confirming):
    """Asks somebody who is signed in for their password once more."""

    password = PasswordField()

    error_messages: ClassVar[dict[str, Any]] = {"password_incorrect": _("This is not your password.")}

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)

    @sensitive_variables()
    def clean_password(self) -> str:
        """Check the password, guarded like a login."""
        return self._prove(self.cleaned_data["password"], self.error_messages["password_incorrect"])


class EndSessionsForm(ConfirmLoginForm):
    """A question with one answer; `needs_password` asks for the password along with it."""

    def __init__(self, request: HttpRequest, *args: Any, needs_password: bool = True, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        if not needs_password:
            del self.fields["password"]


class PasswordChangeForm(_Confirming, auth_forms.PasswordChangeForm):
    """Django's form, its old password guarded like a login."""

    def __init__(self, request: HttpRequest, user: Any, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(user, *args, **kwargs)

    @sensitive_variables()
    def clean_old_password(self) -> str:
        """Check the old password."""
        return self._prove(self.cleaned_data["old_password"], self.error_messages["password_incorrect"])


class PasswordResetForm(auth_forms.PasswordResetForm):
    """Django's form; all that it does is done aside of the answer, which is the same whoever is written to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        model: Any = get_user_model()
        for field in model._meta.fields:
            if field.name == model.get_email_field_name():
                self.fields["email"].label = capfirst(field.verbose_name)  # as on the other pages

    def get_users(self, email: str) -> Iterable[Any]:
        """Return who is written to: whoever has the address, unless a mail has just gone to them."""
        return (user for user in super().get_users(email) if mail.is_due("password_reset", user.pk))

    def save(self, **options: Any) -> None:  # type: ignore[override]
        """Write to whoever has the address; `options` are Django's."""
        mail.aside(partial(super().save, **options))


class UnlockForm(forms.Form):
    """Asks for the name of a locked account, any of those that one signs in with."""

    username = forms.CharField(
        max_length=254, widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = name_label()

    def save(self, request: HttpRequest, *, subject_template_name: str, email_template_name: str) -> None:
        """Write to the owner of the account, if there is one and something holds it up; aside of the answer."""
        mail.aside(partial(self._write, request, subject_template_name, email_template_name))

    def _write(self, request: HttpRequest, subject_template_name: str, email_template_name: str) -> None:
        user: Any = accounts.find(request, self.cleaned_data["username"])
        address = getattr(user, get_user_model().get_email_field_name(), "")
        if not address or not user.is_active or not unlock.is_held(user) or not mail.is_due("unlock", user.pk):
            return
        link = reverse("sessionauth:unlock_confirm", args=[unlock.make_link_token(user)])
        context = {
            "user": user,
            "site_name": get_current_site(request).name,
            "link": request.build_absolute_uri(link),
            "minutes": max(1, int(seconds(settings.UNLOCK_AGE)) // 60),
        }
        subject = " ".join(render_to_string(subject_template_name, context).split())
        EmailMessage(subject, render_to_string(email_template_name, context), to=[address]).send()
