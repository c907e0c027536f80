"""Bodies as clients send them, into calls."""

import json

import pytest

from dataplane.conversation.features import Feature
from dataplane.conversation.model import (
    Document,
    Image,
    OutputFormat,
    Reasoning,
    Sampling,
    Search,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
    WebSearch,
)
from dataplane.conversation.model import Hit as Page
from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.dialects.openai_responses.thoughts import seal

HI = {"role": "user", "content": "Hi"}
PNG = "data:image/png;base64,iVBORw0KGgo="


def parse(*items, **members):
    body = {"model": "m", "input": list(items) or "Hi", **members}
    return OpenAIResponses().parse(json.dumps(body).encode())


def turns(*items, **members):
    call = parse(*items, **members)
    assert (call.dropped, call.extras) == ([], {})
    return call.turns


def user(*parts):
    return {"type": "message", "role": "user", "content": list(parts)}


def test_input_that_is_a_text():
    call = parse()
    assert (call.model, call.turns, call.family) == ("m", [Turn("user", [Text("Hi")])], "openai-responses")
    assert (call.keep, call.stream, call.dropped, call.tools) == (True, False, [], [])


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "Hi"},
        {"type": None, "role": "user", "content": "Hi"},
        {"type": "message", "role": "user", "content": "Hi"},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}, {"type": "input_text", "text": ""}]},
        {"type": "message", "role": "user", "content": "Hi", "internal_chat_message_metadata_passthrough": {"a": 1}},
    ],
)
def test_messages_in_all_spellings(message):
    assert turns(message) == [Turn("user", [Text("Hi")])]


def test_instructions_come_first_and_instructions_at_the_head_are_the_system_prompt():
    developer = {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "b"}]}
    call = parse(developer, {"role": "system", "content": "c"}, HI, developer, instructions="a")
    assert call.system == ["a", "b", "c"]
    assert call.turns == [Turn("user", [Text("Hi")]), Turn("system", [Text("b")])]


def test_items_of_one_answer_are_one_turn_and_so_are_results():
    said = turns(
        HI,
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": None},
        {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "Look", "annotations": []}]},
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": '{"a":1}', "status": "completed"},
        {"type": "function_call", "call_id": "c2", "name": "g", "arguments": {"b": 2}},
        {"type": "function_call_output", "call_id": "c1", "output": "one"},
        {"type": "function_call_output", "id": "fco_1", "call_id": "c2", "output": [{"type": "input_text", "text": "two"}]},
        {"role": "assistant", "content": "Done"},
        HI,
    )
    assert said == [
        Turn("user", [Text("Hi")]),
        Turn("assistant", [Reasoning("hm"), Text("Look"), ToolCall("c1", "f", '{"a":1}'), ToolCall("c2", "g", '{"b":2}')]),
        Turn("user", [ToolResult("c1", [Text("one")]), ToolResult("c2", [Text("two")])]),
        Turn("assistant", [Text("Done")]),
        Turn("user", [Text("Hi")]),
    ]


def test_custom_calls_and_their_results_also_as_lists():
    said = turns(
        HI,
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "exec", "input": 'say "hi"'},
        {
            "type": "custom_tool_call_output",
            "call_id": "c",
            "output": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}],
        },
        {"type": "custom_tool_call_output", "call_id": "d", "output": "c"},
    )
    assert said[1:] == [
        Turn("assistant", [ToolCall("c", "exec", '{"input":"say \\"hi\\""}')]),
        Turn("user", [ToolResult("c", [Text("a"), Text("b")]), ToolResult("d", [Text("c")])]),
    ]


def test_pictures_and_files():
    call = parse(
        user(
            {"type": "input_image", "image_url": PNG, "detail": "auto"},
            {"type": "input_image", "image_url": "https://a.example/x.png"},
            {"type": "image_url", "image_url": {"url": PNG}},
            {"type": "input_file", "file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"},
            {"type": "input_file", "file_url": "https://a.example/b.pdf"},
        )
    )
    assert call.turns[0].parts == call.media
    assert call.media == [
        Image("image/png", "iVBORw0KGgo="),
        Image(url="https://a.example/x.png"),
        Image("image/png", "iVBORw0KGgo="),
        Document("application/pdf", "JVBERi0=", name="a.pdf"),
        Document(url="https://a.example/b.pdf"),
    ]
    assert [each.where for each in call.media] == [
        "input[0].content[0].image_url",
        "input[0].content[1].image_url",
        "input[0].content[2].image_url.url",
        "input[0].content[3].file_data",
        "input[0].content[4].file_url",
    ]


