"""The SECRET_KEY: from the environment, or made at the first start and kept in a private file."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from django.core.management.utils import get_random_secret_key

VARIABLE = "EXAMPLE_SECRET_KEY"


def secret_key(folder: Path) -> str:
    """Return the key, so that no copy of this project shares one with another.

    `folder` is where the file `secret_key` is kept when the environment names no key; it is made if absent.
    """
    return os.environ.get(VARIABLE) or _read_or_make(folder / "secret_key")


def _read_or_make(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    return path.read_text(encoding="ascii")


def _make(path: Path) -> None:
    # mkstemp gives mode 0600 at birth. The link appears whole or not at all, and fails when it is there already:
    # of two processes that start at once one makes the key, and both read the same.
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(get_random_secret_key())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    os.unlink(draft)
