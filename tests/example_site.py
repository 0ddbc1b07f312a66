"""The example project as a user starts it: `manage.py demo` in a process of its own, asked over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

MANAGE = Path(__file__).parents[1] / "example_project" / "manage.py"
PASSWORDS = {
    "alice": "quiet-river-51",
    "sam": "bright-copper-62",
    "sue": "gentle-harbour-73",
    "root": "solid-granite-84",
}
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """What a process of the example needs and nothing of ours: neither our settings nor its owner's curlrc."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"EXAMPLE_VAR_DIR": str(folder), "CURL_HOME": str(folder), "NO_PROXY": "*"} | variables


def manage(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(MANAGE), *arguments]
    return subprocess.run(
        command, env=environment(folder, **variables), capture_output=True, text=True, timeout=120, check=False
    )


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Site:
    """A running example. `told` is what it printed before it was ready."""

    port: int
    told: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | str | None = None
    ) -> Answer:
        """Send one request and follow nothing."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def secret(self, title: str) -> str:
        """Return the secret in the printed line under `title`."""
        command = self.told.partition(f"# {title}\n")[2].partition("\n")[0]
        found = re.search(r"sa_\w+", command)
        assert found, f"no secret under {title!r}"
        return found.group()


@dataclass
class Person:
    """A browser without a screen: keeps cookies and sends the CSRF token along with forms."""

    site: Site
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self._keep(self.site.ask(path, headers=self._headers() | headers))

    def post(self, path: str, page: str | None = None, **fields: str) -> Answer:
        """Fill in the form of `page` (or of `path` itself) and send it to `path`."""
        token = TOKEN.search(self.get(page or path).text)
        assert token, f"no form on {page or path}"
        body = urlencode({"csrfmiddlewaretoken": token[1], **fields})
        headers = self._headers() | {"Content-Type": "application/x-www-form-urlencoded"}
        return self._keep(self.site.ask(path, "POST", headers, body))

    def sign_in(self, name: str, path: str = "/account/login/", **fields: str) -> Answer:
        return self.post(path, username=f"{name}@desk.example", password=PASSWORDS[name], **fields)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "text/html", "User-Agent": "a test"}
        return headers | {"Cookie": self.cookie} if self.cookies else headers

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _keep(self, answer: Answer) -> Answer:
        for header in answer.headers.get_all("Set-Cookie", []):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


@contextmanager
def running(folder: Path, *arguments: str, **variables: str) -> Iterator[Site]:
    """Run `manage.py demo` on a free port until the block ends."""
    command = [sys.executable, "-u", str(MANAGE), "demo", "--port", "0", *arguments]
    log = folder / "server.log"
    folder.mkdir(exist_ok=True)
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, env=environment(folder, **variables), stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            told = ""
            for line in process.stdout:
                told += line
                if line.startswith("ready: "):
                    break
            else:
                raise AssertionError(f"the demo ended before it was ready:\n{told}\n{log.read_text()}")
            yield Site(int(re.search(r":(\d+)/", line)[1]), told)  # type: ignore[index]
        finally:
            process.terminate()
            process.wait(timeout=30)


def sam(site: Site) -> dict[str, str]:
    secret = site.secret("Sam creates one, without a CSRF token")
    return {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}


def read_only(site: Site) -> dict[str, str]:
    return {"X-Api-Key": site.secret("An API key")}


def invoices_of(site: Site) -> list[object]:
    found: list[object] = site.ask("/api/invoices", headers=sam(site)).json()["invoices"]
    return found
