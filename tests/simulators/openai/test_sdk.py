"""The official SDK as judge: what the simulator answers is what the SDK's own types and stream classes take."""

import json

import openai
import pydantic
import pytest

from tests.simulators.openai.vendors import VENDORS

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
TOOLS = [{"type": "function", "function": {"name": name, "description": name, "parameters": CITY}} for name in ("get_weather", "get_time")]


class Trip(pydantic.BaseModel):
    city: str
    days: int
    places: list[str]


@pytest.fixture(params=VENDORS)
async def at(request, sim):
    """An SDK client of an account at each vendor, and a model of it."""
    account = sim.account(vendor=request.param)
    async with openai.AsyncOpenAI(base_url=sim.base_url(account), api_key=account.key, max_retries=0) as client:
        yield client, account.models[0]
    assert sim.rejections == []


def asked(text="hi", **rest):
    return {"messages": [{"role": "user", "content": text}], **rest}


async def test_whole_and_streamed_say_the_same(at):
    client, model = at
    said = "[[say:the quick gateway forwards every small piece]]"
    whole = await client.chat.completions.create(model=model, **asked(said))
    assert (whole.choices[0].message.content, whole.choices[0].finish_reason) == ("the quick gateway forwards every small piece", "stop")
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    async with client.chat.completions.stream(model=model, **asked(said, stream_options={"include_usage": True})) as stream:
        async for _ in stream:
            pass
        final = await stream.get_final_completion()
    assert final.choices[0].message.content == whole.choices[0].message.content
    assert final.usage.completion_tokens == whole.usage.completion_tokens


async def test_usage_comes_only_when_asked_for(sim):
    account = sim.account()
    async with openai.AsyncOpenAI(base_url=sim.base_url(account), api_key=account.key) as client:
        plain = [chunk async for chunk in await client.chat.completions.create(model="gpt-4o", stream=True, **asked())]
        told = [
            chunk
            async for chunk in await client.chat.completions.create(
                model="gpt-4o", stream=True, stream_options={"include_usage": True}, **asked()
            )
        ]
    assert not any(chunk.usage for chunk in plain)
    assert [(chunk.choices, chunk.usage is None) for chunk in told[-1:]] == [([], False)]
    assert all(chunk.usage is None for chunk in told[:-1])


@pytest.mark.parametrize("streamed", [False, True])
async def test_parallel_calls(at, streamed):
    client, model = at
    wanted = asked('[[call:get_weather {"city": "Paris"}]] [[call:#1 {"city": "Köln"}]]', tools=TOOLS)
    if streamed and not model.startswith("qwen3:"):
        async with client.chat.completions.stream(model=model, **wanted) as stream:
            async for _ in stream:
                pass
            choice = (await stream.get_final_completion()).choices[0]
        made = choice.message.tool_calls
    elif streamed:  # the SDK's stream class cannot follow calls without an index
        chunks = [chunk async for chunk in await client.chat.completions.create(model=model, stream=True, **wanted)]
        made = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
        choice = chunks[-1].choices[0]
    else:
        choice = (await client.chat.completions.create(model=model, **wanted)).choices[0]
        made = choice.message.tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in made] == [
        ("get_weather", {"city": "Paris"}),
        ("get_time", {"city": "Köln"}),
    ]
    assert len({call.id for call in made}) == 2
    assert choice.finish_reason == "tool_calls"


async def test_a_tool_loop(at):
    client, model = at
    messages = asked("[[call:get_weather {}]]")["messages"]
    first = (await client.chat.completions.create(model=model, messages=messages, tools=TOOLS)).choices[0].message
    turn = {name: value for name, value in first.model_dump(exclude_none=True).items() if name != "annotations"}
    messages += [turn, {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "sunny"}]
    second = await client.chat.completions.create(model=model, messages=messages, tools=TOOLS)
    assert 'The tools returned "sunny"' in second.choices[0].message.content


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5.2"])
async def test_structured_output_parses(sim, model):
    account = sim.account()
    async with openai.AsyncOpenAI(base_url=sim.base_url(account), api_key=account.key) as client:
        parsed = await client.chat.completions.parse(model=model, response_format=Trip, **asked())
    assert parsed.choices[0].message.parsed == Trip(city="word", days=7, places=["word"])


async def test_a_refusal_is_its_own_member(sim):
    account = sim.account()
    async with openai.AsyncOpenAI(base_url=sim.base_url(account), api_key=account.key) as client:
        whole = (await client.chat.completions.create(model="gpt-4o", **asked("[[sim:refusal]]"))).choices[0].message
        async with client.chat.completions.stream(model="gpt-4o", **asked("[[sim:refusal]]")) as stream:
            async for _ in stream:
                pass
            streamed = (await stream.get_final_completion()).choices[0].message
    assert (whole.content, whole.refusal, streamed.refusal) == (None, "I can't help with that.", "I can't help with that.")


async def test_models(at):
    client, model = at
    listed = [each.id async for each in client.models.list()]
    assert model in listed
    assert (await client.models.retrieve(model)).id == model


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
    ],
)
async def test_refusals_are_the_sdks_own_errors(sim, status, error):
    account = sim.account()
    async with openai.AsyncOpenAI(base_url=sim.base_url(account), api_key=account.key, max_retries=0) as client:
        with pytest.raises(error) as caught:
            await client.chat.completions.create(model="gpt-4o", **asked(f'[[sim:status {{"status": {status}}}]]'))
    assert caught.value.body["message"]


async def test_an_error_in_the_stream_is_raised(at):
    client, model = at
    stream = await client.chat.completions.create(model=model, stream=True, **asked('[[sim:internal {"after": 2}]]'))
    with pytest.raises(openai.APIError):
        _ = [chunk async for chunk in stream]
