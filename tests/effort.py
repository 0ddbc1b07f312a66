"""How hard the fuzz tests try."""

from __future__ import annotations

import os

#: Examples a carrier gets: few in a quick loop, 10 000 in `./dev test`, any number with `--examples N`.
EXAMPLES = int(os.environ.get("SESSIONAUTH_TEST_EXAMPLES", "300"))
