"""Simulated hours: the same every time, every request ends once, nobody is asked who is known to be out."""

import asyncio
import dataclasses

import pytest

from benchmarks.scheduling import report
from benchmarks.scheduling.exchange import Exchange
from benchmarks.scheduling.loop import START, SimulatedClock, Standstill, simulate
from benchmarks.scheduling.measure import SERVED, Notes, figures, quantile
from benchmarks.scheduling.plane import running
from benchmarks.scheduling.scenario import ACCOUNTS, BROKEN, HOUR, SPENT, Behaviour, Scenario
from benchmarks.scheduling.simulation import played
from benchmarks.scheduling.traffic import sessions
from benchmarks.scheduling.upstream import REFUSED_AFTER, Upstream
from controlplane.policy.scheduling import Mode

# What days bring within two hours: who runs out does so early, being asked first; who breaks does so for half an hour.
CHANGES = {SPENT: {"left": 3.0, "priority": 4}, BROKEN: {"outage": (0.5 * HOUR, HOUR)}}
HURRIED = [dataclasses.replace(one, **CHANGES.get(one.name, {})) for one in ACCOUNTS]
SCENARIO = Scenario(days=2 / 24, sessions_per_day=2_500, accounts=HURRIED)


@pytest.fixture(scope="module", params=list(Mode))
def run(request):
    """One simulation in each mode: its notes and its upstream."""
    return simulate(played(SCENARIO, request.param))


def told(notes):
    return [
        (one.at, one.end, one.first, [(attempt.at, attempt.account, attempt.fault) for attempt in one.attempts]) for one in notes.requests
    ]


def attempts(notes, account):
    return [attempt for one in notes.requests for attempt in one.attempts if attempt.account == account]


def test_every_request_ends_once_and_is_recorded_once(run):
    notes, upstream = run
    planned = sum(len(session.turns) for session in sessions(SCENARIO))
    assert planned > 500
    assert len(notes.requests) == planned
    assert all(one.end for one in notes.requests)
    assert len(notes.records) == planned
    assert set(notes.records.values()) == {1}
    assert all(site.in_flight == 0 for site in upstream.sites.values())


def test_answers_are_of_the_last_attempt(run):
    notes, _ = run
    for one in notes.requests:
        faults = [attempt.fault for attempt in one.attempts]
        assert all(faults[:-1])
        if one.end == SERVED:
            assert faults[-1] == ""
            assert one.first > 0


def test_who_is_known_to_have_nothing_left_is_not_asked_again(run):
    notes, upstream = run
    tries = attempts(notes, SPENT)
    assert upstream.sites[SPENT].left == 0
    refused = [attempt.at for attempt in tries if attempt.fault == "quota_exhausted"]
    known = refused[0] + REFUSED_AFTER if refused else upstream.sites[SPENT].ran_out - START
    assert not [attempt.at for attempt in tries if attempt.at > known]


def test_who_cannot_be_reached_is_probed_and_returns(run):
    notes, _ = run
    tries = attempts(notes, BROKEN)
    begins, ends = 0.5 * HOUR, HOUR
    during = [attempt for attempt in tries if begins <= attempt.at < ends]
    assert during
    assert {attempt.fault for attempt in during} == {"unreachable"}
    assert any(attempt.at >= ends and not attempt.fault for attempt in tries)


def test_the_same_seed_is_the_same_course_of_events():
    scenario = dataclasses.replace(SCENARIO, days=0.5 / 24)
    first, again, other = (simulate(played(one, Mode.SMART))[0] for one in (scenario, scenario, dataclasses.replace(scenario, seed=2)))
    assert told(first) == told(again)
    assert told(first) != told(other)


def test_a_disabled_account_is_not_asked():
    scenario = Scenario(days=1 / 24, accounts=[Behaviour("first", ""), Behaviour("second", "")])

    async def half_disabled():
        notes, upstream = Notes(), Upstream(scenario)
        loop = asyncio.get_running_loop()
        async with running(scenario, upstream, Mode.SMART) as plane, asyncio.TaskGroup() as playing:
            for session in sessions(scenario):
                await asyncio.sleep(session.begins - loop.time())
                playing.create_task(Exchange(plane, upstream, notes).play(session))
                if loop.time() > HOUR / 2:
                    await plane.parts.accounts.disable("first")
        return notes

    tries = attempts(simulate(half_disabled()), "first")
    assert [attempt for attempt in tries if attempt.at < HOUR / 2]
    # The first session after half an hour brings the change.
    assert not [attempt for attempt in tries if attempt.at > 0.6 * HOUR]


def test_time_passes_only_by_waiting_and_never_runs_back():
    seen = []

    async def sleeper(seconds):
        for _ in range(3):
            await asyncio.sleep(seconds)
            seen.append(SimulatedClock().now())

    async def several():
        await asyncio.gather(sleeper(7.0), sleeper(0.001), sleeper(86_400.0), sleeper(0.0))
        return SimulatedClock().now()

    assert simulate(several()) == START + 3 * 86_400
    assert seen == sorted(seen)
    assert seen[0] == START


def test_a_wait_that_nothing_ends_is_told():
    async def forever():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Standstill):
        simulate(forever())


def test_a_time_limit_is_kept_in_simulated_time():
    async def late():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(3600), 60)
        return asyncio.get_running_loop().time()

    assert simulate(late()) == pytest.approx(60)


def test_the_report_has_a_column_for_each_mode_and_a_row_for_each_account():
    scenario = dataclasses.replace(SCENARIO, days=0.25 / 24)
    found = {mode: figures(scenario, *simulate(played(scenario, mode))) for mode in Mode}
    page = report.refreshed(f"before {report.BEGIN} old {report.END} after", report.markdown(scenario, found))
    assert page.startswith("before ")
    assert page.endswith(" after")
    assert " old " not in page
    assert "| figure | smart | priority | balanced |" in page
    assert all(f"| **{one.name}** " in page for one in scenario.accounts)
    with pytest.raises(ValueError, match="simulation:start"):
        report.refreshed("no markers", "")


def test_plots_are_the_same_for_the_same_figures(tmp_path):
    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    from benchmarks.scheduling.plots import draw  # noqa: PLC0415 - it imports what may be missing

    scenario = dataclasses.replace(SCENARIO, days=0.25 / 24)
    found = {Mode.SMART: figures(scenario, *simulate(played(scenario, Mode.SMART)))}
    (tmp_path / "again").mkdir()
    first, again = draw(scenario, found, tmp_path), draw(scenario, found, tmp_path / "again")
    assert [path.name for path in first] == ["scheduling-load.svg", "scheduling-waiting.svg", "scheduling-allowance.svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_quantiles():
    assert quantile([], 0.5) == 0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    assert quantile([1.0, 2.0], 0.99) == 2.0
