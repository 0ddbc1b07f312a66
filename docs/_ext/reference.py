"""Writes what follows from the package itself: pages of the reference, and tables of defaults in the topics.

Run `python docs/_ext/reference.py`. The pages are kept in the repository, so that they are read as any other; a test
fails while they say something else than the package. A table follows each line that begins with `% Defaults:` and names
settings; one of the guards follows `% Guards:`, and one of the events `% Events:`.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from string import Formatter
from types import ModuleType
from typing import Any

import django
from django.conf import settings as django_settings
from django.utils import translation

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"

if not django_settings.configured:
    sys.path.insert(0, str(ROOT))
    apps = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "sessionauth"]
    django_settings.configure(SECRET_KEY="only-to-import-the-models", INSTALLED_APPS=apps)  # noqa: S106
    django.setup()

from sessionauth import checks, conf  # noqa: E402 - models want a project
from sessionauth.audit import Event  # noqa: E402
from sessionauth.checks.finding import Finding  # noqa: E402

NOTE = "% Written by docs/_ext/reference.py; change the package and run that, not this page."

# ---- settings

SETTINGS_HEAD = f"""{NOTE}

# Settings

All are optional, stand in Django's settings, and are read each time they are needed, so that `override_settings` works
in tests. `manage.py check` names those that are misspelt, of the wrong type, or contradict each other: see
{{doc}}`checks`. *Origin* says where a default comes from in the three libraries that this app carries over to Django
(imia, Flask-Login, starlite-sessions), or why it differs from theirs.

| setting | default |
|---|---|
"""

COMMENT = re.compile(r"((?:^    #: .*\n)+)    (\w+): ClassVar", re.MULTILINE)


def settings_page() -> str:
    """Return the page of settings, in the order of their declaration."""
    declared, comments = conf.declared(), comments_of_settings()
    rows = "".join(f"| [`{name}`](#{name.lower()}) | {_in_row(one.default)} |\n" for name, one in declared.items())
    return SETTINGS_HEAD + rows + "".join(_section(one, comments[name]) for name, one in declared.items())


def comments_of_settings() -> dict[str, str]:
    """Return the `#:` comment of each setting, by its full name."""
    found = COMMENT.findall("".join(inspect.getsource(topic) for topic in conf.TOPICS))
    return {conf.PREFIX + name: " ".join(re.findall(r"#: (.*)", comment)) for comment, name in found}


def _section(setting: conf.Setting[Any], comment: str) -> str:
    origin = f"Origin\n: {setting.seed}\n\n" if setting.seed else ""
    return (
        f"\n## {setting.name}\n\n{comment}\n\n"
        f"Default\n: {_default(setting.default)}\n\n"
        f"Value\n: {setting.kind([object()])}\n\n{origin}"
    ).rstrip("\n") + "\n"


def _in_row(default: Any) -> str:
    return "see below" if isinstance(default, tuple) and any(map(_is_long, default)) else f"`{literal(default)}`"


def _is_long(item: Any) -> bool:
    return isinstance(item, dict | str)


def _default(default: Any) -> str:
    if isinstance(default, tuple) and any(map(_is_long, default)):
        lines = "".join(f"      {literal(item)},\n" for item in default)
        return f"```python\n  [\n{lines}  ]\n  ```"
    return f"`{literal(default)}`"


def literal(value: Any) -> str:
    """Return `value` as one writes it in a settings file."""
    if isinstance(value, timedelta) and value >= timedelta(days=1) and not value.seconds:
        return f"timedelta(days={value.days})"
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"timedelta(minutes={minutes})" if not seconds else f"timedelta(seconds={60 * minutes + seconds})"
    if isinstance(value, tuple) and value:
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, frozenset | set):
        return "{" + ", ".join(sorted(literal(item) for item in value)) + "}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(name)}: {literal(one)}" for name, one in value.items()) + "}"
    if value is None or isinstance(value, int | tuple):
        return repr(value)
    return f'"{value}"'


# ---- checks

NAME = re.compile(r"(?<![`\w])((?:sessionauth|django)(?:\.\w+)+|[A-Z]+(?:_[A-Z]+)+)(?![`\w])")

CHECKS_HEAD = f"""{NOTE}

# Checks

