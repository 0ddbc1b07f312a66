"""Puts a snippet into the file that it belongs to, as a reader does."""

from __future__ import annotations

import ast


def merged(old: str, new: str) -> str:
    """Return the Python file `old` with the statements of `new`, each in the place of the one that binds its name.

    Imports go to the top, and what is new to the end: what a reader does with a snippet. A new file is the snippet as
    it stands.
    """
    if not old:
        return new
    snippet = _statements(new)
    for place, (piece, names, is_import) in enumerate(snippet):
        lines = old.splitlines()
        if is_import:
            if piece not in (known for known, _, _ in _statements(old)):
                start = _first_line_of_code(old)
                lines[start:start] = [piece]
        elif (span := _span(old, names)) is not None:
            lines[span[0] : span[1]] = piece.splitlines()
        else:
            # Before what it stands before in the snippet, which may need it.
            later = (_span(old, known) for _, known, _ in snippet[place + 1 :])
            start = next((span[0] for span in later if span is not None), len(lines))
            lines[start:start] = ["", "", *piece.splitlines(), ""]
        old = "\n".join(lines) + "\n"
    return old


def _statements(text: str) -> list[tuple[str, set[str], bool]]:
    """Return the statements of `text` with the comments above them, the names they bind, and whether they import."""
    lines, found, end = text.splitlines(), [], 0
    for node in ast.parse(text).body:
        last = node.end_lineno or node.lineno
        piece = "\n".join(lines[end:last]).strip("\n")
        found.append((piece, _bound(node), isinstance(node, (ast.Import, ast.ImportFrom))))
        end = last
    return found


def _span(text: str, names: set[str]) -> tuple[int, int] | None:
    """Return the lines in `text` of the statement that binds one of `names`, None if there is none."""
    for node in ast.parse(text).body:
        if names & _bound(node):
            decorators = [one.lineno for one in getattr(node, "decorator_list", [])]
            return min([node.lineno, *decorators]) - 1, node.end_lineno or node.lineno
    return None


def _first_line_of_code(text: str) -> int:
    body = ast.parse(text).body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        return body[0].end_lineno or 1
    return 0


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()
