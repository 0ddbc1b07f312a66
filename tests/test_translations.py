"""Every string for people is in every catalogue, and what is shipped compiled is what stands in the source."""

from __future__ import annotations

import ast
import gettext
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import LazySettings
from django.test import Client
from django.utils.translation import override

PACKAGE = Path(__file__).parent.parent / "sessionauth"
CATALOGUES = sorted(PACKAGE.glob("locale/*/LC_MESSAGES/django.po"))
MARKERS = {"_", "gettext", "gettext_lazy"}

pytestmark = pytest.mark.once


def marked_strings() -> Iterator[str]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKERS:
                argument = node.args[0]
                assert isinstance(argument, ast.Constant), f"{path}:{node.lineno}: only literal strings can be found"
                yield str(argument.value)


def test_there_is_a_catalogue() -> None:
    assert CATALOGUES


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_catalogue_is_complete_and_has_nothing_over(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    translated = {message.id for message in catalogue if message.id and message.string}
    assert translated == set(marked_strings())


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_compiled_catalogue_matches_its_source(path: Path) -> None:
    with path.open("rb") as file:
        source = {message.id: message.string for message in read_po(file) if message.id}
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {original: compiled.gettext(str(original)) for original in source} == source


@pytest.mark.django_db
def test_the_client_reads_its_own_language(settings: LazySettings, client: Client) -> None:
    settings.SESSIONAUTH_ON_FAILURE = "redirect"
    settings.LOGIN_URL = None
    with override("de"):
        assert client.get("/untouched/").json()["detail"] == "Sie müssen sich anmelden."
