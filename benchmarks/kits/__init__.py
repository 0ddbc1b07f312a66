"""The kits: for each stack its pages, and the credentials to ask them with. A kit is the project's ROOT_URLCONF, too.

`CASES` are functions by name of the case; called once, they make what the request carries and return the `Ask`.
"""

from __future__ import annotations
