"""Whatever is sent to the example project, the answer is a clear one and never a 500."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tests.example_site import invoices_of, sam

pytest_plugins = ["tests.example_fixtures"]
pytestmark = [pytest.mark.once, pytest.mark.slow]


def changed(**changes: object) -> str:
    line = {"description": "Ink", "quantity": 1, "unit_price": "1.00"}
    return json.dumps({"customer": 1, "due": "2030-01-31", "lines": [line]} | changes)


def line(**changes: object) -> str:
    return changed(lines=[{"description": "Ink", "quantity": 1, "unit_price": "1.00"} | changes])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"text"',
        b"NaN",
        b'{"customer": NaN}',
        b"[" * 100_000,
        b"1" * 5_000,
        "{}",
        changed(lines=None),
        changed(lines={}),
        changed(lines=[]),
        changed(lines=[1]),
        changed(lines=[{}]),
        changed(lines=[{"description": "Ink", "quantity": 1, "unit_price": "1"}] * 21),
        changed(customer=None),
        changed(customer=True),
        changed(customer=[1]),
        changed(customer="1; DROP TABLE"),
        changed(customer=10**30),
        changed(customer=-1),
        changed(due="tomorrow"),
        changed(due=20300131),
        changed(due="2030-02-31"),
        changed(due="99999-01-01"),
        line(description=""),
        line(description="x" * 201),
        line(description="nul\0"),
        line(description="half a pair: \ud800"),
        line(description={"a": 1}),
        line(quantity=0),
        line(quantity=-1),
        line(quantity=10**40),
        line(quantity="many"),
        line(quantity=1.5),
        line(unit_price=1.5),
        line(unit_price="NaN"),
        line(unit_price="Infinity"),
        line(unit_price="1e999"),
        line(unit_price="-1"),
        line(unit_price="12345678.00"),
        line(unit_price="0.001"),
    ],
    ids=range(44),
)
def test_api__wrong_body_is_a_problem_and_saves_nothing(site, body):
    before = len(invoices_of(site))
    answer = site.ask("/api/invoices", "POST", sam(site), body)
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 400
    assert len(invoices_of(site)) == before


def test_api__too_large_a_body_is_a_problem(site):
    answer = site.ask("/api/invoices", "POST", sam(site), b'{"a": "' + b"x" * 3_000_000 + b'"}')
    assert answer.status == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_api__other_content_types_are_a_problem(site, kind):
    assert site.ask("/api/invoices", "POST", sam(site) | {"Content-Type": kind}, changed()).status == 415


@pytest.mark.parametrize(
    "path", ["/api/invoices/0", "/api/invoices/" + "9" * 40, "/api/invoices/x", "/api/", "/api/nowhere"]
)
def test_api__what_is_not_there_is_a_problem(site, path):
    answer = site.ask(path, headers={"Authorization": sam(site)["Authorization"]})
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "NONSENSE"])
def test_api__other_methods_are_a_problem_that_names_the_right_ones(site, method):
    answer = site.ask("/api/invoices", method, {"Authorization": sam(site)["Authorization"]})
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_api__head_and_options(site):
    token = {"Authorization": sam(site)["Authorization"]}
    assert site.ask("/api/invoices", "HEAD", token).body == b""
    assert site.ask("/api/invoices", "OPTIONS").status == 204


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("sam", "/invoices/?page=0"),
        ("sam", "/invoices/?page=-1"),
        ("sam", "/invoices/?page=last"),
        ("sam", "/invoices/?page=" + "9" * 40),
        ("sam", "/invoices/?status=nonsense"),
        ("sam", "/invoices/?status=%00&page=%FF"),
        ("sam", "/staff/customers/?q=%00"),
        ("sam", "/staff/customers/?q=%FF%FE"),
        ("sam", "/staff/customers/?q=" + "x" * 2_000),
        ("sam", "/staff/customers/?q='%20OR%201=1"),
        (None, "/account/login/?next=https://elsewhere.example/"),
        (None, "/account/who-am-i/?%00=%FF"),
    ],
)
def test_pages__odd_addresses_are_no_trouble(people, who, path):
    assert people[who].get(path).status == 200


@pytest.mark.parametrize("path", ["/invoices/0/", "/invoices/" + "9" * 40 + "/", "/invoices/x/"])
def test_pages__what_is_not_there_is_a_404(people, path):
    assert people["sam"].get(path).status == 404


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"customer": "x", "due": "x"},
        {"customer": "9" * 40, "due": "2030-01-31", "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0"},
        {"customer": "1", "due": "2030-01-31", "lines-TOTAL_FORMS": "x", "lines-INITIAL_FORMS": "y"},
        {"customer": "1", "due": "2030-01-31", "lines-TOTAL_FORMS": "9" * 30, "lines-INITIAL_FORMS": "0"},
        {"customer": "1", "due": "2030-01-31", "lines-TOTAL_FORMS": "0", "lines-INITIAL_FORMS": "0"},
        {"customer": "\0", "due": "\0", "lines-TOTAL_FORMS": "-5", "lines-INITIAL_FORMS": "-1"},
    ],
    ids=range(7),
)
def test_invoice_form__nonsense_is_told(people, fields):
    answer = people["sam"].post("/invoices/new/", **fields)
    assert answer.status == 422
    assert "errorlist" in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": "x" * 101, "kind": "token"},
        {"name": "x", "kind": "crown"},
        {"name": "x", "kind": "key", "scopes": "everything", "access": "chosen"},
        {"name": "x", "kind": "key", "lifetime": "-1"},
        {"name": "nul\0", "kind": "key"},
        {"name": "x", "kind": "key", "access": "chosen", "lifetime": "30"},
    ],
    ids=range(7),
)
def test_key_form__nonsense_is_told_and_issues_nothing(people, fields):
    answer = people["sam"].post("/account/keys/new/", **fields)
    assert answer.status == 200
    assert "errorlist" in answer.text
    assert "Copy it now" not in answer.text


@pytest.mark.parametrize("path", ["/account/keys/crown/1/revoke/", "/account/keys/key/" + "9" * 40 + "/revoke/"])
def test_key_revocation__of_nothing_is_a_404(people, path):
    assert people["sam"].post(path, page="/account/keys/new/").status == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Partner": ""},
        {"X-Partner": "nobody"},
        {"X-Partner-Timestamp": ""},
        {"X-Partner-Timestamp": "-1"},
        {"X-Partner-Timestamp": "٣"},
        {"X-Partner-Timestamp": "9" * 400},
        {"X-Partner-Signature": ""},
        {"X-Partner-Signature": "é"},
        {"X-Partner-Signature": "0" * 64},
    ],
    ids=range(9),
)
def test_partner__a_wrong_signature_is_a_401(site, changes):
    command = site.told.partition("# Signed\n")[2].partition("\n")[0]
    headers = dict(word.split(": ", 1) for word in shlex.split(command) if word.startswith("X-Partner"))
    assert site.ask("/api/partner", headers=headers).json()["partner"] == "Northwind Referrals"
    sent = {name: value.encode("utf-8").decode("latin-1") for name, value in (headers | changes).items()}
    assert site.ask("/api/partner", headers=sent).status == 401


def test_partner__a_signature_holds_for_its_own_path_only(site):
    command = site.told.partition("# Signed\n")[2].partition("\n")[0]
    headers = dict(word.split(": ", 1) for word in shlex.split(command) if word.startswith("X-Partner"))
    assert site.ask("/api/partner?x=1", headers=headers).status == 401
    assert site.ask("/api/whoami", headers=headers).status == 401
    assert site.ask("/api/partner", "HEAD", headers=headers).status == 401


def test_server_log__holds_no_traceback_and_no_secret(site, folder):
    log = (folder / "server.log").read_text()
    assert "Internal Server Error" not in log
    assert not re.search(r"sa_(pat|key)_\w{38}", log)
