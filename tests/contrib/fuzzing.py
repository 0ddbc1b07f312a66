"""Send to a site, in this process, what its own OpenAPI document allows, and some of what it does not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings

from tests.asking import connections_kept, handler


def statuses(document: dict[str, Any], headers: dict[str, str], examples: int = 20) -> Counter[tuple[str, int]]:
    """Ask for every operation of `document`, `examples` times each, and return how often each answered what.

    Always the same for the same document. Each request is undone again. Raises AssertionError for the first 5xx, with
    what was sent.
    """
    seen: Counter[tuple[str, int]] = Counter()
    schema = schemathesis.openapi.from_dict(document)
    schema.app = handler(WSGIHandler)
    for found in schema.get_all_operations():
        _ask(found.ok(), headers, examples, seen)
    return seen


def _ask(operation: Any, headers: dict[str, str], examples: int, seen: Counter[tuple[str, int]]) -> None:
    @seed(1)
    @hypothesis_settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def once(case: Any) -> None:
        with connections_kept(), transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        seen[operation.label, response.status_code] += 1
        assert response.status_code < 500, (case.as_curl_command(), response.content)

    once()
