"""The pages of the example project, asked as the people of its demo."""

from __future__ import annotations

import re
from html import unescape

import pytest

from sessionauth.user_token import UserToken
from tests.example_site import PASSWORDS, Person, sam

pytest_plugins = ["tests.example_fixtures"]
pytestmark = [pytest.mark.once, pytest.mark.slow]

PAGES = {
    "/": None,
    "/account/login/": None,
    "/account/login/staff/": None,
    "/account/sign-up/": None,
    "/account/who-am-i/": None,
    "/api-lines/": None,
    "/reports/help/": None,
    "/account/keys/": "alice",
    "/invoices/": "alice",
    "/invoices/1/": "alice",
    "/reports/": "alice",
    "/reports/live/": "alice",
    "/staff/customers/": "sue",
    "/invoices/new/": "sam",
    "/staff/": "sam",
    "/admin/": "sam",
}


@pytest.mark.parametrize(("path", "who"), PAGES.items())
def test_pages__open_to_those_whom_they_are_for(people, path, who):
    answer = people[who].get(path)
    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")


@pytest.mark.parametrize(("path", "who"), [item for item in PAGES.items() if item[1] and item[0] != "/admin/"])
def test_pages__strangers_are_sent_to_sign_in_and_come_back(people, site, path, who):
    answer = people[None].get(path)
    door = "/account/login/staff/" if path.startswith("/staff/") else "/account/login/"
    assert (answer.status, answer.headers["Location"]) == (302, f"{door}?next={path}")
    newcomer = Person(site)
    newcomer.get(path)
    answer = newcomer.post(f"{door}?next={path}", username=f"{who}@desk.example", password=PASSWORDS[who], next=path)
    assert (answer.status, answer.headers["Location"]) == (302, path)


def test_sign_in__says_why_one_was_sent_there(site):
    stranger = Person(site)
    stranger.get("/reports/")
    assert "Please sign in to see this page." in stranger.get("/account/login/?next=/reports/").text


@pytest.mark.parametrize(
    ("path", "who"),
    [("/staff/", "alice"), ("/staff/", "sue"), ("/staff/customers/", "alice"), ("/invoices/new/", "sue")],
)
def test_pages__without_the_permission_are_refused_by_a_page(people, path, who):
    answer = people[who].get(path)
    assert answer.status == 403
    assert "This is not for you" in answer.text


def test_invoices__customers_see_their_own_only(people):
    assert "Briar Bakery" not in people["alice"].get("/invoices/").text
    assert "Briar Bakery" in people["sue"].get("/invoices/").text
    assert people["alice"].get("/invoices/2/").status == people["alice"].get("/invoices/99999/").status == 404
    assert people["sue"].get("/invoices/2/").status == 200


def test_acting__support_sees_what_the_customer_sees_and_comes_back(site):
    sue = Person(site)
    sue.sign_in("sue")
    customers = sue.get("/staff/customers/?q=Aster").text
    way = unescape(re.search(r'href="(/account/impersonate/[^"]+)"', customers)[1])
    assert "Act as Alice Aster?" in sue.get(way).text
    answer = sue.post(way, reason="A call", reference="DESK-7", next="/staff/customers/?q=Aster")
    assert (answer.status, answer.headers["Location"]) == (303, "/invoices/")
    assert "you are acting as <strong>Alice Aster</strong>" in sue.get("/invoices/").text
    refused = sue.get("/account/bank-details/")
    assert (refused.status, "Stop acting as somebody else to do this." in refused.text) == (403, True)
    assert sue.get("/staff/customers/").status == 403
    sue.get("/account/impersonation/")
    answer = sue.post("/account/impersonation/stop/")
    assert (answer.status, answer.headers["Location"]) == (303, "/staff/customers/?q=Aster")
    assert sue.get("/staff/customers/").status == 200


