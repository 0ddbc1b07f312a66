"""The generated pages of the reference say what the package says."""

from __future__ import annotations

import re
import runpy
from datetime import timedelta

import pytest

from sessionauth import checks, conf
from tests.pages import ROOT

pytestmark = pytest.mark.once

GENERATOR = runpy.run_path(str(ROOT / "docs" / "_ext" / "reference.py"))
PAGES = sorted(GENERATOR["PAGES"])


def text_of(name: str) -> str:
    return (ROOT / "docs" / "reference" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_page__is_as_the_package_has_it(name):
    assert text_of(name) == GENERATOR["page"](name), "Run `python docs/_ext/reference.py`."


@pytest.mark.parametrize("name", PAGES)
def test_page__says_nothing_that_follows_from_a_machine_or_a_run(name):
    assert not re.search(r" at 0x|<class|object>", text_of(name))


def test_settings__have_a_comment_each():
    comments = GENERATOR["comments_of_settings"]()
    assert list(comments) == list(conf.declared())
    assert [name for name, comment in comments.items() if not comment.endswith(".")] == []


def test_settings__have_a_section_each():
    assert re.findall(r"^## (\w+)$", text_of("settings"), re.MULTILINE) == list(conf.declared())


def test_checks__have_a_row_each():
    ids = re.findall(r"^\| `(sessionauth\.[EW]\d{3})`", text_of("checks"), re.MULTILINE)
    assert ids == [finding.id for finding in checks.findings()]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (20, "20"),
        ("", '""'),
        ((), "()"),
        ({}, "{}"),
        (frozenset({"B", "A"}), '{"A", "B"}'),
        (timedelta(minutes=15), "timedelta(minutes=15)"),
        (timedelta(seconds=90), "timedelta(seconds=90)"),
    ],
)
def test_literal__is_as_in_a_settings_file(value, text):
    assert GENERATOR["literal"](value) == text
