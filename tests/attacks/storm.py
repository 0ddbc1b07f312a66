"""Many attempts at once: from threads, from tasks, from processes; and how many of them were really evaluated."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib.auth import aauthenticate, authenticate, hashers
from django.db import connection, connections
from django.test import AsyncClient, Client

ROOT = Path(__file__).parents[2]
THREADS = 16


@contextmanager
def evaluated() -> Iterator[list[str]]:
    """Collect every password that is hashed, in whichever thread."""
    real, hashed = hashers.pbkdf2, []

    def note(password: Any, *args: Any, **kwargs: Any) -> Any:
        hashed.append(password)
        return real(password, *args, **kwargs)

    hashers.pbkdf2 = note
    try:
        yield hashed
    finally:
        hashers.pbkdf2 = real


def at_once(act: Callable[[int], Any], times: int, threads: int = THREADS) -> list[Any]:
    """Call `act` so often from so many threads, each with a connection of its own, and return the answers in order."""

    def closing(n: int) -> Any:
        try:
            return act(n)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(closing, range(times)))


def basic(name: str, password: str) -> str:
    """Return the header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def headers_of(n: int) -> dict[str, str]:
    """Return headers in which a client lies about its address, another one each time."""
    return {"X-Forwarded-For": f"198.51.100.{n % 250}, 10.0.{n % 250}.1", "X-Real-IP": f"203.0.113.{n % 250}"}


def form(name: str, password: str, n: int = 0, path: str = "/login/") -> int:
    """Post the login form at `path` and return the status."""
    browser = Client(raise_request_exception=False)
    return browser.post(path, {"username": name, "password": password}, headers=headers_of(n)).status_code


def admin(name: str, password: str, n: int = 0) -> int:
    return form(name, password, n, "/admin/login/")


def api(name: str, password: str, n: int = 0) -> int:
    """Ask with HTTP Basic."""
    headers = {"Authorization": basic(name, password), **headers_of(n)}
    return Client(raise_request_exception=False).get("/tell/", headers=headers).status_code


async def aapi(name: str, password: str, n: int = 0) -> int:
    """See api()."""
    headers = {"Authorization": basic(name, password), **headers_of(n)}
    return (await AsyncClient(raise_request_exception=False).get("/tell/", headers=headers)).status_code


def call(name: str, password: str, n: int = 0) -> Any:
    return authenticate(None, username=name, password=password)


async def acall(name: str, password: str, n: int = 0) -> Any:
    return await aauthenticate(None, username=name, password=password)


def in_processes(count: int, times: int, guards: Sequence[Any], name: str = "alice", **settings: Any) -> list[int]:
    """Let `count` processes try so often each; return how many of each were evaluated."""
    told = {"times": times, "name": name, "settings": {"SESSIONAUTH_LOGIN_GUARDS": list(guards), **settings}}
    told["database"] = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-m", "tests.attacks.storm", json.dumps(told)]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    return [int(process.communicate(timeout=60)[0]) for process in started]


def _process(told: dict[str, Any]) -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = told["database"]
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    for name, value in told["settings"].items():
        setattr(settings, name, value)
    django.setup()
    with evaluated() as hashed:
        at_once(lambda n: authenticate(None, username=told["name"], password=f"wrong {n}"), told["times"], 8)
    print(len(hashed))


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
    _process(json.loads(sys.argv[1]))
