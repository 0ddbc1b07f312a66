"""The pattern in the words of other scanners."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml

from sessionauth import crypto
from sessionauth.credentials import patterns

pytestmark = pytest.mark.once

GOOD = [
    crypto.new_secret("sa", kind, environment) for kind in ("pat", "key", "ref", "org") for environment in ("", "live")
]


def regexes() -> list[str]:
    fields = dict(line.split(": ", 1) for line in patterns.written("github").splitlines())
    github = "(?:{0[Before secret]})({0[Secret format]})(?:{0[After secret]})".format(
        {name: text.strip() for name, text in fields.items()}
    )
    [rule] = tomllib.loads(patterns.written("gitleaks"))["rules"]
    [detector] = yaml.safe_load(patterns.written("trufflehog"))["detectors"]
    return [patterns.written("regex"), github.replace(r"\z", r"\Z"), rule["regex"], detector["regex"]["secret"]]


@pytest.mark.parametrize("place", range(4))
def test_pattern__finds_all_of_ours_and_no_more(place):
    pattern = re.compile(regexes()[place])
    for secret in GOOD:
        assert pattern.search(f'key = "{secret}"')
        assert pattern.search(secret)
        for near in (secret[:-1], secret + "x", secret.replace("sa_", "sb_"), secret.swapcase()):
            assert not pattern.search(near)


def test_pattern__uses_nothing_that_re2_and_hyperscan_lack():
    for regex in regexes():
        assert not re.search(r"\(\?[=!<>P]|\\[1-9]", regex)


def test_keywords__are_how_secrets_begin():
    [rule] = tomllib.loads(patterns.written("gitleaks"))["rules"]
    [detector] = yaml.safe_load(patterns.written("trufflehog"))["detectors"]
    for words in (rule["keywords"], detector["keywords"]):
        assert all(any(secret.startswith(word) for word in words) for secret in GOOD)


def test_sample__has_the_form_and_is_found():
    parsed = crypto.parse(patterns.sample(), "sa")
    assert parsed is not None
    assert re.search(patterns.written("regex"), patterns.sample())


def test_brand__is_todays(settings):
    settings.SESSIONAUTH_KEY_BRAND = "acme"
    assert all("acme_" in patterns.written(form) and "sa_" not in patterns.written(form) for form in patterns.FORMS)
