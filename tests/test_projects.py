"""What every settings project shows: it passes its checks, people sign in and out, and a key is known."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse

from sessionauth.models import APIKey, LoginSession
from sessionauth.sessions import registry
from tests.project.run import run_in_project

pytestmark = [pytest.mark.django_db, pytest.mark.every_project]


def test_project__passes_its_checks_without_a_warning():
    call_command("check", fail_level="WARNING")


def test_project__lacks_no_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_project__signs_people_in_and_out(client, make_user, password):
    alice = make_user("alice")
    name = alice.get_username()

    client.post(reverse("login"), {"username": name, "password": password})
    assert client.get(reverse("whoami")).json() == {"user": name}

    client.post(reverse("logout"))
    assert client.get(reverse("whoami")).json() == {"user": None}


def test_project__revoked_login_session_signs_that_browser_out(client, make_user):
    alice = make_user("alice")
    client.force_login(alice)
    assert client.get(reverse("whoami")).json() == {"user": alice.get_username()}

    registry.revoke(LoginSession.objects.get(user=alice), "lost")
    assert client.get(reverse("whoami")).json() == {"user": None}


def test_project__knows_a_key(client, make_user):
    alice = make_user("alice")
    _, secret = APIKey.objects.issue(user=alice, name="desk")
    answer = client.get(reverse("whoami"), headers={"X-Api-Key": secret})
    assert answer.json() == {"user": alice.get_username()}


@pytest.mark.once
def test_run_in_project__answers_from_a_project_of_its_own():
    told = run_in_project(
        "from django.contrib.auth import get_user_model\n"
        "print(get_user_model()._meta.label, get_user_model().objects.count(), settings.SESSIONAUTH_REALM)",
        "tests.project.settings_uuid",
        migrate=True,
        SESSIONAUTH_REALM="desk",
    )
    assert (told.stdout, told.stderr) == ("people.Person 0 desk\n", "")
