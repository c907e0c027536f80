"""What Kiro's wire has no seat for and clients count on: done by the gateway, seen through the official SDKs."""

import base64
import io
import json

import anthropic
import openai
import pytest
from PIL import Image

from tests.stack import PROXY_KEY, Stack, until

pytestmark = pytest.mark.slow

MODEL, THINKER = "claude-sonnet-4.5", "claude-sonnet-4.6"
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}


def picture(side: int = 8, kind: str = "png") -> str:
    made = io.BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(made, kind)
    return base64.b64encode(made.getvalue()).decode()


def block(data: str, media_type: str = "image/png"):
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def last_body(stack, place: int = -1):
    return stack.sim("GET", "requests")["requests"][place]["body"]


def current(body):
    return body["conversationState"]["currentMessage"]["userInputMessage"]


def message(client, content, *, streamed=True, **more):
    asked = {"model": MODEL, "max_tokens": 900, "messages": [{"role": "user", "content": content}], **more}
    if not streamed:
        return client.messages.create(**asked)
    with client.messages.stream(**asked) as stream:
        return stream.get_final_message()


def chat(client, content, *, streamed=True, **more):
    asked = {"model": MODEL, "messages": [{"role": "user", "content": content}], **more}
    if not streamed:
        return client.chat.completions.create(**asked).choices[0]
    with client.chat.completions.stream(**asked) as stream:
        return stream.get_final_completion().choices[0]


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def streamed(request):
    return request.param


# ---- what the gateway does in Kiro's place


def test_a_stop_sequence_ends_the_answer_before_it(stack, anthropic_client, streamed):
    told = message(anthropic_client, "[[say:one two STOP three]]", streamed=streamed, stop_sequences=["nope", "STOP"])
    assert (told.content[0].text, told.stop_reason, told.stop_sequence) == ("one two ", "stop_sequence", "STOP")
    until(lambda: record(stack)["finishReason"] == "stop_sequence", 5)
    assert record(stack)["usage"]["credits"] > 0, "what the upstream says after it still counts"


def test_a_stop_sequence_for_an_openai_client(openai_client, streamed):
    told = chat(openai_client, "[[say:one two STOP three]]", streamed=streamed, stop="STOP")
    assert (told.message.content, told.finish_reason) == ("one two ", "stop")


def test_max_tokens_is_kept_where_kiro_cannot(stack, anthropic_client, openai_client, streamed):
    told = message(anthropic_client, '[[sim:text {"words": 300}]]', streamed=streamed, max_tokens=20)
    assert told.stop_reason == "max_tokens"
    assert 20 < len(told.content[0].text) <= 80
    cut = openai_client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": '[[sim:text {"words": 300}]]'}], max_completion_tokens=20
    )
    assert cut.choices[0].finish_reason == "length"
    assert cut.choices[0].message.content == told.content[0].text


def test_json_output_is_freed_of_what_models_put_around_it(stack, openai_client):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    text = 'Sure!\n```json\n{"a": 1}\n```\nDone.'
    stack.sim("POST", "script", {"script": "text", "options": {"text": text, "piece": 3}, "times": 2})
    for is_streamed in (True, False):
        told = chat(openai_client, "hi", streamed=is_streamed, response_format=wanted)
        assert json.loads(told.message.content) == {"a": 1}
    assert '"integer"' in current(last_body(stack))["content"], "the model was told the schema"


