"""Which administrator may do what with a key or token."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_permission_codename
from django.http import HttpRequest

from sessionauth.admin import rights
from sessionauth.admin.credential_list import CredentialList
from sessionauth.admin.pages import is_page_of
from sessionauth.credentials.states import owner_of


class CredentialRights(CredentialList):
    """The half of `CredentialAdmin` that says no."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes what has ended or has a successor."""
        if obj is not None and (obj.is_revoked or obj.is_expired or obj.rotated_at is not None):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a row by hand; with its user, who is deleted elsewhere, it goes."""
        return obj is not None and not is_page_of(self, request)

    def has_rotate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the visitor may rotate `obj`, or anything at all."""
        if not self.has_permission_to("rotate", request):
            return False
        if obj is None:
            return True
        is_open = obj.rotated_at is None and obj.impersonation_id is None and obj.is_usable
        return is_open and not self.objection(request, obj)

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the visitor may revoke `obj`, or anything at all: who may change it may end it."""
        return super().has_change_permission(request) and (obj is None or not obj.is_revoked)

    def may_limit(self, request: HttpRequest, obj: Any) -> bool:
        """Say whether the visitor may write the limits of `obj`, None for a new one."""
        if obj is None:
            return True
        return self.has_change_permission(request, obj) and self._could_issue(request, obj)

    def _could_issue(self, request: HttpRequest, row: Any) -> bool:
        """Say whether `row` could be issued by the visitor: whoever has a narrow key could widen it otherwise."""
        owner = owner_of(row)
        is_others = owner is not None and owner.pk != request.user.pk
        if is_others and not self.has_permission_to("issue_for_others", request):
            return False
        return not self.objection(request, row)

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
