"""The example project's ways in: forms, remembered browsers, links by mail, and JSON with curl's cookie jar."""

from __future__ import annotations

import json
import re
import subprocess
import time

import pytest

from tests.example_site import PASSWORDS, Person, Site, environment, running

pytest_plugins = ["tests.example_fixtures"]
pytestmark = [pytest.mark.once, pytest.mark.slow]

SESSION = "/account/session/"


class Curl:
    """A client of JSON that is nothing but curl, a cookie jar, and the token that the last answer told."""

    def __init__(self, site, folder):
        self.site, self.folder, self.token = site, folder, ""

    def __call__(self, path, method="GET", **fields):
        command = ["curl", "-q", "-sS", "--noproxy", "*", "-b", "jar", "-c", "jar", "-w", "\\n%{http_code}"]
        command += ["-X", method, "-H", f"X-CSRFToken: {self.token}"]
        if fields:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(fields)]
        done = subprocess.run(
            [*command, self.site.url + path], cwd=self.folder, capture_output=True, text=True, timeout=30, check=True
        )
        body, _, status = done.stdout.rpartition("\n")
        told = json.loads(body) if body.startswith("{") else {}
        self.token = told.get("csrf_token", self.token)
        return int(status), told


@pytest.fixture
def curl(site, tmp_path):
    return Curl(site, tmp_path)


def test_curl__signs_up_sees_itself_signs_out_and_in_again(curl):
    """The example of starlite-sessions, and Litestar's of the same: sign up, log in, who am I, log out."""
    who = {"email": "curl@desk.example", "name": "Curl"}
    password = "a-long-enough-1"
    assert curl(SESSION)[1]["user"] is None
    assert curl("/api/invoices")[0] == 401
    status, told = curl("/account/sign-up/", "POST", **who, password1=password, password2="another")
    assert (status, list(told["errors"])) == (400, ["password2"])
    status, told = curl("/account/sign-up/", "POST", **who, password1=password, password2=password)
    assert (status, told["user"]["display_name"]) == (201, "Curl")
    assert curl("/api/whoami")[1]["user"] == "curl@desk.example"
    assert curl("/api/invoices")[0] == 200
    assert curl(SESSION, "DELETE")[0] == 204
    assert curl("/api/invoices")[0] == 401
    curl(SESSION)
    status, told = curl(SESSION, "POST", username=who["email"], password="wrong")
    assert (status, told["code"]) == (401, "invalid_login")
    status, told = curl(SESSION, "POST", username=who["email"], password=password)
    assert (status, told["state"]) == (200, "fresh")
    assert curl(SESSION, "DELETE")[0] == 204


def test_curl__changes_its_password_and_ends_its_other_devices(site, curl):
    phone = Person(site)
    password = "a-long-enough-1"
    curl(SESSION)
    fields = {"email": "two@desk.example", "name": "Two", "password1": password, "password2": password}
    assert curl("/account/sign-up/", "POST", **fields)[0] == 201
    assert phone.post("/account/login/", username="two@desk.example", password=password).status == 302
    status, told = curl("/account/devices/")
    assert [device["is_current"] for device in told["devices"]] == [True, False]
    assert curl("/account/devices/others/end/", "POST")[0] == 204
    assert "Nobody yet" in phone.get("/account/who-am-i/").text
    new = {"new_password1": "a-longer-one-22", "new_password2": "a-longer-one-22"}
    assert curl("/account/password/", "POST", old_password="wrong", **new)[0] == 400
    assert curl("/account/password/", "POST", old_password=password, **new)[0] == 200
    assert curl(SESSION)[1]["user"]["display_name"] == "Two"


def test_remembered__comes_back_without_the_session_but_not_fresh(site):
    person = Person(site)
    assert person.sign_in("sue", remember="on").status == 302
    del person.cookies["invoice_desk_session"]
    page = person.get("/account/who-am-i/").text
    assert "LoginState.REMEMBERED" in page
    answer = person.get("/account/bank-details/")
    assert (answer.status, answer.headers["Location"]) == (302, "/account/confirm/?next=/account/bank-details/")
    answer = person.post("/account/confirm/?next=/account/bank-details/", password=PASSWORDS["sue"])
    assert (answer.status, answer.headers["Location"]) == (302, "/account/bank-details/")
    assert "fresh enough for this page" in person.get("/account/bank-details/").text


def mailed(site: Site, subject: str, person: Person) -> str:
    """Return the path in the newest mail of this subject, as the page of mails shows it; sent aside of the answer."""
    for _ in range(100):
        mail = re.search(rf"{subject}</h2>.*?href=\"http://[^/]+(/[^\"]+)\"", person.get("/mails/").text, re.DOTALL)
        if mail:
            return mail[1]
        time.sleep(0.1)
    raise AssertionError(f"no mail {subject!r}")


def test_link__signs_in_once_by_post(site):
    person = Person(site)
    assert person.post("/account/link/", email="SUE@desk.example").status == 302
    link = mailed(site, "Your sign-in link", person)
    assert "works once" in person.get(link).text
    assert "Nobody yet" in person.get("/account/who-am-i/").text
    assert person.post(link).status == 302
    page = person.get("/account/who-am-i/").text
    assert "sue@desk.example" in page
    assert re.search(r"<code>proofs</code>.*?link", page, re.DOTALL)
    assert Person(site).post(link).status == 410
    assert Person(site).post("/account/link/forged/").status == 410


def test_reset__by_the_mail_that_the_demo_shows(site):
    person = Person(site)
    password = "a-long-enough-1"
    fields = {"email": "reset@desk.example", "name": "Reseda", "password1": password, "password2": password}
    assert person.post("/account/sign-up/", **fields).status == 302
    stranger = Person(site)
    assert stranger.post("/account/password/reset/", email="reset@desk.example").status == 302
    form = stranger.get(mailed(site, "A new password for [^<]*", stranger)).headers["Location"]
    new = {"new_password1": "a-longer-one-22", "new_password2": "a-longer-one-22"}
    assert stranger.post(form, **new).status == 302
    assert "Nobody yet" in person.get("/account/who-am-i/").text
    answer = stranger.post("/account/login/", username="reset@desk.example", password="a-longer-one-22")
    assert answer.status == 302


def test_guards__refuse_the_eleventh_try_and_say_so(site):
    statuses = []
    for _ in range(11):
        answer = Person(site).post("/account/login/", username="nobody@desk.example", password="wrong")
        statuses.append(answer.status)
    assert statuses == [200] * 10 + [429]
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many attempts to sign in." in answer.text


def test_guessing__the_line_of_the_demo(begun):
    """Ten passwords of a name that nobody has are looked at, and no more. On a site of its own: it uses up attempts."""
    with running(begun) as site:
        (line,) = (line for line in site.told.splitlines() if line.startswith("for n in"))
        done = subprocess.run(
            ["bash", "-c", line], capture_output=True, text=True, timeout=60, check=True, env=environment(begun)
        )
    assert done.stdout.split() == ["401"] * 10 + ["429"]
