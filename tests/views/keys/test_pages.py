"""One's keys and tokens on a page: issued, shown once, renamed, rotated, revoked, and nobody else's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from sessionauth.models import AccessToken, APIKey, AuthEvent
from sessionauth.testing import AuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.account_urls")]

KEYS, NEW = "/account/keys/", "/account/keys/new/"
JSON = {"content_type": "application/json", "headers": {"accept": "application/json"}}
TICKET = re.compile(r'name="_ticket" value="([^"]+)"')
SECRET = re.compile(r"sa_(?:pat|key)_[0-9A-Za-z]{38}")


@pytest.fixture
def alice(make_user):
    return make_user("alice")


@pytest.fixture
def here(alice):
    client = AuthClient()
    client.force_login(alice)
    return client


@pytest.fixture
def stale(alice):
    client = AuthClient()
    client.force_login(alice, fresh=False)
    return client


def form(client, **fields):
    """Return the form of a new key, filled in as a browser would."""
    ticket = TICKET.search(client.get(NEW).text)[1]
    given = {"_ticket": ticket, "name": "Nightly", "kind": "key", "lifetime": "30", "access": "all"}
    return {name: value for name, value in (given | fields).items() if value is not None}


def secret_in(answer):
    found = SECRET.findall(answer.text)
    assert len(found) == 1
    return found[0]


def works(secret):
    return Client().get("/whoami/", headers={"authorization": f"Bearer {secret}"}).status_code == 200


def test_list__shows_in_words_what_each_may(alice, here, settings, make_user):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read invoices", [])}
    APIKey.objects.issue(
        user=alice,
        name="Nightly",
        scopes=["read"],
        methods=["GET", "HEAD"],
        networks=["192.0.2.0/24"],
        rate="100/m",
        expires_at=timezone.now() + timedelta(days=1),
    )
    AccessToken.objects.issue(user=alice)
    APIKey.objects.issue(user=make_user("bob"), name="Bob's")
    page = here.get(KEYS).text
    for words in (
        *("Nightly", "API key", "sa_key_…", "Read invoices", "only reads", "only from 192.0.2.0/24"),
        *("at most 100/m", "never used", "until", "Without a name", "Everything that you may", "without end"),
    ):
        assert words in page, words
    assert "Bob" not in page


def test_list__shows_no_secret_and_no_digest(alice, here):
    row, secret = APIKey.objects.issue(user=alice)
    page = here.get(KEYS).text + here.get(KEYS, headers={"accept": "application/json"}).text
    assert secret[7:40] not in page
    assert row.digest not in page


@pytest.mark.parametrize("count", [1, 20])
def test_list__costs_the_same_for_any_number(alice, here, count, django_assert_num_queries):
    for _ in range(count):
        APIKey.objects.issue(user=alice)
        AccessToken.objects.issue(user=alice)
    with django_assert_num_queries(6):  # the session, the user, and two for each kind
        here.get(KEYS)


def test_list__tells_what_has_ended_of_late(alice, here):
    for name, fields in (
        ("gone", {}),
        ("over", {"expires_at": timezone.now() - timedelta(hours=1)}),
        ("long over", {"expires_at": timezone.now() - timedelta(days=99)}),
    ):
        row, _ = APIKey.objects.issue(user=alice, name=name, **fields)
        if name == "gone":
            row.revoke()
    page = here.get(KEYS).text
    assert page.index("Ended of late") < page.index("gone") < page.index("over")
    assert "long over" not in page
    assert all(words in page for words in ("Revoked", "Expired", "None yet."))


def test_list__signed_in_programs_stand_apart(alice, here, password):
    Client().post(
        "/api/auth/token/",
        {"username": "alice", "password": password},
        "application/json",
        headers={"user-agent": "Phone"},
    )
    page = here.get(KEYS).text
    assert page.index("Signed-in programs") < page.index("Sign out Phone")
    assert "Rotate" not in page


def test_issue__shows_the_secret_in_the_answer_itself(alice, here):
    answer = here.post(NEW, form(here))
    secret = secret_in(answer)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "It will not be shown again" in answer.text
    assert "X-Api-Key: …" in answer.text
    assert works(secret)
    assert secret not in str(answer.headers)
    assert "messages" not in answer.cookies


def test_issue__the_secret_is_nowhere_afterwards(alice, here):
    secret = secret_in(here.post(NEW, form(here)))
    assert secret not in here.get(KEYS).text + here.get(NEW).text
    assert secret not in str([session.get_decoded() for session in Session.objects.all()])
    assert secret not in str(list(APIKey.objects.values())) + str(list(AuthEvent.objects.values()))
    assert secret not in str(here.cookies)


def test_issue__a_reload_issues_nothing(alice, here):
    fields = form(here)
    secret = secret_in(here.post(NEW, fields))
    again = here.post(NEW, fields)
    assert again.status_code == 409
    assert "this form was sent before" in again.text
    assert secret not in again.text
    assert APIKey.objects.count() == 1
    # Sent again from the page that says so, it is one more.
    secret_in(here.post(NEW, fields | {"_ticket": TICKET.search(again.text)[1]}))
    assert APIKey.objects.count() == 2


@pytest.mark.parametrize("ticket", ["", None, "x", "x:y:z", "x" * 10_000, "\0"])
def test_issue__without_a_ticket_of_this_page_nothing_is_issued(here, ticket):
    assert here.post(NEW, form(here, _ticket=ticket)).status_code == 409
    assert not APIKey.objects.exists()


def test_issue__anothers_ticket_is_none(here, make_user):
    bob = AuthClient()
    bob.force_login(make_user("bob"))
    assert here.post(NEW, form(bob)).status_code == 409


def test_issue__forms_in_several_tabs_each_issue_once(here):
    forms = [form(here, name=str(number)) for number in range(12)]
    for fields in reversed(forms):
        here.post(NEW, fields)
    count = APIKey.objects.count()
    assert count >= 10
    for fields in forms:
        assert here.post(NEW, fields).status_code == 409
    assert APIKey.objects.count() == count


def test_issue__scopes_are_those_that_the_person_holds(alice, here, settings):
    settings.SESSIONAUTH_SCOPES = {"read": ("Read invoices", []), "write": ("Write invoices", ["auth.add_user"])}
    page = here.get(NEW).text
    assert "Read invoices" in page
    assert "Write invoices" not in page
    assert here.post(NEW, form(here, access="chosen", scopes="write")).status_code == 200
    assert not APIKey.objects.exists()
    secret_in(
        here.post(NEW, form(here, access="chosen", scopes="read", read_only="on", networks="192.0.2.1\n2001:db8::/32"))
    )
    row = APIKey.objects.get()
    assert (row.scopes, row.methods) == (["read"], ["GET", "HEAD", "OPTIONS"])
    assert row.networks == ["192.0.2.1", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": ""}, "required"),
        ({"name": "x" * 101}, "at most 100"),
        ({"name": "nul\0"}, "Null characters"),
        ({"kind": "crown"}, "valid choice"),
        ({"kind": None}, "required"),
        ({"lifetime": "-1"}, "valid choice"),
        ({"lifetime": "9" * 40}, "valid choice"),
        ({"access": None}, "required"),
        ({"access": "chosen"}, "Tick what it may do"),
        ({"access": "chosen", "scopes": "everything"}, "valid choice"),
        ({"access": "all", "scopes": "sessionauth:issue"}, "Either everything"),
        ({"networks": "everywhere"}, "is no network"),
        ({"networks": "192.0.2.1/24"}, "is no network"),
        ({"networks": "\n".join(["192.0.2.1"] * 51)}, "too many"),
        ({"networks": "1" * 4001}, "at most 4000"),
    ],
    ids=str,
)
def test_issue__nonsense_is_told_and_issues_nothing(here, fields, says):
    answer = here.post(NEW, form(here, **fields))
    assert answer.status_code == 200
    assert says in answer.text
    assert not SECRET.search(answer.text)
    assert not APIKey.objects.exists()


def test_issue__at_the_limit_is_told(alice, here, settings):
    settings.SESSIONAUTH_MAX_KEYS = 1
    APIKey.objects.issue(user=alice)
    answer = here.post(NEW, form(here))
    assert answer.status_code == 409
    assert "Revoke one first" in answer.text


def test_issue__lasts_as_long_as_chosen(here):
    here.post(NEW, form(here, lifetime="7"))
    here.post(NEW, form(here, lifetime="never"))
    never, seven = APIKey.objects.order_by("-pk")
    assert never.expires_at is None
    assert timedelta(days=6) < seven.expires_at - timezone.now() <= timedelta(days=7)


def test_issue__by_json(here):
    body = {"name": "CLI", "kind": "token", "lifetime": "7", "access": "chosen", "scopes": ["sessionauth:issue"]}
    answer = here.post(NEW, body | {"networks": ["192.0.2.1"]}, **JSON)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["kind"], told["scopes"], told["networks"]) == ("token", ["sessionauth:issue"], ["192.0.2.1"])
    assert SECRET.fullmatch(told["secret"])


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{",
        b'{"scopes": {"a": 1}}',
        b'{"scopes": [1]}',
        b'{"networks": ["\\ud800"]}',
        b'{"name": "\\u0000"}',
        b'{"name": 1}',
        b'{"name": ["x"]}',
    ],
)
def test_issue__nonsense_by_json_is_a_problem(here, body):
    answer = here.post(NEW, body, **JSON)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_stale__the_password_comes_in_the_same_form(alice, stale, password):
    row, _ = APIKey.objects.issue(user=alice)
    assert 'autocomplete="current-password"' in stale.get(NEW).text
    for wrong in ({}, {"password": "wrong"}):
        answer = stale.post(NEW, form(stale, **wrong))
        assert answer.status_code == 200
        assert not SECRET.search(answer.text)
        stale.post(f"{KEYS}key/{row.pk}/rotate/", {"overlap": "0", **wrong})
        stale.post(f"{KEYS}all/revoke/", wrong)
    row.refresh_from_db()
    assert (row.is_usable, row.rotated_at) == (True, None)
    assert works(secret_in(stale.post(NEW, form(stale, password=password))))


@pytest.mark.parametrize("path", ["new/", "all/revoke/", "key/{pk}/rotate/"])
def test_stale__a_client_of_json_is_told_what_is_needed(alice, stale, path):
    row, _ = APIKey.objects.issue(user=alice)
    answer = stale.post(KEYS + path.format(pk=row.pk), {}, **JSON)
    assert (answer.status_code, answer.json()["code"]) == (401, "fresh_login_required")


def test_rotate__shows_the_new_secret_and_leaves_the_old_for_a_while(alice, here):
    row, old = APIKey.objects.issue(user=alice, name="Nightly", scopes=None)
    path = f"{KEYS}key/{row.pk}/rotate/"
    assert "Rotate “Nightly”?" in here.get(path).text
    answer = here.post(path, {"overlap": "3600"})
    new = secret_in(answer)
    assert " the old secret stays good, too." in answer.text
    assert ".. " not in answer.text
    assert (works(old), works(new)) == (True, True)
    again = here.post(path, {"overlap": "3600"})
    assert again.status_code == 409
    assert not SECRET.search(again.text)
    assert APIKey.objects.count() == 2


def test_rotate__at_once(alice, here):
    row, old = APIKey.objects.issue(user=alice)
    answer = here.post(f"{KEYS}key/{row.pk}/rotate/", {"overlap": "0"})
    assert "The old secret is no longer good" in answer.text
    assert (works(old), works(secret_in(answer))) == (False, True)


def test_rotate__offers_what_the_setting_says(alice, here, settings):
    settings.SESSIONAUTH_ROTATION_OVERLAP = timedelta(hours=5)
    row, _ = APIKey.objects.issue(user=alice)
    assert '<option value="18000" selected>5 hours</option>' in here.get(f"{KEYS}key/{row.pk}/rotate/").text


def test_rename__and_back_to_the_list(alice, here):
    row, secret = APIKey.objects.issue(user=alice, name="old")
    path = f"{KEYS}key/{row.pk}/rename/"
    assert 'value="old"' in here.get(path).text
    assert here.post(path, {"name": ""}).status_code == 200
    assert here.post(path, {"name": "new"})["Location"] == KEYS
    assert "new" in here.get(KEYS).text
    assert works(secret)


def test_revoke__after_a_question(alice, here):
    row, secret = APIKey.objects.issue(user=alice, name="Nightly")
    path = f"{KEYS}key/{row.pk}/revoke/"
    assert "Revoke “Nightly”?" in here.get(path).text
    assert works(secret)
    assert here.post(path)["Location"] == KEYS
    assert not works(secret)
    assert here.post(path).status_code == 404
    row.refresh_from_db()
    assert row.revoked_reason == "revoked by its owner"


def test_revoke_all__keys_tokens_and_programs(alice, here, password, make_user):
    program = Client().post("/api/auth/token/", {"username": "alice", "password": password}, "application/json").json()
    secrets = [APIKey.objects.issue(user=alice)[1], AccessToken.objects.issue(user=alice)[1], program["access_token"]]
    _, bobs = APIKey.objects.issue(user=make_user("bob"))
    assert here.post(f"{KEYS}all/revoke/")["Location"] == KEYS
    assert not any(works(secret) for secret in secrets)
    assert works(bobs)


@pytest.mark.parametrize("act", ["rename", "rotate", "revoke"])
@pytest.mark.parametrize("which", ["another's", "not there", "too large", "other kind", "no kind"])
def test_not_ones_own__is_not_there(here, make_user, act, which):
    bobs, secret = APIKey.objects.issue(user=make_user("bob"))
    path = {
        "another's": f"key/{bobs.pk}",
        "not there": "key/987654321",
        "too large": f"token/{'9' * 40}",
        "other kind": f"token/{bobs.pk}",
        "no kind": f"crown/{bobs.pk}",
    }[which]
    for ask in (here.get, here.post):
        assert ask(f"{KEYS}{path}/{act}/").status_code == 404
    assert works(secret)


@pytest.mark.parametrize(
    "path", ["", "new/", "all/revoke/", "key/{pk}/rename/", "key/{pk}/rotate/", "key/{pk}/revoke/"]
)
def test_a_program__never_reaches_the_pages(alice, path):
    row, secret = APIKey.objects.issue(user=alice)
    for ask in (Client().get, Client().post):
        answer = ask(KEYS + path.format(pk=row.pk), headers={"x-api-key": secret})
        assert (answer.status_code, answer.json()["code"]) == (403, "people_only")
    assert APIKey.objects.get().is_usable


@pytest.mark.parametrize(
    "path", ["", "new/", "all/revoke/", "key/{pk}/rename/", "key/{pk}/rotate/", "key/{pk}/revoke/"]
)
def test_get__writes_nothing_and_a_stranger_signs_in(alice, here, path):
    row, secret = APIKey.objects.issue(user=alice)
    path = KEYS + path.format(pk=row.pk)
    assert here.get(path).status_code == 200
    assert Client().get(path)["Location"] == f"/login/?next={path}"
    row.refresh_from_db()
    assert (row.is_usable, row.rotated_at) == (True, None)


def test_names__are_escaped(alice, here):
    row, _ = APIKey.objects.issue(user=alice, name="<script>alert(1)</script>")
    for path in ("", f"key/{row.pk}/rename/", f"key/{row.pk}/rotate/", f"key/{row.pk}/revoke/"):
        assert "<script" not in here.get(KEYS + path).text
