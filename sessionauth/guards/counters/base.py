"""What every counter knows: rates, who is counted, and what an attempt gets that takes a slot, or finds none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from sessionauth.rates import Rate

logger = logging.getLogger("sessionauth")

#: How long the attempt that took the last slot may still turn out to be a right one, which gives it back.
PENDING = 5.0


class Unavailable(Exception):
    """The store does not count at the moment."""


class Tally(NamedTuple):
    """What is counted: the attempts that `rule` counts against `value`, up to `rate`. `user_id` is for unlocking."""

    rule: str
    value: str
    rate: Rate
    user_id: Any = None

    @property
    def counter(self) -> tuple[str, str]:
        """By what it is one counter, whoever's account it is."""
        return (self.rule, self.value)


class Slot(Protocol):
    """A place that an attempt has taken before its credentials are looked at.

    None of its methods raises, but for failed(): GuardUnavailable where it had to be counted and could not. Where it
    was not the last one, failed() has nothing to do.
    """

    @property
    def is_last(self) -> bool:
        """Whether the door is shut by it, or nothing has been counted yet: failed() is asked only where one is."""
        return True

    def succeeded(self) -> None:
        """Give it back: the credentials were right."""

    def failed(self) -> None:
        """Keep it: the credentials were wrong."""

    def refund(self) -> None:
        """Give it back: the credentials were not judged."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Several slots, settled one after the other."""

    slots: Sequence[Slot]

    @property
    def is_last(self) -> bool:
        """Whether one of them was."""
        return any(slot.is_last for slot in self.slots)

    def succeeded(self) -> None:
        for slot in self.slots:
            slot.succeeded()

    def failed(self) -> None:
        for slot in self.slots:
            slot.failed()

    def refund(self) -> None:
        for slot in self.slots:
            slot.refund()


@dataclass(frozen=True, slots=True)
class Full:
    """No slot is left, for `retry_after` seconds (None: not by waiting).

    `is_pending` says that one may be given back any moment, by an attempt that is still under way and may be right.
    `give_up` spares those who come next the wait, after one has waited in vain. `by` is the guard whose counter it is,
    where several count together.
    """

    retry_after: int | None
    is_pending: bool = False
    give_up: Callable[[], object] = lambda: None
    by: Any = None
