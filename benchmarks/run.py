"""Count and time what one request costs: `./dev bench`. What is measured, and what is not, stands in README.md here."""

from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CASES = {
    "stock": ["untouched page", "anonymous", "session"],
    "ours": ["untouched page", "anonymous", "session", "key, 1 row", "key, 10 000 rows"],
}


def configure(side: str, folder: str) -> None:
    """Set up a small project: Django's own middleware, or ours in its place, and nothing else that differs."""
    import django
    from django.conf import settings

    ours = side == "ours"
    settings.configure(
        SECRET_KEY="benchmark" * 6,
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="benchmarks.urls",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": f"{folder}/{side}.sqlite3",
                "CONN_MAX_AGE": None,
                "OPTIONS": {"init_command": "PRAGMA synchronous=OFF"},
            }
        },
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
        + ["sessionauth"] * ours,
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            f"{'sessionauth' if ours else 'django.contrib.auth'}.middleware.AuthenticationMiddleware",
        ],
    )
    django.setup()


def requests(side: str) -> dict[str, dict[str, Any]]:
    """Make the people, sessions and keys, and return a WSGI environment for each case."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client, RequestFactory

    call_command("migrate", verbosity=0)
    alice = get_user_model().objects.create_user("alice")
    browser = Client()
    browser.force_login(alice)
    cookie = {"HTTP_COOKIE": f"sessionid={browser.session.session_key}"}

    def ask(path: str, **headers: Any) -> dict[str, Any]:
        return RequestFactory().get(path, **headers).environ

    cases = {
        "untouched page": ask("/untouched/", **cookie),
        "anonymous": ask("/whoami/"),
        "session": ask("/whoami/", **cookie),
    }
    if side == "ours":
        from sessionauth.models import APIKey

        _, secret = APIKey.objects.issue(user=alice, name="desk")
        cases["key"] = ask("/whoami/", HTTP_AUTHORIZATION=f"Bearer {secret}")
    return cases


def more_keys() -> None:
    """Fill the table of keys up to 10 000 rows."""
    from django.contrib.auth import get_user_model

    from sessionauth.models import APIKey

    alice = get_user_model().objects.get()
    for number in range(APIKey.objects.count(), 10_000):
        APIKey.objects.issue(user=alice, name=f"key {number}")


def measure(application: Any, environ: dict[str, Any], rounds: int) -> dict[str, float]:
    """Ask once to warm up, then count the queries and function calls of one request, then time `rounds` of them."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask() -> None:
        answer = application({**environ, "wsgi.input": io.BytesIO()}, lambda status, headers: None)
        assert answer.status_code == 200, answer.content

    ask()
    ask()
    with CaptureQueriesContext(connection) as queries:
        ask()
    return {"queries": len(queries), "calls": count_calls(ask), "microseconds": time_of(ask, rounds)}


def count_calls(ask: Callable[[], None]) -> int:
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        ask()
    finally:
        sys.setprofile(None)
    return calls


def time_of(ask: Callable[[], None], rounds: int) -> float:
    """Return the median of five batches, per request."""
    batches = []
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(rounds):
            ask()
        batches.append((time.perf_counter() - started) / rounds)
    return statistics.median(batches) * 1e6


def run_side(side: str, folder: str, rounds: int) -> dict[str, dict[str, float]]:
    configure(side, folder)
    cases = requests(side)
    from django.core.handlers.wsgi import WSGIHandler

    application = WSGIHandler()
    key = cases.pop("key", None)
    results = {name: measure(application, environ, rounds) for name, environ in cases.items()}
    if key is not None:
        results["key, 1 row"] = measure(application, key, rounds)
        more_keys()
        results["key, 10 000 rows"] = measure(application, key, rounds)
    return results


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    lines = [f"{'':18} {'side':6} {'queries':>8} {'Python calls':>13} {'µs':>8}"]
    for name in CASES["ours"]:
        for side in ("stock", "ours"):
            if found := results[side].get(name):
                lines.append(
                    f"{name:18} {side:6} {found['queries']:8} {found['calls']:13} {found['microseconds']:8.0f}"
                )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Count and time what one request costs, beside stock Django.")
    parser.add_argument("--rounds", type=int, default=200, help="requests in each of the five timed batches")
    parser.add_argument("--json", action="store_true", help="print the numbers for a program")
    parser.add_argument("--side", choices=list(CASES), help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.side:  # a process of its own for each side: Django is set up once
            print(json.dumps(run_side(options.side, folder, options.rounds)))
            return
        results = {}
        for side in CASES:
            command = [sys.executable, "-m", "benchmarks.run", "--side", side, "--rounds", str(options.rounds)]
            results[side] = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    print(json.dumps(results, indent=2) if options.json else table(results))


if __name__ == "__main__":
    main()
