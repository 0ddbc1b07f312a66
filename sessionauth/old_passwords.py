"""The old password on pages of others: guarded like a login before they see it.

They are Django's own pages to change it, the admin's among them, and allauth's. Their forms ask `check_password()` and
are given no request, so that our guards would not count how often it is tried. What the guards refuse is answered in
the place of the page; all else is the page's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_backends
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import ResolverMatch
from django.utils.crypto import get_random_string
from django.views.decorators.debug import sensitive_variables

from sessionauth import confinement
from sessionauth.late import LateModule
from sessionauth.user_token import UserToken

if TYPE_CHECKING:
    from sessionauth import backends, refusals
else:
    backends, refusals = LateModule("sessionauth.backends"), LateModule("sessionauth.refusals")

FIELD = "old_password"
#: The same on allauth's page, and the name of its URL. (Where it asks to prove a login again it calls authenticate().)
ALLAUTH_FIELD, ALLAUTH_PAGE = "oldpassword", "account_change_password"
#: Attribute of forms that ask through the guarded door themselves.
PROVES = "sessionauth_proves"


def is_asked(request: HttpRequest) -> bool:
    """Say whether the view of `request`, a POST, is about to check the old password past the guards of this project.

    They are those of SessionAuthBackend: without it the pages stay as they are.
    """
    return bool(_field(request)) and any(map(_is_ours, get_backends()))


def has(auth: UserToken) -> bool:
    """Say whether `auth` is somebody whose old password it is.

    Whoever acts as another has no business with it: each try would count against the target, and tell of a right one.
    """
    return auth.is_authenticated and not auth.is_impersonating


def is_of_admin(request: HttpRequest) -> bool:
    """Say whether the view of `request` is a page of an admin that changes a password, one's own or another's."""
    match: ResolverMatch | None = request.resolver_match
    name = None if match is None else match.url_name
    return name is not None and name.endswith("password_change") and "admin" in match.app_names  # type: ignore[union-attr]


def _is_ours(backend: Any) -> bool:
    return isinstance(backend, backends.SessionAuthBackend)


def _field(request: HttpRequest) -> str:
    """Return the name of the field with the old password that the view of `request` checks by itself, "" for none."""
    match = confinement.match_of(request)
    if match is None:
        return ""
    if match.url_name == ALLAUTH_PAGE and getattr(match.func, "__module__", "").startswith("allauth."):
        return ALLAUTH_FIELD
    return FIELD if _checks_by_itself(match) else ""


def _checks_by_itself(match: ResolverMatch) -> bool:
    if match.url_name == "password_change" and "admin" in match.app_names:
        return True
    view_class = getattr(match.func, "view_class", None)
    if not (isinstance(view_class, type) and issubclass(view_class, auth_views.PasswordChangeView)):
        return False
    form: Any = getattr(match.func, "view_initkwargs", {}).get("form_class", view_class.form_class)
    return not getattr(form, PROVES, False)


@sensitive_variables("password")
def prove(request: HttpRequest, user: Any) -> HttpResponse | None:
    """Have the guards judge the old password of `user`, and return their answer if they refuse it."""
    password = request.POST.get(_field(request))
    if not password or not user.has_usable_password():
        return None
    try:
        backends.confirm(request, user, {"password": password})
    except Exception as reason:
        return _refused(request, reason)
    return None


@sensitive_variables("password")
async def aprove(request: HttpRequest, user: Any) -> HttpResponse | None:
    """See prove()."""
    password = request.POST.get(_field(request))
    if not password or not user.has_usable_password():
        return None
    try:
        await backends.aconfirm(request, user, {"password": password})
    except Exception as reason:
        return _refused(request, reason)
    return None


def _refused(request: HttpRequest, reason: Exception) -> HttpResponse | None:
    denial = backends.denial_of(reason)
    if denial is None:
        raise reason
    if denial.public:
        return refusals.denied(request, denial)
    # It is to look like a wrong password, so the page is given one.
    data: QueryDict = request.POST.copy()
    data[_field(request)] = get_random_string(40)
    request.POST = data  # type: ignore[assignment]
    return None
