"""Requirements of OWASP ASVS 5.0.0 and NIST SP 800-63B-4 that no other test asks."""

from __future__ import annotations

import ast
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import get_password_validators, validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from sessionauth import LoginManager
from sessionauth.guards import device
from tests.conformance.web import Web
from tests.pages import DOCS, blocks

PACKAGE = Path(__file__).parents[2] / "sessionauth"

pytestmark = pytest.mark.django_db


class Inputs(HTMLParser):
    """The attributes of every input and every form on a page."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag in ("input", "form"):
            self.found.append(dict(attrs))


@pytest.mark.urls("tests.account_urls")
@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("login/", ["current-password"]),
        ("confirm/", ["current-password"]),
        ("password/", ["current-password", "new-password", "new-password"]),
    ],
)
def test_V6_2_6_and_V6_2_7_password_fields(page, wanted, make_user):
    """Masked, and open to paste and to password managers, which find the name beside the password."""
    browser = Client(headers={"accept": "text/html"})
    if page != "login/":
        browser.force_login(make_user())
    found = Inputs(browser.get(f"/account/{page}").text).found
    masked = [field for field in found if "password" in (field.get("name") or "")]
    assert [(field["type"], field["autocomplete"]) for field in masked] == [("password", word) for word in wanted]
    assert any(field.get("autocomplete") == "username" for field in found)
    assert not [name for field in found for name in field if name.startswith("on")]


@pytest.mark.parametrize("password", [" leading and trailing ", "x" * 64, "y" * 1000, "a 20-digit 😀 and a space"])
def test_V6_2_8_and_V6_2_9_password_is_compared_as_it_was_typed(password, make_user, rf):
    user = make_user("alice")
    user.set_password(password)
    user.save()
    request = Web().request_of(Client().get("/who/"))
    changed = {password.strip(), password.swapcase(), password[:-1], password + "x", password[:72]} - {password}
    for other in changed:
        assert not LoginManager().login(request, "alice", other)
    assert LoginManager().login(request, "alice", password)


def recommended():
    """The validators that the documentation recommends."""
    for block in blocks(DOCS / "topics" / "passwords.md"):
        if "AUTH_PASSWORD_VALIDATORS = [" in block.text:
            return get_password_validators(ast.literal_eval(ast.parse(block.text).body[0].value))
    raise AssertionError("there is no such snippet")


@pytest.mark.once
@pytest.mark.parametrize("password", ["84926150374981520637", "correct horse battery", "ä" * 7 + "ö" * 8, "😀" * 15])
def test_V6_2_5_recommended_validators_know_no_rules_of_composition(password):
    validate_password(password, password_validators=recommended())


@pytest.mark.once
@pytest.mark.parametrize("password", ["", "x" * 14, "1qaz2wsx3edc4rfv"])
def test_V6_2_1_recommended_validators_refuse(password):
    with pytest.raises(ValidationError):
        validate_password(password, password_validators=recommended())


@pytest.mark.once
def test_V6_5_3_and_V11_4_1_chance_and_digests():
    """Only `secrets` for chance, nothing weaker than SHA-256 for digests. A random UUID names, and guards nothing."""
    weak = {"md5", "sha1", "random", "uuid1", "uuid3", "uuid5"}
    used = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                used.update(name.name for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                used.update([node.module, *(name.name for name in node.names)])
            elif isinstance(node, ast.Attribute):
                used.add(node.attr)
    assert {"secrets", "sha256"} <= used
    assert used & weak == set()


def test_V3_3_5_device_cookie_is_short(make_user, password, settings):
    settings.SESSIONAUTH_GUARDS_ENABLED = True
    browser = Client()
    make_user("alice")
    browser.post("/login/", {"username": "alice", "password": password})
    assert len(browser.cookies[device.cookie_name()].OutputString()) < 300
