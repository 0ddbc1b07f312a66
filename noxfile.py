"""The supported Pythons and Djangos: `./dev matrix`."""

from __future__ import annotations

import glob
import os

import nox

MATRIX = {
    "3.11": ["5.2"],
    "3.12": ["5.2", "6.0", "6.1"],
    "3.13": ["5.2", "6.0", "6.1"],
}

SUITE = ["-q", "-n", "2", "--dist", "worksteal"]

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"

# A cell whose Python is not here is skipped by name, not downloaded.
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
# pyenv's shims answer only for the versions switched on: look behind them.
BEHIND = sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.1*/bin")))
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *BEHIND])


@nox.session
@nox.parametrize(
    ("python", "django"),
    [nox.param(python, django, id=f"{python}-{django}") for python, versions in MATRIX.items() for django in versions],
)
def tests(session: nox.Session, django: str) -> None:
    """Run the suite on SQLite, less what asks nothing of Python's and Django's version."""
    session.install("--editable", ".[test]", f"django~={django}.0")
    session.run("python", "-X", "dev", "-m", "pytest", *SUITE, "-m", "not once", *session.posargs)


@nox.session(default=False)
def mariadb(session: nox.Session) -> None:
    """Run the suite on the system's MariaDB: `./dev matrix -s mariadb`."""
    session.install("--editable", ".[test]", "mysqlclient")
    wanted = ["--db", "mariadb", "-m", "not once and not coat"]
    session.run("python", "-X", "dev", "-m", "pytest", *SUITE, *wanted, *session.posargs)
