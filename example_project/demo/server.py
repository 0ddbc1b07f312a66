"""Django's development server, asked to say when it listens."""

from __future__ import annotations

from collections.abc import Callable
from queue import Queue
from threading import Thread

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers import basehttp


def serve(host: str, port: int, when_ready: Callable[[int], None]) -> None:
    """Serve until interrupted, with a thread for each connection.

    `port` 0 takes a free one. `when_ready` is called with the port once connections are accepted.
    """
    application = StaticFilesHandler(basehttp.get_internal_wsgi_application())
    basehttp.run(host, port, application, ipv6=":" in host, threading=True, on_bind=when_ready)  # type: ignore[arg-type]


def serve_beside(host: str) -> int:
    """Serve on a free port in a thread that ends with the process, and return the port."""
    ready: Queue[int] = Queue()
    Thread(target=serve, args=(host, 0, ready.put), daemon=True).start()
    return ready.get(timeout=30)
