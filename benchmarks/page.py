"""Writes docs/performance.md, and its charts, from what was measured. Nothing on that page is written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks import chart, why, words
from benchmarks.extras import BASE, SIZES
from benchmarks.scenarios import ALL, SCENARIOS, Row, Scenario
from benchmarks.stacks import ROOT, STACKS

PAGE = ROOT / "docs" / "performance.md"
STATIC = ROOT / "docs" / "_static"
BACKENDS = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
#: Scenarios that are drawn.
DRAWN = ("session", "key", "good_login", "bad_login", "locked", "impersonated")


def write(results: dict[str, Any]) -> None:
    """Write page and charts."""
    PAGE.write_text("\n".join(_page(results)).rstrip() + "\n")
    for name in DRAWN:
        for theme, colours in chart.THEMES.items():
            (STATIC / f"performance-{name}-{theme}.svg").write_text(_chart(SCENARIOS[name], results, colours))


def _page(results: dict[str, Any]) -> Iterator[str]:
    yield words.HEAD
    yield "| request | beside | SQLite | PostgreSQL | calls | at most | hoped for | |"
    yield "|---|---|---|---|---|---|---|---|"
    for scenario in ALL:
        for row in scenario.rows[1:]:
            if row.goal is not None:
                yield _summary(scenario, row, results)
    yield ""
    yield words.SLOWER
    yield from _slower(results)
    yield ""
    yield words.WHY
    yield from why.told(results, _label)
    yield ""
    yield words.EACH
    for scenario in ALL:
        yield from _scenario(scenario, results)
    yield from _more(results.get("more", {}))
    yield words.METHOD
    yield from _about(results.get("about", {}))


def _summary(scenario: Scenario, row: Row, results: dict[str, Any]) -> str:
    assert row.goal is not None
    found = [_ratio(scenario, row, results, backend) for backend in BACKENDS]
    goal, dream = (" / ".join(f"{value:.2f}" for value in dict.fromkeys(one)) for one in (row.goal, row.dream or ()))
    kept = _kept(found, row.goal)
    verdict = "" if not kept else "reached" if all(kept) else "missed" if not any(kept) else "in part"
    if row.dream is not None and kept and all(_kept(found, row.dream)):
        verdict = "as hoped for"
    first = next(one for one in scenario.rows[1:] if one.stack.startswith("ours"))
    what = scenario.title if row == first else f"{scenario.title}: {_label(scenario, row)}"
    cells = [*map(words.number, found), words.number(_calls(scenario, row, results))]
    return f"| {what} | {_base(scenario)} | {' | '.join(cells)} | {goal} | {dream} | {verdict} |"


def _kept(found: Sequence[float | None], limits: Sequence[float]) -> list[bool]:
    return [value <= limit for value, limit in zip(found, limits, strict=True) if value is not None]


def _calls(scenario: Scenario, row: Row, results: dict[str, Any]) -> float | None:
    """Return the ratio of calls to the baseline's, where SQLite was measured."""
    found = results.get("sqlite", {}).get(scenario.name, {})
    if row.key not in found:
        return None
    calls: float = found[row.key]["calls"] / found[scenario.baseline.key]["calls"]
    return calls


def _slower(results: dict[str, Any]) -> Iterator[str]:
    """List where we cost more than the baseline or than a peer, the worst first."""
    found = []
    for scenario in ALL:
        ours = [row for row in scenario.rows[1:] if row.stack.startswith("ours")]
        for row in ours:
            worst = max(
                [value for b in BACKENDS if (value := _ratio(scenario, row, results, b)) is not None], default=0
            )
            if worst > 1.05:
                found.append(
                    (
                        worst,
                        f"* {scenario.title}, {_label(scenario, row)}: up to **{worst:.2f}** times {_base(scenario)}.",
                    )
                )
    if not found:
        yield "Nowhere by more than a twentieth."
    yield from (line for _, line in sorted(found, reverse=True))


def _scenario(scenario: Scenario, results: dict[str, Any]) -> Iterator[str]:
    there = [backend for backend in BACKENDS if results.get(backend, {}).get(scenario.name)]
    if not there:
        return
    yield f"\n### {scenario.title}\n"
    if scenario.name in DRAWN:
        for theme in chart.THEMES:
            yield f":::{{image}} _static/performance-{scenario.name}-{theme}.svg"
            yield f":alt: {scenario.title}, as a multiple of {_base(scenario)}; the numbers stand in the table below"
            yield f":class: only-{theme}"
            yield ":::\n"
    titles = [f"{BACKENDS[one]} (least to most)" for one in there] + ["calls", "statements", "cache"]
    titles += ["threads"] if scenario.is_async else []
    yield f"| | {' | '.join(titles)} |"
    yield f"|---|{'---|' * len(titles)}"
    for row in scenario.rows:
        figures = [results[backend][scenario.name].get(row.key) for backend in there]
        first = next((one for one in figures if one), None)
        if first is None:
            continue
        cells = [words.range_of(one) for one in figures]
        counts = [f"{first['calls']}", words.both(figures, "statements"), words.both(figures, "cache")]
        if scenario.is_async:
            counts.append(str(first.get("hops", "")))
        bold = "**" if row.stack.startswith("ours") else ""
        yield f"| {bold}{_label(scenario, row)}{bold} | {' | '.join(cells)} | {' | '.join(counts)} |"
    yield ""


