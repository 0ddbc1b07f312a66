"""Which administrator may do what with a key or token."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_permission_codename
from django.http import HttpRequest

from sessionauth.admin import rights
from sessionauth.admin.credential_list import CredentialList


class CredentialRights(CredentialList):
    """The half of `CredentialAdmin` that says no."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes what has ended or has a successor."""
        if obj is not None and (obj.is_revoked or obj.is_expired or obj.rotated_at is not None):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a row by hand; with its user, who is deleted elsewhere, it goes."""
        return obj is not None and not self._is_own_page(request)

    def _is_own_page(self, request: HttpRequest) -> bool:
        match = request.resolver_match
        own = f"{self.opts.app_label}_{self.opts.model_name}_"
        return match is None or (match.url_name or "").startswith(own)

    def has_rotate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the visitor may rotate `obj`, or anything at all."""
        if not self.has_permission_to("rotate", request):
            return False
        return obj is None or (obj.rotated_at is None and obj.is_usable and not self.objection(request, obj))

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the visitor may revoke `obj`, or anything at all: who may change it may end it."""
        return super().has_change_permission(request) and (obj is None or not obj.is_revoked)

    def may_limit(self, request: HttpRequest, obj: Any) -> bool:
        """Say whether the visitor may write the limits of `obj`, None for a new one."""
        return obj is None or (self.has_change_permission(request, obj) and not self.objection(request, obj))

    def objection(self, request: HttpRequest, row: Any) -> str:
        """See rights.objection(); asked once in a request."""
        kept: dict[Any, str] = request.__dict__.setdefault("_sessionauth_objections", {})
        key = (self.opts.label, row.pk)
        if key not in kept:
            kept[key] = rights.objection(request.user, row)
        return kept[key]

    def has_permission_to(self, action: str, request: HttpRequest) -> bool:
        """Say whether the visitor has the permission that `action` makes with the model's name."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename(action, self.opts)}"))
