"""`manage.py sessionauth_apikey` and `manage.py sessionauth_token`."""

from __future__ import annotations

import io
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
from django.utils.dateparse import parse_datetime

from sessionauth import crypto
from sessionauth.credentials import rows
from sessionauth.models import AccessToken, APIKey, AuthEvent
from sessionauth.views import owned
from tests.management.asking import Terminal, run, run_json
from tests.project.organisations.models import DeviceKey, Organisation, OrganisationKey

pytestmark = pytest.mark.django_db

KEY, TOKEN = "sessionauth_apikey", "sessionauth_token"
keys, keys_json = partial(run, KEY), partial(run_json, KEY)
tokens, tokens_json = partial(run, TOKEN), partial(run_json, TOKEN)


@pytest.fixture(autouse=True)
def _scopes(settings):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read.", []), "write": ("Write.", [])}


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def bob(make_user):
    return make_user("bob")


def who(secret):
    """Return whom a request with `secret` is, its status if it is refused."""
    answer = Client().get("/whoami/", headers={"authorization": f"Bearer {secret}"})
    return answer.json()["user"] if answer.status_code == 200 else answer.status_code


@pytest.mark.parametrize(("name", "model"), [(KEY, APIKey), (TOKEN, AccessToken)])
def test_create__prints_the_secret_alone(name, model, alice):
    said = io.StringIO()
    printed = run(name, "create", "--user", "alice", "--name", "CI", stderr=said)
    secret, row = printed.removesuffix("\n"), model.objects.get()
    assert crypto.parse(secret, "sa").kind == model.kind
    assert who(secret) == "alice"
    assert (row.user, row.name, row.scopes, row.expires_at) == (alice, "CI", None, None)
    assert f"has the id {row.pk} and does not expire" in said.getvalue()
    assert secret not in said.getvalue()
    assert row.digest not in said.getvalue()


def test_create__in_json_says_all_there_is_to_know(alice):
    found = keys_json("create", "--user", str(alice.pk), "--name", "CI", "--scope", "read")
    assert who(found["secret"]) == 403  # restricted: /whoami/ states no scope
    row = APIKey.objects.get()
    assert found == {
        **{"id": row.pk, "kind": "key", "user_id": alice.pk, "user": "alice", "name": "CI", "hint": row.hint},
        **{"state": "active", "scopes": ["read"], "networks": [], "methods": None, "origins": [], "rate": ""},
        **{"created_at": found["created_at"], "expires_at": None, "last_used_at": None, "rotated_at": None},
        **{"rotated_from": None, "revoked_at": None, "revoked_reason": "", "secret": found["secret"]},
    }


def test_create__takes_every_limit(alice):
    tokens(
        *["create", "--user", "alice@example.org", "--scope", "write", "--scope", "read", "--expires", "90d"],
        *["--network", "192.0.2.0/24", "--network", "2001:db8::/32", "--read-only", "--rate", "100/d"],
        *["--origin", "https://app.example.org"],
    )
    row = AccessToken.objects.get()
    assert (row.scopes, row.methods) == (["read", "write"], ["GET", "HEAD", "OPTIONS"])
    assert (row.networks, row.rate) == (["192.0.2.0/24", "2001:db8::/32"], "100/d")
    assert row.origins == ["https://app.example.org"]
    assert abs(row.expires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)
    assert row.is_personal
    keys("create", "--method", "get", "--method", "POST")
    assert APIKey.objects.get().methods == ["GET", "POST"]


def test_create__for_nobody_says_what_that_is(alice):
    said = io.StringIO()
    secret = keys("create", "--name", "metrics", stderr=said).strip()
    assert APIKey.objects.get().user is None
    assert who(secret) is None
    assert "It acts for nobody, and no --scope was given" in said.getvalue()
    assert " none " in keys("list").splitlines()[1]
    said = io.StringIO()
    keys("create", "--name", "metrics", "--scope", "read", stderr=said)
    assert "acts for nobody" not in said.getvalue()