def test_structured_output_of_the_anthropic_kind(stack, anthropic_client):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
    stack.sim("POST", "script", {"script": "text", "options": {"text": 'Here: {"a": 2} ok'}, "times": 1})
    told = message(
        anthropic_client, "hi", streamed=False, extra_body={"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    )
    assert json.loads(told.content[0].text) == {"a": 2}


def test_one_call_at_a_time_where_the_client_wants_it(anthropic_client):
    tool = {"name": "look", "input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    told = message(
        anthropic_client,
        '[[call:look {"n":1}]][[call:look {"n":2}]]',
        tools=[tool],
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
    )
    assert [part.input for part in told.content if part.type == "tool_use"] == [{"n": 1}]


def test_thinking_of_a_model_that_writes_it_in_tags(stack, anthropic_client, streamed):
    stack.sim("POST", "script", {"script": "tags", "options": {"thought": "Hm.", "text": "Hello.", "piece": 3}, "times": 1})
    thinking = {"type": "enabled", "budget_tokens": 2000}
    told = message(anthropic_client, "hi", streamed=streamed, thinking=thinking, max_tokens=4000)
    assert [(part.type, getattr(part, "thinking", None) or getattr(part, "text", None)) for part in told.content] == [
        ("thinking", "Hm.\n"),
        ("text", "Hello."),
    ]
    assert current(last_body(stack))["content"].startswith("<thinking_mode>enabled</thinking_mode>")


def test_a_model_that_thinks_by_itself_is_never_told_to_write_tags(stack, anthropic_client):
    message(anthropic_client, "hi", model=THINKER + "-thinking", max_tokens=4000)
    body = last_body(stack)
    assert "thinking_mode" not in current(body)["content"]
    assert body["additionalModelRequestFields"]["thinking"]["type"] == "adaptive"


# ---- web search


def test_a_web_search_comes_with_the_blocks_that_clients_expect(stack, anthropic_client, streamed):
    told = message(anthropic_client, '[[call:web_search {"query":"llm gateways"}]]', streamed=streamed, tools=[SEARCH])
    kinds = [part.type for part in told.content]
    assert kinds == ["text", "server_tool_use", "web_search_tool_result", "text"]
    _, used, found, text = told.content
    assert used.input == {"query": "llm gateways"}
    assert found.tool_use_id == used.id
    assert used.id.startswith("srvtoolu_")
    assert [hit.url for hit in found.content] == ["https://example.com/1", "https://example.com/2"]
    assert "What page 2 says about llm gateways." in text.text, "the model has read the results"
    assert told.usage.server_tool_use.web_search_requests == 1
    assert told.stop_reason == "end_turn"
    until(lambda: record(stack)["usage"]["searches"] == 1, 5)
    assert len(stack.sim("GET", "requests")["requests"]) == 2


def test_what_was_found_is_still_known_in_the_next_turn(stack, anthropic_client):
    ask = {"role": "user", "content": '[[call:web_search {"query":"gateways"}]]'}
    first = message(anthropic_client, ask["content"], tools=[SEARCH])
    messages = [ask, {"role": "assistant", "content": first.model_dump()["content"]}, {"role": "user", "content": "and?"}]
    anthropic_client.messages.create(model=MODEL, max_tokens=900, messages=messages, tools=[SEARCH])
    history = last_body(stack)["conversationState"]["history"]
    (result,) = history[2]["userInputMessage"]["userInputMessageContext"]["toolResults"]
    assert "What page 1 says about gateways." in result["content"][0]["text"]


def test_a_failed_search_is_told_to_model_and_client(anthropic_client):
    told = message(anthropic_client, '[[call:web_search {"query":"[[error]]"}]]', tools=[SEARCH])
    (result,) = [part for part in told.content if part.type == "web_search_tool_result"]
    assert result.content.error_code == "unavailable"
    assert told.stop_reason == "end_turn"


def test_domains_are_heeded(anthropic_client):
    blocked = {**SEARCH, "blocked_domains": ["example.com"]}
    told = message(anthropic_client, '[[call:web_search {"query":"x"}]]', tools=[blocked])
    (result,) = [part for part in told.content if part.type == "web_search_tool_result"]
    assert result.content == []


def test_a_web_search_for_an_openai_client_ends_in_annotations(stack, openai_client, streamed):
    asked = {"model": MODEL, "messages": [{"role": "user", "content": '[[call:web_search {"query":"x"}]]'}], "web_search_options": {}}
    if streamed:
        found = []
        for chunk in openai_client.chat.completions.create(**asked, stream=True):
            for choice in chunk.choices:
                found += getattr(choice.delta, "annotations", None) or []
        urls = [each["url_citation"]["url"] for each in found]
    else:
        told = openai_client.chat.completions.create(**asked).choices[0].message
        urls = [each.url_citation.url for each in told.annotations]
    assert urls == ["https://example.com/1", "https://example.com/2"]


def test_a_function_that_is_merely_called_web_search_stays_the_clients(stack, anthropic_client):
    tool = {"name": "web_search", "input_schema": {"type": "object", "properties": {"query": {"type": "string"}}}}
    told = message(anthropic_client, '[[call:web_search {"query":"x"}]]', tools=[tool])
    assert told.stop_reason == "tool_use"
    assert "account-1/mcp" not in stack.sim("GET", "counters")["calls"]


# ---- pictures and files


def test_pictures_arrive_as_what_they_are(stack, anthropic_client, openai_client):
    message(anthropic_client, [block(picture(kind="jpeg"), "image/png"), {"type": "text", "text": "what is it?"}])
    assert [image["format"] for image in current(last_body(stack))["images"]] == ["jpeg"]
    url = f"data:image/webp;base64,{picture(kind='webp')}"
    chat(openai_client, [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "and this?"}])
    assert [image["format"] for image in current(last_body(stack))["images"]] == ["webp"]


def test_pictures_that_kiro_would_refuse_are_made_to_fit(stack, anthropic_client):
    message(anthropic_client, [block(picture(kind="bmp"), "image/bmp"), block(picture(2500)), {"type": "text", "text": "hi"}])
    assert next(image["format"] for image in current(last_body(stack))["images"]) in {"png", "jpeg"}
    assert len(current(last_body(stack))["images"]) == 2


def test_a_picture_in_a_tool_result_is_seen(stack, anthropic_client):
    messages = [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "shot", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": [block(picture())]}]},
    ]
    anthropic_client.messages.create(
        model=MODEL, max_tokens=99, messages=messages, tools=[{"name": "shot", "input_schema": {"type": "object"}}]
    )
    assert len(current(last_body(stack))["images"]) == 1


def test_text_files_are_read(stack, anthropic_client):
    file = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Contents."}, "title": "notes.txt"}
    message(anthropic_client, [file, {"type": "text", "text": "sum up"}])
    assert "notes.txt" in current(last_body(stack))["content"]
    assert "Contents." in current(last_body(stack))["content"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/a.png", "http://localhost/a.png", "http://[::1]/a.png", "http://169.254.169.254/latest"]
)
def test_nobody_makes_the_gateway_fetch_from_its_own_network(stack, anthropic_client, openai_client, url):
    with pytest.raises(anthropic.BadRequestError, match=r"messages\[0\].content\[0\]"):
        message(anthropic_client, [{"type": "image", "source": {"type": "url", "url": url}}])
    with pytest.raises(openai.BadRequestError) as caught:
        chat(openai_client, [{"type": "image_url", "image_url": {"url": url}}])
    assert caught.value.param.startswith("messages[0].content[0]")
    assert stack.sim("GET", "requests")["requests"] == []


def test_a_model_that_reads_no_pictures_says_so(stack, anthropic_client):
    with pytest.raises(anthropic.BadRequestError, match="picture"):
        message(anthropic_client, [block(picture())], model="glm-5")
    assert stack.sim("GET", "requests")["requests"] == []


# ---- what cannot be done


def test_what_has_no_seat_is_reported_in_the_clients_own_words(openai_client):
    raw = openai_client.chat.completions.with_raw_response.create(
        model=MODEL, messages=[{"role": "user", "content": "hi"}], temperature=0.5, seed=1, max_completion_tokens=500
    )
    assert raw.headers["x-headgate-dropped"] == "temperature,seed"


def test_a_strict_key_is_refused_instead(stack):
    made = stack.admin("POST", "/api/keys", {"name": "strict", "strict": True})
    with openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=made["key"], max_retries=0) as client:
        assert chat(client, "hi", stop=["X"], max_completion_tokens=500).message.content
        with pytest.raises(openai.BadRequestError) as caught:
            chat(client, "hi", temperature=0.5)
    assert caught.value.param == "temperature"
    stack.admin("DELETE", f"/api/keys/{made['id']}")


