"""Flask without Flask-Login and with it: a session of a user in memory."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, session
from flask_login import LoginManager, UserMixin, current_user, login_user


class User(UserMixin):  # type: ignore[misc]
    id = "alice"


def page() -> str:
    return str("_user_id" in session)


def whoami() -> str:
    return str(current_user.id)


def _asking(path: str) -> Callable[[], None]:
    application = Flask(__name__)
    application.secret_key = "benchmark" * 6
    manager = LoginManager(application)
    alice = User()
    manager.user_loader(lambda name: alice)

    application.add_url_rule("/page", view_func=page)
    application.add_url_rule("/whoami", view_func=whoami)
    application.add_url_rule("/sign-in", view_func=lambda: str(login_user(alice)), endpoint="sign_in")
    client = application.test_client()
    client.get("/sign-in")
    cookie = client.get_cookie("session")
    environ = {"HTTP_COOKIE": f"session={cookie.value}" if cookie else ""}
    builder = application.test_request_context(path, environ_overrides=environ).request.environ

    def ask() -> None:
        def started(status: str, headers: object, failure: object = None) -> None:
            assert status.startswith("200"), status

        wanted = {name: value for name, value in builder.items() if not name.startswith("werkzeug.")}
        b"".join(application.wsgi_app(wanted, started))

    return ask


def acts() -> tuple[Callable[[], None], Callable[[], None]]:
    """Return the request that reads the session, and the one that reads who is signed in."""
    return _asking("/page"), _asking("/whoami")
