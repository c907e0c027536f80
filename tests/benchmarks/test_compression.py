"""The measuring of compression: the same conversation every time, figures that add up, both ways to cut told apart."""

import asyncio
import dataclasses
from itertools import pairwise

import pytest

from benchmarks.compression import model, report
from benchmarks.compression.cases import CASES, USUAL, Case
from benchmarks.compression.conversation import GIVEN_BACK, grown
from benchmarks.compression.counted import Counted
from benchmarks.compression.course import PAUSE_SECONDS, beginning, course, shared
from benchmarks.compression.measure import figures
from benchmarks.compression.model import summarised, tokens
from benchmarks.compression.served import served
from dataplane.conversation.model import Text, ToolCall, ToolResult, Turn
from summarizer import compressing
from summarizer.shortening.prompts import SLACK

REQUESTS = 48
GROWING = grown(1, REQUESTS)
CASE = Case(20_000, keep=10)
# How long requests wait here that could go as they are: as long as this stub takes for a summary of this size.
FITTING_SECONDS = 8.0
SHORTENED = {"model", "memory", "incremental"}
NOT_DUE = {"", "no-gain"}


def play(directory, case=CASE, restart=-1):
    return course(GROWING, case, directory, restart)


@pytest.fixture(scope="module", autouse=True)
def patience():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compressing, "FITTING_SECONDS", FITTING_SECONDS)
        yield


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    return play(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def sliding(tmp_path_factory):
    return play(tmp_path_factory.mktemp("sliding"), dataclasses.replace(CASE, every=True))


def test_a_conversation_is_the_same_for_its_seed_and_as_agents_have_it():
    assert grown(1, REQUESTS) == GROWING != grown(2, REQUESTS)
    assert len(GROWING) == REQUESTS
    waiting = set()
    for turn in GROWING.turns:
        results = [part for part in turn.parts if isinstance(part, ToolResult)]
        assert waiting == {part.call_id for part in results}
        assert all(GIVEN_BACK[0] <= len(each.text) <= GIVEN_BACK[1] for part in results for each in part.parts)
        waiting = {part.id for part in turn.parts if isinstance(part, ToolCall)}
    calls = list(GROWING.calls())
    assert all(call.turns[-1].role == "user" for call in calls)
    assert all(old.turns == new.turns[: len(old.turns)] for old, new in pairwise(calls))


def test_long_requests_are_shortened_and_short_ones_are_not(steps):
    assert len(steps) == REQUESTS
    assert {step.how for step in steps} - NOT_DUE == SHORTENED
    assert all(step.sent == step.whole and not step.replaced for step in steps if step.how not in SHORTENED)
    assert all(step.sent < step.whole and step.replaced for step in steps if step.how in SHORTENED)
    assert all(bool(step.waited) == bool(step.spent.calls) == (step.how in ("model", "incremental")) for step in steps)


def test_figures_add_up(steps):
    found = figures(steps)
    assert found.saved == sum(step.whole - step.sent - step.spent.prompt_tokens - step.spent.answer_tokens for step in steps) > 0
    assert found.cuts == sum(found.ends[end] for end in ("model", "incremental")) == found.waited
    assert found.due == found.memory + found.waited == sum(step.how not in NOT_DUE for step in steps)
    assert found.at_once == found.memory / found.due
    assert found.together == pytest.approx(sum(step.spent.seconds for step in steps))
    assert found.dollars < found.uncached < found.uncached_before
    # All but the first request begin as the one before it, until something is shortened.
    assert found.whole_known > found.sent_known > 0.5


def test_a_window_that_slides_along_leaves_caches_less(steps, sliding):
    ours, other = figures(steps), figures(sliding)
    assert other.cuts > 3 * ours.cuts
    assert other.sent_known < ours.sent_known - 0.1
    assert other.summaries > ours.summaries


def test_a_service_that_starts_anew_has_summaries_from_the_store(steps, tmp_path):
    number = next(place for place, step in enumerate(steps) if place > REQUESTS // 2 and step.how == "memory")
    again = play(tmp_path, restart=number)
    assert again[number].how == "store"
    assert [dataclasses.replace(step, how="") for step in again] == [dataclasses.replace(step, how="") for step in steps]


def test_what_takes_long_goes_on_behind_requests_that_pass_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr(model, "TOKEN_SECONDS", 0.05)
    late = play(tmp_path, Case(44_000, keep=10))
    first = next(place for place, step in enumerate(late) if step.how == "late")
    found = figures(late)
    assert all((step.how, step.waited, step.unfinished) == ("late", FITTING_SECONDS, True) for step in late[first : first + found.late])
    (made,) = {step.replaced for step in late[first + found.late :]}
    assert made, "who came next found it"
    assert (found.cuts, found.longest) == (1, FITTING_SECONDS)
    gone, waited = found.late * (FITTING_SECONDS + PAUSE_SECONDS), late[first + found.late].waited
    assert sum(step.spent.seconds for step in late) == pytest.approx(gone + waited), "from the first of them until it was there"
    assert (found.late > 1, waited > 0) == (True, True)


def test_meanwhile_the_older_summary_serves(tmp_path, monkeypatch):
    monkeypatch.setattr(model, "TOKEN_SECONDS", 0.05)
    found = figures(slow := play(tmp_path))
    assert found.older > 1
    older = [place for place, step in enumerate(slow) if step.waited and step.unfinished and step.replaced]
    assert all(slow[place].replaced == slow[place - 1].replaced for place in older)
    assert found.due == found.memory + found.waited + found.older + found.late


def test_a_service_that_ends_takes_what_is_on_its_way_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(model, "TOKEN_SECONDS", 0.05)
    (tmp_path / "whole").mkdir()
    whole = play(tmp_path / "whole", Case(40_000, keep=10))
    first = next(place for place, step in enumerate(whole) if step.how == "late")
    again = play(tmp_path, Case(40_000, keep=10), restart=first + 1)
    assert figures(again).calls == figures(whole).calls + 1, "the call that was broken off, and no other, is made again"
    assert figures(again).late >= figures(whole).late


def test_time_is_counted_but_none_passes_while_threads_work():
    async def tried():
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.to_thread(lambda: sum(range(100_000)))
        assert loop.time() == began
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1000):
                await asyncio.gather(asyncio.sleep(500), asyncio.Event().wait())
        async with asyncio.timeout(1):
            await asyncio.to_thread(lambda: sum(range(100_000)))
        return loop.time() - began

    with asyncio.Runner(loop_factory=Counted) as runner:
        assert runner.run(tried()) == pytest.approx(1000)


def test_the_stub_fills_what_it_is_asked_for_and_counts_its_time():
    prompt = "word and another " * 5000
    assert tokens(summarised(prompt, 1000)) == pytest.approx(1000 / SLACK * 0.8, rel=0.1)
    stub = model.Stub()
    spent = stub.begin()

    async def asked():
        answer = await stub.ask(None, "model", "system", prompt, 1000)
        assert answer.tokens == spent.prompt_tokens + spent.answer_tokens
        assert asyncio.get_running_loop().time() == pytest.approx(spent.seconds) == pytest.approx(0.8 + 0.012 * spent.answer_tokens)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await stub.ask(None, "model", "system", prompt, 1000)

    with asyncio.Runner(loop_factory=Counted) as runner:
        runner.run(asked())
    assert (spent.calls, spent.prompt_tokens, stub.working) == (2, 2 * tokens("system") + 2 * tokens(prompt), 0)


def test_what_two_requests_begin_with():
    call = GROWING.call(20)
    assert shared(GROWING.call(19), call) == pytest.approx(GROWING.call(19).input_estimate, rel=0.01)
    other = dataclasses.replace(call, turns=[Turn("user", [Text("other")]), *call.turns[1:]])
    assert shared(other, call) < call.input_estimate - sum(len(part.text) for part in call.turns[0].parts) / 4
    assert beginning("abcd", "abxd") == beginning("ab", "abx") == "ab"


def test_the_report_has_a_row_for_each_policy_and_plots_are_the_same_again(steps, sliding, tmp_path):
    measured = asyncio.run(served(GROWING, tmp_path, lengths=[REQUESTS], hits=2, keys=1, case=CASE))
    (one,) = measured.added
    assert (one.requests, one.turns) == (REQUESTS, len(GROWING.turns))
    assert 0 < one.memory < one.miss
    assert one.miss_calls > 1
    assert 0 < measured.idle <= measured.after

    courses = {case: sliding if case.every else steps for case in CASES}
    found = report.Found(courses, {USUAL: steps}, REQUESTS // 2, measured)
    page = report.refreshed(f"before {report.BEGIN} old {report.END} after", report.markdown(1, GROWING, found))
    assert page.startswith("before ")
    assert page.endswith(" after")
    assert " old " not in page
    assert all(page.count(f"| {case.name} |") == 3 for case in CASES if case != USUAL)
    assert page.count("| nothing is shortened |") == 2
    assert page.count(f"| {USUAL.name}, started anew |") == 1
    with pytest.raises(ValueError, match="compression:start"):
        report.refreshed("no markers", "")

    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    from benchmarks.compression.plots import draw  # noqa: PLC0415 - it imports what may be missing

    (tmp_path / "again").mkdir()
    first, again = draw(courses, tmp_path), draw(courses, tmp_path / "again")
    assert [path.name for path in first] == ["compression-length.svg", "compression-money.svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
