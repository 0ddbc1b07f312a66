"""What stands in the body of a request, member by member; whatever it is, wrong is a clear 4xx."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from sessionauth import http, scopes
from sessionauth.models.base import NAME_LENGTH
from sessionauth.models.limits import MOST
from sessionauth.views.api.base import Refused, refuse
from sessionauth.views.json_body import form_of, is_empty, is_empty_form, is_json, is_storable, object_of

#: No credential is issued for longer, in seconds: a hundred years. Whoever wants one without end leaves the end out.
LONGEST = 100 * 365 * 24 * 3600
#: For no longer, in seconds, is an old secret good beside the new one: it does not count among those one may have.
LONGEST_OVERLAP = 30 * 24 * 3600

FORM = "application/x-www-form-urlencoded"


def invalid(member: str, says: str) -> Refused:
    """Return what to raise for a `member` of the body that is wrong."""
    return refuse(400, "invalid", gettext("Some of it is wrong or missing."), errors={member: [says]})


@sensitive_variables("document")
def members(request: HttpRequest, known: Collection[str]) -> dict[str, Any]:
    """Return the JSON object that came, nothing for an empty body; null is a member that was left out.

    Where nothing is `known`, an empty form is an empty body as well.

    A member that is not `known` is refused: where "scope" was sent for "scopes", a key would open every door.
    """
    if not known and is_empty_form(request):
        return {}
    if not is_json(request) and not is_empty(request):
        raise _no_json()
    document = _storable(object_of(request))
    for name in document:
        if name not in known:
            raise invalid(str(name), gettext("There is no such member."))
    return {name: value for name, value in document.items() if value is not None}


@sensitive_variables("document")
def parameters(request: HttpRequest) -> dict[str, Any]:
    """Return the parameters of OAuth (RFC 6749), of a form or a JSON object; unknown ones count for nothing."""
    if request.content_type == FORM:
        return _storable(form_of(request).dict())
    if not is_json(request) and not is_empty(request):
        raise _no_json()
    return {name: value for name, value in _storable(object_of(request)).items() if value is not None}


def _storable(document: dict[str, Any]) -> dict[str, Any]:
    if not is_storable(document):
        raise refuse(400, "invalid_request", gettext("The body has characters that cannot be stored."))
    return document


def _no_json() -> Refused:
    return refuse(415, "unsupported_media_type", gettext("Send a JSON object."))


def text(value: Any, member: str, longest: int | None = None) -> str:
    """Return `value` if it is a text of at most `longest` characters."""
    if not isinstance(value, str):
        raise invalid(member, gettext("This must be a text."))
    if longest is not None and len(value) > longest:
        raise invalid(member, gettext("This is longer than %(longest)d characters.") % {"longest": longest})
    return value


def boolean(value: Any, member: str) -> bool:
    """Return `value` if it is true or false."""
    if not isinstance(value, bool):
        raise invalid(member, gettext("This must be true or false."))
    return value


def texts(value: Any, member: str) -> list[str]:
    """Return `value` if it is a list of texts, each once."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise invalid(member, gettext("This must be a list of texts."))
    if len(value) > MOST:
        raise invalid(member, gettext("These are too many."))
    return list(dict.fromkeys(value))


def span(value: Any, member: str, most: int = LONGEST) -> timedelta:
    """Return `value`, a number of whole seconds up to `most`, as a timedelta."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise invalid(member, gettext("This must be a number of seconds, from 0 to %(most)d.") % {"most": most})
    return timedelta(seconds=value)


def moment(value: Any, member: str) -> datetime:
    """Return `value`, a moment to come as ISO 8601 has it with its offset."""
    try:
        found = parse_datetime(text(value, member))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise invalid(member, gettext("This must be a moment such as 2030-01-31T12:00:00Z."))
    return in_time(found, member)


def in_time(found: datetime, member: str) -> datetime:
    """Return `found` if it is to come, and not too far away to be stored."""
    now = timezone.now()
    if not timedelta(0) < found - now <= timedelta(seconds=LONGEST):
        raise invalid(member, gettext("This must be a moment to come."))
    return found


def grantable(value: Any, user: Any, member: str = "scopes") -> list[str]:
    """Return the scopes in `value`. Raises Refused for one that nobody knows, or that `user` does not hold."""
    found = texts(value, member)
    if strange := scopes.unknown(found):
        raise _invalid_scope(gettext("There is no scope %(scopes)s."), strange, member)
    if lacking := [scope for scope in found if not scopes.holds(user, scope)]:
        raise _invalid_scope(gettext("You do not hold %(scopes)s yourself."), lacking, member)
    return found


def _invalid_scope(says: str, names: list[str], member: str) -> Refused:
    told = says % {"scopes": ", ".join(names)[:500]}
    return refuse(400, "invalid_scope", told, errors={member: [told]})


#: How each member of a new credential is read, besides those that need more than themselves.
PLAIN: dict[str, Callable[[Any, str], Any]] = {
    "networks": texts,
    "methods": texts,
    "origins": texts,
    "rate": text,
}
MEMBERS = frozenset({"name", "scopes", "expires_at", "expires_in", "read_only", *PLAIN})


def wanted(document: dict[str, Any], user: Any) -> dict[str, Any]:
    """Return the fields of a new credential of `user`; what the document leaves out is left out."""
    fields: dict[str, Any] = {name: read(document[name], name) for name, read in PLAIN.items() if name in document}
    if "name" in document:
        fields["name"] = text(document["name"], "name", NAME_LENGTH)
    if "scopes" in document:
        fields["scopes"] = grantable(document["scopes"], user)
    if "expires_at" in document and "expires_in" in document:
        raise invalid("expires_in", gettext("Give one of expires_at and expires_in."))
    if "expires_at" in document:
        fields["expires_at"] = moment(document["expires_at"], "expires_at")
    if "expires_in" in document:
        fields["expires_at"] = in_time(timezone.now() + span(document["expires_in"], "expires_in"), "expires_in")
    if "read_only" in document and boolean(document["read_only"], "read_only"):
        fields["methods"] = [method for method in http.READING if method in fields.get("methods", http.READING)]
    return fields
