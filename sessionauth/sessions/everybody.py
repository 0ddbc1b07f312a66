"""Everybody signed out of everything, after a break-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth import get_user_model

from sessionauth.sessions import registry

PAGE = 500


def logout_everybody(reason: str = "logout_everybody", *, progress: Callable[[int], object] | None = None) -> int:
    """Sign every user out of every browser, and return how many listed sessions that ended.

    What is listed ends at once, by two statements. Then user by user what is not: sessions from before the app, and
    whatever else follows when somebody is signed out everywhere. `progress` is told of each. Interrupted, it may begin
    again.
    """
    registry.forget_rows(registry.remembered(), reason)
    ended = registry.revoke_rows(registry.rows(), reason)
    for user in _everybody():
        registry.logout_everywhere(user, reason)
        if progress is not None:
            progress(1)
    return ended


def _everybody() -> Iterator[Any]:
    """Yield all users, also those the site hides, a page at a time: meanwhile they are written to."""
    users = get_user_model()._base_manager.order_by("pk")
    page = list(users[:PAGE])
    while page:
        yield from page
        page = list(users.filter(pk__gt=page[-1].pk)[:PAGE])
