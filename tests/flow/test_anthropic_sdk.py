"""The official Anthropic SDK through three processes to a strict Kiro."""

import time

import anthropic
import pytest

MODEL = "claude-sonnet-4.5"
THINKER = "claude-sonnet-4.6"
WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")]


def ask(client, text, **more):
    return client.messages.create(**{"model": MODEL, "max_tokens": 500, "messages": [{"role": "user", "content": text}], **more})


def test_a_stream_arrives_in_pieces(anthropic_client):
    with anthropic_client.messages.stream(
        model=MODEL, max_tokens=500, messages=[{"role": "user", "content": "Tell me about grüne 🌲 trees"}]
    ) as stream:
        pieces = list(stream.text_stream)
        message = stream.get_final_message()
    assert len(pieces) > 3
    assert "".join(pieces) == message.content[0].text
    assert "🌲" in message.content[0].text
    assert message.stop_reason == "end_turn"
    assert message.model == MODEL
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 0


def test_what_the_upstream_has_said_is_there_before_it_goes_on(anthropic_client):
    text = '[[sim:stall {"after": 2, "seconds": 1.5}]] hello'
    with anthropic_client.messages.stream(model=MODEL, max_tokens=500, messages=[{"role": "user", "content": text}]) as stream:
        moments = [time.monotonic() for _ in stream.text_stream]
    assert moments[-1] - moments[0] > 1, "the first piece was held back until the last"


def test_a_whole_answer(anthropic_client):
    message = ask(anthropic_client, "hello", system="Be brief.")
    assert message.type == "message"
    assert message.content[0].text
    assert message._request_id.startswith("req_")


@pytest.mark.parametrize(
    "name", ["claude-sonnet-4-5-20250929", "claude-sonnet-4-5", "anthropic/claude-sonnet-4.5", "kiro/claude-sonnet-4.5"]
)
def test_names_as_clients_write_them(anthropic_client, stack, name):
    message = ask(anthropic_client, "hello", model=name)
    assert message.model == name
    sent = stack.sim("GET", "requests")["requests"][-1]["body"]
    assert sent["conversationState"]["currentMessage"]["userInputMessage"]["modelId"] == "claude-sonnet-4.5"


def test_a_tool_loop_with_parallel_calls(anthropic_client):
    text = '[[say:Let me look.]][[call:get_weather {"city":"Paris"}]][[call:get_weather {"city":"Rome"}]]'
    messages = [{"role": "user", "content": text}]
    with anthropic_client.messages.stream(model=MODEL, max_tokens=500, tools=[WEATHER], messages=messages) as stream:
        first = stream.get_final_message()
    calls = [block for block in first.content if block.type == "tool_use"]
    assert first.stop_reason == "tool_use"
    assert [call.input for call in calls] == [{"city": "Paris"}, {"city": "Rome"}]
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": f"{call.input['city']}: sunny", "is_error": call.input["city"] == "Rome"}
        for call in calls
    ]
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    second = anthropic_client.messages.create(model=MODEL, max_tokens=500, tools=[WEATHER], messages=messages)
    assert second.stop_reason == "end_turn"
    assert "Paris: sunny" in second.content[0].text
    assert "Rome: sunny" in second.content[0].text


def test_names_of_tools_that_kiro_would_refuse(anthropic_client):
    tool = {**WEATHER, "name": "mcp__a_server_with_a_rather_long_name__" + "x" * 80}
    message = ask(anthropic_client, '[[call:#0 {"city":"Oslo"}]]', tools=[tool])
    assert message.content[-1].name == tool["name"]


def test_a_tool_without_arguments(anthropic_client):
    message = ask(anthropic_client, "[[call:now {}]]", tools=[{"name": "now", "input_schema": {"type": "object"}}])
    assert message.content[-1].input == {}


def test_thinking_both_ways(anthropic_client, stack):
    messages = [{"role": "user", "content": "[[sim:reasoning]] think"}]
    thinking = {"type": "enabled", "budget_tokens": 2000}
    with anthropic_client.messages.stream(model=THINKER, max_tokens=4000, thinking=thinking, messages=messages) as stream:
        first = stream.get_final_message()
    block = first.content[0]
    assert block.type == "thinking"
    assert block.thinking
    assert block.signature
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": "and then?"}]
    anthropic_client.messages.create(model=THINKER, max_tokens=4000, thinking=thinking, messages=messages)
    history = stack.sim("GET", "requests")["requests"][-1]["body"]["conversationState"]["history"]
    sent = history[1]["assistantResponseMessage"]["reasoningContent"]["reasoningText"]
    assert sent["text"] == block.thinking
    assert block.signature.endswith(sent["signature"]), "the client's has a tag of its origin in front"


def test_counting_tokens(anthropic_client, stack):
    counted = anthropic_client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "hello " * 100}])
    assert 100 < counted.input_tokens < 300
    assert stack.sim("GET", "requests")["requests"] == []


def test_models(anthropic_client):
    models = list(anthropic_client.models.list())
    assert MODEL in [model.id for model in models]
    assert anthropic_client.models.retrieve(MODEL).display_name


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"model": "claude-nonsense-9"}, anthropic.NotFoundError, "claude"),
        ({"model": ""}, anthropic.BadRequestError, "model"),
        ({"messages": []}, anthropic.BadRequestError, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, anthropic.BadRequestError, "messages[0].role"),
        ({"max_tokens": 0}, anthropic.BadRequestError, "max_tokens"),
        ({"extra_body": {"temperature": "hot"}}, anthropic.BadRequestError, "temperature"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}],
                    }
                ]
            },
            anthropic.BadRequestError,
            "messages[0].content[0]: the picture",
        ),
    ],
)
def test_bad_input_is_named(anthropic_client, change, error, message):
    with pytest.raises(error) as caught:
        ask(anthropic_client, "hi", **change)
    assert message in caught.value.body["error"]["message"]
    assert caught.value.body["type"] == "error"
    assert caught.value.body["request_id"].startswith("req_")


def test_a_wrong_key(stack):
    wrong = anthropic.Anthropic(base_url=stack.gateway, api_key="wrong", max_retries=0)
    with wrong as client, pytest.raises(anthropic.AuthenticationError) as caught:
        ask(client, "hi")
    assert caught.value.body["error"]["type"] == "authentication_error"
    assert "wrong" not in str(caught.value.body)