def _label(scenario: Scenario, row: Row) -> str:
    """Return the stack's title, with the case where that differs from the baseline's or stands there twice."""
    title = STACKS[row.stack].title
    cases = {one.case for one in scenario.rows if one.stack == row.stack}
    if len(cases) > 1 or row == scenario.baseline and row.case != scenario.rows[-1].case:
        title = f"{title}: {words.CASES.get(row.case, row.case)}"
    return title


def _base(scenario: Scenario) -> str:
    return _label(scenario, scenario.baseline)


def _ratio(scenario: Scenario, row: Row, results: dict[str, Any], backend: str) -> float | None:
    found: float | None = results.get(backend, {}).get(scenario.name, {}).get(row.key, {}).get("ratio")
    return found


def _chart(scenario: Scenario, results: dict[str, Any], colours: chart.Colours) -> str:
    rows = [
        chart.Bars(
            _label(scenario, row),
            [_ratio(scenario, row, results, backend) for backend in BACKENDS],
            row.stack.startswith("ours"),
        )
        for row in scenario.rows
    ]
    there = [row for row in rows if any(value is not None for value in row.values)]
    return chart.draw(scenario.title, list(BACKENDS.values()), there, colours)


def _more(more: dict[str, Any]) -> Iterator[str]:
    if growth := more.get("growth"):
        yield words.GROWTH
        yield f"| | | {' | '.join(f'{size:,}'.replace(',', ' ') for size in SIZES)} | calls |"
        yield f"|---|---|{'---|' * len(SIZES)}---|"
        for backend, found in growth.items():
            for key, sizes in found.items():
                base_pages = sizes[BASE]["pages"]
                cells = [f"{one['pages'] / base_pages:.2f}" for one in sizes]
                stack, case = key.split("/")
                label = f"{STACKS[stack].title}: {words.CASES.get(case, case)}"
                calls = words.both(sizes, "calls")
                yield f"| {label} | {BACKENDS[backend]} | {' | '.join(cells)} | {calls} |"
        yield ""
    if serving := more.get("serving"):
        yield words.SERVING
        yield "| workers | | stock Django | its own engine | ratio (least to most) |\n|---|---|---|---|---|"
        for backend, kinds in serving.items():
            for kind, one in kinds.items():
                rates = f"{one['stock_served']:.0f} | {one['ours_served']:.0f}"
                yield f"| {kind} | {BACKENDS[backend]} | {rates} | {words.range_of(one)} |"
        yield ""
    if refused := more.get("refused"):
        yield words.REFUSED
        yield "| | calls | statements | cache |\n|---|---|---|---|"
        for title, one in (("after a dozen", refused["few"]), ("after ten thousand", refused["many"])):
            yield f"| {title} | {one['calls']} | {one['statements']} | {one['cache']} |"
        yield ""
    if memory := more.get("memory"):
        yield words.MEMORY
        yield "| stack | MiB more |\n|---|---|"
        for name, size in memory.items():
            yield f"| {STACKS[name].title} | {size:+.1f} |"
        yield ""
    if layers := more.get("layers"):
        yield words.LAYERS
        yield "| layer | time | calls |\n|---|---|---|"
        base = next(iter(layers.values()))
        for name, one in layers.items():
            yield f"| {name} | {one['microseconds'] / base['microseconds']:.2f} | {one['calls']} |"
        yield ""
    if storm := more.get("storm"):
        yield words.STORM
        yield "| | delay of the loop | a page | logins a second |\n|---|---|---|---|"
        base = next(iter(storm.values()))
        for name, one in storm.items():
            cells = [f"{one[figure] / base[figure]:.3f} ({one[figure]:.0f} ms)" for figure in ("loop", "page")]
            cells.append(f"{one['logins'] / base['logins']:.2f} ({one['logins']:.1f})")
            yield f"| {STACKS[name].title} | {' | '.join(cells)} |"
        yield ""


def _about(about: dict[str, Any]) -> Iterator[str]:
    if not about:
        return
    wanted = {re.split(r"[<>=\[]", one)[0].lower() for stack in STACKS.values() for one in stack.requires} | {"django"}
    packages = sorted(about["packages"].items(), key=lambda one: str(one[0]).lower())
    versions = ", ".join(f"{name} {version}" for name, version in packages if name.lower() in wanted)
    yield f"\nMeasured with Python {about['python']}; {versions}."
    yield f"At least {about['rounds']} rounds of {about['turn']} s for each contestant, on {about['cores']} busy cores."
