"""The whole line for a key with limits: the second extension is refused, in both dialects, streamed and whole."""

import json
from dataclasses import replace

import pytest

from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.errors import BadUpstream, Cause, Kind, Unavailable
from dataplane.exchange import exchange
from dataplane.ports import Ending
from dataplane.upstreams.kiro import Kiro
from dataplane.windows import Window, Windows
from tests.dataplane import sse
from tests.dataplane.fakes import FakeClient, FakeControl, FakeTransport, line, request
from tests.dataplane.upstreams.kiro.samples import TAIL, frame, lease, said, stream, tool

ANTHROPIC, OPENAI = Anthropic(), OpenAIChat()
# Ten tokens each.
WORDS = [letter * 35 for letter in "abcdefgh"]
ARGUMENTS = json.dumps({"path": "x" * 300})


class Bounded(FakeControl):
    """Leases a Kiro account."""

    async def acquire(self, ask):
        granted = await super().acquire(ask)
        return replace(lease(), output_reserved=granted.output_reserved, windows=granted.windows)


def body(dialect, streamed, **more):
    tools = {
        "anthropic": [{"name": "Read", "input_schema": {"type": "object"}}],
        "openai-chat": [{"type": "function", "function": {"name": "Read", "parameters": {"type": "object"}}}],
    }
    asked = {
        "model": "claude-sonnet-4.5",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": streamed,
        "tools": tools[dialect.name],
    }
    return json.dumps({**asked, **({"max_tokens": 32_000} if dialect is ANTHROPIC else {}), **more}).encode()


def kiro(control, *scripts):
    """A line to a simulated Kiro."""
    transport = FakeTransport(*scripts)
    transport.headers = {"content-type": "application/vnd.amazon.eventstream"}
    wired = line(control, transport)
    wired.upstreams["kiro"] = Kiro()
    return wired


async def answered(dialect, streamed, control, pieces, **more):
    """What the client got: (text, names of calls, reason), however it was sent."""
    client = FakeClient()
    await exchange(kiro(control, (200, pieces)), dialect, request(body(dialect, streamed, **more)), client)
    assert client.complete
    read = {ANTHROPIC: (anthropic_stream, anthropic_whole), OPENAI: (openai_stream, openai_whole)}[dialect]
    return read[0 if streamed else 1](b"".join(client.pieces))


def anthropic_stream(data):
    events = [json.loads(event.data) for event in sse.Parser().feed(data)]
    kinds = [event["type"] for event in events]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop")
    assert kinds[-1] == "message_stop"
    text = "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")
    opened = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    return text, [block["name"] for block in opened if block["type"] == "tool_use"], events[-2]["delta"]["stop_reason"]


def anthropic_whole(data):
    told = json.loads(data)
    text = "".join(block.get("text", "") for block in told["content"])
    return text, [block["name"] for block in told["content"] if block["type"] == "tool_use"], told["stop_reason"]


def openai_stream(data):
    *events, done = [bytes(event.data) for event in sse.Parser().feed(data)]
    assert done == b"[DONE]"
    choices = [choice for event in events for choice in json.loads(event)["choices"]]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    calls = [call["function"] for choice in choices for call in choice["delta"].get("tool_calls", ())]
    return text, [call["name"] for call in calls if "name" in call], choices[-1]["finish_reason"]


def openai_whole(data):
    [choice] = json.loads(data)["choices"]
    calls = [call["function"]["name"] for call in choice["message"].get("tool_calls", ())]
    return choice["message"]["content"] or "", calls, choice["finish_reason"]


LENGTH = {ANTHROPIC: "max_tokens", OPENAI: "length"}
FORMS = pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
DIALECTS = pytest.mark.parametrize("dialect", [ANTHROPIC, OPENAI], ids=lambda dialect: dialect.name)


@FORMS
@DIALECTS
async def test_text_ends_where_the_second_extension_is_refused(dialect, streamed):
    control = Bounded(reserved=25, extensions=[45])
    pieces = [frame(*said(words)) for words in WORDS] + [b"".join(frame(*each) for each in TAIL)]
    text, calls, reason = await answered(dialect, streamed, control, pieces)
    assert (text, calls, reason) == ("".join(WORDS)[: int(45 * 3.5)], [], LENGTH[dialect])
    [outcome] = control.outcomes
    assert (outcome.ending, outcome.finish_reason, outcome.error) == (Ending.SERVED, "length", "")
    assert outcome.usage.output == 45
    assert outcome.usage.credits == 0.25, "read on for its figures"


