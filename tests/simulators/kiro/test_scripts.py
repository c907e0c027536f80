"""Every script, as a client sees it."""

import asyncio
import json

import aiohttp
import pytest

from tests.simulators.kiro import frames
from tests.simulators.kiro.asks import ask, bearer, chat, inputs, words
from tests.simulators.kiro.scripts import SCRIPTS

TAIL = ["metadataEvent", "contextUsageEvent", "meteringEvent"]


@pytest.fixture
def account(sim):
    return sim.account()


async def collect(answer, into):
    async for chunk in answer.content.iter_any():
        into.append(chunk)


async def raw(client, sim, account, content, **rest):
    """The chunks of a body that need not be whole frames, and whether it ended as HTTP wants it."""
    chunks = []
    async with client.post(f"{sim.url}/generateAssistantResponse", json=chat(account, content, **rest), headers=bearer(account)) as answer:
        try:
            async for chunk, _ in answer.content.iter_chunks():
                chunks.append(chunk)
        except aiohttp.ClientError:
            return chunks, False
    return chunks, True


def names(events):
    return [event.name for event in events]


async def test_the_plain_answer_echoes_and_ends_with_the_tail(client, sim, account):
    status, events = await ask(client, sim, account, "system text\n\nWhat is 2+2?")
    assert status == 200
    assert 'You wrote "What is 2+2?"' in words(events)
    assert names(events)[0] == "messageMetadataEvent"
    assert names(events)[-3:] == TAIL
    assert events[-3].data == {"stopReason": "END_TURN"}
    assert 0 < events[-2].data["contextUsagePercentage"] < 1
    assert events[-1].data["usage"] > 0


async def test_thinking_in_tags(client, sim, account):
    _, events = await ask(client, sim, account, '[[say:Hello.]][[sim:tags {"thought": "hm", "piece": 5}]]')
    assert words(events) == "<thinking>\nhm\n</thinking>\n\nHello."
    assert events[1].data["content"] == "<thin"


async def test_text_options(client, sim, account):
    _, events = await ask(
        client, sim, account, '[[say:Hello.]][[sim:text {"piece": 2, "percent": 100, "reason": "MAX_TOKENS", "tokens": true}]]'
    )
    assert [event.data["content"] for event in events[1:4]] == ["He", "ll", "o."]
    assert events[-3].data["stopReason"] == "MAX_TOKENS"
    assert events[-3].data["tokenUsage"]["outputTokens"] == 1
    assert events[-2].data == {"contextUsagePercentage": 100}
    _, events = await ask(client, sim, account, '[[sim:text {"words": 50, "tail": false}]]')
    assert len(words(events).split()) == 50
    assert "meteringEvent" not in names(events)


async def test_max_tokens_cut_the_answer(client, sim, account):
    _, events = await ask(client, sim, account, '[[sim:text {"words": 2000}]]', model="claude-opus-4.6", fields={"max_tokens": 1024})
    assert len(words(events)) == 4096
    assert events[-3].data == {"stopReason": "MAX_TOKENS"}


async def test_declared_tools_are_called_on_demand(client, sim, account):
    text = 'Now [[call:get_weather {"city": "Paris"}]] [[call:#1 {}]]'
    _, events = await ask(client, sim, account, text, tools=["get_weather", "clock"])
    assert list(inputs(events).values()) == [("get_weather", '{"city": "Paris"}'), ("clock", "{}")]
    assert words(events) == "Let me look that up."
    assert events[-3].data == {"stopReason": "TOOL_USE"}
    _, events = await ask(client, sim, account, text)
    assert inputs(events) == {}


async def test_tool_results_are_quoted(client, sim, account):
    _, asked = await ask(client, sim, account, "[[call:clock {}]]", tools=["clock"])
    identity = next(iter(inputs(asked)))
    history = [
        {"userInputMessage": {"content": "time?"}},
        {"assistantResponseMessage": {"content": "x", "toolUses": [{"toolUseId": identity, "name": "clock", "input": {}}]}},
    ]
    results = [{"toolUseId": identity, "content": [{"text": "half past "}, {"text": "nine"}], "status": "success"}]
    _, events = await ask(client, sim, account, "", tools=["clock"], history=history, results=results)
    assert '"half past nine"' in words(events)
    assert sim.rejections == []


