#!/usr/bin/env python
"""Run the commands of the Invoice Desk, `demo` first of all."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Point Django at the example's settings and hand over the command line."""
    # A clone works without an installation too: the package lies one folder up.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
