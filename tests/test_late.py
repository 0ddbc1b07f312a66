"""What is named, and imported when it is first used."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from sessionauth.late import LateModule, late

pytestmark = pytest.mark.once

PACKAGE = Path(__file__).parents[1] / "sessionauth"


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The name of a module that nobody has imported."""
    (tmp_path / "of_late.py").write_text("secret = 'a'\ndef shout(word): return word.upper()\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "of_late"
    sys.modules.pop("of_late", None)


def test_module__is_imported_when_something_of_it_is_asked_for(module):
    late_module = LateModule(module)
    assert module not in sys.modules
    assert late_module.shout("a") == "A"
    assert module in sys.modules


def test_module__has_the_names_of_the_one_it_stands_for(module, monkeypatch):
    late_module = LateModule(module)
    assert late_module.secret == "a"
    monkeypatch.setattr(import_module(module), "secret", "b")
    assert late_module.secret == "b"
    monkeypatch.setattr(late_module, "secret", "c")
    assert import_module(module).secret == "c"


def test_module__has_no_name_that_the_one_it_stands_for_has_not(module):
    late_module = LateModule(module)
    for _ in range(2):
        with pytest.raises(AttributeError, match="nothing"):
            _ = late_module.nothing


def test_module__adds_no_frame_to_a_call(module):
    late_module = LateModule(module)
    with pytest.raises(AttributeError) as failure:
        late_module.shout(1)
    # Whoever shows a traceback shows what was passed to each function in it: passwords among others.
    assert [entry.name for entry in failure.traceback][1:] == ["shout"]


def test_function__is_found_when_it_is_called(module, monkeypatch):
    shout = late(f"{module}.shout")
    assert module not in sys.modules
    assert shout("a") == "A"
    monkeypatch.setattr(import_module(module), "shout", str.lower)
    assert shout("A") == "a"
    assert late(f"{module}.shout") is shout


def test_modules_that_are_named_are_there():
    files = [path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "late.py"]
    named = {path for text in files for path in re.findall(r'LateModule\("([\w.]+)"\)', text)}
    assert named
    for path in named:
        import_module(path)
