"""The generated pages of the reference say what the package says."""

from __future__ import annotations

import re
import runpy
from datetime import timedelta

import pytest

from sessionauth import checks, conf
from tests.pages import ROOT, name_of, pages

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


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_tables__are_as_the_package_has_them(page):
    text = page.read_text(encoding="utf-8")
    assert text == GENERATOR["with_tables"](text), "Run `python docs/_ext/reference.py`."


def test_tables__are_written_where_they_are_wanted():
    text = "Before.\n\n% Defaults: FRESH_AGE\n\n| other |\n|---|\n\nAfter.\n"
    link = "[`FRESH_AGE`](/reference/settings.md#sessionauth_fresh_age)"
    comment = "How long a login counts as fresh, a timedelta or seconds."
    assert GENERATOR["with_tables"](text) == (
        "Before.\n\n% Defaults: FRESH_AGE\n\n"
        "| `SESSIONAUTH_…` | default | |\n|---|---|---|\n"
        f"| {link} | `timedelta(minutes=15)` | {comment} |\n\n| other |\n|---|\n\nAfter.\n"
    )
    assert GENERATOR["with_tables"](GENERATOR["with_tables"](text)) == GENERATOR["with_tables"](text)


def test_settings__have_a_comment_each():
    comments = GENERATOR["comments_of_settings"]()
    assert list(comments) == list(conf.declared())
    assert [name for name, comment in comments.items() if not comment.endswith(".")] == []


def test_settings__have_a_section_each():
    assert re.findall(r"^## (\w+)$", text_of("settings"), re.MULTILINE) == list(conf.declared())


def test_checks__have_a_row_each():
    ids = re.findall(r"^\| `(sessionauth\.[EW]\d{3})`", text_of("checks"), re.MULTILINE)
    assert sorted(ids, key=lambda one: one[-3:]) == [finding.id for finding in checks.findings()]


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
        (timedelta(days=30), "timedelta(days=30)"),
        (timedelta(days=1, minutes=1), "timedelta(minutes=1441)"),
        ((30, timedelta(hours=1)), "[30, timedelta(minutes=60)]"),
        (
            {"NAME": "a.b", "OPTIONS": {"rates": ("5/m", "9/h")}},
            '{"NAME": "a.b", "OPTIONS": {"rates": ["5/m", "9/h"]}}',
        ),
    ],
)
def test_literal__is_as_in_a_settings_file(value, text):
    assert GENERATOR["literal"](value) == text