def record(stack):
    """The latest one."""
    return next(iter(stack.admin("GET", "/api/requests?limit=1")["requests"]), {"finishReason": "", "usage": {"searches": 0}})


# ---- hosts and endpoints


@pytest.fixture(scope="module")
def legacy():
    """The old hosts, two endpoints of one account."""
    stack = Stack(endpoints=("ep1", "ep2"), HEADGATE_KIRO_PROFILE="legacy")
    with stack:
        stack.sim("POST", "settings", {"profile": "legacy"})
        stack.add_account("first")
        yield stack


@pytest.fixture
def old(legacy):
    legacy.sim("POST", "reset")
    with anthropic.Anthropic(base_url=legacy.gateway, api_key=PROXY_KEY, max_retries=0) as client:
        yield client
    assert legacy.sim("GET", "counters")["rejections"] == {}


def test_the_old_hosts_get_what_they_accept(legacy, old):
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"n": {"type": "integer", "exclusiveMinimum": 0, "default": 1}, "u": {"type": "string", "format": "uri"}},
        "required": [],
        "additionalProperties": False,
    }
    tools = [{"name": "f", "description": "d" * 20_000, "input_schema": schema}]
    messages = [
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "ok"}]},
    ]
    told = old.messages.create(model=MODEL, max_tokens=99, messages=messages, tools=tools)
    assert '"ok"' in told.content[0].text


