"""Serves a shop whose admin has a theme, django-unfold, in a process of its own: a process knows one set of apps.

Run as a module it prints the address and waits to be ended. Root's password is "password".
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from tests.project.run import ROOT

PROJECT = "tests.project.themed.settings"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@contextmanager
def served() -> Iterator[str]:
    """Give the address of a new one."""
    with tempfile.TemporaryDirectory(prefix="sessionauth-themed-") as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SESSIONAUTH_TEST_")}
        environment |= {"DJANGO_SETTINGS_MODULE": PROJECT, "SESSIONAUTH_TEST_FOLDER": folder}
        command = [sys.executable, "-m", "tests.browser.themed"]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                address = process.stdout.readline().strip()
                assert address, "it did not start"
                yield address
            finally:
                process.terminate()


def main() -> None:
    """Make the people and what the admin shows of them, then serve."""
    import django
    from django.conf import settings

    settings.ROOT_URLCONF = "tests.browser.shop"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.SESSIONAUTH_IMPERSONATION_BANNER = "inject"
    settings.LOGIN_REDIRECT_URL = "/shop/"
    django.setup()

    from django.contrib.auth.models import User
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.management import call_command
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application
    from django.utils import timezone

    from sessionauth.models import APIKey, AuthEvent, LoginSession, LoginThrottle

    call_command("migrate", verbosity=0)
    User.objects.create_superuser("root", password="password", first_name="Rosa", last_name="Root")
    alice = User.objects.create_user("alice", "alice@example.org", first_name="Alice", last_name="Aster")
    User.objects.create_user("bob", "bob@example.org")
    now = timezone.now()
    for day in range(14):
        for event, number in (("login_succeeded", 40 - day * 2), ("login_failed", (day * 7) % 11)):
            outcome = "success" if event == "login_succeeded" else "failure"
            facts = {"event": event, "outcome": outcome, "created_at": now - timedelta(days=day)}
            person = {"user": alice, "user_name": "alice", "ip_address": "192.0.2.7", "user_agent": FIREFOX}
            AuthEvent.objects.bulk_create(AuthEvent(**facts, **person) for _ in range(number))
    LoginThrottle.objects.create(key="x", rule="lockout", count=1000, user=alice)
    APIKey.objects.issue(user=alice, name="Nightly export", expires_at=now + timedelta(days=3))
    LoginSession.objects.create(user=alice, sid="x" * 32, ip_address="192.0.2.7", user_agent=FIREFOX)

    class Handler(WSGIRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    server = ThreadedWSGIServer(("127.0.0.1", 0), Handler)
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
