"""How often something may happen."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

FORM = re.compile(r"(\d{1,9})/(\d{0,6})([smhd])\Z", re.ASCII)
SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}


class Rate(NamedTuple):
    """So many attempts in so many seconds."""

    limit: int
    period: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "5/m", "5/5m", "100/h", "1/d". Raises ValueError for anything else, which is never taken for a rate."""
        found = FORM.match(str(text))
        if found is None:
            raise ValueError(f'{text!r} is no rate; write one such as "10/m" or "5/5m" (units: s, m, h, d).')
        limit, periods, unit = int(found[1]), int(found[2] or 1), found[3]
        if limit < 1 or periods < 1:
            raise ValueError(f"{text!r} is no rate: it lets nobody in at all, or counts in no time.")
        return cls(limit, periods * SECONDS[unit])

    def __str__(self) -> str:
        return f"{self.limit}/{self.period}s"
