"""A process of its own that serves requests with the keys it is given, one a line, and prints the status of each.

Run by tests as `python -m tests.credentials.asker <name of the test database>`.
"""

from __future__ import annotations

import os
import sys

import django
from django.conf import settings


def main(database: str) -> None:
    """Serve until the input ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
    settings.DATABASES["default"]["NAME"] = database
    settings.ROOT_URLCONF = "tests.credentials.known_urls"
    settings.SESSIONAUTH_KEY_CACHE = "default"
    settings.SESSIONAUTH_AUDIT = False
    settings.SESSIONAUTH_KEY_FAILURE_RATE = None
    settings.SESSIONAUTH_LAST_USED_INTERVAL = None
    django.setup()
    serve()


def serve() -> None:
    """Answer each line."""
    from tests.asking import Sent, ask, counted

    print("ready", flush=True)
    for line in sys.stdin:
        with counted() as statements:
            status = ask("wsgi", "/known/", Sent({"X-Api-Key": line.strip()})).status
        print(status, len(statements), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
