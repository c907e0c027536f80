"""The official OpenAI SDK through three processes to a strict Kiro."""

import json

import openai
import pytest

MODEL = "claude-sonnet-4.5"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}

pytestmark = pytest.mark.slow


def ask(client, text, **more):
    return client.chat.completions.create(**{"model": MODEL, "messages": [{"role": "user", "content": text}], **more})


def test_a_stream_arrives_in_pieces(openai_client):
    pieces = []
    with openai_client.chat.completions.stream(
        model=MODEL, messages=[{"role": "user", "content": "Tell me about grüne 🌲 trees"}], stream_options={"include_usage": True}
    ) as stream:
        pieces = [event.delta for event in stream if event.type == "content.delta"]
        completion = stream.get_final_completion()
    assert len(pieces) > 3
    assert "".join(pieces) == completion.choices[0].message.content
    assert "🌲" in completion.choices[0].message.content
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0


def test_a_whole_answer(openai_client):
    completion = ask(openai_client, "hello")
    assert completion.choices[0].message.content
    assert completion.id.startswith("chatcmpl-")
    assert completion.model == MODEL


def test_a_tool_loop_with_parallel_calls(openai_client):
    text = '[[call:get_weather {"city":"Paris"}]][[call:get_weather {"city":"Rome"}]]'
    messages = [{"role": "system", "content": "Use tools."}, {"role": "user", "content": text}]
    with openai_client.chat.completions.stream(model=MODEL, tools=[WEATHER], messages=messages) as stream:
        first = stream.get_final_completion().choices[0]
    assert first.finish_reason == "tool_calls"
    calls = first.message.tool_calls
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "Paris"}, {"city": "Rome"}]
    messages.append({"role": "assistant", "content": None, "tool_calls": [call.model_dump() for call in calls]})
    messages += [{"role": "tool", "tool_call_id": call.id, "content": f"{call.function.arguments} is sunny"} for call in calls]
    second = openai_client.chat.completions.create(model=MODEL, tools=[WEATHER], messages=messages).choices[0]
    assert second.finish_reason == "stop"
    assert "sunny" in second.message.content


def test_developer_and_system_messages_everywhere(openai_client, stack):
    messages = [
        {"role": "developer", "content": "D"},
        {"role": "user", "content": "u1"},
        {"role": "assistant", "content": "a1"},
        {"role": "system", "content": "from now on X"},
        {"role": "user", "content": "u2"},
    ]
    openai_client.chat.completions.create(model=MODEL, messages=messages)
    state = stack.sim("GET", "requests")["requests"][-1]["body"]["conversationState"]
    assert state["history"][0]["userInputMessage"]["content"] == "D\n\nu1"
    assert state["currentMessage"]["userInputMessage"]["content"] == "from now on X\n\nu2"


def test_reasoning_arrives_apart_from_the_text(openai_client):
    completion = ask(openai_client, "[[sim:reasoning]] think", model="claude-sonnet-4.6", reasoning_effort="high")
    message = completion.choices[0].message
    assert message.reasoning_content
    assert message.reasoning_content not in message.content


def test_models(openai_client):
    assert MODEL in [model.id for model in openai_client.models.list()]
    assert openai_client.models.retrieve(MODEL).object == "model"
    with pytest.raises(openai.NotFoundError):
        openai_client.models.retrieve("nope")


def test_what_had_no_seat_is_said(openai_client):
    answer = openai_client.chat.completions.with_raw_response.create(
        model=MODEL, temperature=0.5, messages=[{"role": "user", "content": "hi"}], extra_headers={"x-headgate-explain": "1"}
    )
    assert "temperature" in answer.headers["x-headgate-dropped"]
    assert answer.headers["x-headgate-model"] == f"kiro/{MODEL}"
    assert answer.headers["x-headgate-account"] == "first"
    assert answer.headers["x-headgate-attempts"] == "1"


@pytest.mark.parametrize(
    ("change", "error", "param"),
    [
        ({"model": "gpt-nonsense"}, openai.NotFoundError, "model"),
        ({"messages": []}, openai.BadRequestError, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, openai.BadRequestError, "messages[0].role"),
        ({"n": 2}, openai.BadRequestError, "n"),
        ({"temperature": "hot"}, openai.BadRequestError, "temperature"),
    ],
)
def test_bad_input_is_named(openai_client, change, error, param):
    with pytest.raises(error) as caught:
        ask(openai_client, "hi", **change)
    assert caught.value.body["param"] == param
    assert caught.value.body["type"] in ("invalid_request_error", "not_found_error")


def test_what_is_not_offered(openai_client):
    with pytest.raises(openai.NotFoundError) as caught:
        openai_client.embeddings.create(model="text-embedding-3-small", input="x")
    assert "/v1/embeddings" in caught.value.body["message"]


def test_a_wrong_key(stack):
    with (
        openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key="kg-" + "0" * 48, max_retries=0) as client,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        ask(client, "hi")
    assert caught.value.body["code"] == "invalid_api_key"