def test_create__says_which_scopes_its_user_does_not_hold(alice):
    said = io.StringIO()
    keys("create", "--user", "alice", "--scope", "read", "--scope", "auth.view_user", stderr=said)
    assert "alice does not hold auth.view_user today: it grants nothing until they do." in said.getvalue()
    assert "does not hold read" not in said.getvalue()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--user", "carol"], "No user"),
        (["--user", "alice", "--scope", "nonsense"], "scopes: Unknown scopes: nonsense"),
        (["--user", "alice", "--name", "x" * 101], "name: "),
        (["--user", "alice", "--expires", "2001-01-01"], "is over"),
        (["--user", "alice", "--expires", "soon"], "is no time"),
        (["--user", "alice", "--read-only", "--method", "POST"], "not allowed with"),
        (["--user", "alice", "--model", "nonsense"], "is none of the models"),
        (["--user", "alice", "--model", "pat"], "is none of the models"),
        (["--user", "alice", "--set", "colour=red"], "has no field 'colour'"),
        (["--model", "org", "--user", "alice"], "has no user of its own"),
        (["--model", "org", "--set", "organisation=4711"], "--set organisation: "),
        (["--model", "org", "--set", "organisation=x"], "--set organisation: "),
        (["--model", "org", "--set", "organisation"], "--set organisation: "),
        (["--model", "org"], "needs organisation: give it with --set"),
        (["--set", "digest=x"], "has no field 'digest' of its own"),
        (["--set", "user=1"], "has no field 'user' of its own"),
        (["--set", "scopes=x"], "has no field 'scopes' of its own"),
    ],
)
def test_create__says_what_is_wrong_and_issues_nothing(arguments, words, alice):
    with pytest.raises(CommandError, match=words):
        keys("create", *arguments)
    assert not APIKey.objects.exists()
    assert not OrganisationKey.objects.exists()


def test_create__of_a_token_needs_a_user():
    with pytest.raises(CommandError, match="name one with --user"):
        tokens("create")


def test_create__keeps_to_the_limit(alice, settings):
    settings.SESSIONAUTH_MAX_KEYS = 1
    keys("create", "--user", "alice")
    with pytest.raises(CommandError, match="as many of these as they may have"):
        keys("create", "--user", "alice")
    assert APIKey.objects.count() == 1


@pytest.mark.parametrize("model", ["org", "organisations.OrganisationKey", "organisations.organisationkey"])
def test_model__is_a_projects_own(model, alice):
    desk = Organisation.objects.create(name="desk", service_user=alice)
    secret = keys("create", "--model", model, "--set", f"organisation={desk.pk}").strip()
    assert who(secret) == "alice"
    (row,) = keys_json("list", "--model", model, "--user", "alice")["credentials"]
    assert (row["kind"], row["user"], row["state"]) == ("org", "alice", "active")
    assert keys_json("revoke", "--model", model, "--user", "alice") == {"revoked": 1}
    assert who(secret) == 401


def test_model__that_is_nobodys(alice):
    keys("create", "--model", "dev")
    assert keys_json("list", "--model", "dev")["credentials"][0]["user"] is None
    with pytest.raises(CommandError, match="stand for nobody"):
        keys("list", "--model", "dev", "--user", "alice")
    with pytest.raises(CommandError, match="stand for nobody"):
        keys("revoke", "--model", "dev", "--user", "alice")
    assert DeviceKey.objects.filter(revoked_at=None).exists()


def test_list__shows_no_secret_and_no_digest(alice):
    secret = keys("create", "--user", "alice").strip()
    told = keys("list") + json.dumps(keys_json("list"))
    row = APIKey.objects.get()
    assert row.hint in told
    assert secret not in told
    assert row.digest not in told


def test_list__is_a_table_for_people(alice):
    assert keys("list") == "No API keys.\n"
    keys("create", "--user", "alice", "--name", "CI", "--scope", "read")
    head, row = keys("list").splitlines()
    assert head.split() == ["id", "user", "state", "name", "hint", "scopes", "last_used_at", "expires_at"]
    assert row.split()[1:] == ["alice", "active", "CI", APIKey.objects.get().hint, "read"]


def test_list__cannot_be_forged_by_a_name(alice):
    APIKey.objects.issue(user=alice, name="x\x1b[2J\nfake")
    assert "x\\x1b[2J\\nfake" in keys("list")


def test_name__cannot_write_to_the_terminal(alice):
    row = APIKey.objects.issue(user=alice, name="x\x1b]0;t\x07\n12 revoked.\x9b2J\u202e\U000e0041")[0]
    said = io.StringIO()
    keys("rotate", str(row.pk), stderr=said)
    with pytest.raises(CommandError) as again:
        keys("rotate", str(row.pk))
    row.refresh_from_db()
    row.revoke()
    with pytest.raises(CommandError) as ended:
        keys("rotate", str(row.pk))
    printed = [said.getvalue(), str(again.value), str(ended.value), keys("list", "--json")]
    assert [line for text in printed for line in text.splitlines() if not line.isprintable()] == []
    assert printed[0].count("\n") == 2
    assert {one["name"] for one in keys_json("list")["credentials"]} == {row.name}


