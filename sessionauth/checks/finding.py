"""What a check may say: an id of its own, a sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning

from sessionauth.checks import APP

#: One question to the project; yields what is wrong.
Question = Callable[[], Iterator[CheckMessage]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that can be wrong.

    `code` is E (it cannot work) or W (it is hardly what you want) and a number that no other finding has. `says` and
    `hint` are format strings; `when` is the option of `manage.py check` without which nobody looks for it.
    """

    code: str
    says: str
    hint: str
    when: Literal["", "--deploy", "--database"] = ""

    @property
    def id(self) -> str:
        """The id by which SILENCED_SYSTEM_CHECKS knows it."""
        return f"{APP}.{self.code}"

    def __call__(self, obj: object = None, **words: object) -> CheckMessage:
        """Return the message about `obj` (a model, mostly), with `words` put into its sentences."""
        kind = Error if self.code.startswith("E") else Warning
        return kind(self.says.format(**words), hint=self.hint.format(**words), obj=obj, id=self.id)


def ask(*questions: Question) -> list[CheckMessage]:
    """Return what `questions` find. Nothing where the app is not installed: checks stay registered for good."""
    if not apps.is_installed(APP):
        return []
    return [message for question in questions for message in question()]
