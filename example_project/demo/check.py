"""Execute curl lines against a running site and compare what comes back with what is expected."""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable
from http.cookiejar import MozillaCookieJar
from pathlib import Path
from typing import Any

from django.conf import settings

from demo.line import JAR, Line

SECONDS = 30


class _Stay(urllib.request.HTTPRedirectHandler):
    """Shows a redirect instead of following it, as curl does."""

    def redirect_request(self, *args: object) -> None:
        """Answer that there is nowhere to go."""


def failures(lines: Iterable[Line], base: str) -> Iterable[tuple[Line, str]]:
    """Yield each of `lines` with what is wrong about its answer, an empty string if nothing is."""
    curl = shutil.which("curl")
    with tempfile.TemporaryDirectory() as folder:
        jar = MozillaCookieJar(Path(folder) / JAR)
        jar.save()
        for line in lines:
            status, text = _with_curl(curl, line, base, jar) if curl else _without_curl(line, base, jar)
            yield line, _difference(line, status, text)


def _difference(line: Line, status: int, text: str) -> str:
    if status != line.status:
        return f"expected {line.status}, got {status}"
    return "" if line.answer.lower() in text.lower() else f"{line.answer!r} is not in the answer"


def _token(line: Line, jar: MozillaCookieJar) -> str:
    """Return the CSRF token in the jar, as the printed line reads it."""
    jar.clear()
    jar.load(ignore_discard=True)
    return next((cookie.value or "" for cookie in jar if cookie.name == settings.CSRF_COOKIE_NAME), "")


def _with_curl(curl: str, line: Line, base: str, jar: MozillaCookieJar) -> tuple[int, str]:
    # -q: without the user's own curlrc; --noproxy: the site is on this machine.
    options = ["-q", "-sS", "--noproxy", "*", "--max-time", str(SECONDS)]
    command = [curl, *options, *line.arguments(base, _token(line, jar))]
    folder = Path(str(jar.filename)).parent
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603 - our own list, no shell
    text = (done.stdout or done.stderr).decode("utf-8", "replace")
    first = text.split(maxsplit=2)
    return (int(first[1]) if len(first) > 1 and first[1].isdigit() else 0), text


def _without_curl(line: Line, base: str, jar: MozillaCookieJar) -> tuple[int, str]:
    request = urllib.request.Request(base + line.path, line.body.encode() or None, method=line.method)  # noqa: S310
    for name, value in (("Accept", "*/*"), *line.headers):  # as curl does
        request.add_header(name, value)
    if line.basic:
        request.add_header("Authorization", "Basic " + base64.b64encode(line.basic.encode()).decode())
    handlers: list[Any] = [_Stay, urllib.request.ProxyHandler({})]
    if line.jar:
        handlers.append(urllib.request.HTTPCookieProcessor(jar))
        request.add_header("X-CSRFToken", _token(line, jar))
    opener = urllib.request.build_opener(*handlers)
    status, text = _opened(opener, request)
    if line.jar:
        jar.save(ignore_discard=True)
    return status, text


def _opened(opener: urllib.request.OpenerDirector, request: urllib.request.Request) -> tuple[int, str]:
    try:
        with opener.open(request, timeout=SECONDS) as response:
            return response.status, f"{response.headers}\n{response.read().decode()}"
    except urllib.error.HTTPError as refused:
        return refused.code, f"{refused.headers}\n{refused.read().decode()}"