def test_an_endpoint_that_is_throttled_is_left_for_the_other_and_rested(legacy, old):
    legacy.sim("POST", "fail", {"status": 429, "times": 1, "endpoint": "ep1"})
    for _ in range(3):
        assert message(old, "hi").content
    asked = [each["endpoint"] for each in legacy.sim("GET", "requests")["requests"]]
    assert asked == ["ep1", "ep2", "ep2", "ep2"]
    assert legacy.admin("GET", "/api/accounts")["accounts"][0]["status"] == "active"


def test_an_endpoint_that_says_nothing_is_left_in_time(impatient):
    stack, client = impatient
    stack.sim("POST", "fail", {"status": 503, "times": 1, "endpoint": "ep1", "delay": 30})
    assert message(client, "hi").content
    assert message(client, "hi").content
    assert [each["endpoint"] for each in stack.sim("GET", "requests")["requests"]] == ["ep1", "ep2", "ep2"]


@pytest.fixture
def impatient():
    with Stack(endpoints=("ep1", "ep2"), HEADGATE_FIRST_TOKEN_SECONDS="3") as stack:
        stack.add_account("first")
        with anthropic.Anthropic(base_url=stack.gateway, api_key=PROXY_KEY, max_retries=0) as client:
            yield stack, client


def test_schemas_that_a_host_refuses_are_simplified_once_and_for_all(stack, anthropic_client):
    tool = {"name": "odd", "input_schema": {"type": "object", "properties": {"n": {"type": "integer", "default": 7}}}}
    stack.sim("POST", "settings", {"picky": True})
    try:
        for _ in range(2):
            assert message(anthropic_client, "hi", tools=[tool]).content
        statuses = [each["status"] for each in stack.sim("GET", "requests")["requests"]]
        assert statuses == [400, 200, 200]
    finally:
        stack.sim("POST", "settings", {"picky": False})
        stack.sim("POST", "reset")
