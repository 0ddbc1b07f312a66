"""Browsers that are remembered, lose their sessions, and are robbed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from sessionauth.models import RememberToken
from sessionauth.sessions import remember_cookie
from tests.conformance.web import Web

#: Over WSGI and over ASGI: the login page is ours in both.
PAGES = {False: "/ours/login/", True: "/aours/login/"}
#: What a view tells of nobody.
NOBODY = {"user": None, "method": "", "state": "anonymous", "fresh": False}


def restored(name: str, method: str = "remember") -> dict[str, Any]:
    """Return what a view tells of `name`, who was remembered; `method` is "session" after the first request."""
    return {"user": name, "method": method, "state": "remembered", "fresh": False}


class Browser(Web):
    """One browser, on the site of `tests.conformance.sign_in_urls`."""

    def sign_in(self, user: Any, password: str, remember: str = "yes", **fields: str) -> Any:
        """Sign `user` in by our login page, with the box ticked."""
        form = {"username": user.get_username(), "password": password, "remember": remember, **fields}
        response = self.post(PAGES[self.asgi], form)
        assert response.status_code == 302, response.content
        return response

    @property
    def value(self) -> str:
        """The value of the remember cookie, empty once it has been taken back."""
        morsel = self.cookies.get(remember_cookie.name())
        return morsel.value if morsel is not None else ""

    @value.setter
    def value(self, value: str) -> None:
        self.cookies[remember_cookie.name()] = value

    def lose_session(self) -> None:
        """Be closed: what lasted as long as the browser is gone."""
        self.cookies.pop(settings.SESSION_COOKIE_NAME, None)

    def tell(self, path: str = "/who/") -> dict[str, Any]:
        """Return what the page says of who this is."""
        response = self.get(path)
        assert response.status_code == 200, response
        told: dict[str, Any] = response.json()
        return told

    def come_back(self, path: str = "/who/") -> dict[str, Any]:
        """Lose the session and ask again."""
        self.lose_session()
        return self.tell(path)

    def with_value(self, value: str) -> Browser:
        """Return a browser with nothing but the remember cookie `value`: a thief's, or one whose answers were lost."""
        other = Browser(asgi=self.asgi)
        other.value = value
        return other


def age(token: RememberToken, **by: float) -> None:
    """Let `token` have been rotated longer ago."""
    rotated = timezone.now() - timedelta(**by)
    RememberToken.objects.filter(pk=token.pk).update(rotated_at=rotated, last_used_at=rotated)