def test_acting__is_offered_to_those_who_may(people):
    assert "/account/impersonate/" in people["sue"].get("/staff/customers/").text
    assert people["alice"].get("/account/impersonate/").status == 404


def test_home__asks_nobody(people):
    for who in (None, "alice"):
        answer = people[who].get("/")
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers
        assert "Alice" not in answer.text


def test_who_am_i__shows_every_attribute(people):
    page = people["alice"].get("/account/who-am-i/").text
    shown = {unescape(name) for name in re.findall(r'<th scope="row"><code>([^<]+)</code>', page)}
    public = [name for name in dir(UserToken) if not name.startswith("_")]
    attributes = {name for name in public if not callable(getattr(UserToken, name))}
    assert attributes - shown == set()


def test_who_am_i__tells_person_and_nobody_apart(people):
    page = people["sam"].get("/account/who-am-i/").text
    assert "LoginState.FRESH" in page
    assert "invoices:read, invoices:write" in page
    page = people[None].get("/account/who-am-i/").text
    assert "LoginState.ANONYMOUS" in page
    assert "Nobody yet" in page


def test_sign_out__needs_a_post_and_the_token(site):
    person = Person(site)
    person.sign_in("alice")
    assert person.get("/account/logout/").status == 405
    assert (
        site.ask(
            "/account/logout/", "POST", {"Cookie": "; ".join(f"{k}={v}" for k, v in person.cookies.items())}
        ).status
        == 403
    )
    assert person.post("/account/logout/", page="/account/who-am-i/").status == 302
    assert "Nobody yet" in person.get("/account/who-am-i/").text


def test_sign_out_everywhere__ends_the_other_browsers_too(site):
    home, phone = Person(site), Person(site)
    home.sign_in("sue")
    phone.sign_in("sue")
    home.post("/account/devices/all/end/")
    assert "Nobody yet" in home.get("/account/who-am-i/").text
    assert "Nobody yet" in phone.get("/account/who-am-i/").text


def test_end_session__signs_out_by_the_flag_alone(site):
    here, there = Person(site), Person(site)
    here.sign_in("alice")
    there.sign_in("alice")
    before = dict(here.cookies)
    answer = here.post("/account/end-by-flag/", page="/account/who-am-i/")
    assert answer.status == 302
    assert here.cookies == before
    assert "Nobody yet" in here.get("/account/who-am-i/").text
    assert "Alice Aster" in there.get("/account/who-am-i/").text


def test_sign_up__opens_an_account_and_says_what_is_wrong(site):
    newcomer = Person(site)
    fields = {"email": " New@Desk.Example", "name": "Nell Nettle"}
    answer = newcomer.post("/account/sign-up/", **fields, password1="short", password2="short")
    assert answer.status == 200
    assert "too short" in answer.text
    answer = newcomer.post("/account/sign-up/", **fields, password1="a-long-enough-1", password2="a-long-enough-1")
    assert answer.status == 302
    assert "new@desk.example" in newcomer.get("/account/who-am-i/").text
    assert newcomer.get("/invoices/").status == 200
    assert newcomer.get("/account/sign-up/").status == 302
    again = Person(site).post("/account/sign-up/", **fields, password1="a-long-enough-2", password2="a-long-enough-2")
    assert "has an account" in again.text


NEW_KEY = "/account/keys/new/"


def issue(person, **fields):
    """Fill in the form of a new key, its hidden ticket included."""
    ticket = re.search(r'name="_ticket" value="([^"]+)"', person.get(NEW_KEY).text)[1]
    return person.post(NEW_KEY, **{"_ticket": ticket, "lifetime": "30", "access": "all"} | fields)


def test_keys__the_same_form_issues_once(people):
    person = people["sam"]
    ticket = re.search(r'name="_ticket" value="([^"]+)"', person.get(NEW_KEY).text)[1]
    assert "Copy it now" in issue(person, name="Twice", kind="token", _ticket=ticket).text
    again = issue(person, name="Twice", kind="token", _ticket=ticket)
    assert again.status == 409
    assert "this form was sent before" in again.text
    assert "sa_pat_" not in again.text
    assert person.get("/account/keys/").text.count("Revoke Twice") == 1


