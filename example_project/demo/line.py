"""One curl line, as data."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from django.conf import settings

from demo.secrets import Headers

#: Where curl keeps cookies, and what stands for the CSRF token in it.
JAR, TOKEN = "desk.cookies", "CSRF-TOKEN"


@dataclass(frozen=True, slots=True)
class Line:
    """One request and what comes back.

    `title` says what it shows, `status` and `answer` are what is expected: the HTTP status, and a piece of text that
    stands in the head or the body of the response. `basic` is "name:password" for HTTP Basic. `jar` names a file in
    which curl keeps cookies, as a browser does; what is no GET then also sends the CSRF token that stands in it.
    """

    title: str
    path: str
    status: int
    answer: str
    method: str = "GET"
    headers: Headers = ()
    basic: str = ""
    body: str = ""
    jar: str = ""

    @property
    def is_forgeable(self) -> bool:
        """Whether cookies alone must not be enough for it."""
        return bool(self.jar) and self.method != "GET"

    @property
    def verdict(self) -> str:
        """Whether the site does what is asked, sends elsewhere, or refuses."""
        return {2: "ok", 3: "elsewhere"}.get(self.status // 100, "refused")

    def arguments(self, base: str, token: str = "") -> list[str]:
        """Return what to call `curl` with; `base` is the address of the site without a slash at its end.

        `token` is the CSRF token, for a line that needs one.
        """
        words = ["-i"] if self.method == "GET" else ["-i", "-X", self.method]
        words += ["-b", self.jar, "-c", self.jar] if self.jar else []
        words += ["-H", f"X-CSRFToken: {token}"] if self.is_forgeable else []
        words += ["-u", self.basic] if self.basic else []
        for name, value in self.headers:
            words += ["-H", f"{name}: {value}"]
        words += ["-d", self.body] if self.body else []
        return [*words, base + self.path]

    def command(self, base: str) -> str:
        """Return the line to copy; the shell reads the CSRF token from the jar."""
        line = shlex.join(["curl", *self.arguments(base, TOKEN)])
        read = f"$(awk '/{settings.CSRF_COOKIE_NAME}/ {{print $7}}' {self.jar})"
        return line.replace(f"'X-CSRFToken: {TOKEN}'", f'"X-CSRFToken: {read}"')


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together."""

    title: str
    lines: tuple[Line, ...]
