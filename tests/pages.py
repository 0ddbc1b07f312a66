"""Reads the documentation as a reader does: the blocks of a page, in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^`]*)$")
OPTION = re.compile(r"^:([\w-]+):\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page, or a hidden one: lines that begin with `% `, which Sphinx leaves out.

    `file` is the caption of a fenced block, the name of the file that it shows. A hidden block has the language that
    its first line tells: `>>>` is pycon, `$` is console, `file: name` is the file of that name.
    """

    page: str
    line: int
    language: str
    text: str
    file: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Return every page of prose: the README, the changelog and what is below docs/."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of `page` in their order."""
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), start=1)
    hidden: list[str] = []
    began = 0
    for number, line in lines:
        if line.startswith("% ") or line == "%":
            began = began if hidden else number
            hidden.append(line[2:])
            continue
        if hidden:
            yield from _hidden(page, began, hidden)
            hidden = []
        if opening := FENCE.match(line):
            yield _fenced(page, number, opening, lines)
    if hidden:
        yield from _hidden(page, began, hidden)


def _fenced(page: Path, number: int, opening: re.Match[str], lines: Iterator[tuple[int, str]]) -> Block:
    body: list[str] = []
    for _, line in lines:
        if line.strip() == opening["fence"]:
            break
        body.append(line)
    language, options = _language(opening["info"].strip()), {}
    if opening["info"].lstrip().startswith("{"):
        while body and (option := OPTION.match(body[0])):
            options[option[1]] = option[2]
            body.pop(0)
    text = "\n".join(body).strip("\n") + "\n"
    return Block(name_of(page), number, language, text, options.get("caption", ""))


def _language(info: str) -> str:
    directive = re.fullmatch(r"\{([\w-]+)\}\s*(.*)", info)
    if directive is None:
        return info
    return directive[2] if directive[1] == "code-block" else directive[1]


def _hidden(page: Path, number: int, lines: list[str]) -> Iterator[Block]:
    first = lines[0]
    if first.startswith("file: "):
        yield Block(name_of(page), number, "python", "\n".join(lines[1:]) + "\n", first.removeprefix("file: "))
    elif first.startswith((">>> ", "$ ")):
        yield Block(name_of(page), number, "pycon" if first[0] == ">" else "console", "\n".join(lines) + "\n")
