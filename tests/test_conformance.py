"""Every claim of docs/conformance.md names a test, and that test exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conformance.md"

#: Anything that looks as if it were meant to be a reference; what is well formed is decided below.
MENTION = re.compile(r"tests/[^\s`|,;)\]]*")
WELL_FORMED = re.compile(r"tests/(?:\w+/)*\w+\.py(?:::\w+){1,2}")


def references() -> list[str]:
    return sorted(set(MENTION.findall(PAGE.read_text(encoding="utf-8"))))


@cache
def names_in(file: str) -> frozenset[tuple[str, ...]]:
    """The functions and classes of a test file, and the methods of its classes."""
    names: set[tuple[str, ...]] = set()
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add((node.name,))
        if isinstance(node, ast.ClassDef):
            methods = (n for n in node.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
            names.update((node.name, method.name) for method in methods)
    return frozenset(names)


def fault(reference: str) -> str | None:
    """Say what is wrong with a reference, if anything is."""
    if not WELL_FORMED.fullmatch(reference):
        return "is not tests/<file>.py::<name>"
    file, *names = reference.split("::")
    if not (ROOT / file).is_file():
        return "names no file"
    if tuple(names) not in names_in(file):
        return "names no test in that file"
    if not names[-1].startswith(("test_", "Test")):
        return "names something that pytest does not run"
    return None


def test_conformance__every_reference_leads_to_a_test():
    faults = {reference: told for reference in references() if (told := fault(reference))}
    assert faults == {}


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("tests/test_conformance.py::test_conformance__every_reference_leads_to_a_test", None),
        ("tests/test_conformance.py", "is not tests/<file>.py::<name>"),
        ("tests/test_conformance.py::", "is not tests/<file>.py::<name>"),
        ("tests/test_conformance::test_x", "is not tests/<file>.py::<name>"),
        ("tests/test_nowhere.py::test_x", "names no file"),
        ("tests/test_conformance.py::test_nothing", "names no test in that file"),
        ("tests/test_conformance.py::fault", "names something that pytest does not run"),
    ],
)
def test_fault__tells_what_is_wrong(reference, told):
    assert fault(reference) == told
