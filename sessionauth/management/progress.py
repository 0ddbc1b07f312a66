"""A bar for long work, where somebody is looking."""

from __future__ import annotations

from django.core.management.base import OutputWrapper

WIDTH = 30


class Progress:
    """Shows on `stream` how much of `total` is done, if that is a terminal; nothing at all otherwise.

    `label` says what is being done. Called with how many more are done; `done()` ends the line.
    """

    def __init__(self, stream: OutputWrapper, label: str, total: int) -> None:
        self.is_shown = total > 0 and stream.isatty()
        self._stream, self._label, self._total, self._count = stream, label, total, 0

    def __call__(self, more: int = 1) -> None:
        self._count += more
        if self.is_shown:
            bar = "#" * int(min(1.0, self._count / self._total) * WIDTH)
            self._write(f"\r{self._label} [{bar:<{WIDTH}}] {self._count}/{self._total}")

    def done(self) -> None:
        """End the line."""
        if self.is_shown:
            self._write("\n")

    def _write(self, text: str) -> None:
        # Neither in the red of errors nor with a line break after each piece.
        self._stream.write(text, style_func=str, ending="")
        self._stream.flush()
