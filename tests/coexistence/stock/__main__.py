"""`python -m tests.coexistence.stock`: does the steps that stand in its input, in the project of the environment."""

from __future__ import annotations

import json
import sys

import django

if __name__ == "__main__":
    django.setup()
    # The acts import models, which exist from here on.
    from tests.coexistence.stock import acts

    sys.stdout.write(json.dumps([getattr(acts, act)(**given) for act, given in json.load(sys.stdin)]))
