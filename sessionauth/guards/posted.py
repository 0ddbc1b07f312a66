"""Whether an attempt can be refused by its name as it was posted, before anybody asks whose account that means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from sessionauth import accounts
from sessionauth.guards import attempt, device


def decides(request: HttpRequest | None, guards: Sequence[Any]) -> bool:
    """Say whether the rates among `guards` count the name as it was posted, whoever's account it is.

    They may not where a browser says it is known to the owner, where a rule asks who is left out, and where an account
    may be found by another name than its own.
    """
    asks = any(getattr(guard, "unless", None) is not None for guard in guards)
    return not asks and not device.is_claimed(request) and accounts.are_found_by_their_names()


def leaves_to_record() -> bool:
    """Have the attempt under way leave its account to the record, and say whether that comes to the same for all."""
    under_way = attempt.current()
    return under_way is not None and under_way.leave_to_record()
