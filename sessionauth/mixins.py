"""The questions of `access`, dressed for class-based views; AccessMixins like Django's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.mixins import AccessMixin as DjangoAccessMixin
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sessionauth import access, confinement
from sessionauth.access import AnonymousRule, FreshRule, LoginRule, MethodRule, NotImpersonatingRule, Rule, ScopeRule
from sessionauth.authenticators import aget_auth, get_auth
from sessionauth.scopes import Requirement


class RuleMixin(DjangoAccessMixin):
    """Asks one rule before the view; base of the others.

    `login_url`, `redirect_field_name`, `raise_exception` and `permission_denied_message` are AccessMixin's, and
    `handle_no_permission()` may be overridden as there.
    """

    request: HttpRequest
    _refuse: access.Refusal | None = None

    def get_rule(self) -> Rule:
        """Return the rule to ask."""
        raise NotImplementedError(f"{type(self).__name__}.get_rule() is missing.")

    def get_login_rule(self) -> LoginRule:
        """Return the rule that sends to log in, made from AccessMixin's attributes."""
        return LoginRule(None if self.login_url is None else str(self.login_url), self.get_redirect_field_name())

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Go on to the view, or refuse."""
        if getattr(self, "view_is_async", False):
            return self._adispatch(request, *args, **kwargs)
        refuse = self.get_rule().check(get_auth(request), request.method)
        if refuse is not None:
            return self._refused(request, refuse)
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    async def _adispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refuse = await self.get_rule().acheck(await aget_auth(request), request.method)
        if refuse is not None:
            return await sync_to_async(self._refused)(request, refuse)
        response: HttpResponseBase = await super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response

    def _refused(self, request: HttpRequest, refuse: access.Refusal) -> HttpResponseBase:
        self._refuse = refuse
        return access.refused(request, lambda _: self.handle_no_permission())

    def handle_no_permission(self) -> HttpResponseBase:  # type: ignore[override]
        """Answer a request that the rule denied; with `raise_exception`, by PermissionDenied.

        Another AccessMixin on the same view may call this for reasons of its own: then Django's answer holds.
        """
        if self._refuse is None:
            return super().handle_no_permission()
        if self.raise_exception:
            raise PermissionDenied(self.get_permission_denied_message())
        return self._refuse(self.request)


class LoginRequiredMixin(RuleMixin):
    """Lets only users in. See decorators.login_required()."""

    def get_rule(self) -> Rule:
        """Return the rule to ask."""
        return self.get_login_rule()


class ScopeRequiredMixin(RuleMixin):
    """Lets in who holds `scope_required`: one scope, a list of scopes, or whatever scopes.Requirement takes.

    See decorators.scope_required().
    """

    scope_required: Any = ()

    def get_scope_required(self) -> Any:
        """Return the scopes. Raises ImproperlyConfigured if there are none."""
        if not self.scope_required:
            raise ImproperlyConfigured(f"{type(self).__name__} needs scope_required, the name of a scope or several.")
        return self.scope_required

    def get_rule(self) -> Rule:
        """Return the rule to ask."""
        return ScopeRule(Requirement.of(self.get_scope_required()), self.get_login_rule())


class AuthMethodRequiredMixin(RuleMixin):
    """Lets in who was recognised in one of the ways `auth_methods`. See decorators.auth_method_required()."""

    auth_methods: Sequence[str] = ()

    def get_rule(self) -> Rule:
        """Return the rule to ask. Raises ImproperlyConfigured if no method is named."""
        if not self.auth_methods or isinstance(self.auth_methods, str):
            raise ImproperlyConfigured(f'{type(self).__name__} needs auth_methods, such as ("session",).')
        return MethodRule(tuple(self.auth_methods), self.get_login_rule())


class FreshLoginRequiredMixin(RuleMixin):
    """Lets only people in who proved who they are within `max_age`, by one of `proof_methods` if any are named.

    See decorators.fresh_login_required().
    """

    max_age: timedelta | int | None = None
    proof_methods: Sequence[str] = ()

    def get_rule(self) -> Rule:
        """Return the rule to ask. Raises ImproperlyConfigured if the methods are no list."""
        if isinstance(self.proof_methods, str):
            raise ImproperlyConfigured(f'{type(self).__name__} needs proof_methods as a list, such as ("password",).')
        return FreshRule(self.max_age, tuple(self.proof_methods), self.get_login_rule())


class AnonymousRequiredMixin(RuleMixin):
    """Lets only those in who are not signed in; others go to `redirect_to`. See decorators.anonymous_required()."""

    redirect_to: str | None = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, exempt from Django's LoginRequiredMiddleware and from SESSIONAUTH_ON_FAILURE."""
        view = super().as_view(**initkwargs)  # type: ignore[misc]
        view.login_required = False
        return view

    def get_rule(self) -> Rule:
        """Return the rule to ask."""
        return AnonymousRule(self.redirect_to)


class ForbidImpersonationMixin(RuleMixin):
    """Lets nobody in who acts as somebody else. See decorators.forbid_impersonation()."""

    def get_rule(self) -> Rule:
        """Return the rule to ask."""
        return NotImpersonatingRule()


class CredentialAllowedMixin:
    """Opens a view to restricted credentials, whatever their scopes. See decorators.credential_allowed()."""


setattr(ScopeRequiredMixin, confinement.MARK, True)
setattr(CredentialAllowedMixin, confinement.MARK, True)
