"""Asks a project everything and notes its answers, in a form in which two projects can be compared."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connections
from django.test import AsyncClient, Client, override_settings
from django.test.utils import setup_test_environment

from tests.coexistence import databases
from tests.coexistence.neighbours.asks import CSRF, READ, READ_ASYNC, WRITTEN, WRITTEN_ASYNC, Ask, matrix
from tests.coexistence.neighbours.visits import visits

#: What is random or a matter of time, and a word for it.
VOLATILE = [
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "<jwt>"),
    (re.compile(r"\b[0-9A-Za-z]{64}\b"), "<csrf>"),
    (re.compile(r"\b[0-9a-z]{32}\b"), "<session>"),
    (re.compile(r'("(?:access|refresh|session)?_?token": )"[^"]+"'), r'\1"<token>"'),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(?:Z|\+00:00)?"), "<time>"),
    (re.compile(r'("(?:exp|iat|at|expires_in)": ?)[\d.]+'), r"\1<time>"),
]
LOOSE = {"Vary", "Content-Length", "Expires", "Date"}


Answers = dict[str, dict[str, Any]]
Plan = list[tuple[list[str], list[Ask]]]


class Given(dict[str, str]):
    """What the answers so far gave, by name."""

    def __missing__(self, name: str) -> str:
        return "never-given"


def settled(text: str) -> str:
    for pattern, word in VOLATILE:
        text = pattern.sub(word, text)
    return text


def answer_of(response: Any) -> dict[str, Any]:
    """Return what a client sees of `response`, less what is random."""
    body = b"".join(response) if response.streaming else response.content
    return {
        "status": response.status_code,
        "headers": {name: settled(value) for name, value in sorted(response.items()) if name not in LOOSE},
        "vary": sorted(word.strip().lower() for word in response.get("Vary", "").split(",") if word.strip()),
        "cookies": sorted(
            f"{name} is removed" if morsel["max-age"] == 0 else name for name, morsel in response.cookies.items()
        ),
        "body": settled(body.decode("utf-8", "replace")),
    }


def arguments(ask: Ask, given: Given) -> dict[str, Any]:
    headers = {name: value.format_map(given) if "{" in value else value for name, value in ask.headers.items()}
    if ask.csrf:
        headers["X-CSRFToken"] = CSRF
    if ask.form is not None:
        return {"data": ask.form, "headers": headers} if ask.method == "POST" else {"headers": headers}
    if ask.body is not None:
        return {"data": json.dumps(ask.body), "content_type": "application/json", "headers": headers}
    return {"headers": headers}


def prepare(client: Any, ask: Ask) -> None:
    for name, value in ask.cookies.items():
        client.cookies[name] = value
    if ask.csrf:
        client.cookies["csrftoken"] = CSRF


def remember(given: Given, response: Any) -> None:
    """Keep the tokens that `response` gave, by their names, for the next step."""
    if response.get("Content-Type", "").startswith("application/json"):
        found = json.loads(response.content)
        if isinstance(found, dict):
            for part in (found, found.get("meta")):
                if isinstance(part, dict):
                    given.update({name: value for name, value in part.items() if isinstance(value, str)})


def ask_all(steps: Iterable[Ask]) -> list[dict[str, Any]]:
    """Return the answers to `steps`, which share cookies, under WSGI."""
    client, given, answers = Client(enforce_csrf_checks=True, raise_request_exception=False), Given(), []
    for ask in steps:
        prepare(client, ask)
        response = getattr(client, ask.method.lower())(ask.path, **arguments(ask, given))
        remember(given, response)
        answers.append(answer_of(response))
    return answers


async def aask_all(steps: Iterable[Ask]) -> list[dict[str, Any]]:
    """Return the answers to `steps`, which share cookies, under ASGI."""
    client, given, answers = AsyncClient(enforce_csrf_checks=True, raise_request_exception=False), Given(), []
    for ask in steps:
        prepare(client, ask)
        response = await getattr(client, ask.method.lower())(ask.path, **arguments(ask, given))
        remember(given, response)
        answers.append(answer_of(response))
    return answers


def wsgi(plan: Plan) -> Answers:
    return {name: answer for names, steps in plan for name, answer in zip(names, ask_all(steps), strict=True)}


async def asgi(plan: Plan) -> Answers:
    return {name: answer for names, steps in plan for name, answer in zip(names, await aask_all(steps), strict=True)}


def alone(asks: Iterable[tuple[str, Ask]]) -> Plan:
    return [([name], [ask]) for name, ask in asks]


def together(known: dict[str, str]) -> Plan:
    return [
        ([f"{name}, step {number}: {one.method} {one.path}" for number, one in enumerate(steps, start=1)], steps)
        for name, steps in visits(known).items()
    ]


def with_oauth(place: int) -> list[str]:
    """Return MIDDLEWARE with OAuth toolkit's at one of the two places that it documents: 0 before, 1 after ours."""
    middleware = list(settings.MIDDLEWARE)
    at = next(number for number, path in enumerate(middleware) if path.endswith(".AuthenticationMiddleware"))
    middleware.insert(at + place, "oauth2_provider.middleware.OAuth2TokenMiddleware")
    return middleware


def main(source: dict[str, Any], known: dict[str, str]) -> dict[str, Answers]:
    """Return the answers of the project whose settings are active, by part; each part begins with `source`."""
    setup_test_environment()
    # Our backend is asked by whoever checks a password, no more.
    is_backend = "sessionauth.backends.SessionAuthBackend" in settings.AUTHENTICATION_BACKENDS
    some = "^nothing$|^basic|^session$|^drf token$" if is_backend else ""
    if databases.IS_POSTGRES:
        # What differs there is what a failed statement does to a transaction, not how a header is read.
        some = some or "^nothing|^basic|^session|^(drf token|oauth|jwt|knox)$|^allauth token$"
    bearers = "^nothing$|^oauth" if is_backend else "nothing|oauth|jwt|earer|allauth|key"
    most, few = (alone(matrix(known, *where, only=some)) for where in ((READ, WRITTEN), (READ_ASYNC, WRITTEN_ASYNC)))
    parts: dict[str, Callable[[], Answers]] = {
        "WSGI": lambda: wsgi(most + together(known)),
        "ASGI": lambda: asyncio.run(asgi(few + together(known))),
    }
    bearing = alone(matrix(known, READ_ASYNC, WRITTEN_ASYNC, only=bearers))
    for word, place in (("before", 0), ("after", 1)):
        parts[f"OAuth toolkit's middleware {word} it"] = partial(_with_middleware, with_oauth(place), bearing)
    return {name: _afresh(source, part) for name, part in parts.items()}


def _with_middleware(middleware: list[str], plan: Plan) -> Answers:
    with override_settings(MIDDLEWARE=middleware):
        return wsgi(plan)


def _afresh(source: dict[str, Any], part: Callable[[], Answers]) -> Answers:
    connections.close_all()
    databases.copy(source, settings.DATABASES["default"])
    try:
        return part()
    finally:
        connections.close_all()
