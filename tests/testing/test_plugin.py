"""The pytest plugin, in a project of its own and a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sessionauth.testing

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]

A_TEST = """
import pytest

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.testing.urls")]


def test_auth_client(auth_client, django_user_model):
    alice = django_user_model.objects.create_user("alice")
    auth_client.force_login(alice, method="bearer")
    assert auth_client.get("/who/").json()["name"] == "alice"


def test_async_auth_client(async_auth_client, django_user_model):
    from asgiref.sync import async_to_sync

    alice = django_user_model.objects.create_user("alice")
    async_to_sync(async_auth_client.aforce_login)(alice, fresh=False)
    assert async_to_sync(async_auth_client.get)("/who/").json()["state"] == "stale"


def test_login_disabled(login_disabled, client):
    assert client.get("/secret/").status_code == 200


def test_login_enabled(client):
    assert client.get("/secret/").status_code == 302
"""


def run(folder: Path, *arguments: str, project: str | None) -> subprocess.CompletedProcess[str]:
    # Loaded by its module's name, whether or not the entry point is installed here.
    command = [sys.executable, "-m", "pytest", "-p", "no:sessionauth", "-p", "sessionauth.testing.plugin", "-q"]
    environment = {name: value for name, value in os.environ.items() if "SESSIONAUTH" not in name}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    environment |= {"PYTHONPATH": str(ROOT), "SESSIONAUTH_TEST_FOLDER": str(folder)}
    if project is not None:
        environment["DJANGO_SETTINGS_MODULE"] = project
    command += ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder), *arguments, str(folder)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_plugin__fixtures_work_in_a_project(tmp_path):
    (tmp_path / "test_it.py").write_text(A_TEST)
    outcome = run(tmp_path, project="tests.project.settings")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "4 passed" in outcome.stdout


@pytest.mark.slow
def test_plugin__skips_where_there_is_no_django_project(tmp_path):
    (tmp_path / "test_it.py").write_text("def test_it(auth_client, login_disabled, async_auth_client): ...")
    outcome = run(tmp_path, project=None)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "1 skipped" in outcome.stdout


def test_plugin__imports_no_django():
    code = "import sys, sessionauth.testing.plugin; print([name for name in sys.modules if name.startswith('django')])"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_plugin__is_the_entry_point():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"sessionauth": "sessionauth.testing.plugin"}


def test_door__opens_what_it_names():
    assert {name: getattr(sessionauth.testing, name).__name__ for name in sessionauth.testing.__all__} == {
        name: name for name in sessionauth.testing.__all__
    }
    assert set(sessionauth.testing.__all__) <= set(dir(sessionauth.testing))
    with pytest.raises(AttributeError, match="has no attribute 'FlaskLoginClient'"):
        sessionauth.testing.FlaskLoginClient  # noqa: B018
