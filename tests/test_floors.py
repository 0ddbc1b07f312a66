"""The house keeps its floors: who may import whom, no long files, no import hidden in a function."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
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


def test_the_picture_of_the_floors_names_what_stands_on_them():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"] == "floors")
    picture = (ROOT / "CONTRIBUTING.md").read_text().partition("6 roof")[2].partition("```")[0]
    floors = {"pages", "skins", "edge", "identity", "rooms", "ground"}
    assert set(re.findall("[a-z_]+", picture)) - floors == set(re.findall("[a-z_]+", " ".join(layers)))


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