async def test_ids_of_calls_differ_between_requests(client, sim, account):
    first, second = [inputs((await ask(client, sim, account, "[[call:a {}]]", tools=["a"]))[1]) for _ in range(2)]
    assert not set(first) & set(second)


@pytest.mark.parametrize(
    ("fields", "thoughts"),
    [({"thinking": {"type": "adaptive"}}, True), ({"thinking": {"type": "adaptive", "display": "omitted"}}, False)],
)
async def test_reasoning_follows_the_request_and_can_be_sent_back(client, sim, account, fields, thoughts):
    model = "claude-sonnet-4.6"
    _, events = await ask(client, sim, account, model=model, fields=fields)
    reasoning = [event.data for event in events if event.name == "reasoningContentEvent"]
    text = "".join(part.get("text", "") for part in reasoning)
    assert bool(text) == thoughts
    content = {"reasoningText": {"text": text, "signature": reasoning[-1]["signature"]}}
    history = [{"userInputMessage": {"content": "a"}}, {"assistantResponseMessage": {"content": "b", "reasoningContent": content}}]
    assert (await ask(client, sim, account, model=model, history=history))[0] == 200
    other = sim.account()
    assert (await ask(client, sim, other, model=model, history=history))[1]["reason"] == "THINKING_SIGNATURE_INVALID"
    assert [rejection.rule for rejection in sim.rejections] == ["R02"]


async def test_gpt_reasoning_comes_last(client, sim, account):
    _, events = await ask(client, sim, account, model="gpt-5.6-sol", fields={"reasoning": {"effort": "high"}})
    assert names(events)[-4:] == ["reasoningContentEvent", *TAIL]


async def test_reasoning_scripts(client, sim, account):
    _, events = await ask(client, sim, account, '[[sim:reasoning {"thought": "hm"}]]')
    assert [event.data for event in events[1:3]] == [{"text": "hm"}, {"signature": sim.signer(account, "claude-sonnet-4.5").sign("hm")}]
    _, events = await ask(client, sim, account, "[[sim:redacted]]")
    assert set(events[1].data) == {"redactedContent"}
    _, events = await ask(client, sim, account, "[[sim:signature]]")
    assert set(events[1].data) == {"signature"}
    assert events[2].name == "assistantResponseEvent"


async def test_odd_tool_calls(client, sim, account):
    async def call(script):
        _, events = await ask(client, sim, account, f'[[sim:{script}]][[call:a {{"x": "é1"}}]][[call:b {{"y": 22}}]]', tools=["a", "b"])
        return [event.data for event in events if event.name == "toolUseEvent"], events

    mixed, events = await call("interleaved")
    assert mixed[0]["name"] != mixed[1]["name"]
    assert list(inputs(events).values()) == [("a", '{"x": "é1"}'), ("b", '{"y": 22}')]
    assert [event.get("input") for event in (await call("object-input"))[0]] == [{}, {"x": "é1"}, None]
    assert [set(event) for event in (await call("zero-arg"))[0]] == [{"toolUseId", "name"}, {"toolUseId", "name", "stop"}]
    assert ["name" in event for event in (await call("name-once"))[0]] == [True, False, False]
    assert sum("stop" in event for event in (await call("repeated-call"))[0]) == 2
    stops, events = await call("unstopped")
    assert not any("stop" in event for event in stops)
    assert "contextUsageEvent" not in names(events)
    cut, events = await call("cut-input")
    assert cut[-1]["stop"] is True
    with pytest.raises(json.JSONDecodeError):
        json.loads(next(iter(inputs(events).values()))[1])


async def test_odd_texts(client, sim, account):
    _, events = await ask(client, sim, account, "[[say:ha]][[sim:duplicates]]")
    assert words(events) == "haha"
    _, events = await ask(client, sim, account, "[[say:in]][[sim:wrapped]]")
    assert events[1].data == {"assistantResponseEvent": {"content": "in"}}
    _, events = await ask(client, sim, account, "[[say:ok]][[sim:unknown]]")
    assert words(events) == "ok"
    assert "somethingNewEvent" in names(events)
    _, events = await ask(client, sim, account, '[[sim:huge {"bytes": 400000}]]')
    assert len(words(events)) == 400_000
    _, events = await ask(client, sim, account, "[[sim:no-tail]]")
    assert names(events)[-1] == "assistantResponseEvent"
    assert (await ask(client, sim, account, "[[sim:empty]]"))[1] == []
    _, events = await ask(client, sim, account, '[[sim:events {"events": [["x", {"a": 1}]], "tail": false}]]')
    assert [(event.name, event.data) for event in events] == [("x", {"a": 1})]


