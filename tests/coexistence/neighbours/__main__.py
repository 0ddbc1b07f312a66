"""`python -m tests.coexistence.neighbours fill|record FILE`: what the test runs in a process for each project."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django


def main(act: str, path: Path) -> None:
    """Fill the database and write what everybody may show to `path`, or read it there and print all answers."""
    django.setup()
    # These import models, which exist from here on.
    if act == "fill":
        from tests.coexistence.neighbours import people

        path.write_text(json.dumps(people.fill()))
    else:
        from tests.coexistence.neighbours import record

        given = json.loads(path.read_text())
        sys.stdout.write(json.dumps(record.main(given["source"], given["known"])))


main(sys.argv[1], Path(sys.argv[2]))
