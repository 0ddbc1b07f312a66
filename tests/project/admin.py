"""What the test project shows in the admin."""

from __future__ import annotations
