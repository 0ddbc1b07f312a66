"""Models of the test project."""

from __future__ import annotations
