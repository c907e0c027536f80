"""When conversations cannot be shortened: they pass as they came, or are answered as too long; and what is remembered survives."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import anthropic
import httpx
import openai
import pytest

from tests.flow.talks import (
    arrived,
    by_anthropic,
    by_openai,
    changed,
    decide,
    facts,
    left_out,
    make_key,
    messages,
    opening,
    summaries,
    talk,
)
from tests.stack import until

pytestmark = pytest.mark.slow

KIRO = "kiro/claude-sonnet-4.5"
# Reads 40 960 tokens: one conversation is long and fits, the second does not, the third is beyond all doubt.
SMALL, OF = "openai/Qwen/Qwen3-8B", "openai"
FITTING, BURSTING, VAST = 150, 450, 660
SUMMARIES, REFUSING = "kiro/claude-haiku-4.5", "anthropic/claude-haiku-4-5"


@pytest.fixture(scope="module")
def _small(every_kind):
    """Conversations are long early, a model reads little, and what summarises is at one upstream alone."""
    stack = every_kind.stack
    account = stack.join("openai", "a small one", simulated={"vendor": "vllm"})
    decide(stack, compressionTokens=10_000, summaryModel=SUMMARIES)
    yield
    decide(stack, compressionTokens=None, summaryModel=None)
    stack.admin("DELETE", f"/api/accounts/{account['id']}")


@pytest.fixture
def stack(every, _small):
    until(lambda: serves(every.stack), 15, every.stack.log)
    return every.stack


@pytest.fixture
def key(stack):
    return make_key(stack)[1]


@pytest.fixture
def decided(stack):
    """`decided(name=value)` changes settings for the time of a test."""
    before = stack.admin("GET", "/api/settings")
    changes = {}

    def change(**settings):
        changes.update(settings)
        decide(stack, **settings)

    yield change
    decide(stack, **{name: before[name] for name in changes})


def serves(stack):
    """Whether the data plane reaches the summarizer: this is asked of it too."""
    return httpx.get(f"{stack.gateway}/v1/sessions", headers={"x-api-key": make_key(stack)[1]}).status_code == 200


def how(stack, answer):
    """What the record says of the conversation."""
    until(lambda: answer.id in [each["requestId"] for each in stack.admin("GET", "/api/requests?internal=false")["requests"]], 5)
    return stack.admin("GET", f"/api/requests/{answer.id}")["compression"]["how"]


def passes(stack, key, why):
    """A conversation that fits goes out whole."""
    lines = talk(FITTING)
    answer = by_anthropic(stack, key, SMALL, lines)
    assert (left_out(arrived(stack, OF)[-1], lines), opening(arrived(stack, OF)[-1]), answer.told) == ([], "", None)
    assert how(stack, answer) == why


def is_too_long(stack, key):
    """One that cannot fit is answered as clients understand it."""
    with pytest.raises(anthropic.BadRequestError) as caught:
        by_anthropic(stack, key, SMALL, talk(VAST))
    assert caught.value.body["error"]["type"] == "invalid_request_error"
    assert caught.value.body["error"]["message"].startswith("prompt is too long")
    with pytest.raises(openai.BadRequestError) as caught:
        by_openai(stack, key, SMALL, talk(VAST))
    assert caught.value.code == "context_length_exceeded"


# ---- while nothing fails


@pytest.mark.parametrize(("ask", "turns"), [(by_openai, BURSTING), (by_openai, VAST), (by_anthropic, VAST)])
def test_what_does_not_fit_is_made_to_also_within_a_family(stack, key, ask, turns):
    lines = talk(turns)
    answer = ask(stack, key, SMALL, lines)
    (body,) = arrived(stack, OF)
    assert opening(body)
    assert left_out(body, lines[-4:]) == []
    assert answer.told


# ---- the summarizer is away


def test_a_killed_summarizer_lets_conversations_pass(stack, key):
    stack.kill("summarizer")
    passes(stack, key, "unavailable")
    assert summaries(stack) == []


def test_without_a_summarizer_what_cannot_fit_is_too_long(stack, key):
    stack.kill("summarizer")
    is_too_long(stack, key)
    assert arrived(stack, OF) == []


@pytest.mark.parametrize("fits", [True, False])
def test_a_summarizer_killed_at_work(stack, key, fits):
    stack.sim("POST", "script", {"script": "stall", "options": {"headers": False}, "times": 1})
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(by_anthropic, stack, key, SMALL, talk(FITTING if fits else VAST))
        until(lambda: stack.sim("GET", "counters")["live"] == 1, 10)
        stack.kill("summarizer")
        if fits:
            assert left_out(arrived_after(waiting, stack), talk(FITTING)) == []
        else:
            with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
                waiting.result(10)
    until(lambda: stack.sim("GET", "counters")["live"] == 0, 5)
    until(lambda: stack.admin("GET", "/api/proxy/stats")["openLeases"] == 0, 5)


def arrived_after(waiting, stack):
    assert waiting.result(10).told is None
    return arrived(stack, OF)[-1]


def test_a_summarizer_started_anew_has_forgotten_nothing(stack, key):
    lines = talk(FITTING)
    first = by_anthropic(stack, key, KIRO, lines)
    asked = len(summaries(stack))
    until(lambda: kept(stack, key, first), 5)
    stack.kill("summarizer")
    until(lambda: not serves(stack), 5)
    until(lambda: serves(stack), 15, stack.log)
    answer = by_anthropic(stack, key, KIRO, lines)
    assert (len(summaries(stack)), how(stack, answer)) == (asked, "store")
    assert opening(arrived(stack)[1]) == opening(arrived(stack)[0]) != ""
    assert kept(stack, key, first)


def kept(stack, key, answer):
    """Whether its original can be had, which is stored last."""
    return httpx.get(f"{stack.gateway}/v1/requests/{answer.id}/original", headers={"x-api-key": key}).status_code == 200


# ---- the model that summarises


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429, "headers": {"Retry-After": "60"}}], ids=["broken", "throttled"])
def test_a_model_that_fails_lets_conversations_pass(stack, key, fault):
    stack.sim("POST", "fail", {**fault, "times": 99})
    passes(stack, key, "model-failed")
    is_too_long(stack, make_key(stack)[1])


def test_a_model_that_refuses_lets_conversations_pass(stack, key, decided):
    decided(summaryModel=REFUSING)
    stack.sim("POST", "script", {"script": "refusal", "times": 99}, of="anthropic")
    passes(stack, key, "model-failed")
    is_too_long(stack, make_key(stack)[1])


@pytest.mark.parametrize("fits", [True, False])
def test_a_slow_model_is_waited_for_as_long_as_is_decided(stack, key, decided, fits):
    """And a little less, so that the answer comes in time; where the conversation can go as it is, for some seconds only."""
    decided(compressionSeconds=5)
    stack.sim("POST", "script", {"script": "stall", "options": {"headers": False}, "times": 9})
    began = time.monotonic()
    if fits:
        passes(stack, key, "late")
    else:
        with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
            by_anthropic(stack, key, SMALL, talk(VAST))
    assert 3.5 < time.monotonic() - began < 7
    assert stack.sim("GET", "counters")["live"] == 1, "what was begun goes on behind the request"
    stack.kill("summarizer")
    until(lambda: not serves(stack), 5)
    until(lambda: serves(stack), 15, stack.log)
    until(lambda: stack.sim("GET", "counters")["live"] == 0, 5)


def test_what_a_key_may_spend_in_a_day_bounds_its_summaries(stack, key, decided):
    decided(compressionKeyTokensPerDay=5_000)
    passes(stack, key, "budget")
    assert summaries(stack) == [], "what cannot be paid for is not begun"
    decided(compressionKeyTokensPerDay=0)
    assert by_anthropic(stack, key, KIRO, changed(talk(FITTING), 1, "Something else.")).told


# ---- what is remembered


def test_more_conversations_than_are_remembered(stack, key, decided):
    decided(compressionEntries=10)
    subjects = [f"service {number}" for number in range(13)]
    for subject in (*subjects, subjects[0], subjects[-1]):
        lines = talk(FITTING, subject=subject)
        answer = by_anthropic(stack, key, KIRO, lines)
        body = arrived(stack)[-1]
        assert [fact for fact in facts(lines) if fact not in body] == []
    assert how(stack, answer) == "memory", "the latest is there still"


def test_a_client_that_leaves_loses_nothing(stack):
    key_id, key = make_key(stack, limits={"concurrency": 1})
    lines = talk(FITTING)
    stack.sim("POST", "script", {"script": "text", "options": {"text": "It began well."}, "times": 2})
    stack.sim("POST", "script", {"script": "stall", "options": {"headers": False}, "times": 1})
    asyncio.run(leave(stack, key, lines))
    until(lambda: stack.sim("GET", "counters")["live"] == 0, 5)
    assert (stack.sim("GET", "counters")["aborted"], arrived(stack)) == (1, [])
    until(lambda: stack.admin("GET", "/api/proxy/stats")["openLeases"] == 0, 5)
    assert stack.admin("GET", f"/api/keys/{key_id}")["usage"]["tokens"]["total"]["reserved"] == 0
    answer = by_anthropic(stack, key, KIRO, lines)
    assert how(stack, answer) == "incremental"
    assert opening(arrived(stack)[0]).count("It began well.") == 2
    assert [each for each in summaries(stack)[3:] if facts(lines)[0] in each] == [], "its beginning was not asked for again"


async def leave(stack, key, lines):
    """Ask, and be gone in the middle of the summary."""
    async with httpx.AsyncClient() as client:
        asking = client.post(f"{stack.gateway}/v1/messages", json=messages(KIRO, lines), headers={"x-api-key": key}, timeout=60)
        task = asyncio.ensure_future(asking)
        await asyncio.to_thread(until, lambda: len(summaries(stack)) == 3, 10)
        task.cancel()
        await asyncio.wait([task])
