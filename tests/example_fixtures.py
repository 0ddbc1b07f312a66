"""Fixtures of the tests that ask the example project; a module takes them with `pytest_plugins`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.example_site import PASSWORDS, Person, Site, manage, running


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("example")


@pytest.fixture(scope="session")
def first_start(folder: Path) -> Site:
    """What an earlier start printed; its server is gone."""
    outcome = manage(folder, "demo", "--no-server")
    assert outcome.returncode == 0, outcome.stderr
    return Site(0, outcome.stdout)


@pytest.fixture(scope="session")
def left_behind(folder: Path, first_start: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep what the earlier start left."""
    kept = tmp_path_factory.mktemp("left-behind")
    shutil.copytree(folder, kept, dirs_exist_ok=True)
    return kept


@pytest.fixture
def begun(left_behind: Path, tmp_path: Path) -> Path:
    """Return a folder of this test's own in which the demo was started once: making a database takes seconds."""
    return Path(shutil.copytree(left_behind, tmp_path / "begun"))


@pytest.fixture(scope="session")
def site(folder: Path, first_start: Site, left_behind: Path) -> Iterator[Site]:
    with running(folder) as started:
        yield started


@pytest.fixture(scope="session")
def people(site: Site) -> dict[str | None, Person]:
    """Everybody, signed in, and None for nobody."""
    found: dict[str | None, Person] = {None: Person(site)}
    for name in PASSWORDS:
        found[name] = Person(site)
        assert found[name].sign_in(name).status == 302
    return found
