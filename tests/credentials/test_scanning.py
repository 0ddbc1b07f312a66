"""Secrets are found in files, whatever stands around them."""

from __future__ import annotations

import io
import os

import pytest

from sessionauth import crypto
from sessionauth.credentials import scanning
from sessionauth.credentials.scanning import Skipped

pytestmark = pytest.mark.once

SECRET = crypto.new_secret("sa", "key")


def lines(data: bytes) -> list[int]:
    return [one.line for one in scanning.finds(io.BytesIO(data))]


CUT_OFF = SECRET[:-2]  # what follows makes it as long as a whole one


@pytest.mark.parametrize(
    "form", ['"{0}"', "key={0}", "token%3D{0}", "x{0}y", "_{0}_", "{0}", "b'{0}\\n'", f"{CUT_OFF}{{0}}"]
)
def test_finds__whatever_stands_around_it(form):
    (found,) = scanning.finds(io.BytesIO(form.format(SECRET).encode()))
    assert (found.secret, found.parsed.hint) == (SECRET, crypto.hint(SECRET))


@pytest.mark.parametrize("kind", ["pat", "key", "ref", "org", "dev"])
@pytest.mark.parametrize("environment", ["", "live", "x1"])
def test_finds__every_kind_and_environment(kind, environment):
    (found,) = scanning.finds(io.BytesIO(crypto.new_secret("sa", kind, environment).encode()))
    assert (found.parsed.kind, found.parsed.environment) == (kind, environment)


@pytest.mark.parametrize(
    "text",
    [
        SECRET[:-1],
        SECRET[:-1] + ("0" if SECRET[-1] != "0" else "1"),
        SECRET.replace("sa_", "sb_"),
        "sa_key_" + "0" * 38,
    ],
)
def test_finds__nothing_whose_checksum_does_not_hold(text):
    assert lines(text.encode()) == []


def test_finds__secrets_of_another_kind_than_ours_are_not_ours():
    assert lines(crypto.new_secret("sa", "else").encode()) == []


def test_finds__of_a_brand_of_ones_own(settings):
    settings.SESSIONAUTH_KEY_BRAND = "acme"
    assert lines(SECRET.encode()) == []
    assert lines(crypto.new_secret("acme", "pat").encode()) == [1]


def test_line__is_that_of_the_secret():
    assert lines(f"\n\n{SECRET}\n{SECRET}{SECRET}\r\n\n\n{SECRET}".encode()) == [3, 4, 4, 7]


@pytest.mark.parametrize("block", [1, 2, 7, 44, 45, 46, 200, 201, 1000])
def test_blocks__wherever_they_end(block, monkeypatch):
    monkeypatch.setattr(scanning, "BLOCK", block)
    text = b"".join(b"\n" * step + SECRET.encode() + b" " * step for step in range(12))
    expected = [sum(range(step + 1)) + 1 for step in range(12)]
    assert lines(text) == expected


def test_repr__shows_no_secret():
    assert SECRET[12:30] not in repr(list(scanning.finds(io.BytesIO(SECRET.encode()))))


def scanned(folder, **options):
    skipped = Skipped()
    found = [
        path.name for path in scanning.files([str(folder)], skipped) for _ in scanning.scan(path, skipped, **options)
    ]
    return found, skipped


def test_files__leaves_out_other_programs_folders_and_what_links_lead_to(tmp_path):
    for name in ("a.py", "sub/b.env", ".git/config", "node_modules/c.js", "sub/.git/d"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(SECRET)
    outside = tmp_path.parent / "outside"
    outside.mkdir()
    (outside / "e").write_text(SECRET)
    (tmp_path / "folder").symlink_to(outside)
    (tmp_path / "file").symlink_to(outside / "e")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert scanned(tmp_path) == (["a.py", "b.env"], Skipped())


def test_files__that_are_named_are_read_wherever_they_are(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(SECRET)
    assert scanned(tmp_path / ".git" / "config")[0] == ["config"]


def test_files__that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(scanning.files([str(tmp_path / "nothing")], Skipped()))


def test_files__counts_folders_that_it_cannot_read(tmp_path, monkeypatch):
    for name in ("open", "shut"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "text").write_text(SECRET)

    def refusing(act):
        def refused(path):
            if "shut" in os.fspath(path):
                raise PermissionError
            return act(path)

        return refused

    monkeypatch.setattr(os, "scandir", refusing(os.scandir))
    assert scanned(tmp_path) == (["text"], Skipped(unreadable=1))
    for name in ("is_dir", "exists", "stat"):
        monkeypatch.setattr(scanning.Path, name, refusing(getattr(scanning.Path, name)))
    assert scanned(tmp_path / "shut" / "text") == ([], Skipped(unreadable=1))


def test_scan__counts_what_it_leaves_out(tmp_path):
    (tmp_path / "binary").write_bytes(b"\0" + SECRET.encode())
    (tmp_path / "large").write_bytes(SECRET.encode() * 100)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text(SECRET)
    assert scanned(tmp_path, largest=1000) == (["text"], Skipped(binary=1, large=1, unreadable=1))
    assert scanned(tmp_path, largest=1000, with_binary=True)[0] == ["binary", "text"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_scan__reads_what_windows_writes(encoding, tmp_path):
    (tmp_path / "text").write_bytes(f"\r\nü{SECRET}\r\n".encode(encoding))
    (found,) = scanning.scan(tmp_path / "text", Skipped())
    assert (found.line, found.secret) == (2, SECRET)


def test_scan__of_broken_utf_16_goes_on(tmp_path):
    (tmp_path / "text").write_bytes(b"\xff\xfe\x00\xd8x" + SECRET.encode("utf-16-le") + b"\x00")
    assert list(scanning.scan(tmp_path / "text", Skipped())) == []