@FORMS
@DIALECTS
async def test_a_call_that_the_second_extension_was_for_is_left_out(dialect, streamed):
    control = Bounded(reserved=15, extensions=[25])
    fragments = [ARGUMENTS[at : at + 35] for at in range(0, len(ARGUMENTS), 35)]
    pieces = [frame(*said(WORDS[0])), frame(*said(WORDS[1])), *(frame(*tool("1", "Read", each)) for each in fragments)]
    pieces += [frame(*tool("1", stop=True)), b"".join(frame(*each) for each in TAIL)]
    text, calls, reason = await answered(dialect, streamed, control, pieces)
    assert (text, calls, reason) == (WORDS[0] + WORDS[1], [], LENGTH[dialect])
    assert control.outcomes[0].usage.output == 25


@FORMS
@DIALECTS
async def test_what_is_granted_in_time_changes_nothing(dialect, streamed):
    control = Bounded(reserved=15, extensions=[100, 1000])
    pieces = [frame(*said(WORDS[0])), stream(tool("1", "Read", ARGUMENTS, stop=True))]
    text, calls, reason = await answered(dialect, streamed, control, pieces)
    assert (text, calls) == (WORDS[0], ["Read"])
    assert reason == {ANTHROPIC: "tool_use", OPENAI: "tool_calls"}[dialect]


async def test_without_a_bound_nothing_is_asked():
    control = Bounded()
    text, _, reason = await answered(ANTHROPIC, True, control, [stream(*map(said, WORDS))])
    assert (text, reason, control.extends) == ("".join(WORDS), "end_turn", [])


async def test_a_control_plane_that_is_away_ends_the_answer_within_what_was_reserved():
    away = Unavailable("the control plane is away", kind=Kind.STANDBY)
    control = Bounded(reserved=15, extensions=[away, away])
    text, _, reason = await answered(OPENAI, True, control, [frame(*said(words)) for words in WORDS])
    assert (len(text), reason) == (int(15 * 3.5), "length")


@pytest.mark.parametrize(("end", "fault"), [(frame(*said("x"))[:-1], Cause.CUT), (b"\xff" * 40, Cause.CORRUPT)], ids=["same", "other"])
async def test_another_attempt_may_use_what_the_one_before_was_granted(end, fault):
    """The reservation is the request's, with the same account and with another one."""

    class Growing(Bounded):
        async def extend(self, lease_id, output_tokens):
            self.reserved = await super().extend(lease_id, output_tokens)
            return self.reserved

    control = Growing("acc-1", "acc-2", reserved=15, extensions=[45])
    failing = [frame(*said(WORDS[0])), frame(*said(WORDS[1])), end]
    client = FakeClient()
    wired = kiro(control, (200, failing), (200, [stream(*map(said, WORDS))]))
    await exchange(wired, ANTHROPIC, request(body(ANTHROPIC, False)), client)
    text, _, reason = anthropic_whole(b"".join(client.pieces))
    assert (len(text), reason) == (int(45 * 3.5), "max_tokens")
    assert [each.fault for each in control.outcomes[0].attempts] == [fault, ""]


async def test_what_came_before_a_fault_stays_within_the_budget_too():
    control = Bounded(reserved=15)
    broken = frame(*said("Z" * 35)) + b"\xff" * 40
    client = FakeClient()
    with pytest.raises(BadUpstream):
        await exchange(kiro(control, (200, [frame(*said(WORDS[0])), broken])), OPENAI, request(body(OPENAI, True)), client)
    assert b"".join(client.pieces).count(b"Z") == int(5 * 3.5)
    assert control.outcomes[0].usage.output == 15


@FORMS
async def test_the_client_is_told_what_its_key_may_still_do(streamed):
    windows = Windows(requests=Window(10, 9, 1_700_000_000_000))
    control, client = Bounded(windows=windows), FakeClient()
    await exchange(kiro(control, (200, [stream(said("a"))])), OPENAI, request(body(OPENAI, streamed)), client)
    assert client.windows == windows