def test_a_picture_in_a_result():
    call = parse(HI, {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_image", "image_url": PNG}]})
    assert call.turns[1].parts == [ToolResult("c", [Image("image/png", "iVBORw0KGgo=")])]
    assert call.media[0].where == "input[1].output[0].image_url"


def test_a_refusal_is_what_was_said():
    assert turns(HI, {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]})[1].parts == [Text("No.")]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "file_search_call", "id": "fs_1", "queries": ["a"], "results": None, "status": "completed"},
        {"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot"}},
        {"type": "image_generation_call", "id": "ig_1", "result": "AAAA", "status": "completed"},
        {"type": "code_interpreter_call", "id": "ci_1", "code": "1", "container_id": "c", "outputs": []},
        {
            "type": "local_shell_call",
            "id": "l",
            "call_id": "c",
            "action": {"type": "exec", "command": ["ls"], "env": {}},
            "status": "completed",
        },
        {"type": "mcp_list_tools", "id": "m", "server_label": "s", "tools": [{"name": "a", "input_schema": {}}]},
        {"type": "tool_search_call", "arguments": {"a": 1}},
        {"type": "not_thought_of_yet", "content": 5, "role": "user", "call_id": [], "name": 3},
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAA"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "cats"}},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "open_page", "url": "https://a.example"}},
        {"type": "web_search_call", "id": "ws_1", "action": {"type": "search", "query": "cats", "new": 1}, "newer": 1},
    ],
)
def test_what_nobody_here_can_read_is_dropped_and_reported_once(item):
    call = parse(HI, item, HI)
    assert call.dropped == ["input[1]"]
    assert call.turns == [Turn("user", [Text("Hi")])] * 2


def test_unknown_members_of_known_items_are_dropped_and_reported():
    call = parse(
        {**HI, "new": 1, "old": None}, {"type": "function_call_output", "call_id": "c", "output": "x", "caller": {"type": "direct"}}
    )
    assert call.dropped == ["input[0].new", "input[1].caller"]


def test_thinking_with_its_proof():
    thought, hidden = Reasoning("hm", "c2ln"), Reasoning(redacted="AbC=")
    call = parse(
        HI,
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": seal(thought)},
        {"type": "reasoning", "summary": [], "encrypted_content": seal(hidden)},
    )
    assert call.turns[1] == Turn("assistant", [thought, hidden])
    assert (call.asked, call.dropped) == ({Feature.REASONING: ["input[1]"], Feature.REDACTED_REASONING: ["input[2]"]}, [])


