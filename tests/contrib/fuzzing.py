"""Send to a site, in this process, what its own OpenAPI document allows, and some of what it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings

from tests.asking import connections_kept, handler

#: How often which operation answered what.
Seen = Counter[tuple[str, int]]


def statuses(document: dict[str, Any], headers: dict[str, str], examples: int = 20) -> Seen:
    """Ask for every operation of `document`, `examples` times each, and return how often each answered what.

    Always the same for the same document. Each request is undone again. Raises AssertionError for the first 5xx, with
    what was sent.
    """
    return statuses_by_who(document, {"": headers}, examples)[""]


def statuses_by_who(
    document: dict[str, Any], headers: Mapping[str, dict[str, str]], examples: int = 20
) -> dict[str, Seen]:
    """See statuses(): everybody in `headers` asks the same, for to think it up takes longer than to ask."""
    seen: dict[str, Seen] = {who: Counter() for who in headers}
    schema = schemathesis.openapi.from_dict(document)
    schema.app = handler(WSGIHandler)
    for found in schema.get_all_operations():
        _ask(found.ok(), headers, examples, seen)
    return seen


def _ask(operation: Any, headers: Mapping[str, dict[str, str]], examples: int, seen: dict[str, Seen]) -> None:
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
        for who, own in headers.items():
            with connections_kept(), transaction.atomic():
                response = case.call(headers=own)
                transaction.set_rollback(True)
            seen[who][operation.label, response.status_code] += 1
            assert response.status_code < 500, (who, case.as_curl_command(), response.content)

    once()
