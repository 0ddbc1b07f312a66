"""The documentation does what it says: its snippets compile, its projects run, and it names everything there is."""

from __future__ import annotations

import ast
import re
import shutil
from dataclasses import replace

import pytest
from django.core import checks
from django.test import override_settings

from tests.pages import DOCS, Block, blocks, name_of, pages
from tests.player import Player
from tests.snippets import merged

pytestmark = pytest.mark.once

TUTORIAL = DOCS / "tutorial.md"
#: The pages that go on with the tutorial's project.
PLAYED = [
    page
    for page in sorted(DOCS.rglob("*.md"))
    if page != TUTORIAL and any(block.file or block.language == "pycon" for block in blocks(page))
]

#: A hasher that takes no time, and the tutorial's people, for the pages that go on with its project.
FAST = 'PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]\n'
PEOPLE = """\
>>> from django.contrib.auth.models import User
>>> from notes.models import Note
>>> alice = User.objects.create_superuser("alice", "alice@example.org", "correct horse battery staple")
>>> bob = User.objects.create_user("bob", "bob@example.org", "correct horse battery staple")
>>> note = Note.objects.create(author=bob, text="Buy milk.")
"""
#: For the page that runs pytest: the package's plugin, once, whether the package is installed or only on the path.
PLUGIN = "-p no:sessionauth -p sessionauth.testing.plugin"


def skip_without_curl(page):
    if shutil.which("curl") is None and any("curl " in block.text for block in blocks(page)):
        pytest.skip("the page uses curl, which is not here")


def steps(page):
    """Yield the blocks of `page` as typed inside an environment, where Python is called `python`."""
    for block in blocks(page):
        yield replace(block, text=block.text.replace("$ python3 -m venv", "$ python -m venv"))


@pytest.mark.slow
def test_tutorial__does_what_it_says(tmp_path):
    skip_without_curl(TUTORIAL)
    with Player(tmp_path) as player:
        player.play(steps(TUTORIAL))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The project at the end of the tutorial, migrated and with its people."""
    folder = tmp_path_factory.mktemp("site")
    with Player(folder) as player:
        for block in steps(TUTORIAL):
            if block.file:
                player.write(block)
            elif "$ django-admin" in block.text:
                player.type_commands(block)
        settings = folder / "mysite" / "settings.py"
        settings.write_text(settings.read_text() + FAST)
        player.shell("python manage.py makemigrations -v 0 notes && python manage.py migrate -v 0")
        player.ask(PEOPLE, "the people")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", PLAYED, ids=name_of)
def test_page__does_what_it_says(page, site, tmp_path):
    skip_without_curl(page)
    folder = tmp_path / "site"
    shutil.copytree(site, folder)
    with Player(folder) as player:
        player.variables["PYTEST_ADDOPTS"] = PLUGIN
        player.play(blocks(page))


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_snippets__are_python(page):
    faults = {}
    for block in blocks(page):
        if block.language == "python":
            try:
                ast.parse(block.text)
            except SyntaxError as error:
                faults[str(block)] = str(error)
    assert faults == {}


#: What is typed in a shell, Django's test client in it: without the line its host is refused there.
CLIENTS = [page for page in pages() if re.search(r"^>>> .*Client\(", page.read_text(), re.M)]


@pytest.mark.parametrize("page", CLIENTS, ids=name_of)
def test_client__is_allowed_in_the_shell_before_it_is_used(page):
    text = page.read_text()
    first = re.search(r"^>>> .*Client\(", text, re.M)
    assert first is not None
    assert "setup_test_environment()" in text[: first.start()]


def is_of_settings(block):
    """Say whether `block` shows some of our settings and nothing else, out of a file that it does not name."""
    if block.language != "python" or block.file:
        return False
    targets = [one.targets[0] if isinstance(one, ast.Assign) else None for one in ast.parse(block.text).body]
    return bool(targets) and all(isinstance(one, ast.Name) and one.id.startswith("SESSIONAUTH_") for one in targets)


@pytest.mark.parametrize("block", [one for page in pages() for one in blocks(page) if is_of_settings(one)], ids=str)
def test_settings__that_are_shown_are_accepted(block):
    shown: dict[str, object] = {}
    exec(block.text, {}, shown)  # noqa: S102 (our own page)
    with override_settings(**shown):
        assert [one for one in checks.run_checks() if one.level >= checks.ERROR] == []


# ---- the player itself: what is wrong must not pass


@pytest.mark.parametrize(
    ("language", "text", "right"),
    [
        ("console", "$ echo yes\nyes\n", True),
        ("console", "$ echo yes no\nyes …\n", True),
        ("console", "$ echo no\nyes\n", False),
        ("console", "$ false\n", False),
        ("console", "$ echo sa_key_…\n", False),
    ],
)
def test_player__notices_what_differs(tmp_path, language, text, right):
    block = Block("page", 1, language, text)
    with Player(tmp_path) as player:
        if right:
            player.play([block])
        else:
            with pytest.raises(AssertionError):
                player.play([block])


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "right"), [("2", True), ("3", False)])
def test_player__notices_wrong_examples(site, tmp_path, answer, right):
    folder = tmp_path / "site"
    shutil.copytree(site, folder)
    block = Block("page", 1, "pycon", f">>> from notes.models import Note\n>>> Note.objects.count() + 1\n{answer}\n")
    with Player(folder) as player:
        if right:
            player.play([block])
        else:
            with pytest.raises(AssertionError):
                player.play([block])


def test_snippets__go_where_they_belong():
    old = '"""Docstring."""\nimport a\n\nx = 1\n\n\ndef f():\n    return x\n'
    new = "import b\n\nx = 2\ny = x\n\n\n@b.c\ndef f():\n    return y\n\n\nz = 3\n"
    wanted = '"""Docstring.""" import b import a x = 2 y = x @b.c def f(): return y z = 3'
    assert " ".join(merged(old, new).split()) == wanted


def test_blocks__are_read_in_their_order():
    page = DOCS / "tutorial.md"
    found = list(blocks(page))
    assert found[0].text.startswith("$ python3 -m venv .venv\n$ . .venv/bin/activate\n")
    assert [block.file for block in found if block.file][:2] == ["notes/models.py", "mysite/settings.py"]
    assert any(block.text.startswith("$ curl -s -c browser") for block in found), "hidden blocks are read, too"
