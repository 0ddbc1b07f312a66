"""Finds secrets of ours where they should not be: in files, by their form and checksum, without a database."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from sessionauth import crypto
from sessionauth.conf import settings
from sessionauth.models.credentials import REFRESH_KIND, models_by_kind

#: What is between the kind and the random part: nothing, or one word for the deployment, whichever it is.
ENVIRONMENT = "(?:[a-z][a-z0-9]{0,15}_)?"
TAIL = f"[0-9A-Za-z]{{{crypto.BODY_LENGTH + crypto.CHECKSUM_LENGTH}}}"

#: Folders of other programs' making, in which nobody keeps anything by hand.
SKIPPED = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv", ".tox", ".nox", ".mypy_cache"})
LARGEST = 50 * 1024 * 1024
BLOCK = 1024 * 1024
#: As git does, a file with a NUL in its beginning is taken for no text.
BEGINNING = 8000
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Readable(Protocol):
    """What bytes are read from; fewer than `size` only at the end, and none there."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A secret whose checksum holds, and the line (from 1) in which it begins. The secret itself is in no repr."""

    line: int
    parsed: crypto.ParsedSecret
    secret: str = field(repr=False)


@dataclass(slots=True)
class Skipped:
    """How many files and folders were not looked into, and why."""

    binary: int = 0
    large: int = 0
    unreadable: int = 0


def kinds() -> list[str]:
    """Return the kinds of all secrets of the project, those of its own models and refresh tokens among them."""
    return sorted({*models_by_kind(), REFRESH_KIND})


def expression() -> str:
    """Return a regular expression of our secrets that RE2, Hyperscan and Python's re read alike.

    Without what may stand around it; of SESSIONAUTH_KEY_BRAND as it is now.
    """
    return f"{re.escape(settings.KEY_BRAND)}_(?:{'|'.join(kinds())})_{ENVIRONMENT}{TAIL}"


def finds(stream: Readable) -> Iterator[Found]:
    """Yield the secrets in `stream`, which is read a block at a time, whatever its length.

    What stands before and behind a secret is not asked: in `token%3Dsa_key_…` it is a letter. The checksum decides, by
    which one in four thousand million values is ours by chance.
    """
    pattern = re.compile(expression().encode())
    data, line, is_more = b"", 1, True
    while is_more:
        block = stream.read(BLOCK)
        data, is_more = data + block, bool(block)
        # What begins near the end may go on in the next block.
        safe = max(0, len(data) - crypto.MAX_LENGTH) if is_more else len(data)
        counted = 0
        for match in _matches(pattern, data):
            if match.start() >= safe:
                break
            line, counted = line + data.count(b"\n", counted, match.start()), match.start()
            secret = match.group().decode("ascii")
            if (parsed := crypto.parse(secret, settings.KEY_BRAND, settings.KEY_PEPPERS)) is not None:
                yield Found(line, parsed, secret)
        # Nothing that was found is found again: it began before this point.
        line, data = line + data.count(b"\n", counted, safe), data[safe:]


def _matches(pattern: re.Pattern[bytes], data: bytes) -> Iterator[re.Match[bytes]]:
    """Yield what matches, also where it begins in another match: one that is cut off may run into the next."""
    position = 0
    while match := pattern.search(data, position):
        yield match
        position = match.start() + 1


def files(paths: Collection[str], skipped: Skipped, skip: Collection[str] = SKIPPED) -> Iterator[Path]:
    """Yield the regular files of `paths`, and of the folders among them, in an order that is the same each time.

    Folders called as in `skip` are left out, and so are links, unless they are named in `paths`: what they lead to
    stands elsewhere. `skipped` counts folders that cannot be read. Raises FileNotFoundError for one of `paths` that is
    not there.
    """
    for path in map(Path, paths):
        try:
            is_folder, is_there = path.is_dir(), path.exists()
        except PermissionError:  # which scan() will count
            is_folder, is_there = False, True
        if is_folder:
            yield from _below(path, skipped, skip)
        elif is_there:
            yield path
        else:
            raise FileNotFoundError(path)


def _below(folder: Path, skipped: Skipped, skip: Collection[str]) -> Iterator[Path]:
    def count(error: OSError) -> None:
        skipped.unreadable += 1

    for where, folders, names in os.walk(folder, onerror=count):
        folders[:] = sorted(name for name in folders if name not in skip)
        for name in sorted(names):
            path = Path(where, name)
            if not path.is_symlink():
                yield path


def scan(path: Path, skipped: Skipped, *, largest: int = LARGEST, with_binary: bool = False) -> Iterator[Found]:
    """Yield the secrets in the file `path`.

    One of more than `largest` bytes is not looked into, nor a binary one unless `with_binary`, nor what is no regular
    file or cannot be read; `skipped` counts them.
    """
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # to open a pipe would wait for somebody to write into it
            skipped.unreadable += 1
        elif facts.st_size > largest:
            skipped.large += 1
        else:
            with path.open("rb") as stream:
                yield from _finds_of_text(stream, skipped, with_binary)
    except OSError:
        skipped.unreadable += 1


def _finds_of_text(stream: BufferedReader, skipped: Skipped, with_binary: bool) -> Iterator[Found]:
    beginning = stream.read(BEGINNING)
    stream.seek(0)
    if beginning.startswith(UTF_16):
        # What PowerShell writes.
        yield from finds(codecs.EncodedFile(stream, "utf-8", "utf-16", "replace"))
    elif b"\0" in beginning and not with_binary:
        skipped.binary += 1
    else:
        yield from finds(stream)
