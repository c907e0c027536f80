"""The official SDK as judge: what the simulator answers is what the SDK's own types and stream classes take."""

import anthropic
import pytest

CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [{"name": name, "description": name, "input_schema": CITY} for name in ("get_weather", "get_time")]
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
SONNET = "claude-sonnet-4-6"
OPUS = "claude-opus-5-5"


@pytest.fixture
async def sdk(sim):
    async with anthropic.AsyncAnthropic(base_url=sim.url, api_key=sim.account().key, max_retries=0) as client:
        yield client
    assert sim.rejections == []


def asked(text="hi", model=SONNET, **rest):
    return {"model": model, "max_tokens": 4000, "messages": [{"role": "user", "content": text}], **rest}


async def streamed(sdk, **request):
    async with sdk.messages.stream(**request) as stream:
        async for _ in stream:
            pass
        return await stream.get_final_message()


async def both(sdk, **request):
    """The same answer whole and streamed, and what they have in common."""
    whole, pieces = await sdk.messages.create(**request), await streamed(sdk, **request)
    assert [block.type for block in whole.content] == [block.type for block in pieces.content]
    assert (whole.stop_reason, whole.usage.output_tokens) == (pieces.stop_reason, pieces.usage.output_tokens)
    return whole, pieces


async def test_text(sdk):
    whole, pieces = await both(sdk, **asked("[[say:the quick gateway forwards every small piece]]"))
    assert whole.content[0].text == pieces.content[0].text == "the quick gateway forwards every small piece"
    assert (whole.stop_reason, whole.usage.input_tokens > 0) == ("end_turn", True)


async def test_parallel_calls_and_their_results(sdk):
    request = asked('[[call:get_weather {"city": "Paris"}]] [[call:#1 {}]]', tools=TOOLS)
    for answer in await both(sdk, **request):
        made = [block for block in answer.content if block.type == "tool_use"]
        assert [(block.name, block.input) for block in made] == [("get_weather", {"city": "Paris"}), ("get_time", {})]
        assert answer.stop_reason == "tool_use"
        results = [{"type": "tool_result", "tool_use_id": block.id, "content": f"of {block.name}"} for block in made]
        turns = [*request["messages"], {"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
        final = await sdk.messages.create(**{**request, "messages": turns})
        assert 'returned "of get_weather"; "of get_time"' in final.content[0].text


@pytest.mark.parametrize(
    ("model", "thinking", "shown"),
    [
        (SONNET, {"type": "enabled", "budget_tokens": 1024}, True),
        (OPUS, {"type": "adaptive", "display": "summarized"}, True),
        (OPUS, {"type": "adaptive"}, False),
    ],
)
async def test_thinking_is_signed_and_comes_back(sdk, model, thinking, shown):
    request = asked("[[call:get_weather {}]]", model, tools=TOOLS, thinking=thinking)
    for answer in await both(sdk, **request):
        thought, *_, call = answer.content
        assert (thought.type, bool(thought.thinking)) == ("thinking", shown)
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
        turns = [*request["messages"], {"role": "assistant", "content": answer.content}, {"role": "user", "content": [result]}]
        assert (await sdk.messages.create(**{**request, "messages": turns})).stop_reason == "end_turn"


async def test_redacted_thinking_comes_back(sdk):
    request = asked("[[sim:redacted]]")
    for answer in await both(sdk, **request):
        assert answer.content[0].type == "redacted_thinking"
        turns = [*request["messages"], {"role": "assistant", "content": answer.content}, {"role": "user", "content": "go on"}]
        await sdk.messages.create(**{**request, "messages": turns})


async def test_web_search_is_answered_by_the_server(sdk):
    request = asked("What happened today?", tools=[SEARCH])
    for answer in await both(sdk, **request):
        assert [block.type for block in answer.content] == ["server_tool_use", "web_search_tool_result", "text"]
        assert answer.content[0].input == {"query": "What happened today?"}
        assert answer.usage.server_tool_use.web_search_requests == 1
        turns = [*request["messages"], {"role": "assistant", "content": answer.content}, {"role": "user", "content": "and then?"}]
        await sdk.messages.create(**{**request, "messages": turns})


@pytest.mark.parametrize(
    ("text", "rest", "reason"),
    [
        ("[[sim:refusal]]", {}, "refusal"),
        ("[[sim:length]]", {}, "max_tokens"),
        ("[[say:one two three]]", {"max_tokens": 1}, "max_tokens"),
        ("[[say:one two three]]", {"stop_sequences": ["two"]}, "stop_sequence"),
        ('[[sim:text {"reason": "pause_turn"}]]', {}, "pause_turn"),
    ],
)
async def test_endings(sdk, text, rest, reason):
    whole, pieces = await both(sdk, **asked(text, **rest))
    assert whole.stop_reason == reason
    assert whole.stop_sequence == pieces.stop_sequence == ("two" if reason == "stop_sequence" else None)


async def test_a_schema_is_followed(sdk):
    schema = {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"], "additionalProperties": False}
    whole, _ = await both(sdk, **asked(output_config={"format": {"type": "json_schema", "schema": schema}}))
    assert whole.content[0].text == '{"days": 7}'


async def test_counting_and_models(sdk):
    counted = await sdk.messages.count_tokens(model=SONNET, messages=[{"role": "user", "content": "x" * 4000}])
    assert 1000 < counted.input_tokens < 1100
    listed = [each.id async for each in sdk.models.list(limit=3)]
    assert SONNET in listed
    assert len(listed) == len(set(listed)) > 3
    assert (await sdk.models.retrieve(OPUS)).display_name == "Claude Opus 5.5"


async def test_both_kinds_of_credential(sim):
    for headers in ({"api_key": sim.account().key}, {"auth_token": sim.account().key}):
        async with anthropic.AsyncAnthropic(base_url=sim.url, **headers) as client:
            assert (await client.messages.create(**asked())).role == "assistant"
    async with anthropic.AsyncAnthropic(base_url=sim.url, api_key="sk-ant-wrong", max_retries=0) as client:
        with pytest.raises(anthropic.AuthenticationError):
            await client.messages.create(**asked())


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError),
        (404, anthropic.NotFoundError),
        (413, anthropic.APIStatusError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.InternalServerError),
    ],
)
async def test_refusals_are_the_sdks_own_errors(sdk, status, error):
    with pytest.raises(error) as caught:
        await sdk.messages.create(**asked(f'[[sim:status {{"status": {status}}}]]'))
    assert caught.value.status_code == status
    assert caught.value.body["error"]["type"]


@pytest.mark.parametrize("after", [0, 2])
async def test_an_error_in_the_stream_is_raised(sdk, after):
    with pytest.raises(anthropic.APIStatusError) as caught:
        await streamed(sdk, **asked(f'[[sim:internal {{"after": {after}}}]]'))
    assert caught.value.body["error"]["type"] == "overloaded_error"
