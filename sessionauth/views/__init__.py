"""The pages of signing in, and the same as JSON. Each is a coat over an act that is told elsewhere."""

from __future__ import annotations
