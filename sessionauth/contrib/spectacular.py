"""drf-spectacular: REST framework's classes of ours as security schemes, and the scopes that each operation needs.

In settings, in the place of spectacular's own: `"DEFAULT_SCHEMA_CLASS": "sessionauth.contrib.spectacular.AutoSchema"`.
A project that has a schema class of its own derives it from this one, or from ScopesMixin.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import AND, OR

from sessionauth.authenticators import Authenticator, active
from sessionauth.authenticators.base import CredentialAuthenticator
from sessionauth.contrib.rest_framework.authentication import Authentication
from sessionauth.contrib.rest_framework.confining import narrowed, states
from sessionauth.contrib.rest_framework.permissions import NotImpersonating
from sessionauth.openapi import parameters, security_schemes
from sessionauth.scopes import Alternatives

PATH = "sessionauth.contrib.rest_framework.authentication"


def alternatives(view: Any, method: str, *, of_program: bool) -> Alternatives:
    """Return the scopes that `view` asks for: any one of these, and of that all.

    An empty one among them says that somebody may be let in without any. For a restricted credential (`of_program`)
    what is behind `|` without a scope does not count.
    """
    permissions = [narrowed(one) if of_program else one for one in view.get_permissions()]
    ways: Alternatives = ((),)
    for permission in permissions:
        ways = _both(ways, _of(permission, view, method))
    return ways


def _of(permission: Any, view: Any, method: str) -> Alternatives:
    if isinstance(permission, AND):
        return _both(_of(permission.op1, view, method), _of(permission.op2, view, method))
    if isinstance(permission, OR):
        return _unique([*_of(permission.op1, view, method), *_of(permission.op2, view, method)])
    if not states(permission):
        return ((),)
    stated: Alternatives = permission.get_requirement(view).alternatives(method)
    return stated


def _both(some: Alternatives, others: Alternatives) -> Alternatives:
    return _unique([tuple(dict.fromkeys((*one, *other))) for one, other in product(some, others)])


def _unique(ways: Sequence[tuple[str, ...]]) -> Alternatives:
    return tuple(dict.fromkeys(ways))


class ScopesMixin:
    """Tells of each operation which scopes it needs, and in which header a program says as whom it acts."""

    view: Any
    method: str

    def get_description(self) -> str:
        """Return the description, with the scopes below it."""
        words: str = super().get_description() or ""  # type: ignore[misc]
        ways = [way for way in alternatives(self.view, self.method, of_program=True) if way]
        if not ways:
            return words
        listed = gettext(" or ").join(", ".join(f"`{scope}`" for scope in way) for way in ways)
        return "\n\n".join(filter(None, [words, gettext("Scopes: %(scopes)s") % {"scopes": listed}]))

    def get_override_parameters(self) -> list[Any]:
        """Return what the project says of parameters, and the header where it is on and of use."""
        own: list[Any] = super().get_override_parameters()  # type: ignore[misc]
        return [*own, *(_parameter(one) for one in parameters().values())] if self._is_open() else own

    def _is_open(self) -> bool:
        """Say whether a key or token gets in here, also as somebody else."""
        classes = (one for one in self.view.get_authenticators() if isinstance(one, Authentication))
        carriers = (carrier for one in classes for carrier in one.carriers())
        if any(isinstance(one, NotImpersonating) for one in self.view.get_permissions()):
            return False
        return any(isinstance(one, CredentialAuthenticator) for one in carriers)


def _parameter(described: dict[str, Any]) -> OpenApiParameter:
    return OpenApiParameter(described["name"], str, OpenApiParameter.HEADER, description=described["description"])


class AutoSchema(ScopesMixin, SpectacularSchema):
    """Spectacular's schema class, with scopes."""


class _Scheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Base of the three: all the ways in that a class stands for, under their real names."""

    match_subclasses = True

    @property
    def name(self) -> list[str]:  # type: ignore[override]
        """The names of the schemes."""
        return list(self._schemes())

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """Register the schemes here, for all three classes: spectacular warns of those that several share."""
        for name, scheme in self._schemes().items():
            kind = ResolvedComponent.SECURITY_SCHEMA
            component = ResolvedComponent(name, kind, scheme, Authentication)  # type: ignore[no-untyped-call]
            auto_schema.registry.register_on_missing(component)
        return []

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Return that any one of the schemes is enough, with the scopes of any one alternative.

        OpenAPI 3.0 takes scopes for OAuth's schemes alone: there they stand in the description.
        """
        takes_scopes = not str(spectacular_settings.OAS_VERSION).startswith("3.0")
        found: list[dict[str, list[str]]] = []
        for name in self.name:
            of_program = name in self._schemes(programs=True)
            ways = alternatives(auto_schema.view, auto_schema.method, of_program=of_program) if takes_scopes else ((),)
            found += [{name: list(way)} for way in ways]
        return found

    def _schemes(self, *, programs: bool = False) -> dict[str, dict[str, Any]]:
        target = self.target() if isinstance(self.target, type) else self.target
        carriers: Sequence[Authenticator] = target.carriers()
        own = None if all(one in active() for one in carriers) else carriers

        def wanted(one: Authenticator) -> bool:
            return one in carriers and (not programs or isinstance(one, CredentialAuthenticator))

        return security_schemes(wanted, own)


class RequestScheme(_Scheme):  # type: ignore[no-untyped-call]
    """RequestAuthentication: everything that SESSIONAUTH_AUTHENTICATORS lets in."""

    target_class = f"{PATH}.RequestAuthentication"


class AccessTokenScheme(_Scheme):  # type: ignore[no-untyped-call]
    """AccessTokenAuthentication."""

    target_class = f"{PATH}.AccessTokenAuthentication"


class APIKeyScheme(_Scheme):  # type: ignore[no-untyped-call]
    """APIKeyAuthentication."""

    target_class = f"{PATH}.APIKeyAuthentication"