def test_list__says_in_which_state_each_is(alice, bob):
    for name in ("active", "rotated", "expired", "revoked"):
        APIKey.objects.issue(user=alice, name=name)
    APIKey.objects.issue(user=bob, name="inactive")
    now = timezone.now()
    APIKey.objects.filter(name="rotated").update(rotated_at=now, expires_at=now + timedelta(days=1))
    APIKey.objects.filter(name="expired").update(expires_at=now)
    APIKey.objects.filter(name="revoked").update(revoked_at=now)
    get_user_model().objects.filter(pk=bob.pk).update(is_active=False)
    found = keys_json("list")["credentials"]
    assert {row["name"]: row["state"] for row in found} == {row["name"]: row["name"] for row in found}
    assert len(found) == 5
    assert {row["name"] for row in keys_json("list", "--active")["credentials"]} == {"active", "rotated", "inactive"}


def test_list__tells_the_end_that_comes_first(alice):
    soon = timezone.now() + timedelta(days=1)
    APIKey.objects.issue(user=alice, ends_at=soon)
    APIKey.objects.issue(user=alice, ends_at=soon, expires_at=soon + timedelta(days=1))
    told = [parse_datetime(row["expires_at"]) for row in keys_json("list")["credentials"]]
    assert [abs(end - soon) < timedelta(seconds=1) for end in told] == [True, True]


def test_list__of_who_is_gone(alice):
    APIKey.objects.issue(user=alice)
    AccessToken.objects.issue(user=alice)
    for model, ask in ((APIKey, keys_json), (AccessToken, tokens_json)):
        model.objects.update(user_id=alice.pk + 1)
        assert [(row["user"], row["state"]) for row in ask("list")["credentials"]] == [(None, "inactive")]


def test_list__finds_what_expires_and_what_nobody_uses(alice):
    now = timezone.now()
    for name, expires, used, made in (
        ("soon", 10, 0, 100),
        ("later", 20, 0, 100),
        ("never used", None, None, 100),
        ("long unused", None, 91, 100),
        ("new", None, None, 1),
    ):
        row, _ = APIKey.objects.issue(user=alice, name=name)
        APIKey.objects.filter(pk=row.pk).update(
            created_at=now - timedelta(days=made),
            expires_at=expires and now + timedelta(days=expires),
            last_used_at=used if used is None else now - timedelta(days=used),
        )
    assert [row["name"] for row in keys_json("list", "--expiring", "14d")["credentials"]] == ["soon"]
    found = keys_json("list", "--unused", "90d")["credentials"]
    assert {row["name"] for row in found} == {"never used", "long unused"}


def test_list__is_limited_the_latest_first_and_costs_two_queries(alice, bob, django_assert_num_queries):
    for user in (alice, bob, alice):
        APIKey.objects.issue(user=user)
    with django_assert_num_queries(2):
        ids = [row["id"] for row in keys_json("list")["credentials"]]
    assert ids == sorted(ids, reverse=True)
    assert [row["id"] for row in keys_json("list", "--limit", "2")["credentials"]] == ids[:2]
    assert len(keys_json("list", "--limit", "0")["credentials"]) == 3
    assert [row["user"] for row in keys_json("list", "--user", "bob")["credentials"]] == ["bob"]


def test_rotate__prints_the_new_secret_alone(alice):
    old = keys("create", "--user", "alice", "--name", "CI").strip()
    said = io.StringIO()
    new = keys("rotate", str(APIKey.objects.get().pk), stderr=said).strip()
    assert who(old) == who(new) == "alice"
    assert old != new
    assert "is good until" in said.getvalue()
    assert new not in said.getvalue()


def test_rotate__without_overlap_ends_the_old_one(alice):
    old = keys("create", "--user", "alice").strip()
    found = keys_json("rotate", str(APIKey.objects.get().pk), "--overlap", "0s")
    assert (who(old), who(found["secret"])) == (401, "alice")


def test_rotate__refuses_what_was_rotated_or_has_ended(alice):
    row, _ = APIKey.objects.issue(user=alice)
    keys("rotate", str(row.pk))
    with pytest.raises(CommandError, match="rotated before"):
        keys("rotate", str(row.pk))
    row, _ = APIKey.objects.issue(user=alice)
    row.revoke()
    with pytest.raises(CommandError, match="is revoked; what has ended is not rotated"):
        keys("rotate", str(row.pk))
    assert APIKey.objects.count() == 3


