"""System checks (placeholder until checks/ lands)."""

from __future__ import annotations


def register() -> None:
    """Register."""
