"""`sessionauth_scan`."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from sessionauth import crypto
from sessionauth.models import APIKey
from tests.management.asking import Terminal, run

SECRET = crypto.new_secret("sa", "key")


def scan(*arguments: str, code: int | None = 1, stderr: io.StringIO | None = None) -> str:
    """Return what it printed, and see that it ends with `code`; None for as it should."""
    out = io.StringIO()
    if code is None:
        return run("sessionauth_scan", *arguments)
    with pytest.raises(CommandError) as caught:
        call_command("sessionauth_scan", *arguments, stdout=out, stderr=stderr or io.StringIO())
    assert caught.value.returncode == code
    assert SECRET not in str(caught.value)
    assert code != 1 or re.fullmatch(r"1 secret found\.|[2-9] secrets found\.", str(caught.value))
    return out.getvalue()


@pytest.fixture
def leaky(tmp_path):
    (tmp_path / "settings.py").write_text(f"\nKEY = '{SECRET}'\n")
    (tmp_path / "clean.py").write_text("nothing")
    return tmp_path


@pytest.mark.once
def test_found__is_told_by_place_and_hint_alone(leaky):
    told = scan(str(leaky))
    assert f"{leaky}/settings.py:2" in told
    assert crypto.hint(SECRET) in told
    assert SECRET not in told
    assert SECRET[8:39] not in told


@pytest.mark.once
def test_json__names_what_was_left_out(leaky):
    (leaky / "binary").write_bytes(b"\0")
    told = json.loads(scan("--json", str(leaky)))
    assert told["found"] == [
        {"path": f"{leaky}/settings.py", "line": 2, "kind": "key", "hint": crypto.hint(SECRET)},
    ]
    assert told["skipped"] == {"binary": 1, "large": 0, "unreadable": 0}


@pytest.mark.once
def test_nothing_found__ends_well(leaky):
    (leaky / "settings.py").unlink()
    assert "No secrets." in scan(str(leaky), code=None)
    assert json.loads(scan(str(leaky), "--json", code=None))["found"] == []


@pytest.mark.once
def test_stdin__is_read_as_a_file(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"\n" + SECRET.encode())))
    assert "(stdin):2" in scan("-")


@pytest.mark.once
@pytest.mark.parametrize("arguments", [[], ["/nothing/there"]])
def test_wrong_arguments__are_no_finding(arguments):
    scan(*arguments, code=2)


@pytest.mark.once
@pytest.mark.parametrize("arguments", [["--max-size", "0", "."], ["--pattern", "other"]])
def test_wrong_options__are_told(arguments):
    with pytest.raises(CommandError, match=arguments[0]):
        call_command("sessionauth_scan", *arguments, stdout=io.StringIO(), stderr=io.StringIO())


@pytest.mark.once
def test_skip__leaves_out_folders_of_that_name(leaky):
    (leaky / "old").mkdir()
    (leaky / "settings.py").rename(leaky / "old" / "settings.py")
    assert "No secrets." in scan(str(leaky), "--skip", "old", code=None)


@pytest.mark.once
def test_file_name__cannot_write_to_the_terminal(leaky):
    (leaky / "settings.py").rename(leaky / "a\x1b[2Jb\nc.py")
    (leaky / "long").joinpath(*["x" * 200] * 3).mkdir(parents=True)
    (leaky / "long").joinpath(*["x" * 200] * 3, "d").write_text(SECRET)
    told = scan(str(leaky))
    assert "x/d:1: sa_key_" in told
    assert "\x1b" not in told
    assert "a\\x1b[2Jb\\nc.py:2" in told


@pytest.mark.once
def test_file_name__that_is_no_text_is_printed_all_the_same(leaky):
    os.rename(leaky / "settings.py", os.fsencode(leaky) + b"/\xff.py")
    assert "\ufffd.py:2" in scan(str(leaky))
    assert json.loads(scan(str(leaky), "--json"))["found"][0]["path"].endswith("\ufffd.py")


@pytest.mark.once
def test_progress__is_shown_to_whoever_looks(leaky):
    terminal = Terminal()
    scan(str(leaky), stderr=terminal)
    assert "2/2" in terminal.getvalue()


@pytest.mark.once
@pytest.mark.parametrize("form", ["regex", "gitleaks", "github", "trufflehog"])
def test_pattern__is_printed_without_scanning(form):
    assert "sa_(?:" in run("sessionauth_scan", "--pattern", form)


@pytest.mark.django_db
def test_check__says_what_they_are_good_for(tmp_path, make_user):
    live, good = APIKey.objects.issue(user=make_user("alice"))
    ended, bad = APIKey.objects.issue()
    ended.revoke()
    (tmp_path / "a").write_text(f"{good}\n{bad}\n{SECRET}\n{good}")
    told = json.loads(scan("--check", "--json", str(tmp_path)))
    assert [one["standing"] for one in told["found"]] == ["live", "revoked", "unknown", "live"]
    live.refresh_from_db()
    assert not live.is_revoked
    assert "live" in scan("--check", str(tmp_path))


@pytest.mark.django_db
def test_revoke__ends_those_that_are_good_for_anything(tmp_path, make_user):
    row, secret = APIKey.objects.issue(user=make_user("alice"))
    (tmp_path / "a").write_text(f"{secret}\n{secret}\n{SECRET}")
    told = json.loads(scan("--revoke", "--json", str(tmp_path)))
    assert [one["standing"] for one in told["found"]] == ["revoked now", "revoked now", "unknown"]
    row.refresh_from_db()
    assert row.revoked_reason == "leaked"
    told = json.loads(scan("--revoke", "--json", str(tmp_path)))
    assert told["found"][0]["standing"] == "revoked"
