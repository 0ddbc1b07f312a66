"""Requests a second through gunicorn: a page that asks who is there, over a socket, from a process of its own.

One worker of each stack, so that the client has a core to itself; both servers run all the time, and are asked in turn.
`benchmarks.serving:application` is what gunicorn serves; BENCH_STACK and BENCH_WHERE say what that is.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.project import Where, configure
from benchmarks.stacks import ROOT, STACKS, StackFailed
from benchmarks.team import Team

BASELINE, OURS = "stock_served", "ours_served"
KINDS = {"sync": (), "gthread": ("--threads", "4")}
CASE, CLIENTS, ROUNDS, SECONDS = "session", 2, 9, 1.0
PATIENCE = 60


def measure(team: Team) -> dict[str, dict[str, float]]:
    """Return by kind of worker the requests a second of both, and the ratio of ours to stock Django's."""
    asks = {name: _request(team, name) for name in (BASELINE, OURS)}
    return {kind: _measured(team, kind, asks) for kind in KINDS}


def _request(team: Team, name: str) -> bytes:
    """Have the stack `name` make its tables and somebody's session, and return the request that brings it."""
    team.ask(name, "prepare", case=CASE, is_async=False)
    headers = {"Host": "testserver", **team.ask(name, "headers", case=CASE)}
    lines = ["GET /whoami/ HTTP/1.1", *(f"{header}: {value}" for header, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _measured(team: Team, kind: str, asks: dict[str, bytes]) -> dict[str, float]:
    with ExitStack() as stack:
        places = {name: stack.enter_context(_served(team, name, kind)) for name in asks}
        for name in asks:
            _rate(places[name], asks[name], SECONDS / 2)
        rounds = [{name: _rate(places[name], asks[name], SECONDS) for name in asks} for _ in range(ROUNDS)]
    ratios = [one[OURS] / one[BASELINE] for one in rounds]
    rates = {name: round(statistics.median(one[name] for one in rounds), 1) for name in asks}
    told = {"ratio": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}
    return rates | {figure: round(value, 3) for figure, value in told.items()}


@contextmanager
def _served(team: Team, name: str, kind: str) -> Iterator[str]:
    """Run gunicorn with one worker of `kind`, and give the path of its socket."""
    place = f"{team.where.folder}/{name}-{kind}.sock"
    command = [
        team.python_of(STACKS[name]),
        "-m",
        "gunicorn",
        "benchmarks.serving:application",
        "--bind",
        f"unix:{place}",
    ]
    command += ["--workers", "1", "--worker-class", kind, *KINDS[kind], "--log-level", "warning"]
    own = {"BENCH_STACK": name, "BENCH_WHERE": json.dumps(asdict(replace(team.where, is_migrated=True)))}
    log = Path(f"{place}.log")
    with log.open("w") as told:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", **own}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=told, stderr=told)
        try:
            _wait_for(place, process, log)
            yield place
        finally:
            process.terminate()
            process.wait()


def _wait_for(place: str, process: subprocess.Popen[bytes], log: Path) -> None:
    patience = time.monotonic() + PATIENCE
    while not os.path.exists(place):
        if process.poll() is not None or time.monotonic() > patience:
            raise StackFailed(f"gunicorn: {log.read_text()[-2000:]}")
        time.sleep(0.05)


def _rate(place: str, request: bytes, seconds: float) -> float:
    """Return how many answers a second come to clients that ask again as soon as they have one."""
    counts = [0] * CLIENTS
    end = time.perf_counter() + seconds

    def ask(number: int) -> None:
        connection: socket.socket | None = None
        while time.perf_counter() < end:
            connection = connection or _connected(place)
            connection.sendall(request)
            if not _answered(connection):
                connection.close()
                connection = None
            counts[number] += 1
        if connection is not None:
            connection.close()

    clients = [threading.Thread(target=ask, args=[number]) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return sum(counts) / seconds


def _connected(place: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(place)
    return connection


def _answered(connection: socket.socket) -> bool:
    """Read one answer, and say whether the server goes on on this connection. Raises AssertionError for another."""
    told = b""
    while b"\r\n\r\n" not in told:
        piece = connection.recv(65536)
        assert piece, told
        told += piece
    head, _, body = told.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    assert b" 200 " in lines[0], told
    assert body == b"alice", told
    return b"connection: close" not in lines


def _application() -> Any:
    configure(STACKS[os.environ["BENCH_STACK"]], Where(**json.loads(os.environ["BENCH_WHERE"])))
    return import_module("django.core.handlers.wsgi").WSGIHandler()


if "BENCH_STACK" in os.environ:
    application = _application()
