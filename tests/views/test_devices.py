"""The list of one's own devices, and ending them: after a question, freshly proved, and nobody else's."""

from __future__ import annotations

import pytest

from sessionauth.models import LoginSession
from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
DEVICES = "/account/devices/"


@pytest.fixture
def alice(make_user):
    return make_user("alice")


def browser(user, agent=FIREFOX, **how):
    client = AuthClient(headers={"user-agent": agent})
    client.force_login(user, **how)
    return client


def signed_in(client):
    return client.get("/whoami/").json()["user"] == "alice"


def id_of(client, *, current):
    found = client.get(DEVICES, headers={"accept": "application/json"}).json()["devices"]
    return next(device["id"] for device in found if device["is_current"] is current)


def test_list__names_the_devices_and_marks_this_one(alice, make_user):
    here, _ = browser(alice), browser(alice, IPHONE)
    browser(make_user("bob"), "curl/8")
    page = here.get(DEVICES).text
    assert page.index("Firefox on Linux") < page.index("This one") < page.index("Safari on iOS")
    assert "curl" not in page
    told = here.get(DEVICES, headers={"accept": "application/json"}).json()["devices"]
    assert [(device["name"], device["is_current"]) for device in told] == [
        ("Firefox on Linux", True),
        ("Safari on iOS", False),
    ]


def test_list__is_one_query_beside_those_of_the_request(alice, django_assert_num_queries):
    here = browser(alice)
    for _ in range(3):
        browser(alice, IPHONE)
    with django_assert_num_queries(3):  # the session, the user with the row, the list
        here.get(DEVICES)


def test_list__shows_no_session_key_and_no_sid(alice):
    here = browser(alice)
    page = here.get(DEVICES).text + here.get(DEVICES, headers={"accept": "*/*"}).text
    assert here.session.session_key not in page
    assert LoginSession.objects.get().sid not in page


def test_one__is_ended_by_post_after_a_question(alice):
    here, phone = browser(alice), browser(alice, IPHONE)
    end = f"{DEVICES}{id_of(here, current=False)}/end/"
    assert "Sign out “Safari on iOS”?" in here.get(end).text
    assert signed_in(phone)
    answer = here.post(end)
    assert (answer.status_code, answer["Location"]) == (302, DEVICES)
    assert signed_in(here)
    assert not signed_in(phone)
    assert here.post(end).status_code == 404


def test_one__this_browser_is_signed_out(alice):
    here, phone = browser(alice), browser(alice, IPHONE)
    answer = here.post(f"{DEVICES}{id_of(here, current=True)}/end/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/")
    assert not signed_in(here)
    assert signed_in(phone)


def test_one__somebody_elses_is_not_there(alice, make_user):
    bob = browser(make_user("bob"))
    alices = id_of(browser(alice), current=True)
    for method in (bob.get, bob.post):
        assert method(f"{DEVICES}{alices}/end/").status_code == 404
    assert LoginSession.objects.get(pk=alices).revoked_at is None


@pytest.mark.parametrize("number", ["0", "9" * 40])
def test_one__a_number_that_is_none_is_not_there(alice, number):
    assert browser(alice).post(f"{DEVICES}{number}/end/").status_code == 404


def test_others__are_ended_and_this_one_stays(alice):
    here, phone = browser(alice), browser(alice, IPHONE)
    assert here.post(f"{DEVICES}others/end/").status_code == 302
    assert signed_in(here)
    assert not signed_in(phone)


def test_all__are_ended_this_one_too(alice):
    here, phone = browser(alice), browser(alice, IPHONE)
    assert here.post(f"{DEVICES}all/end/")["Location"] == "/login/"
    assert not signed_in(here)
    assert not signed_in(phone)


@pytest.mark.parametrize("which", ["others", "all", "one"])
def test_stale__the_password_comes_in_the_same_form(alice, password, which):
    here, phone = browser(alice, fresh=False), browser(alice, IPHONE)
    path = f"{DEVICES}{id_of(here, current=False) if which == 'one' else which}/end/"
    assert 'autocomplete="current-password"' in here.get(path).text
    for wrong in ({}, {"password": "wrong"}):
        assert here.post(path, wrong).status_code == 200
    assert signed_in(phone)
    assert here.post(path, {"password": password}).status_code == 302
    assert not signed_in(phone)
    assert signed_in(here) is (which != "all")


def test_stale__a_client_of_json_is_told_what_is_needed(alice, password):
    here, phone = browser(alice, fresh=False), browser(alice, IPHONE)
    path, json = f"{DEVICES}others/end/", {"content_type": "application/json", "headers": {"accept": "*/*"}}
    answer = here.post(path, {}, **json)
    assert (answer.status_code, answer.json()["code"]) == (401, "fresh_login_required")
    assert here.post(path, {"password": "wrong"}, **json).status_code == 400
    assert here.post(path, {"password": password}, **json).status_code == 204
    assert not signed_in(phone)


def test_stale__without_a_password_is_sent_to_prove_it_in_another_way(alice):
    here = browser(alice, fresh=False)
    alice.set_unusable_password()
    alice.save()
    here = browser(alice, fresh=False)
    for ask in (here.get, here.post):
        answer = ask(f"{DEVICES}others/end/")
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/account/confirm/")
