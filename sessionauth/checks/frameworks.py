"""What stands beside us in the settings of other frameworks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage

from sessionauth.checks import reading
from sessionauth.checks.finding import Finding, ask

OURS = "sessionauth.contrib.rest_framework."
#: Refuse every Bearer that is none of their own, where others leave it to the next.
GREEDY = "rest_framework_simplejwt."

BEHIND = Finding(
    "W196",
    "In DEFAULT_AUTHENTICATION_CLASSES, {greedy} stands before {ours} and refuses every Bearer token of ours.",
    "Put {ours} first. It leaves what is not its own to those behind it.",
)


def check(**kwargs: Any) -> list[CheckMessage]:
    """Check the settings of REST framework."""
    return ask(order)


def order() -> Iterator[CheckMessage]:
    """Look for classes of ours that are never asked."""
    framework = getattr(django_settings, "REST_FRAMEWORK", None)
    listed = framework.get("DEFAULT_AUTHENTICATION_CLASSES") if isinstance(framework, Mapping) else None
    paths = [path for path in listed if isinstance(path, str)] if isinstance(listed, list | tuple) else []
    greedy = next((at for at, path in enumerate(paths) if path.startswith(GREEDY)), len(paths))
    for path in paths[greedy:]:
        if path.startswith(OURS):
            yield BEHIND(greedy=reading.shown(paths[greedy]), ours=reading.shown(path))
