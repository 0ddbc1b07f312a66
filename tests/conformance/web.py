"""A browser or a program in front of the site, over WSGI or over ASGI, with the same words for both."""

from __future__ import annotations

import base64
from typing import Any

from asgiref.sync import async_to_sync

from sessionauth import UserToken, get_auth
from sessionauth.testing import AsyncAuthClient, AuthClient

JSON = "application/json"


class Web:
    """Asks over WSGI; `asgi=True` asks over ASGI."""

    def __init__(self, *, asgi: bool = False, **options: Any) -> None:
        self.client: Any = AsyncAuthClient(**options) if asgi else AuthClient(**options)
        self.asgi = asgi

    def get(self, path: str, *args: Any, **options: Any) -> Any:
        return self._call("get", path, *args, **options)

    def post(self, path: str, *args: Any, **options: Any) -> Any:
        return self._call("post", path, *args, **options)

    def options(self, path: str, **options: Any) -> Any:
        return self._call("options", path, **options)

    def who(self, path: str = "/who/", **headers: str) -> Any:
        """Return the user's name, None for nobody; `headers` in Python spelling: `x_api_key=...`."""
        return self.get(path, headers=spelt(headers)).json()["user"]

    def auth(self, path: str = "/who/", **headers: str) -> UserToken:
        """Return the UserToken of a request to `path`."""
        return get_auth(self.request_of(self.get(path, headers=spelt(headers))))

    def program(self, path: str, **headers: str) -> Any:
        """Ask as a program does, which wants JSON."""
        return self.get(path, headers={"Accept": JSON, **spelt(headers)})

    def request_of(self, response: Any) -> Any:
        return response.asgi_request if self.asgi else response.wsgi_request

    def log_in(self, username: str, password: str, **options: Any) -> Any:
        """Fill in the login form."""
        return self.post("/login/", {"username": username, "password": password, **options})

    def force_login(self, *args: Any, **options: Any) -> None:
        if self.asgi:
            async_to_sync(self.client.aforce_login)(*args, **options)
        else:
            self.client.force_login(*args, **options)

    @property
    def cookies(self) -> Any:
        return self.client.cookies

    @property
    def session(self) -> Any:
        return self.client.session

    def _call(self, method: str, path: str, *args: Any, **options: Any) -> Any:
        call = getattr(self.client, method)
        return (async_to_sync(call) if self.asgi else call)(path, *args, **options)


def spelt(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def basic(username: str, password: str) -> str:
    """Return the value of an Authorization header for HTTP Basic."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
