"""The house keeps its floors: who may import whom, no long files, no import hidden in a function."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sessionauth"
LONGEST = 300

#: Where an import inside a function has a reason, and which.
HIDDEN_IMPORTS_ALLOWED = {
    "sessionauth/__init__.py": "the public names are loaded on first use",
    "sessionauth/apps.py": "models exist only once the apps are ready",
}


def files() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.slow
def test_import_contracts_hold():
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program) if program.exists() else shutil.which("lint-imports"), "--no-cache"]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_no_file_is_longer_than_a_reader_holds_in_mind(path):
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_no_import_hides_in_a_function(path):
    if name_of(path) in HIDDEN_IMPORTS_ALLOWED:
        return
    assert [f"{name_of(path)}:{line}" for line in imports_in_functions(path)] == []


def test_the_allowances_are_all_in_use():
    unused = [name for name in HIDDEN_IMPORTS_ALLOWED if not any(imports_in_functions(ROOT / name))]
    assert unused == []


def test_there_is_no_drawer():
    drawers = {"utils", "helpers", "common", "misc", "tools", "lib"}
    assert [name_of(path) for path in files() if path.stem in drawers or path.parent.name in drawers] == []


def imports_in_functions(path: Path) -> Iterator[int]:
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    yield node.lineno