`manage.py check` (and every command that runs the checks, `runserver` and `test` among them) says what is wrong with a
project's settings, wiring and models, and what to do about it. *E*: it cannot work, or lets in whom it should not; the
command stops. *W*: it works, and is hardly what you want.

```console
$ python manage.py check --tag sessionauth
$ python manage.py check --deploy
$ python manage.py check --database default
```

The first asks these checks alone. What only the second and the third find is marked. No check costs a query, except
those of `--database`.

A warning that you have read and do not share is silenced by its id:

```python
SILENCED_SYSTEM_CHECKS = ["sessionauth.W029"]
```
"""


def checks_page() -> str:
    """Return the page of checks, by topic, in the order of their numbers."""
    return CHECKS_HEAD + "".join(_topic(topic) for topic in checks.topics())


def _topic(topic: ModuleType) -> str:
    title = topic.__name__.rpartition(".")[2].replace("_", " ").capitalize()
    rows = "".join(_check(found) for found in vars(topic).values() if isinstance(found, Finding))
    return f"\n## {title}\n\n{topic.__doc__}\n\n| id | what is wrong | what to do |\n|---|---|---|\n{rows}"


def _check(finding: Finding) -> str:
    when = f" (`{finding.when}`)" if finding.when else ""
    return f"| `{finding.id}`{when} | {_sentence(finding.says)} | {_sentence(finding.hint)} |\n"


def _sentence(template: str) -> str:
    """Return a format string for reading: names in code, its fields in italics but for "Did you mean …?"."""
    return "".join(_pieces(template.removeprefix("{guess}")))


def _pieces(template: str) -> Iterator[str]:
    for text, field, _, _ in Formatter().parse(template):
        yield NAME.sub(r"`\1`", re.sub(r"([*<>|\\^]|__)", r"\\\1", text))
        if field:
            yield f"*{field}*"


# ---- tables in other pages

#: The line that wants a table, and the table of ours that follows it, known by its head; any other is left alone.
TABLE = re.compile(
    r"^(% (Defaults|Guards|Events):(.*)\n\n)(?:\| (?:`SESSIONAUTH_…`|guard|event) \|.*\n(?:\|.*\n)*)?\n*", re.MULTILINE
)


def with_tables(text: str) -> str:
    """Return the page `text` with each of its tables of defaults as it should be."""
    return TABLE.sub(lambda found: found[1] + _table(found[2], found[3].split()) + "\n", text).rstrip("\n") + "\n"


def _table(kind: str, names: list[str]) -> str:
    if kind == "Guards":
        return "| guard | options |\n|---|---|\n" + "".join(map(_guard, conf.Settings.LOGIN_GUARDS.default))
    if kind == "Events":
        return "| event | outcome | OWASP | |\n|---|---|---|---|\n" + "".join(map(_event, Event))
    comments = comments_of_settings()
    rows = (
        f"| [`{name}`](/reference/settings.md#{(conf.PREFIX + name).lower()}) | "
        f"{_in_row(conf.declared()[conf.PREFIX + name].default)} | {comments[conf.PREFIX + name]} |\n"
        for name in names
    )
    return "| `SESSIONAUTH_…` | default | |\n|---|---|---|\n" + "".join(rows)


def _guard(entry: Any) -> str:
    path, options = (entry, {}) if isinstance(entry, str) else (entry["NAME"], entry.get("OPTIONS", {}))
    told = ", ".join(f"`{name}={literal(value)}`" for name, value in options.items())
    return f"| `{path.rpartition('.')[2]}` | {told or 'none'} |\n"


def _event(event: Event) -> str:
    says = event.says + (" *At most one row a minute.*" if event.is_bounded else "")
    return f"| `{event}` | {event.outcome} | `{event.owasp}` | {says} |\n"


PAGES = {"settings": settings_page, "checks": checks_page}


def page(name: str) -> str:
    """Return the page `name` as it should be."""
    with translation.override("en"):
        return PAGES[name]()


if __name__ == "__main__":
    for name in PAGES:
        (FOLDER / f"{name}.md").write_text(page(name), encoding="utf-8")
    for path in (ROOT / "docs").rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        if text != with_tables(text):
            path.write_text(with_tables(text), encoding="utf-8")
