"""No request of ours has become a fifth more expensive: in functions entered, beside the baseline of the same run.

Here the requests that matter most; `python -m benchmarks.counts`, which `./dev test` runs, asks the others, too.
"""

from __future__ import annotations

import time

import pytest

from benchmarks import counts, measuring, sampling, storm, why
from benchmarks.counts import Team, Where, in_place
from benchmarks.measuring import Effort
from benchmarks.scenarios import ALL, SCENARIOS, Scenario
from benchmarks.stacks import STACKS

pytestmark = pytest.mark.once

MOST = ["page", "session", "key", "bad_login", "impersonated"]
#: Of those, what DRF and Ninja need processes of their own for is left to the whole check.
STARTED = {"stock", "ours", "drf"}


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    with Team(Where(str(tmp_path_factory.mktemp("bench"))), in_place) as team:
        yield team


@pytest.mark.slow
def test_counts__no_request_is_a_fifth_worse(team):
    found = counts.counted(team, MOST, stacks=STARTED)
    assert counts.regressions(counts.expected(), found) == []
    assert {name.split(":")[0] for name in found} == set(MOST)


@pytest.mark.slow
def test_counts__a_waste_of_a_quarter_is_found(team):
    found = counts.counted(team, ["page"], instead={"ours": "ours_wasteful"})
    assert len(counts.regressions(counts.expected(), found)) == 1


def test_regressions__a_fifth_more_calls_or_one_statement_more():
    before = {"page: ours/page": {"calls": 1.0, "statements": 1}}

    def told(**changes):
        return counts.regressions(before, {"page: ours/page": {"calls": 1.0, "statements": 1, **changes}})

    assert told() == told(calls=1.2) == told(calls=0.1, statements=0) == []
    assert told(calls=1.21) == ["page: ours/page: 1.21 times the calls of the baseline, 1.00 expected"]
    assert told(statements=2) == ["page: ours/page: 2 statements, 1 expected"]


def test_regressions__what_nothing_is_expected_of_is_told():
    assert "nothing is expected yet" in counts.regressions({}, {"page: ours/page": {"calls": 1.0, "statements": 0}})[0]


def test_expected__is_what_is_checked():
    assert list(counts.expected()) == [
        f"{name}: {row.key}"
        for name, keys in counts.CHECKED.items()
        for row in SCENARIOS[name].rows
        if row.key in keys and row != SCENARIOS[name].baseline
    ]


def test_scenarios__name_stacks_that_exist():
    assert [row.key for scenario in ALL for row in scenario.rows if row.stack not in STACKS] == []


def test_scenarios__have_no_row_twice():
    assert [one.name for one in ALL if len(set(one.rows)) != len(one.rows)] == []


def test_why__tells_where_calls_and_time_go_of_what_misses_its_goal():
    def of(ratio, **profile):
        return {"ratio": ratio, "profile": {name.replace("_", "."): calls for name, calls in profile.items()}}

    scenario = SCENARIOS["page"]
    base = of(1.0, django_http=50, asgiref_local=10, threading=5)
    ours = of(1.3, django_http=60, sessionauth_conf=30, sessionauth_logs=1, asgiref_local=10)
    results = {"sqlite": {"page": {"stock/page": base, "ours/page": ours}}}
    told = "\n".join(why.told(results, lambda scenario, row: row.stack))
    assert "| calls, ours | 31 | 60 | 10 | 0 | 101 |\n| calls, beside | 0 | 50 | 10 | 5 | 65 |" in told
    assert "`django.http` 60, `sessionauth.conf` 30, `asgiref.local` 10." in told
    ours["sampled"] = {"sessionauth.conf": 3.25, "django.http": 50.0}
    assert "µs, " not in told
    base["sampled"] = {"django.http": 49.5}
    told = "\n".join(why.told(results, lambda scenario, row: row.stack))
    assert "| µs, ours | 3 | 50 | 0 | 0 | 53 |\n| µs, beside | 0 | 50 | 0 | 0 | 50 |" in told
    assert "Most µs: `sessionauth.conf` 3, `django.http` 50." in told
    ours["ratio"] = 0.9
    assert list(why.told(results, lambda scenario, row: row.stack)) == []
    results["postgres"] = {"page": {"ours/page": {"ratio": 1.01}}}
    assert why.is_missed(scenario, scenario.rows[1], results)


@pytest.mark.parametrize(
    ("values", "least"), [([5.0], 5.0), (range(1, 31), 30), (range(1, 101), 99), (range(200), 197)]
)
def test_p99__is_the_least_that_all_but_a_hundredth_do_not_exceed(values, least):
    """By nearest rank: of thirty pages it is the slowest, of which a storm has the most to tell."""
    assert storm.p99(list(reversed(values))) == least


@pytest.mark.slow
def test_measure__each_contestant_has_several_processes(tmp_path):
    scenario = SCENARIOS["page"]
    few = Scenario(scenario.name, scenario.title, scenario.rows[:1])
    with Team(Where(str(tmp_path)), in_place) as team:
        started = []
        start = team._start
        team._start = lambda name: started.append(name) or start(name)
        found = measuring.measure(team, few, Effort(rounds=5, turn=0.01, processes=2))
        assert started == ["stock"] * 2
        assert found["stock/page"]["ratio"] == 1
        assert team.ask("stock", "time", case="page", is_async=False, times=1) > 0


@pytest.mark.slow
def test_sample__tells_where_the_time_of_a_request_goes():
    def spin(times):
        """Take some time, in a function that does nothing else."""
        started = time.perf_counter()
        while time.perf_counter() < started + 0.002 * times:
            pass
        return [0.002] * times

    found = sampling.sample(spin, 0.5)
    assert found.microseconds == 2000
    assert found.by_module()[__name__] > 1500
    assert {name for name, _ in found.each(found.alone)} >= {f"{__name__}:{spin.__qualname__}"}
