"""Beside REST framework, simplejwt, knox, allauth, OAuth toolkit and Ninja: every answer is what it was before us.

Thousands of requests are sent to one project three times, each time from the same database: with Django's middleware
and without our app, with our two lines, and with our backend in front as well.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.coexistence import databases

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGE = "tests.coexistence.neighbours"
BEFORE, OURS, BACKEND = "settings", "settings_ours", "settings_backend"
PARTS = ["WSGI", "ASGI", "OAuth toolkit's middleware before it", "OAuth toolkit's middleware after it"]

#: A session that can never be anybody's again is cleared away, where Django reads and ignores it for ever.
ENDED = ("session_inactive", "session_removed")
#: A backend without aget_user() breaks Django's request.auser(); we ask it in its own way.
FIVE_HUNDRED = ("session_oauth: GET /apage/", "session_oauth: POST /apage/ from a page")
#: OAuth toolkit's middleware assigns request.user; Django's request.auser() does not notice, ours does.
NOTICED = ("oauth: GET /apage/",)

#: What the admin's lists of apps have more.
OUR_SECTION = re.compile(r'<div class="app-sessionauth module.*?</table>\s*</div>', re.DOTALL)
OUR_ACTS = re.compile(r'<option value="sessionauth_(sign_out|unlock)">.*?</option>')

#: Who the libraries' own credentials are, each at its own address.
KNOWN = {
    "drf token: GET /drf/token/": "alice",
    "knox: GET /drf/knox/": "alice",
    "jwt: GET /drf/jwt/": "alice",
    "oauth: GET /drf/oauth/": "alice",
    "allauth token: GET /drf/allauth/": "alice",
    "basic: GET /drf/basic/": "alice",
    "session_root: GET /drf/session/": "root",
    "session: GET /ninja/session": "alice",
}
#: Steps that are only reached if the visits work.
REACHED = {
    "Django: sign in and out, step 5: GET /private/": 200,
    "allauth: sign in and out, step 4: GET /private/": 200,
    "allauth: sign up, step 2: GET /private/": 200,
    "allauth headless: browser, step 5: GET /_allauth/browser/v1/auth/session": 200,
    "allauth headless: app, step 4: GET /_allauth/app/v1/auth/session": 200,
    "admin, step 9: GET /admin/": 200,
    "simplejwt, step 4: GET /drf/jwt/": 200,
    "knox, step 4: GET /drf/knox/": 200,
    "knox, step 6: GET /drf/knox/": 401,
    "OAuth toolkit, step 5: GET /drf/oauth/": 200,
    "REST framework: obtain a token, step 3: GET /drf/token/": 200,
}


def start(act: str, settings: str, database: dict[str, Any], path: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": f"{PACKAGE}.{settings}"} | databases.as_environment(database)
    command = [sys.executable, "-m", PACKAGE, act, str(path)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)


def output_of(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out


def recorded(folder: Path) -> dict[str, Any]:
    """Return the answers by settings module, part and question."""
    source, *own = (databases.new(folder) for _ in range(4))
    try:
        output_of(start("fill", OURS, source, folder / "known.json"))
        known = json.loads((folder / "known.json").read_text())
        (folder / "given.json").write_text(json.dumps({"source": source, "known": known}))
        modules = (BEFORE, OURS, BACKEND)
        running = [start("record", *pair, folder / "given.json") for pair in zip(modules, own, strict=True)]
        return {name: json.loads(output_of(process)) for name, process in zip(modules, running, strict=True)}
    finally:
        databases.remove(source, *own)


# One test, so that the parallel runner does not record everything twice.
def test_every_answer_is_what_it_was(tmp_path):
    answers = recorded(tmp_path)
    assert_each_library_was_at_work(answers[BEFORE])
    assert_visits_went_as_far_as_they_should(answers[BEFORE]["WSGI"])
    found = [
        f"{module}, {part}: {difference}"
        for module in (OURS, BACKEND)
        for part in PARTS
        for difference in differences(answers[BEFORE][part], answers[module][part])
    ]
    assert not found, f"{len(found)} answers differ:\n" + "\n".join(found[:20])


def assert_each_library_was_at_work(before: dict[str, Any]) -> None:
    """Each lets its own good credentials in and refuses the others, or nothing would be compared."""
    for part in PARTS:
        assert {200, 302, 401, 403, 500} <= {answer["status"] for answer in before[part].values()}
        told = " ".join(answer["body"] for answer in before[part].values())
        assert all(f'"{word}"' in told for word in ("Token", "AccessToken", "alice", "root", "AnonymousUser"))
    knew = {question: before["WSGI"][question]["body"] for question in KNOWN}
    assert {question: json.loads(body)["user"] for question, body in knew.items()} == KNOWN


def assert_visits_went_as_far_as_they_should(before: dict[str, Any]) -> None:
    assert {step: before[step]["status"] for step in REACHED} == REACHED


def differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield what a client can tell apart, one paragraph for each question."""
    for question, now in after.items():
        was = before[question]
        told = [
            *compared({"status": was["status"]}, {"status": now["status"]}),
            *compared(was["headers"], now["headers"]),
        ]
        if was["body"].split() != without_our_section(now["body"]).split():
            told.append(f"body was {shown(was['body'])}, is {shown(now['body'])}")
        if was["cookies"] != now["cookies"]:
            told.append(f"cookies were {was['cookies']}, are {now['cookies']}")
        if lost := set(was["vary"]) - set(now["vary"]):
            told.append(f"Vary lost {sorted(lost)}")
        if told and not is_better(question, was, now):
            yield f"{question}\n    " + "\n    ".join(told)


def without_our_section(body: str) -> str:
    """Return a page of the admin without the section of our models and our acts on users: what is new there."""
    return OUR_ACTS.sub("", OUR_SECTION.sub("", body))


def shown(body: str) -> str:
    return repr(body if len(body) < 200 else body[:100] + " ... " + body[-100:])


def compared(was: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) != now.get(name):
            yield f"{name} was {was.get(name)!r}, is {now.get(name)!r}"


def is_better(question: str, was: dict[str, Any], now: dict[str, Any]) -> bool:
    if question.startswith(ENDED):
        same = ("status", "body", "headers")
        return set(now["cookies"]) - set(was["cookies"]) == {"sessionid is removed"} and all(
            was[what] == now[what] for what in same
        )
    if question.startswith(NOTICED):
        return '"AnonymousUser"' in was["body"] and '"alice"' in now["body"]
    return question.startswith(FIVE_HUNDRED) and (was["status"], now["status"]) == (500, 200)