@pytest.mark.parametrize("sealed", ["gAAAAA", seal(Reasoning("another text", "c2ln"))])
def test_thinking_without_valid_proof_is_unsigned(sealed):
    call = parse(HI, {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": sealed})
    assert call.turns[1] == Turn("assistant", [Reasoning("hm")])
    assert (call.asked, call.dropped) == ({Feature.UNSIGNED_REASONING: ["input[1]"]}, ["input[1].encrypted_content"])


def test_thinking_in_full_wins_over_its_summary():
    summary, content = [{"type": "summary_text", "text": "short"}], [{"type": "reasoning_text", "text": "long"}]
    assert turns(HI, {"type": "reasoning", "summary": summary, "content": content})[1].parts == [Reasoning("long")]
    paragraphs = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
    assert turns(HI, {"type": "reasoning", "summary": paragraphs})[1].parts == [Reasoning("a\n\nb")]
    assert turns(HI, {"type": "reasoning", "summary": [], "encrypted_content": None}) == [Turn("user", [Text("Hi")])]


def test_searches_that_tell_what_they_found():
    action = {"type": "search", "query": "cats", "sources": [{"type": "url", "url": "https://a.example"}]}
    call = parse(
        HI,
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": action},
        {"type": "web_search_call", "id": "ws_2", "status": "failed", "action": {"type": "search", "queries": ["dogs"]}},
        {"type": "web_search_call", "id": "ws_3", "status": "completed", "action": {"type": "search", "query": "x", "sources": []}},
    )
    assert call.turns[1].parts == [
        Search("ws_1", "cats", [Page("", "https://a.example")]),
        Search("ws_2", "dogs", error="unavailable"),
        Search("ws_3", "x"),
    ]
    assert call.asked == {Feature.SEARCH_RESULTS: ["input[1]", "input[2]", "input[3]"]}


def test_how_to_answer():
    call = parse(
        HI,
        max_output_tokens=5,
        temperature=0.5,
        top_p=0.9,
        reasoning={"effort": "high", "summary": "auto"},
        text={"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}, "verbosity": "medium"},
        prompt_cache_key="s",
        user="u",
        stream=True,
        store=False,
        include=["reasoning.encrypted_content", "web_search_call.action.sources"],
        truncation="auto",
        metadata={"a": "b"},
        client_metadata={"x": 1},
        safety_identifier="someone",
        parallel_tool_calls=True,
    )
    assert call.sampling == Sampling(max_tokens=5, temperature=0.5, top_p=0.9)
    assert call.thinking == Thinking("enabled", effort="high", display="summarized")
    assert call.output_format == OutputFormat("json_schema", b'{"type": "object"}', "n", strict=True)
    assert (call.session, call.user, call.stream, call.keep) == ("s", "u", True, False)
    assert (call.dropped, call.extras) == ([], {})
    assert set(call.asked) == {
        Feature.MAX_TOKENS,
        Feature.TEMPERATURE,
        Feature.TOP_P,
        Feature.EFFORT,
        Feature.THINKING_DISPLAY,
        Feature.JSON_SCHEMA,
    }


def test_usual_settings_ask_for_nothing():
    call = parse(temperature=1, top_p=1, reasoning={}, text={"format": {"type": "text"}}, background=False, conversation=None, tools=[])
    assert (call.asked, call.thinking, call.output_format, call.sampling) == ({}, None, None, Sampling(temperature=1, top_p=1))


def test_no_thinking():
    assert parse(reasoning={"effort": "none", "summary": "auto"}).thinking == Thinking("disabled", effort="none")
    assert parse(reasoning={"summary": "auto"}).thinking is None
    assert parse(reasoning={"effort": "low", "summary": "none"}).thinking == Thinking("enabled", effort="low")


@pytest.mark.parametrize("form", [{"type": "json_object"}, {"type": "json_schema"}, {"type": "json_schema", "schema": None}])
def test_any_json_object(form):
    assert parse(text={"format": form}).output_format == OutputFormat("json_object")


def test_null_asks_for_nothing():
    names = ["instructions", "store", "tools", "tool_choice", "temperature", "reasoning", "text", "include", "metadata", "service_tier"]
    call = parse(**dict.fromkeys(names), made_up=None)
    assert (call.dropped, call.extras, call.asked, call.keep) == ([], {}, {}, True)


def test_unknown_members_at_the_top_travel_as_they_are():
    call = parse(made_up={"a": [1]}, service_tier="flex")
    assert call.extras == {"made_up": b'{"a": [1]}', "service_tier": b'"flex"'}
    assert parse(**{"not plain": 1}).dropped == ["['not plain']"]


def test_what_is_not_included_is_reported():
    assert parse(include=["reasoning.encrypted_content", "message.output_text.logprobs"]).dropped == ["include[1]"]


def test_the_most_tool_calls_bound_the_search():
    call = parse(tools=[{"type": "web_search"}], max_tool_calls=3)
    assert call.web_search == WebSearch(max_uses=3)
    assert call.asked[Feature.WEB_SEARCH_USES] == ["max_tool_calls"]
    assert parse(max_tool_calls=3).asked == {}


def test_halves_of_surrogate_pairs_are_mended():
    assert OpenAIResponses().parse(b'{"model":"m","input":"a\\ud83d"}').turns == [Turn("user", [Text("a\ufffd")])]


def test_the_body_as_it_was():
    body = b'{"model":"m","input":"Hi"}'
    assert OpenAIResponses().parse(body).raw == body
