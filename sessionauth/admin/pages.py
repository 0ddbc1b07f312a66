"""Which page a request is for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def is_page_of(model_admin: Any, request: HttpRequest) -> bool:
    """Say whether `request` is for a page of `model_admin`, not for one that asks it about rows that go with others.

    Django lets nobody delete a user in the admin whose rows of other models they may not delete.
    """
    match, opts = request.resolver_match, model_admin.opts
    return match is None or (match.url_name or "").startswith(f"{opts.app_label}_{opts.model_name}_")
