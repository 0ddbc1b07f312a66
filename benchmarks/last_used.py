"""What it costs to note when a key was last used: `python -m benchmarks.last_used` (40 s; `--rounds 5` for a look).

Sixteen threads ask with one key, the worst that can happen to its row, of a view that takes ten milliseconds inside
ATOMIC_REQUESTS, on PostgreSQL. Short rounds with and without the note take turns, and each is compared with those next
to it, so that a busy machine is unfair to both.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

THREADS = 16
WORK = 0.01
FLOOR = 0.9
#: The settings compared, by what they are called: never noted, at most once a minute (the default), at every use.
WAYS: dict[str, int | None] = {"never": None, "once a minute": 60, "every use": 0}


def work(request: HttpRequest) -> HttpResponse:
    """Ask who it is, and take a while in the request's transaction."""
    name = request.user.get_username()
    time.sleep(WORK)
    return HttpResponse(name)


urlpatterns = [path("thing/", work)]


def configure(sockets: str) -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="benchmark" * 6,
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="benchmarks.last_used",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "postgres",
                "USER": "sessionauth",
                "HOST": sockets,
                "CONN_MAX_AGE": None,
                "ATOMIC_REQUESTS": True,
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "sessionauth",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "sessionauth.middleware.AuthenticationMiddleware",
        ],
        SESSIONAUTH_LAST_USED_INTERVAL=None,
    )
    django.setup()


def a_key() -> dict[str, Any]:
    """Make a key, and return the WSGI environment of a request with it."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import RequestFactory

    from sessionauth.models import APIKey

    call_command("migrate", verbosity=0)
    _, secret = APIKey.objects.issue(user=get_user_model().objects.create_user("alice"), name="desk")
    return RequestFactory().get("/thing/", HTTP_AUTHORIZATION=f"Bearer {secret}").environ


class Crowd:
    """Sixteen threads that live as long as the benchmark does, each with its connection."""

    def __init__(self, application: Any, environ: dict[str, Any]) -> None:
        self.application, self.environ = application, environ
        self.begin, self.end = threading.Barrier(THREADS + 1), threading.Barrier(THREADS + 1)
        self.until, self.counts, self.failures = 0.0, [0] * THREADS, list[str]()
        for number in range(THREADS):
            threading.Thread(target=self._live, args=[number], daemon=True).start()

    def _live(self, number: int) -> None:
        while True:
            self.begin.wait()
            while time.perf_counter() < self.until:
                answer = self.application({**self.environ, "wsgi.input": io.BytesIO()}, lambda status, headers: None)
                if answer.status_code != 200:
                    self.failures.append(str(answer.status_code))
                answer.close()
                self.counts[number] += 1
            self.end.wait()

    def ask(self, seconds: float) -> float:
        """Return how many requests a second they got answered."""
        self.counts = [0] * THREADS
        started = time.perf_counter()
        self.until = started + seconds
        self.begin.wait()
        self.end.wait()
        return sum(self.counts) / (time.perf_counter() - started)


def measure(seconds: float, rounds: int) -> dict[str, list[float]]:
    """Return the requests a second of each round, by way."""
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler

    crowd = Crowd(WSGIHandler(), a_key())
    crowd.ask(1)  # connections, caches
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(rounds):
        for way, interval in list(WAYS.items())[:: -1 if number % 2 else 1]:
            settings.SESSIONAUTH_LAST_USED_INTERVAL = interval
            found[way].append(crowd.ask(seconds))
    if crowd.failures:
        raise SystemExit(f"{len(crowd.failures)} requests failed: {sorted(set(crowd.failures))}")
    return found


def ratio(counts: list[float], others: list[float]) -> float:
    """Return the median of what each round got done in comparison with its neighbour."""
    return statistics.median(one / other for one, other in zip(counts, others, strict=True))


def main() -> int:
    """Print requests a second and their ratio to "never"; return 1 if the default keeps less than nine tenths."""
    parser = argparse.ArgumentParser(description="What it costs to note when a key was last used.")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each round (0.5)")
    parser.add_argument("--rounds", type=int, default=25, help="of each way (25)")
    options = parser.parse_args()
    from tests.servers import postgres

    with tempfile.TemporaryDirectory(prefix="sessionauth-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with postgres(folder) as sockets:
            configure(sockets)
            found = measure(options.seconds, options.rounds)
    ratios = {way: ratio(counts, found["never"]) for way, counts in found.items()}
    for way, counts in found.items():
        print(f"{way:14} {statistics.median(counts):7.0f} requests/s   ratio {ratios[way]:.2f}")
    return int(ratios["once a minute"] < FLOOR)


if __name__ == "__main__":
    sys.exit(main())
