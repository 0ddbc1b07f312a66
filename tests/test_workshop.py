"""The tools a developer starts: they parse, tell what they do, and hold nothing of one machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
COMMANDS = ["demo", "test", "matrix", "lint", "docs", "bench", "shots"]

#: Folders that are a machine's and not a project's, spelt so that this file does not name one itself.
MACHINE_PATHS = re.compile(r"(?<![\w.~>{}])/(?:work|root|farm|opt|home|Users)/\w")
#: A package index, or one of its files.
REGISTRIES = re.compile(r"https?://[^\s\"')]+/(?:simple|packages)/")


def tracked() -> list[Path]:
    """What git keeps; a copy without git has no more to be asked than this."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:  # a picture, a compiled catalogue
        return ""


@pytest.mark.parametrize("script", ["dev"])
def test_scripts__parse_as_posix_sh(script):
    shell = shutil.which("dash") or "sh"
    assert subprocess.run([shell, "-n", script], cwd=ROOT, check=False).returncode == 0


def test_ci__parses_as_bash():
    assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("script", ["dev", ".ci/run"])
def test_scripts__can_be_started(script):
    assert os.access(ROOT / script, os.X_OK)


def test_dev_help__lists_every_command():
    told = subprocess.run(["./dev", "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  (\w+) ", told, re.MULTILINE) == COMMANDS


def test_dev__every_listed_command_exists():
    script = (ROOT / "dev").read_text()
    assert [name for name in COMMANDS if not re.search(rf"^{name}\)$", script, re.MULTILINE)] == []


def test_dev__unknown_command_is_refused_with_the_list():
    outcome = subprocess.run(["./dev", "frobnicate"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert "no such command: frobnicate" in outcome.stderr


#: Two lanes: the second is through first, with a failure.
LANES = """
slow() { step slow sleep 0.5; }
wrong() { step wrong false; step right true; }
abreast slow wrong
summary
"""


def run_steps(steps: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `steps`, in the language of `dev`, in `folder`."""
    script = (ROOT / "dev").read_text()
    functions = [script[script.index("say() {") : script.index("# ---- the environment")]]
    functions.append(script[script.index("# ---- steps") : script.index("\npy() {")])
    command = ["sh", "-euc", "\n".join([*functions, 'mkdir -p "$logs"', steps])]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_dev_steps__abreast_are_told_in_order_and_fail_together(tmp_path):
    outcome = run_steps(LANES, tmp_path)
    told = [line.split()[:2] for line in outcome.stdout.splitlines()]
    assert (outcome.returncode, told) == (1, [["ok", "slow"], ["FAILED", "wrong"], ["ok", "right"]])
    assert outcome.stderr == "failed:\n  wrong (build/logs/wrong.log)\n"


FAILING = """
import logging
import pytest

@pytest.mark.parametrize("n", range(600))
def test_many(n):
    pass

def test_wrong():
    logging.getLogger().error("said meanwhile")
    raise ValueError("for this reason")

@pytest.fixture
def broken():
    raise ValueError("for another")

def test_broken(broken):
    pass
"""


PYTEST = f"step tests {sys.executable} -m pytest -q -ra --tb=short test_failing.py\nsummary"


def test_dev_steps__of_pytest_tell_the_names_first_and_at_the_end_and_no_dots(tmp_path):
    (tmp_path / "test_failing.py").write_text(FAILING)
    outcome = run_steps(PYTEST, tmp_path)
    names = ["ERROR test_failing.py::test_broken", "FAILED test_failing.py::test_wrong"]
    lines = [line.strip().partition(" - ")[0] for line in outcome.stdout.splitlines()]
    assert lines[0].startswith("FAILED  tests")
    assert lines[1:3] == names
    assert "E   ValueError: for this reason" in lines
    assert "E   ValueError: for another" in lines
    assert not any("....." in line for line in lines)
    assert [line.strip().partition(" - ")[0] for line in outcome.stderr.splitlines()[2:]] == names


def test_dev_steps__tell_no_more_than_can_be_kept(tmp_path):
    told = run_steps("many() { seq 5000; false; }\nstep many many\nsummary", tmp_path).stdout.split()
    assert (told[-1], len(told) < 400) == ("5000", True)
    (tmp_path / "test_failing.py").write_text(FAILING.replace("    pass", "    assert n < 0"))
    outcome = run_steps(PYTEST, tmp_path)
    assert outcome.stdout.count("    FAILED test_failing.py::") == 49  # and an error
    assert len(outcome.stdout.splitlines()) < 400
    assert len(outcome.stderr.splitlines()) < 60


def test_dev__finds_every_test_of_the_projects_in_a_module_of_tests():
    elsewhere = [path for path in (ROOT / "tests").rglob("*.py") if not path.name.startswith("test_")]
    assert [path for path in elsewhere if "mark.every_project" in text_of(path)] == []


def test_tracked_files__hold_no_path_of_a_machine():
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if (match := MACHINE_PATHS.search(text_of(path)))
    ]
    assert found == []


def test_tracked_files__hold_no_registry_address():
    assert [str(path.relative_to(ROOT)) for path in tracked() if REGISTRIES.search(text_of(path))] == []


def test_tracked_files__hold_no_lock_file():
    assert [path.name for path in tracked() if path.suffix == ".lock" or path.name == "package-lock.json"] == []