@pytest.mark.parametrize("act", ["rotate", "revoke"])
@pytest.mark.parametrize("key", ["4711", "x", "9" * 30, "-1", ""])
def test_key__that_is_none(act, key, alice):
    with pytest.raises(CommandError):
        keys(act, key)


def test_revoke__ends_those_and_no_other(alice):
    secrets = [keys("create", "--user", "alice").strip() for _ in range(3)]
    ids = [str(pk) for pk in APIKey.objects.order_by("pk").values_list("pk", flat=True)]
    assert keys_json("revoke", *ids[:2], "--reason", "found in a repository") == {"revoked": 2}
    assert [who(secret) for secret in secrets] == [401, 401, "alice"]
    assert APIKey.objects.get(pk=ids[0]).revoked_reason == "found in a repository"
    said = io.StringIO()
    assert keys("revoke", ids[0], stderr=said) == "0 revoked.\n"
    assert "was revoked before" in said.getvalue()


def test_json__calls_everything_what_the_api_calls_it(alice):
    row, _ = AccessToken.objects.issue(user=alice, expires_at=timezone.now() + timedelta(days=1))
    (found,) = tokens_json("list")["credentials"]
    api = owned.told(row) | {"user_id": alice.pk, "user": "alice", "rotated_from": None}
    del api["is_current"]
    assert found == api
    assert found["kind"] == "token"


def test_revoke__refuses_a_row_that_is_not_there_and_ends_nothing(alice):
    row, _ = APIKey.objects.issue(user=alice)
    with pytest.raises(CommandError, match="no such API key: 4711"):
        keys("revoke", str(row.pk), "4711")
    row.refresh_from_db()
    assert not row.is_revoked


def test_revoke_user__ends_theirs_alone_each_told(alice, bob, monkeypatch):
    monkeypatch.setattr(rows, "PAGE", 1)
    secrets = [tokens("create", "--user", name).strip() for name in ("alice", "alice", "bob")]
    assert tokens_json("revoke", "--user", "alice") == {"revoked": 2}
    assert [who(secret) for secret in secrets] == [401, 401, "bob"]
    assert AuthEvent.objects.filter(event="credential_revoked").count() == 2


@pytest.mark.parametrize(("answer", "ends"), [("yes", True), ("no", False), ("", False), (EOFError, False)])
def test_revoke_all__asks_first(answer, ends, alice, monkeypatch):
    def say(question):
        if answer is EOFError:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", say)
    row, _ = APIKey.objects.issue(user=alice)
    if ends:
        assert keys("revoke", "--all") == "1 revoked.\n"
    else:
        with pytest.raises(CommandError, match="Nothing was revoked"):
            keys("revoke", "--all")
    row.refresh_from_db()
    assert row.is_revoked is ends


def test_revoke_all__goes_through_all_pages(alice, bob, monkeypatch):
    monkeypatch.setattr(rows, "PAGE", 2)
    for user in (alice, bob, None, alice, bob):
        APIKey.objects.issue(user=user)
    assert keys_json("revoke", "--all", "--no-input") == {"revoked": 5}


def test_revoke_all__shows_how_far_it_is_to_who_looks(alice, bob):
    for user in (alice, bob):
        APIKey.objects.issue(user=user)
    terminal = Terminal()
    keys("revoke", "--all", "--no-input", stderr=terminal)
    assert terminal.getvalue().endswith("] 2/2\n")


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("revoke",),
        ("revoke", "1", "--all"),
        ("revoke", "--user", "alice", "--all"),
        ("rotate",),
        ("rotate", "1", "2"),
        ("list", "--limit", "x"),
        ("list", "--unused", "x"),
        ("issue",),
    ],
    ids=" ".join,
)
def test_wrong_option__is_an_error(wrong, alice):
    with pytest.raises(CommandError):
        keys(*wrong)


@pytest.mark.parametrize("name", [KEY, TOKEN])
@pytest.mark.parametrize("arguments", [(), ("create",), ("list",), ("rotate",), ("revoke",)])
def test_help__is_there_for_each(name, arguments, capsys):
    with pytest.raises(SystemExit):
        call_command(name, *arguments, "--help")
    told = capsys.readouterr().out
    assert "usage:" in told
    assert arguments or f"manage.py {name} rotate 12" in told


@pytest.mark.slow
@pytest.mark.once
def test_error__is_no_zero_to_the_shell():
    command = [sys.executable, "-m", "django", KEY, "--settings", "tests.project.settings", "revoke"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode != 0
    assert "one of the arguments ID --user --all is required" in outcome.stderr
    assert "Traceback" not in outcome.stderr
