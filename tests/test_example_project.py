"""The example project does what it prints: every curl line, at each start, and in its own check."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
import subprocess
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.example_site import PASSWORDS, Person, invoices_of, manage, read_only, running

pytest_plugins = ["tests.example_fixtures"]
pytestmark = [pytest.mark.once, pytest.mark.slow]


def printed_lines(told: str, *, once: bool | None = None) -> list[tuple[str, int, str]]:
    """Return the lines with what they answer: those that use a secret up, those that do not, or all."""
    return [
        (command, int(status), answer.strip())
        for title, command, status, answer in re.findall(r"^# (.+)\n(curl .+)\n# → (\d+)(.*)$", told, re.MULTILINE)
        if once is None or once is title.startswith("Once: ")
    ]


def test_demo__every_printed_curl_line_does_what_it_says(site, tmp_path):
    lines = printed_lines(site.told)
    assert wrong_ones(lines, tmp_path) == []
    assert len(lines) == site.told.count("\ncurl ") > 40
    assert {status for _, status, _ in lines} >= {200, 201, 204, 302, 400, 401, 403, 404, 405, 409}


def wrong_ones(lines, tmp_path):
    assert shutil.which("curl"), "the lines are made for curl: install it"
    wrong = []
    for command, status, answer in lines:
        typed = command.replace("curl ", "curl -sS ", 1)
        told = subprocess.run(["sh", "-c", typed], cwd=tmp_path, capture_output=True, text=True, timeout=30).stdout
        if told.split()[1:2] != [str(status)] or answer.lower() not in told.lower():
            wrong.append(f"{command}\nwants {status} {answer}\n{told}")
    return wrong


def test_demo__printed_lines_do_the_same_a_second_time(site, tmp_path):
    wrong_ones(printed_lines(site.told, once=True), tmp_path)  # unless it has been done before
    assert wrong_ones(printed_lines(site.told, once=False), tmp_path) == []


def test_demo__prints_people_whose_passwords_work(site):
    for name, password in PASSWORDS.items():
        assert f"{name}@desk.example" in site.told
        assert password in site.told
        person = Person(site)
        assert person.sign_in(name).status == 302
        assert f"{name}@desk.example" in person.get("/account/who-am-i/").text


def test_demo__prints_no_path_of_this_machine(site, folder):
    assert str(folder) not in site.told
    assert str(Path(__file__).parents[1]) not in site.told


def test_demo__a_start_leaves_the_secrets_of_another_alone(site, first_start):
    for title in ("A token", "An API key", "A service's key: recognised, but nobody"):
        secret = first_start.secret(title)
        carrier = {"Authorization": f"Bearer {secret}"} if "pat" in secret else {"X-Api-Key": secret}
        assert site.ask("/api/whoami", headers=carrier).status == 200


def test_demo__a_start_revokes_the_secrets_that_are_older_than_a_day(begun, first_start):
    old = first_start.secret("An API key")
    script = """
