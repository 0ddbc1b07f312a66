"""Does what a page tells its reader to do: writes the files, types the commands, compares what comes back."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Self
from urllib.error import URLError

from tests.pages import ROOT, Block
from tests.snippets import merged

#: What prepares a machine; here it is prepared.
PREPARED = ("python -m venv", ". .venv/", "pip install", "python -m pip install")
ADDRESS = "127.0.0.1:8000"
SECRET = re.compile(r"\bsa_[a-z]+_[0-9A-Za-z]{38}\b")

#: The server is on this machine, whatever proxies there are.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
NO_PROXY = {"NO_PROXY": "*", "no_proxy": "*"}

#: Runs the examples of a `pycon` block; what they print is told even where it is as expected, for the secrets in it.
EXAMPLES = """\
import doctest, os, re, sys
import django
from django.test.utils import setup_test_environment
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
sys.path.insert(0, os.getcwd())
django.setup()
setup_test_environment()

class Checker(doctest.OutputChecker):
    def check_output(self, want, got, flags):
        sys.stderr.write(got)
        return super().check_output(re.sub("\\u2026[0-9A-Za-z]{4}\\\\b|\\u2026", "...", want), got, flags)

flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
test = doctest.DocTestParser().get_doctest(sys.stdin.read(), {}, sys.argv[1], sys.argv[1], 0)
sys.exit(min(doctest.DocTestRunner(Checker(), optionflags=flags).run(test).failed, 1))
"""


class Player:
    """A project in `folder` in which blocks are played one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.server: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self.examples: list[Block] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *trouble: object) -> None:
        self.stop_server()

    def play(self, blocks: Iterable[Block]) -> None:
        """Do what `blocks` say; one that shows something and names no file is only to be read."""
        for block in blocks:
            if block.language == "pycon":
                self.examples.append(block)
                continue
            self.run_examples()
            if block.language == "console":
                self.type_commands(block)
            elif block.file:
                self.write(block)
        self.run_examples()

    def write(self, block: Block) -> None:
        """Bring the file to what the block shows: Python is merged by name, anything else replaced."""
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_text() if path.exists() and path.suffix == ".py" else ""
        path.write_text(merged(old, block.text) if path.suffix == ".py" else block.text)
        self.stop_server()

    def run_examples(self) -> None:
        """Run the collected `pycon` blocks in one process, as one session of `manage.py shell`."""
        if self.examples:
            where, text = str(self.examples[0]), "\n".join(block.text for block in self.examples)
            self.examples = []
            self.ask(text, where)

    def ask(self, text: str, where: str) -> None:
        """Run the examples in `text`; what they print must be as told."""
        done = self._run([sys.executable, "-W", "error", "-c", EXAMPLES, where], text)
        assert done.returncode == 0, f"{where}\n{done.stdout}\n{done.stderr}"
        self._remember(done.stderr)

    def _remember(self, shown: str) -> None:
        """Note the secrets that a reader was shown: what begins like one stands for it in later commands."""
        for secret in SECRET.findall(shown):
            self.secrets[secret.rpartition("_")[0]] = secret

    def type_commands(self, block: Block) -> None:
        """Type the commands of a `console` block; what stands below one must come back, `…` being anything."""
        for command, expected in commands(block.text):
            if not command.startswith(PREPARED):
                self._type(command, expected, str(block))

    def _type(self, command: str, expected: str, where: str) -> None:
        for words, secret in self.secrets.items():
            command = command.replace(f"{words}_…", secret)
        assert "…" not in command, f"{where}: nothing has been shown that could stand in {command!r}"
        if assignment := re.fullmatch(r"([A-Z]+)=(\S+)", command):
            self.variables[assignment[1]] = assignment[2]
            return
        if "curl" in command or "runserver" in command:
            self.start_server()
        if "runserver" not in command:
            got = self.shell(command)
            self._remember(got)
            assert not expected.strip() or _alike(expected, got), f"{where}: {command}\n{got}"

    def shell(self, command: str) -> str:
        """Run `command` and return what it prints."""
        command = re.sub(r"^django-admin\b", "python -m django", command).replace(ADDRESS, f"127.0.0.1:{self.port}")
        done = self._run(["sh", "-c", re.sub(r"\bpython\b", sys.executable, command)], "")
        got = done.stdout.replace("\r\n", "\n").replace(str(self.port), "8000")
        assert done.returncode == 0, f"{command}\n{got}\n{done.stderr}"
        return got

    def start_server(self) -> None:
        """Serve the project, unless it is being served as it stands."""
        if self.server is not None:
            return
        command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{self.port}"]
        with (self.folder / "server.log").open("wb") as log:
            self.server = subprocess.Popen(command, cwd=self.folder, env=self._environment(), stdout=log, stderr=log)
        for _ in range(600):
            try:
                DIRECTLY.open(f"http://127.0.0.1:{self.port}/", timeout=5).close()
            except URLError as error:
                if hasattr(error, "code"):  # it answers, if only "not found"
                    return
            else:
                return
            assert self.server.poll() is None, (self.folder / "server.log").read_text()
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def stop_server(self) -> None:
        """End the server; the next request finds one that has read the changed files."""
        if self.server is not None:
            self.server.terminate()
            self.server.wait()
            self.server = None

    def _run(self, command: list[str], typed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment(),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))}
        return inherited | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | NO_PROXY | self.variables


def commands(text: str) -> list[tuple[str, str]]:
    """Return the commands after `$ `, each with the lines that stand below it."""
    found: list[tuple[str, str]] = []
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        while command.endswith("\\") or command.count('"') % 2:
            more, _, expected = expected.partition("\n")
            command = f"{command}\n{more}"
        found.append((command, expected))
    return found


def _alike(expected: str, got: str) -> bool:
    parts = (r"\s+".join(map(re.escape, part.split())) for part in expected.split("…"))
    return re.fullmatch(r"\s*" + r".*?".join(f"{part}\\s*" for part in parts), got.strip(), re.DOTALL) is not None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
