"""A Valkey of one test alone, and how many commands it got."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.cache import caches
from redis.connection import AbstractConnection

from sessionauth.guards.counters import cache
from tests import servers


class Shared:
    """A Valkey of this test alone, that can be stopped and started again in the same place."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sa-valkey-"))
        self.stack = ExitStack()

    def start(self):
        self.stack.enter_context(servers.valkey(self.folder))

    def stop(self):
        self.stack.close()
        (self.folder / "valkey.sock").unlink(missing_ok=True)


@pytest.fixture
def shared(settings, monkeypatch):
    server = Shared()
    server.start()
    address = f"unix://{server.folder / 'valkey.sock'}"
    backend = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": address}
    settings.CACHES = {**settings.CACHES, "guards": backend}
    settings.SESSIONAUTH_CACHE = settings.RATELIMIT_USE_CACHE = "guards"
    monkeypatch.setattr(cache, "PAUSE", 0.0)
    yield server
    server.stop()
    shutil.rmtree(server.folder)
    cache._broken.clear()


class Commands:
    """Counts what Valkey does, whoever asks, and how often it is asked here; what a script does is counted as done."""

    def __enter__(self):
        self.client = caches["guards"]._cache.get_client()
        self.before = self.client.info("commandstats")
        self.trips, self.patch = 0, pytest.MonkeyPatch()
        send = AbstractConnection.send_packed_command

        def counted(connection, *args, **how):
            self.trips += 1
            return send(connection, *args, **how)

        self.patch.setattr(AbstractConnection, "send_packed_command", counted)
        return self

    def __exit__(self, *failure):
        self.patch.undo()
        after = self.client.info("commandstats")
        self.sent = {
            name.removeprefix("cmdstat_"): stats["calls"] - self.before.get(name, {"calls": 0})["calls"]
            for name, stats in after.items()
        }
        self.sent = {name: n for name, n in self.sent.items() if n and name not in ("info", "client|setinfo", "hello")}

    @property
    def total(self):
        return sum(self.sent.values())
