"""The mails of the demo, read from the files that they are written to."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail."""

    subject: str
    to: str
    text: str
    sent: datetime


def newest(folder: Path) -> list[Mail]:
    """Return the mails in `folder`, the newest first."""
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [_read(path) for path in files[:SHOWN]]


def _read(path: Path) -> Mail:
    # Django's file backend ends each mail with a line of dashes.
    raw = path.read_bytes().rpartition(b"-" * 79)[0]
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    sent = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Mail(str(message["Subject"]), str(message["To"]), text, sent)
