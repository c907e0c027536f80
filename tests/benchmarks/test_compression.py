"""The measuring of compression: the same conversation every time, figures that add up, both ways to cut told apart."""

import asyncio
import dataclasses
from itertools import pairwise

import pytest

from benchmarks.compression import report
from benchmarks.compression.cases import CASES, USUAL, Case
from benchmarks.compression.conversation import GIVEN_BACK, grown
from benchmarks.compression.course import beginning, course, shared
from benchmarks.compression.measure import figures, hit_rate
from benchmarks.compression.model import Stub, summarised, tokens
from benchmarks.compression.served import served
from dataplane.conversation.model import Text, ToolCall, ToolResult, Turn
from summarizer.errors import Late
from summarizer.prompts import SLACK

REQUESTS = 48
GROWING = grown(1, REQUESTS)
CASE = Case(20_000, keep=10)
SHORTENED = {"model", "memory", "incremental"}


def play(directory, case=CASE, restart=-1):
    return asyncio.run(course(GROWING, case, directory, restart))


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
    assert {step.how for step in steps} - {"no-gain"} == {"", *SHORTENED}
    assert all(step.sent == step.whole and not step.replaced for step in steps if step.how not in SHORTENED)
    assert all(step.sent < step.whole and step.replaced for step in steps if step.how in SHORTENED)
    assert all(bool(step.spent.calls) == (step.how in ("model", "incremental")) for step in steps)


def test_figures_add_up(steps):
    found = figures(steps)
    assert found.saved == sum(step.whole - step.sent - step.spent.prompt_tokens - step.spent.answer_tokens for step in steps) > 0
    assert found.cuts == sum(found.ends[end] for end in ("model", "incremental")) == found.waited
    assert hit_rate(found) == found.ends["memory"] / sum(found.ends[end] for end in SHORTENED)
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


def test_what_takes_too_long_is_broken_off_and_goes_on_with_the_next_request(tmp_path):
    late = play(tmp_path, Case(40_000, keep=10, seconds=10))
    first = next(place for place, step in enumerate(late) if step.spent.late)
    assert (late[first].how, late[first].spent.seconds) == ("late", 10)
    assert any(step.how == "incremental" for step in late[first:])
    assert all(step.spent.seconds <= 10 for step in late)


def test_the_stub_fills_what_it_is_asked_for_and_counts_its_time():
    prompt = "word and another " * 5000
    assert tokens(summarised(prompt, 1000)) == pytest.approx(1000 / SLACK * 0.8, rel=0.1)
    model = Stub()
    spent = model.begin(20.0)
    answer = asyncio.run(model.ask(None, "model", "system", prompt, 1000))
    assert answer.tokens == spent.prompt_tokens + spent.answer_tokens
    assert spent.seconds == pytest.approx(0.8 + 0.012 * spent.answer_tokens)
    asyncio.run(model.ask(None, "model", "system", prompt, 1000))
    with pytest.raises(Late):
        asyncio.run(model.ask(None, "model", "system", prompt, 1000))
    assert (spent.seconds, spent.late) == (20.0, True)


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
    with pytest.raises(ValueError, match="compression:start"):
        report.refreshed("no markers", "")

    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    from benchmarks.compression.plots import draw  # noqa: PLC0415 - it imports what may be missing

    (tmp_path / "again").mkdir()
    first, again = draw(courses, tmp_path), draw(courses, tmp_path / "again")
    assert [path.name for path in first] == ["compression-length.svg", "compression-money.svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
