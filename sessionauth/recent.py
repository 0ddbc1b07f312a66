"""What a process remembers for a moment, in order not to ask again."""

from __future__ import annotations

import time
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Things by their key, each for so many seconds; all are forgotten where they have become `most`."""

    def __init__(self, most: int = 2000) -> None:
        self.most = most
        self._kept: dict[str, tuple[float, T]] = {}

    def get(self, key: str) -> T | None:
        """Return what is remembered by `key`, None for nothing."""
        until, value = self._kept.get(key, (0.0, None))
        return value if value is not None and time.monotonic() < until else None

    def put(self, key: str, value: T, seconds: float) -> None:
        """Remember `value` for so many seconds."""
        if len(self._kept) >= self.most and key not in self._kept:
            self._kept.clear()
        self._kept[key] = (time.monotonic() + seconds, value)

    def change(self, key: str, value: T) -> None:
        """Remember `value` in the place of what is remembered by `key`, for no longer than that."""
        if (before := self._kept.get(key)) is not None:
            self._kept[key] = (before[0], value)

    def forget(self, key: str) -> None:
        """Remember nothing by `key`."""
        self._kept.pop(key, None)

    def clear(self) -> None:
        """Remember nothing at all."""
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)
