"""What is shipped: the package with everything it needs at run time, and nothing else."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import sessionauth

pytestmark = [pytest.mark.once, pytest.mark.slow]

ROOT = Path(__file__).parents[1]
NOT_SHIPPED = ("tests/", "example_project/", "benchmarks/", "docs/", ".ci/")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the sdist, and the wheel from that sdist, off a copy of the files a release would hold."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    clutter = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("sessionauth", "tests", "example_project"):
        shutil.copytree(ROOT / name, source / name, ignore=clutter)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(source)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return target


@pytest.fixture(scope="module")
def wheel(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        yield archive


@pytest.fixture(scope="module")
def sdist_names(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def run_time_files():
    """Every file below sessionauth/ that is not a by-product."""
    found = (path for path in (ROOT / "sessionauth").rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


def test_wheel__carries_every_file_of_the_package(wheel):
    assert run_time_files() - set(wheel.namelist()) == set()


def test_sdist__carries_every_file_of_the_package(sdist_names):
    assert run_time_files() - sdist_names == set()


@pytest.mark.parametrize("needed", ["sessionauth/py.typed", "sessionauth/migrations/0001_initial.py"])
def test_wheel__carries_types_and_migrations(wheel, needed):
    assert needed in wheel.namelist()


@pytest.mark.parametrize("folder", ["templates", "static", "locale"])
def test_wheel__carries_what_the_package_shows(wheel, folder):
    ours = [name for name in run_time_files() if name.startswith(f"sessionauth/{folder}/")]
    assert set(ours) <= set(wheel.namelist())


def test_wheel__carries_nothing_else(wheel):
    strangers = [n for n in wheel.namelist() if not n.startswith(("sessionauth/", "django_sessionauth-"))]
    assert strangers == []


def test_sdist__carries_no_tests_and_no_example(sdist_names):
    assert [name for name in sdist_names if name.startswith(NOT_SHIPPED)] == []


def test_wheel__tells_its_version_and_needs(wheel):
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    needs = {line.partition(";")[0].strip() for line in metadata.get_all("Requires-Dist") if "extra ==" not in line}
    assert metadata["Version"] == sessionauth.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert needs == {"django<6.2,>=5.2", "django-ratelimit<5,>=4.1", "argon2-cffi>=23.1"}
    assert set(metadata.get_all("Provides-Extra")) == {"drf", "ninja", "channels", "crypto", "test", "dev"}


def test_wheel__offers_the_pytest_plugin(wheel):
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    points = configparser.ConfigParser()
    points.read_string(wheel.read(name).decode())
    assert points["pytest11"]["sessionauth"] == "sessionauth.testing.plugin"
    assert "sessionauth/testing/plugin.py" in wheel.namelist()


def test_plugin__imports_without_django():
    code = "import sys, sessionauth.testing.plugin; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
