"""Tries to make more of one credential: more uses than its rate, more time than it has, more of them than one may have.

And more work for whoever judges it than it is worth.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.utils import timezone

from sessionauth import credentials, scopes
from sessionauth.exceptions import StrongerThanParent
from sessionauth.models import AccessToken, APIKey
from sessionauth.models.limits import MOST
from sessionauth.testing import AuthClient
from tests.attacks.test_credentials_parallel import at_once, good, held_up
from tests.views.api.asking import ask, csrf_token

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

DAY = timedelta(days=1)
NEAR, FAR = "127.0.0.0/8", "192.0.2.0/24"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def issuing(alice, **fields):
    return APIKey.objects.issue(user=alice, scopes=[scopes.ISSUE], **fields)


@pytest.mark.parametrize("model", [APIKey, AccessToken])
def test_rate__is_not_begun_anew_by_rotating(model, alice):
    _, secret = model.objects.issue(user=alice, rate="3/d", scopes=[])
    for _ in range(3):
        secret = ask("post", "token/rotate/", secret=secret).json()["secret"]
    assert ask("get", "token/", secret=secret).status_code == 429


def test_rate__is_not_begun_anew_by_refreshing(alice):
    _, secret, refresh_secret = credentials.issue_login_token(alice, rate="2/d")
    for status in (200, 200, 429):
        assert ask("get", "token/", secret=secret).status_code == status
        told = ask("post", "token/refresh/", {"refresh_token": refresh_secret}).json()
        secret, refresh_secret = told["access_token"], told["refresh_token"]


def test_rate__is_not_begun_anew_by_issuing_unless_it_is_another(alice):
    _, secret = issuing(alice, rate="3/d")
    same = ask("post", "keys/", secret=secret).json()["secret"]
    less = ask("post", "keys/", {"rate": "1/d"}, secret=secret).json()["secret"]
    statuses = [ask("get", "token/", secret=one).status_code for one in (same, same, less, less)]
    assert statuses == [200, 429, 200, 429]


def test_rate__of_two_is_counted_apart(alice):
    for _ in range(2):
        _, secret = APIKey.objects.issue(user=alice, rate="1/d")
        assert ask("get", "token/", secret=secret).status_code == 200


def test_overlap__of_what_a_program_rotates_is_the_projects(alice, settings):
    settings.SESSIONAUTH_ROTATION_OVERLAP = 60
    row, secret = APIKey.objects.issue(user=alice, scopes=[])
    assert ask("post", "token/rotate/", {"overlap": 3600}, secret=secret).status_code == 201
    row.refresh_from_db()
    assert row.end - timezone.now() <= timedelta(seconds=60)


def test_overlap__of_what_a_person_rotates_is_a_month_at_most(alice):
    row, _ = APIKey.objects.issue(user=alice)
    browser = AuthClient(enforce_csrf_checks=True)
    browser.force_login(alice)
    for overlap, status in ((31 * 24 * 3600, 400), (30 * 24 * 3600, 201)):
        sent = {"client": browser, "headers": csrf_token(browser)}
        assert ask("post", f"keys/{row.pk}/rotate/", {"overlap": overlap}, **sent).status_code == status


def test_rotated_sliding_key__issues_nothing_that_outlives_its_overlap(alice):
    row, secret = issuing(alice, sliding=30 * DAY, expires_at=timezone.now() + 30 * DAY)
    credentials.rotate(row, overlap=60)
    row.refresh_from_db()
    child = APIKey.objects.get(pk=ask("post", "keys/", secret=secret).json()["id"])
    assert (child.expires_at, child.sliding) == (row.expires_at, None)
    for more in ({"sliding": DAY}, {"expires_at": timezone.now() + DAY}, {"expires_at": None}):
        with pytest.raises(StrongerThanParent):
            credentials.issue(APIKey, parent=row, **more)


@pytest.mark.parametrize("network", [FAR, NEAR])
def test_refresh_token__is_held_to_the_networks_of_its_token(network, alice):
    row, _, refresh_secret = credentials.issue_login_token(alice, networks=[network])
    answer = ask("post", "token/refresh/", {"refresh_token": refresh_secret})
    assert answer.status_code == (200 if network == NEAR else 400)
    row.refresh_from_db()
    assert (row.refreshed_at is None) is (network == FAR)
    if network == FAR:
        assert answer.json()["code"] == "invalid_grant"


def test_refresh_token__that_comes_again_from_elsewhere_still_sounds_the_alarm(alice, settings):
    settings.SESSIONAUTH_REFRESH_GRACE = 0
    _, _, first = credentials.issue_login_token(alice, networks=[FAR])
    credentials.refresh(first)
    assert ask("post", "token/refresh/", {"refresh_token": first}).status_code == 400
    assert set(AccessToken.objects.values_list("revoked_reason", flat=True)) == {"theft"}


@pytest.mark.parametrize("member", ["networks", "origins", "methods", "scopes"])
def test_lists__are_not_so_long_that_each_use_takes_time(member, alice):
    listed = {
        "networks": [f"10.{one // 256}.{one % 256}.0/24" for one in range(MOST + 1)],
        "origins": [f"https://{one}.example" for one in range(MOST + 1)],
        "methods": ["GET"] * (MOST + 1),
        "scopes": [f"auth.do_{one}" for one in range(MOST + 1)],
    }[member]
    browser = AuthClient(enforce_csrf_checks=True)
    browser.force_login(alice)
    answer = ask("post", "keys/", {member: listed}, client=browser, headers=csrf_token(browser))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [member])
    with pytest.raises(ValidationError, match="too many"):
        APIKey.objects.issue(**{"user": alice, member: listed})


def test_scopes__asked_for_with_a_password_are_not_so_many_either(alice, password):
    body = {"username": "alice", "password": password, "scopes": [f"auth.do_{one}" for one in range(MOST + 1)]}
    assert "too many" in str(ask("post", "token/", body).json()["errors"])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [None, 5])
def test_issuing_while_all_are_ended__leaves_nothing_alive(limit, alice, monkeypatch, settings):
    """What is issued is committed only after the end began, so that no look beforehand can have found it."""
    if not connection.features.has_select_for_update:
        pytest.skip("takes a database in which two may write at once")
    settings.SESSIONAUTH_MAX_KEYS = limit
    row, _ = issuing(alice)
    with held_up(monkeypatch) as (there, go_on):

        def finish():
            assert there.wait(30)
            with ThreadPoolExecutor(1) as waiting:
                ending = waiting.submit(_closing, lambda: credentials.revoke_all(alice))
                with pytest.raises(TimeoutError):  # it waits for the row
                    ending.result(0.5)
                go_on.set()
                return ending.result(30)

        issued, ended = at_once(lambda: credentials.issue(APIKey, parent=row), finish)
    assert isinstance(issued, tuple), issued
    assert (good(issued[1], APIKey), ended) == (False, 2)


def _closing(act):
    try:
        return act()
    finally:
        connections.close_all()