from datetime import timedelta
from django.db.models import F
from sessionauth.models import APIKey
APIKey.objects.update(created_at=F("created_at") - timedelta(days=2))
"""
    assert manage(begun, "shell", "-v", "0", "-c", script).returncode == 0
    with running(begun) as site:
        assert site.ask("/api/whoami", headers={"X-Api-Key": old}).status == 401


def test_demo__starts_again_without_doubling_anything(site, people):
    page = people["sam"].get("/staff/customers/").text
    assert page.count("Briar Bakery") == 1


def test_check__reports_every_line_and_leaves_the_running_demo_alone(site, folder, people):
    before = people["sam"].get("/staff/").text.count("Proofreading"), len(invoices_of(site))
    outcome = manage(folder, "demo", "--check")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert outcome.stdout.count("\nok  ") + 1 == len(printed_lines(site.told))
    assert site.ask("/api/whoami", headers=read_only(site)).status == 200
    assert before == (people["sam"].get("/staff/").text.count("Proofreading"), len(invoices_of(site)))


def test_check__works_without_curl(folder, site):
    outcome = manage(folder, "demo", "--check", PATH="")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_check__fails_when_a_line_does_not_do_what_it_says(begun):
    script = (
        "import demo.lines as lines, sys; lines.JSON = ('Content-Type', 'text/plain')\n"
        "from django.core.management import call_command\n"
        "call_command('demo', '--check')"
    )
    outcome = manage(begun, "shell", "-v", "0", "-c", script)
    assert outcome.returncode != 0
    assert "FAIL  201  Sam creates one, without a CSRF token: expected 201, got 415" in outcome.stdout


def test_demo__port_in_use_is_told_in_one_line_and_issues_nothing(site, folder):
    count = "from sessionauth.models import APIKey; print(APIKey.objects.count())"
    before = manage(folder, "shell", "-v", "0", "-c", count).stdout
    outcome = manage(folder, "demo", str(site.port))
    assert outcome.returncode == 1
    assert manage(folder, "shell", "-v", "0", "-c", count).stdout == before
    assert site.ask("/api/whoami", headers=read_only(site)).status == 200
    assert "Traceback" not in outcome.stderr
    assert f"Try ./dev demo {site.port + 1}" in outcome.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE sessionauth_accesstoken DROP COLUMN hint",
        "DELETE FROM django_migrations WHERE name = '0003_credentials' AND app = 'sessionauth'",
        "DROP TABLE sessionauth_authevent",
    ],
    ids=["column", "migration", "table"],
)
def test_demo__database_of_rewritten_migrations_is_told_in_one_line(statement, begun):
    with closing(sqlite3.connect(begun / "desk.sqlite3")) as database:
        database.execute(statement)
        database.commit()
    outcome = manage(begun, "demo", "--no-server")
    assert (outcome.returncode, "Traceback" in outcome.stderr) == (1, False)
    assert "Delete desk.sqlite3" in outcome.stderr


def test_demo__starts_anew_where_the_database_was_deleted(begun):
    (begun / "desk.sqlite3").unlink()
    assert manage(begun, "demo", "--no-server").returncode == 0


def test_secret_key__made_once_and_private(folder, site):
    path = folder / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text()) >= 50


def test_secret_key__from_the_environment_leaves_no_file(tmp_path):
    script = "from django.conf import settings; print(settings.SECRET_KEY)"
    outcome = manage(tmp_path / "new", "shell", "-v", "0", "-c", script, EXAMPLE_SECRET_KEY="given " * 10)
    assert outcome.stdout.strip() == ("given " * 10).strip()
    assert not (tmp_path / "new" / "secret_key").exists()


def test_project__has_nothing_to_warn_of_and_no_missing_migration(tmp_path):
    outcome = manage(tmp_path, "check", "--fail-level", "WARNING")
    assert outcome.returncode == 0, outcome.stderr
    outcome = manage(tmp_path, "makemigrations", "--check", "--dry-run")
    assert outcome.returncode == 0, outcome.stdout


def test_project__without_debug_hides_passwords_and_has_its_own_404(begun):
    with running(begun, EXAMPLE_DEBUG="0") as site:
        page = Person(site).get("/account/login/")
        assert page.status == 200
        assert PASSWORDS["alice"] not in page.text
        missing = Person(site).get("/nowhere/")
        assert missing.status == 404
        assert "There is nothing here" in missing.text
        assert site.ask("/", headers={"Host": "elsewhere.example"}).status == 400


def test_demo__has_its_own_404_and_keeps_refusals_out_of_the_console(site, folder, people):
    missing = Person(site).get("/nowhere/")
    assert missing.status == 404
    assert "There is nothing here" in missing.text
    assert site.ask("/static/desk/desk.css").status == 200
    assert people["alice"].get("/staff/").status == 403
    assert "Traceback" not in (folder / "server.log").read_text()


def test_asgi__pages_and_api_answer_the_same(folder, site):
    token = site.secret("From an asynchronous view")
    script = f"""
import asyncio
from accounts.models import User
from django.test import AsyncClient

async def main():
    client = AsyncClient()
    await client.aforce_login(await User.objects.aget(email="sam@desk.example"))
    pages = "/ /account/who-am-i/ /account/devices/ /invoices/ /staff/ /reports/live/ /api/totals /api/invoices"
    for path in pages.split():
        print(path, (await client.get(path)).status_code)
    bare = AsyncClient()
    for path in ("/reports/live/", "/api/totals", "/api/invoices"):
        print(path, (await bare.get(path, headers={{"accept": "*/*"}})).status_code)
    answer = await bare.get("/api/totals", headers={{"authorization": "Bearer {token}"}})
    print(answer.json()["unpaid"], answer.headers["Content-Security-Policy"])

asyncio.run(main())
"""
    outcome = manage(folder, "shell", "-v", "0", "-c", script, EXAMPLE_ALLOWED_HOSTS="testserver")
    lines = outcome.stdout.splitlines()
    assert [line.split()[-1] for line in lines[:8]] == ["200"] * 8, outcome.stdout + outcome.stderr
    assert [line.split()[-1] for line in lines[8:11]] == ["401"] * 3
    assert lines[11].startswith("5 default-src 'self'")


@pytest.mark.parametrize("host", ["0.0.0.0", "::1", "localhost"])  # noqa: S104 - closed to all other host names
def test_demo__listens_elsewhere_and_names_what_one_can_open(begun, host):
    with running(begun, "--host", host) as site:
        address = re.search(r"^ready: (\S+)", site.told, re.MULTILINE)[1]
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - an address of this machine
            assert answer.status == 200


def test_home__makes_no_query_even_for_the_signed_in(folder, site):
    script = """
from accounts.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

client = Client(headers={"host": "localhost"})
client.force_login(User.objects.get(email="sam@desk.example"))
for path in ("/", "/api/health", "/account/who-am-i/"):
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    print(path, len(queries))
"""
    outcome = manage(folder, "shell", "-v", "0", "-c", script)
    counts = dict(line.split() for line in outcome.stdout.splitlines())
    assert counts["/"] == counts["/api/health"] == "0", outcome.stderr
    assert counts["/account/who-am-i/"] != "0"
