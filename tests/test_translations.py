"""Every string for people is in every catalogue, and what is shipped compiled is what stands in the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import LazySettings
from django.test import Client
from django.utils.translation import override
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).parent.parent / "sessionauth"
CATALOGUES = sorted(PACKAGE.glob("locale/*/LC_MESSAGES/django.po"))
MARKERS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}

#: A marker as Django turns the tags of a template into, with the strings that follow it.
LITERAL = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
MARKED = re.compile(rf"\b({'|'.join(sorted(MARKERS))})\(\s*({LITERAL}(?:\s*,\s*{LITERAL})*)")

FIELD = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")

#: Context and string; for what is counted, a pair of strings.
Marked = tuple[str | None, str | tuple[str, ...]]

pytestmark = pytest.mark.once


def marked(marker: str, texts: tuple[str, ...]) -> Marked:
    context, rest = (texts[0], texts[1:]) if marker.startswith("pgettext") else (None, texts)
    return context, rest[:2] if marker.startswith("ngettext") else rest[0]


def strings_of_python(path: Path) -> Iterator[Marked]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and (marker := getattr(node.func, "id", "")) in MARKERS:
            wanted = node.args[: 2 if marker.startswith(("ngettext", "pgettext")) else 1]
            literal = all(isinstance(one, ast.Constant) for one in wanted)
            assert literal, f"{path}:{node.lineno}: only literal strings can be found"
            yield marked(marker, tuple(one.value for one in wanted))  # type: ignore[attr-defined]


def strings_of_template(path: Path) -> Iterator[Marked]:
    for marker, texts in MARKED.findall(templatize(path.read_text(), origin=str(path))):
        yield marked(marker, ast.literal_eval(f"({texts},)"))


def marked_strings() -> set[Marked]:
    found: set[Marked] = set()
    for path in PACKAGE.rglob("*.py"):
        found.update(strings_of_python(path))
    for folder in ("templates/**/*.html", "templates/**/*.txt"):
        for path in PACKAGE.glob(folder):
            found.update(strings_of_template(path))
    return found


def test_there_is_a_catalogue() -> None:
    assert CATALOGUES


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_catalogue_is_complete_and_has_nothing_over(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    translated = {(message.context, message.id) for message in catalogue if message.id and all(_texts(message.string))}
    assert translated == marked_strings()


def _texts(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_catalogue__keeps_the_fields_of_each_string(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if message.id:
            wanted = [set(FIELD.findall(one)) for one in _texts(message.id)]
            # A singular may leave the number out.
            for text in _texts(message.string):
                assert wanted[0] & wanted[-1] <= set(FIELD.findall(text)) <= set().union(*wanted), message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_compiled_catalogue_matches_its_source(path: Path) -> None:
    with path.open("rb") as file:
        source = {(one.context, _texts(one.id)): _texts(one.string) for one in read_po(file) if one.id}
    with path.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    assert {(_context(one.context), _texts(one.id)): _texts(one.string) for one in compiled if one.id} == source


def _context(read: str | bytes | None) -> str | None:
    """Return the context of a message; Babel leaves it encoded in what is compiled."""
    return read.decode() if isinstance(read, bytes) else read


@pytest.mark.django_db
def test_the_client_reads_its_own_language(settings: LazySettings, client: Client) -> None:
    settings.SESSIONAUTH_ON_FAILURE = "redirect"
    settings.LOGIN_URL = None
    with override("de"):
        assert client.get("/untouched/").json()["detail"] == "Sie müssen sich anmelden."