async def test_characters_are_cut_between_chunks(client, sim, account):
    chunks, whole = await raw(client, sim, account, "[[sim:utf8]]")
    assert whole
    cut = [chunk for chunk in chunks[1:] if chunk[0] & 0xC0 == 0x80]
    assert len(cut) > 10
    assert "世界" in words(frames.read(b"".join(chunks)))


async def test_one_byte_a_chunk(client, sim, account):
    chunks, whole = await raw(client, sim, account, "[[sim:bytes]]")
    assert whole
    assert words(frames.read(b"".join(chunks))) == "One byte at a time: é."
    assert sim.requests[-1].bytes_sent == sum(map(len, chunks))


@pytest.mark.parametrize(
    ("script", "last", "data"),
    [
        ("throttled", "ThrottlingException", {"message": "Too many requests"}),
        ("too-long", "ContentLengthExceededException", {"message": "Input is too long."}),
        ("error-frame", "InternalFailure", None),
    ],
)
@pytest.mark.parametrize("after", [0, 2])
async def test_failures_inside_the_stream(client, sim, account, script, last, data, after):
    _, events = await ask(client, sim, account, f'[[sim:{script} {{"after": {after}}}]]')
    assert (events[-1].name, events[-1].data) == (last, data)
    assert names(events).count("assistantResponseEvent") == after


async def test_the_modelled_exception_and_any_other(client, sim, account):
    _, events = await ask(client, sim, account, "[[sim:internal]]")
    assert (events[-1].name, events[-1].data["reason"]) == ("error", "MODEL_TEMPORARILY_UNAVAILABLE")
    _, events = await ask(client, sim, account, '[[sim:exception {"type": "ValidationException", "reason": "X"}]]')
    assert (events[-1].name, events[-1].data["reason"]) == ("ValidationException", "X")


@pytest.mark.parametrize(
    ("script", "fault"),
    [("half-frame", "length"), ("bad-prelude", "prelude CRC"), ("bad-crc", "message CRC"), ("oversize", "length")],
)
@pytest.mark.parametrize("after", [0, 3])
async def test_corrupt_bodies_end_cleanly_for_http(client, sim, account, script, fault, after):
    chunks, whole = await raw(client, sim, account, f'[[sim:{script} {{"after": {after}}}]]')
    assert whole
    with pytest.raises(ValueError, match=fault):
        frames.read(b"".join(chunks))
    assert len(frames.read(b"".join(chunks[:-1]))) == (after + 1 if after else 0)


async def test_broken_connections(client, sim, account):
    with pytest.raises(aiohttp.ClientError):
        await raw(client, sim, account, "[[sim:reset-early]]")
    for script in ("reset", "drop"):
        chunks, whole = await raw(client, sim, account, f'[[sim:{script} {{"after": 3}}]]')
        assert not whole
        assert len(frames.read(b"".join(chunks))) <= 4
    assert not any(record.finished or record.aborted for record in sim.requests)


@pytest.mark.parametrize("after", [0, 1])
async def test_a_stall_holds_the_stream(client, sim, account, after):
    sim.script("stall", {"seconds": 30, "after": after, "text": "one two"})
    async with client.post(f"{sim.url}/generateAssistantResponse", json=chat(account), headers=bearer(account)) as answer:
        seen = []
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(collect(answer, seen), 0.1)
    assert len(frames.read(b"".join(seen))) == (2 if after else 0)
    await sim.until(lambda: sim.requests[-1].aborted)


async def test_a_stall_can_withhold_the_status(client, sim, account):
    sim.script("stall", {"seconds": 30, "headers": False})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.post(f"{sim.url}/generateAssistantResponse", json=chat(account), headers=bearer(account))
    sim.script("stall", {"seconds": 0.01})
    assert (await ask(client, sim, account))[0] == 200


async def test_every_script_is_told_by_its_name_and_documented(client, sim, account):
    assert all(script.__doc__ for script in SCRIPTS.values())
    status, body = await ask(client, sim, account, "[[sim:nothing-of-the-kind]]")
    assert (status, sim.rejections[-1].rule) == (400, "SIM")
    assert "nothing-of-the-kind" in body["message"]
