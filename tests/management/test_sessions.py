"""`manage.py sessionauth_sessions`: who is signed in where, and how that ends."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from sessionauth.models import AuthEvent, LoginSession, RememberToken
from sessionauth.sessions import everybody
from sessionauth.testing import AuthClient
from tests.attacks.browsers import old_session
from tests.management.asking import Terminal, run, run_json

pytestmark = pytest.mark.django_db

NAME = "sessionauth_sessions"
sessions = partial(run, NAME)
sessions_json = partial(run_json, NAME)


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def bob(make_user):
    return make_user("bob")


def signed_in(user, **headers):
    client = AuthClient(headers={"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0", **headers})
    client.force_login(user)
    return client


def who(client):
    return client.get("/whoami/").json()["user"]


def remembered(user, **fields):
    given = {"selector": f"s{RememberToken.objects.count()}", "expires_at": timezone.now() + timedelta(days=1)}
    return RememberToken.objects.create(user=user, **given | fields)


def test_list__has_a_stable_form_for_programs(alice):
    signed_in(alice)
    remembered(alice)
    found = sessions_json("list")
    assert {name: list(rows[0]) for name, rows in found.items()} == {
        "sessions": [
            *["id", "user_id", "user", "state", "created_at", "authenticated_at", "last_seen_at", "remembered"],
            *["restored", "earlier", "revoked_at", "reason", "ip_address", "browser"],
        ],
        "remembered": [
            *["id", "user_id", "user", "state", "created_at", "last_used_at", "expires_at", "revoked_at", "reason"],
            *["ip_address", "browser"],
        ],
    }
    row = found["sessions"][0]
    assert (row["user"], row["user_id"], row["state"]) == ("alice", alice.pk, "active")
    assert row["browser"] == "Firefox on Linux"


def test_list__shows_no_secret(alice):
    client = signed_in(alice)
    remembered(alice, digest="the-digest", selector="the-selector")
    told = sessions("list") + json.dumps(sessions_json("list"))
    for secret in (LoginSession.objects.get().sid, client.session.session_key, "the-digest", "the-selector"):
        assert secret not in told


def test_list__is_limited_and_the_latest_first(alice, bob):
    for user in (alice, bob, alice):
        signed_in(user)
    ids = [row["id"] for row in sessions_json("list")["sessions"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 3
    assert [row["id"] for row in sessions_json("list", "--limit", "2")["sessions"]] == ids[:2]
    assert len(sessions_json("list", "--limit", "0")["sessions"]) == 3
    assert [row["user"] for row in sessions_json("list", "--user", "bob")["sessions"]] == ["bob"]


def test_active__leaves_out_what_has_ended(alice):
    for _ in range(3):
        signed_in(alice)
    first, second, third = LoginSession.objects.order_by("pk")
    first.revoke("lost")
    LoginSession.objects.filter(pk=second.pk).update(last_seen_at=timezone.now() - timedelta(days=30))
    remembered(alice, expires_at=timezone.now() - timedelta(days=1))
    found = sessions_json("list")
    assert [row["state"] for row in found["sessions"]] == ["active", "expired", "revoked"]
    assert [row["state"] for row in found["remembered"]] == ["expired"]
    found = sessions_json("list", "--active")
    assert [row["id"] for row in found["sessions"]] == [third.pk]
    assert found["remembered"] == []


def test_list__is_a_table_for_people(alice):
    assert sessions("list") == "No login sessions.\nNo remembered browsers.\n"
    signed_in(alice)
    first, head, row, last = sessions("list").splitlines()
    assert (first, last) == ("1 login sessions:", "No remembered browsers.")
    assert head.split() == ["id", "user", "state", "created_at", "last_seen_at", "ip_address", "browser", "reason"]
    assert row.split()[1:3] == ["alice", "active"]


def test_list__cannot_be_forged_by_a_name(make_user):
    user = make_user("mallory")
    get_user_model().objects.filter(pk=user.pk).update(username="mal\x1b[2Jlory\nfake")
    signed_in(user)
    assert "mal\\x1b[2Jlory\\nfake" in sessions("list")


def test_list__names_nobody_for_who_is_gone(alice):
    signed_in(alice)
    LoginSession.objects.update(user_id=alice.pk + 1)
    assert sessions_json("list")["sessions"][0]["user"] is None


def test_revoke_id__ends_those_and_no_other(alice):
    clients = [signed_in(alice) for _ in range(3)]
    ids = list(LoginSession.objects.order_by("pk").values_list("pk", flat=True))
    assert sessions_json("revoke", "--id", str(ids[0]), "--id", str(ids[1])) == {"revoked": 2}
    assert [who(client) for client in clients] == [None, None, "alice"]
    assert sessions("revoke", "--id", str(ids[0])) == "0 revoked.\n"


def test_revoke_id__forgets_the_browser(alice):
    signed_in(alice)
    token = remembered(alice)
    LoginSession.objects.update(remember_token=token)
    sessions("revoke", "--id", str(LoginSession.objects.get().pk), "--reason", "lost laptop")
    token.refresh_from_db()
    assert token.revoked_reason == LoginSession.objects.get().revoked_reason == "lost laptop"


def test_revoke_remembered__ends_its_session(alice):
    client = signed_in(alice)
    token = remembered(alice)
    LoginSession.objects.update(remember_token=token)
    assert sessions_json("revoke", "--remembered", str(token.pk)) == {"revoked": 1}
    assert who(client) is None


@pytest.mark.parametrize("option", ["--id", "--remembered"])
def test_revoke__refuses_a_row_that_is_not_there_and_ends_nothing(option, alice):
    signed_in(alice)
    known = LoginSession.objects.get() if option == "--id" else remembered(alice)
    with pytest.raises(CommandError, match="no such row: 4711"):
        sessions("revoke", option, "4711", option, str(known.pk))
    known.refresh_from_db()
    assert not known.is_revoked


@pytest.mark.parametrize("given", ["name", "e-mail", "key"])
def test_revoke_user__ends_every_browser_also_unlisted_ones(given, alice, bob):
    client, other, old = signed_in(alice), signed_in(bob), old_session(alice)
    token = remembered(alice)
    word = {"name": "alice", "e-mail": "alice@example.org", "key": str(alice.pk)}[given]
    assert sessions_json("revoke", "--user", word) == {"revoked": 1}
    assert (who(client), who(other)) == (None, "bob")
    assert Client(headers={"cookie": f"sessionid={old}"}).get("/whoami/").json() == {"user": None}
    token.refresh_from_db()
    assert token.is_revoked
    assert AuthEvent.objects.latest("pk").event == "logged_out_everywhere"


def test_user__that_is_nobody_or_two_is_an_error(alice, bob):
    get_user_model().objects.filter(pk=bob.pk).update(username=str(alice.pk))
    signed_in(alice)
    with pytest.raises(CommandError, match="more than one user"):
        sessions("revoke", "--user", str(alice.pk))
    for nobody in ("carol", "9" * 30, "", "\0", "\ud800"):
        with pytest.raises(CommandError, match="No user"):
            sessions("revoke", "--user", nobody)
    assert LoginSession.objects.filter(revoked_at=None).exists()


def test_all__ends_everybody_also_unlisted_ones(alice, bob, monkeypatch):
    monkeypatch.setattr(everybody, "PAGE", 1)
    clients, old = [signed_in(alice), signed_in(bob)], old_session(bob)
    token = remembered(alice)
    assert sessions_json("revoke", "--all", "--no-input") == {"revoked": 2}
    assert [who(client) for client in clients] == [None, None]
    assert Client(headers={"cookie": f"sessionid={old}"}).get("/whoami/").json() == {"user": None}
    token.refresh_from_db()
    assert token.is_revoked


@pytest.mark.parametrize(("answer", "ends"), [("yes", True), ("no", False), ("", False), (EOFError, False)])
def test_all__asks_first(answer, ends, alice, monkeypatch):
    def say(question):
        if answer is EOFError:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", say)
    client = signed_in(alice)
    if ends:
        sessions("revoke", "--all")
    else:
        with pytest.raises(CommandError, match="Nothing was revoked"):
            sessions("revoke", "--all")
    assert (who(client) is None) is ends


@pytest.mark.parametrize("which", [("--all", "--no-input"), ("--user", "alice")])
def test_revoke__says_that_uncounted_ones_have_ended_as_well(which, alice):
    assert sessions("revoke", *which) == "0 revoked; sessions from before this app have ended as well.\n"


def test_all__shows_how_far_it_is_to_who_looks(alice, bob):
    terminal = Terminal()
    sessions("revoke", "--all", "--no-input", stderr=terminal)
    assert terminal.getvalue().endswith("] 2/2\n")


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("revoke",),
        ("revoke", "--user", "alice", "--all"),
        ("revoke", "--id", "x"),
        ("revoke", "--id", "9" * 30),
        ("list", "--limit", "x"),
        ("end",),
    ],
    ids=" ".join,
)
def test_wrong_option__is_an_error(wrong, alice):
    with pytest.raises(CommandError):
        sessions(*wrong)


@pytest.mark.parametrize("arguments", [(), ("list",), ("revoke",)])
def test_help__is_there_for_each(arguments, capsys):
    with pytest.raises(SystemExit):
        call_command(NAME, *arguments, "--help")
    told = capsys.readouterr().out
    assert "usage:" in told
    assert arguments or "manage.py sessionauth_sessions revoke --all --no-input\n" in told


@pytest.mark.slow
@pytest.mark.once
def test_error__is_no_zero_to_the_shell():
    command = [sys.executable, "-m", "django", NAME, "revoke", "--settings", "tests.project.settings"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode != 0
    assert "one of the arguments --id --remembered --user --all is required" in outcome.stderr
    assert "Traceback" not in outcome.stderr