def test_keys__issued_once_used_and_revoked(site, people):
    person = people["sam"]
    answer = issue(person, name="Nightly", kind="key", access="chosen", scopes="invoices:read")
    assert answer.headers["Cache-Control"].find("no-store") >= 0
    secret = re.search(r"sa_key_\w+", answer.text).group()
    assert secret not in person.get("/account/keys/").text
    assert site.ask("/api/invoices", headers={"X-Api-Key": secret}).status == 200
    assert site.ask("/account/who-am-i/", headers={"X-Api-Key": secret}).status == 403
    assert site.ask("/account/keys/", headers={"X-Api-Key": secret}).status == 403
    path = re.findall(r'href="(/account/keys/key/\d+/revoke/)"', person.get("/account/keys/").text)[0]
    assert people["alice"].post(path, page=NEW_KEY).status == 404
    assert person.post(path).status == 302
    assert site.ask("/api/invoices", headers={"X-Api-Key": secret}).status == 401


def test_keys__a_chosen_scope_restricts(site, people):
    answer = issue(people["sam"], name="Hall", kind="key", access="chosen", scopes="invoices:read")
    carrier = {"X-Api-Key": re.search(r"sa_key_\w+", answer.text).group()}
    assert site.ask("/api/invoices", headers=carrier).status == 200
    assert site.ask("/account/who-am-i/", headers=carrier).status == 403


def test_keys__a_token_may_not_make_more(site):
    headers = {"Authorization": sam(site)["Authorization"]}
    assert site.ask("/account/keys/", headers=headers).status == 403


def test_invoice__written_sent_and_paid(people):
    person = people["sam"]
    lines = {
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-description": "Ink",
        "lines-0-quantity": "2",
    }
    answer = person.post("/invoices/new/", customer="1", due="2030-01-31", **lines)
    assert answer.status == 422
    answer = person.post("/invoices/new/", customer="1", due="2030-01-31", **lines, **{"lines-0-unit_price": "4.50"})
    page = answer.headers["Location"]
    assert "€ 9.00" in person.get(page).text
    number = page.split("/")[2]
    assert person.post(f"/staff/invoices/{number}/send/", page="/staff/").status == 302
    assert "Sent" in person.get(page).text
    assert person.post(f"/staff/invoices/{number}/paid/", page="/staff/").status == 302
    assert "Mark as paid" not in person.get(page).text


def test_sign_in__does_not_care_for_the_case_of_an_address(site):
    person = Person(site)
    answer = person.post("/account/login/", username="SAM@Desk.Example", password=PASSWORDS["sam"])
    assert answer.status == 302
    assert "Sam Sorrel" in person.get("/account/who-am-i/").text


def test_locked_out__by_a_tick_in_the_admin_on_the_next_request(site, people):
    person = Person(site)
    fields = {
        "email": "gone@desk.example",
        "name": "Gorse",
        "password1": "a-long-enough-1",
        "password2": "a-long-enough-1",
    }
    person.post("/account/sign-up/", **fields)
    secret = re.search(r"sa_pat_\w+", issue(person, name="Mine", kind="token").text)[0]
    carrier = {"Authorization": f"Bearer {secret}"}
    assert site.ask("/api/whoami", headers=carrier).json()["user"] == "gone@desk.example"
    page = re.search(
        r'href="(/admin/accounts/user/[\w-]+/change/)">gone@', people["root"].get("/admin/accounts/user/").text
    )[1]
    answer = people["root"].post(page, email="gone@desk.example", name="Gorse")
    assert answer.status == 302
    assert "Nobody yet" in person.get("/account/who-am-i/").text
    assert site.ask("/api/whoami", headers=carrier).status == 401
