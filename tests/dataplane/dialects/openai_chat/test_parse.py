"""Chat completion bodies as real clients send them, and what is refused."""

import json

import pytest

from dataplane.conversation.features import Feature
from dataplane.conversation.model import (
    Call,
    Document,
    Image,
    OutputFormat,
    Reasoning,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    WebSearch,
)
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.dialects.openai_chat.tools import Toolbox

USER = {"role": "user", "content": "Hi"}
CALL_1 = {"id": "call_1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}
BASH = {"type": "function", "function": {"name": "bash", "description": "Run", "parameters": {"type": "object"}}}
SCHEMA = b'{"type":"object"}'
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def parse(*messages, **members) -> Call:
    body = {"model": "claude-sonnet-4.5", "messages": list(messages or (USER,)), **members}
    return OpenAIChat().parse(json.dumps(body, separators=(",", ":")).encode())


def asked(content):
    return parse({"role": "user", "content": content}).turns[0].parts


# Messages


def test_the_least_there_is():
    assert parse() == Call("claude-sonnet-4.5", [Turn("user", [Text("Hi")])], "openai", by_user=True)


def test_instructions_at_the_head_and_in_the_middle():
    call = parse(
        {"role": "system", "content": "one"},
        {"role": "developer", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "three"}]},
        {"role": "system", "content": ""},
        USER,
        {"role": "developer", "content": "four"},
        USER,
    )
    assert call.system == ["one", "two", "three"]
    assert call.turns == [Turn("user", [Text("Hi")]), Turn("system", [Text("four")]), Turn("user", [Text("Hi")])]


def test_the_order_of_codex_is_kept():
    call = parse(
        USER,
        USER,
        {"role": "assistant", "content": None, "tool_calls": [CALL_1]},
        {"role": "assistant", "content": "Looking"},
        {"role": "tool", "tool_call_id": "call_1", "content": "a.txt"},
    )
    assert call.turns[2:] == [
        Turn("assistant", [ToolCall("call_1", "bash", '{"command": "ls"}')]),
        Turn("assistant", [Text("Looking")]),
        Turn("user", [ToolResult("call_1", [Text("a.txt")])]),
    ]


def test_consecutive_results_share_a_turn_and_the_user_has_another():
    call = parse(
        {"role": "assistant", "tool_calls": [CALL_1, {**CALL_1, "id": "call_2"}]},
        {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]},
        USER,
        {"role": "tool", "tool_call_id": "call_1", "content": None},
    )
    assert call.turns[1:] == [
        Turn("user", [ToolResult("call_1", [Text("a"), Text("b")]), ToolResult("call_2", [Image("image/png", "iVBORw0KGgo=")])]),
        Turn("user", [Text("Hi")]),
        Turn("user", [ToolResult("call_1", [])]),
    ]


def test_an_answer_with_everything():
    call = parse(
        {
            "role": "assistant",
            "reasoning_content": "hm",
            "content": [{"type": "text", "text": "Well"}, {"type": "refusal", "refusal": "no"}],
            "refusal": None,
            "parsed": {"a": 1},
            "audio": None,
            "annotations": [],
            "tool_calls": [{**CALL_1, "index": 0}],
        }
    )
    assert call.turns == [Turn("assistant", [Reasoning("hm"), Text("Well"), Text("no"), ToolCall("call_1", "bash", '{"command": "ls"}')])]
    assert call.dropped == []


def test_a_refusal_and_the_other_spelling_of_thinking():
    call = parse({"role": "assistant", "content": None, "reasoning": "hm", "refusal": "no"})
    assert call.turns[0].parts == [Reasoning("hm"), Text("no")]


def test_thinking_in_an_unknown_form_is_reported():
    assert parse({"role": "assistant", "content": "a", "reasoning": {"text": "hm"}}).dropped == ["messages[0].reasoning"]


def test_arguments_are_kept_as_they_came():
    def arguments(sent):
        item = {"id": "c", "type": "function", "function": {"name": "f", "arguments": sent}}
        return parse({"role": "assistant", "tool_calls": [item]}).turns[0].parts[0].arguments

    assert arguments('{"a": 1') == '{"a": 1'
    assert arguments("") == arguments(None) == ""
    assert arguments({"a": 1}) == '{"a":1}'


def test_a_call_of_a_custom_tool():
    item = {"id": "c", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}
    assert parse({"role": "assistant", "tool_calls": [item]}).turns[0].parts == [ToolCall("c", "patch", '{"input":"*** Begin"}')]


def test_the_old_form_of_calls():
    call = parse(
        {"role": "assistant", "content": None, "function_call": {"name": "bash", "arguments": "{}"}},
        {"role": "function", "name": "bash", "content": "a.txt"},
        functions=[{"name": "bash", "description": "Run", "parameters": {"type": "object"}}],
        function_call={"name": "bash"},
    )
    assert call.turns == [Turn("assistant", [ToolCall("call_0", "bash", "{}")]), Turn("user", [ToolResult("call_0", [Text("a.txt")])])]
    assert call.tools == [Tool("bash", "Run", SCHEMA)]
    assert call.tool_choice == ToolChoice("named", "bash", parallel=False)
    assert call.dropped == []


def test_an_old_result_without_its_call_has_an_id_of_its_own():
    assert parse(USER, {"role": "function", "name": "bash", "content": "a"}).turns[1].parts == [ToolResult("call_1", [Text("a")])]


def test_pictures():
    content = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "data:IMAGE/jpeg;charset=x;base64,/9j/"}},
        {"type": "image_url", "image_url": {"url": "HTTPS://example.org/a.png", "detail": "auto"}},
        {"type": "image_url", "image_url": "http://example.org/a.png"},
    ]
    assert asked(content) == [
        Text("Look"),
        Image("image/jpeg", "/9j/"),
        Image(url="HTTPS://example.org/a.png"),
        Image(url="http://example.org/a.png"),
    ]


def test_files():
    content = [
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_data": "JVBE", "filename": "B.PDF"}},
        {"type": "file", "file": {"file_data": "AAAA"}},
    ]
    assert asked(content) == [
        Document("application/pdf", "JVBE", name="a.pdf"),
        Document("application/pdf", "JVBE", name="B.PDF"),
        Document("application/octet-stream", "AAAA"),
    ]


def test_empty_text_is_nothing_and_other_spellings_of_text():
    assert asked("") == asked([]) == asked([{"type": "text", "text": ""}]) == []
    assert asked([{"type": "input_text", "text": "a"}, {"type": "output_text", "text": ""}]) == [Text("a")]


def test_media_is_listed_with_its_places():
    call = parse(
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": PIXEL}}]},
        {"role": "assistant", "tool_calls": [CALL_1]},
        {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "image_url", "image_url": "https://example.org/a.png"}]},
        {"role": "user", "content": [{"type": "file", "file": {"file_data": "data:text/plain;base64,YQ=="}}]},
    )
    result = call.turns[2].parts[0]
    assert isinstance(result, ToolResult)
    assert [id(part) for part in call.media] == [id(part) for part in (call.turns[0].parts[1], result.parts[0], call.turns[3].parts[0])]
    assert [part.where for part in call.media] == [
        "messages[0].content[1].image_url.url",
        "messages[2].content[0].image_url",
        "messages[3].content[0].file.file_data",
    ]


def test_hints_for_caches_are_no_loss():
    hint = {"cache_control": {"type": "ephemeral"}}
    call = parse(
        {"role": "system", "content": [{"type": "text", "text": "s", **hint}], **hint},
        {**USER, **hint},
        {"role": "assistant", "content": "a", **hint},
        {"role": "tool", "tool_call_id": "c", "content": "r", **hint},
        tools=[{**BASH, **hint}],
    )
    assert (len(call.turns), call.system, call.dropped, call.extras) == (3, ["s"], [], {})


def test_citations_of_an_earlier_answer_are_a_copy():
    cited = {"type": "url_citation", "url_citation": {"url": "https://a.example", "title": "A", "start_index": 0, "end_index": 1}}
    assert parse(USER, {"role": "assistant", "content": "a", "annotations": [cited]}, USER).dropped == []


def test_half_a_surrogate_pair_is_mended():
    call = OpenAIChat().parse(rb'{"model":"m","messages":[{"role":"user","content":"cut \ud83d"}],"seed":7}')
    assert call.turns[0].parts == [Text("cut \ufffd")]
    assert call.extras == {"seed": b"7"}


# Tools


def test_tools_in_all_their_forms():
    tools = [
        BASH,
        {"type": "function", "function": {"name": "get_goal", "strict": False}},
        {"type": "function", "function": {"name": "list_all", "description": None, "parameters": None, "strict": None}},
        {"type": "function", "name": "flat", "parameters": {"type": "object"}},
        {"function": {"name": "untyped"}, "cache_control": {"type": "ephemeral"}},
    ]
    call = parse(tools=tools)
    assert call.tools == [Tool("bash", "Run", SCHEMA), Tool("get_goal"), Tool("list_all"), Tool("flat", "", SCHEMA), Tool("untyped")]
    assert call.dropped == []


def test_what_tools_cannot_keep_is_reported():
    tools = [BASH, {"type": "image_generation"}, {"type": "mcp", "server_label": "x"}, {"type": "code_interpreter", "name": ""}]
    call = parse(tools=tools)
    assert call.tools == [Tool("bash", "Run", SCHEMA)]
    assert [path for path in call.dropped if "." not in path] == ["tools[1]", "tools[2]", "tools[3]"]


@pytest.mark.parametrize(
    ("asked_for", "choice"),
    [
        (None, ToolChoice()),
        ("auto", ToolChoice("auto")),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("required")),
        ("any", ToolChoice("required")),
        ({"type": "function", "function": {"name": "bash"}}, ToolChoice("named", "bash")),
        ({"type": "function", "name": "bash"}, ToolChoice("named", "bash")),
        ({"type": "auto"}, ToolChoice("auto")),
    ],
)
def test_choices(asked_for, choice):
    call = parse(tools=[BASH], tool_choice=asked_for)
    assert (call.tool_choice, call.dropped) == (choice, [])


def test_a_choice_of_an_unknown_kind_is_reported():
    call = parse(tools=[BASH], tool_choice={"type": "mcp", "name": "x"})
    assert (call.tool_choice, call.dropped) == (ToolChoice("auto"), ["tool_choice"])


def allowed(*picks, mode="required"):
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": list(picks)}}


def test_tools_that_are_not_allowed_are_left_out():
    tools = [
        BASH,
        {"type": "function", "function": {"name": "zsh"}},
        {"type": "custom", "custom": {"name": "patch"}},
        {"type": "web_search"},
    ]
    call = parse(tools=tools, tool_choice=allowed({"type": "function", "function": {"name": "bash"}}))
    assert ([tool.name for tool in call.tools], call.tool_choice, call.web_search) == (["bash"], ToolChoice("required"), None)
    assert Feature.WEB_SEARCH not in call.asked
    call = parse(tools=tools, tool_choice=allowed({"type": "custom", "name": "patch"}, {"type": "web_search"}, mode="auto"))
    assert ([tool.name for tool in call.tools], call.tool_choice, call.web_search) == (["patch"], ToolChoice("auto"), WebSearch())
    assert call.dropped == []


def test_allowed_tools_are_looked_up_not_searched_for(monkeypatch):
    searched = []
    monkeypatch.setattr(Toolbox, "_has", lambda self, name, has=Toolbox._has: searched.append(name) or has(self, name))
    tools = [{"type": "function", "function": {"name": f"n{n}"}} for n in range(50)]
    call = parse(tools=tools, tool_choice=allowed(*tools[:40]))
    assert len(call.tools) == 40
    assert len(searched) < 5


def test_no_list_of_allowed_tools_leaves_them_all():
    call = parse(tools=[BASH], tool_choice={"type": "allowed_tools", "allowed_tools": {"mode": "auto"}})
    assert (len(call.tools), call.tool_choice) == (1, ToolChoice("auto"))


def test_parallel_calls_can_be_forbidden():
    assert not parse(tools=[BASH], parallel_tool_calls=False).tool_choice.parallel
    assert not parse(tools=[BASH], tool_choice="required", parallel_tool_calls=False).tool_choice.parallel
    assert parse(tools=[BASH], parallel_tool_calls=None).tool_choice.parallel


# The hosted web search


@pytest.mark.parametrize("kind", ["web_search", "web_search_preview", "web_search_2025_08_26"])
def test_a_hosted_search_is_no_function(kind):
    call = parse(tools=[BASH, {"type": kind, "search_context_size": "medium"}])
    assert (call.tools, call.web_search) == ([Tool("bash", "Run", SCHEMA)], WebSearch())
    assert (call.asked, call.dropped) == ({Feature.TOOLS: ["tools"], Feature.WEB_SEARCH: ["tools[1]"]}, [])


def test_a_function_may_be_called_web_search():
    function = {"type": "function", "function": {"name": "web_search"}}
    call = parse(tools=[function])
    assert (call.tools, call.web_search) == ([Tool("web_search")], None)
    # The hosted one of the same name cannot be told apart by a choice.
    call = parse(tools=[function, {"type": "web_search"}], tool_choice={"type": "web_search"})
    assert (call.tool_choice, call.dropped) == (ToolChoice("auto"), ["tool_choice"])
    call = parse(tools=[function, {"type": "web_search"}], tool_choice=function)
    assert call.tool_choice == ToolChoice("named", "web_search")


def test_the_options_of_a_search():
    place = {"type": "approximate", "approximate": {"city": "Oslo"}}
    call = parse(web_search_options={"search_context_size": "low", "user_location": place})
    assert (call.web_search, call.asked) == (WebSearch(), {Feature.WEB_SEARCH: ["web_search_options"]})
    assert call.dropped == ["web_search_options.search_context_size", "web_search_options.user_location"]
    assert parse(web_search_options={}).web_search == WebSearch()
    assert parse(web_search_options=None).web_search is None
    filters = {"allowed_domains": ["a.example"], "blocked_domains": ["b.example"]}
    call = parse(tools=[{"type": "web_search", "filters": filters, "user_location": place}], web_search_options={})
    assert call.web_search == WebSearch(allowed_domains=["a.example"], blocked_domains=["b.example"])
    assert call.dropped == ["tools[0].user_location"]
    assert call.asked[Feature.WEB_SEARCH] == ["tools[0]"]
    assert call.asked[Feature.WEB_SEARCH_DOMAINS] == ["tools[0].filters.allowed_domains", "tools[0].filters.blocked_domains"]


def test_the_hosted_search_can_be_chosen():
    call = parse(tools=[{"type": "web_search"}], tool_choice={"type": "web_search_preview"})
    assert (call.tool_choice, call.dropped) == (ToolChoice("named", "web_search"), [])


# Everything else


def test_what_an_upstream_may_lack_is_listed_under_the_names_of_the_client():
    call = parse(
        USER,
        {"role": "assistant", "content": "a", "reasoning_content": "hm"},
        {"role": "assistant", "content": "a", "reasoning": "hm"},
        USER,
        tools=[BASH, {"type": "function", "name": "flat", "strict": True}, {"type": "function", "function": {"name": "f", "strict": True}}],
        functions=[{"name": "g", "strict": True}],
        tool_choice="required",
        parallel_tool_calls=False,
        max_tokens=5,
        temperature=0,
        top_p=0.5,
        top_k=3,
        stop="x",
        reasoning_effort="low",
        reasoning={"enabled": True, "max_tokens": 9, "exclude": True},
    )
    assert call.asked == {
        Feature.UNSIGNED_REASONING: ["messages[1].reasoning_content", "messages[2].reasoning"],
        Feature.TOOLS: ["tools"],
        Feature.STRICT_TOOLS: ["tools[1].strict", "tools[2].function.strict", "functions[0].strict"],
        Feature.SERIAL_TOOL_CALLS: ["parallel_tool_calls"],
        Feature.TOOL_CHOICE: ["tool_choice"],
        Feature.MAX_TOKENS: ["max_tokens"],
        Feature.TEMPERATURE: ["temperature"],
        Feature.TOP_P: ["top_p"],
        Feature.TOP_K: ["top_k"],
        Feature.STOP: ["stop"],
        Feature.THINKING: ["reasoning.enabled"],
        Feature.THINKING_BUDGET: ["reasoning.max_tokens"],
        Feature.EFFORT: ["reasoning_effort"],
    }
    assert call.dropped == []


def test_what_asks_for_nothing_is_not_listed():
    call = parse(max_tokens=None, temperature=None, top_k=0, stop=["", ""], parallel_tool_calls=True, tool_choice="auto", reasoning={})
    assert call.asked == {}


def test_the_names_that_were_used_are_listed():
    assert parse(max_tokens=1, max_completion_tokens=2).asked == {Feature.MAX_TOKENS: ["max_completion_tokens"]}
    assert parse(reasoning={"effort": "none"}).asked == {Feature.EFFORT: ["reasoning.effort"]}
    old = parse(functions=[{"name": "f"}], function_call={"name": "f"})
    assert old.asked == {Feature.TOOLS: ["functions"], Feature.TOOL_CHOICE: ["function_call"]}


def test_a_long_history_lists_few_places():
    thought = {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    assert len(parse(*[thought] * 50).asked[Feature.UNSIGNED_REASONING]) == 20


def test_sampling():
    call = parse(max_tokens=5, max_completion_tokens=7, temperature=0, top_p=0.5, top_k=40, stop=["a", "", "b"])
    assert call.sampling == Sampling(7, 0.0, 0.5, 40, ["a", "b"])
    assert parse(max_tokens=5, stop="a", top_k=-1).sampling == Sampling(5, stop=["a"])
    assert parse(max_tokens=None, temperature=None, stop=None, n=1).sampling == Sampling()


@pytest.mark.parametrize(
    ("members", "thinking"),
    [
        ({"reasoning_effort": "high"}, Thinking("enabled", effort="high")),
        ({"reasoning_effort": "none"}, Thinking("disabled", effort="none")),
        ({"reasoning": {"effort": "low"}}, Thinking("enabled", effort="low")),
        ({"reasoning": {"max_tokens": 2000}}, Thinking("enabled", 2000)),
        ({"reasoning": {"max_tokens": 0}}, Thinking("disabled", effort="none")),
        ({"reasoning": {"enabled": False}}, Thinking("disabled", effort="none")),
        ({"reasoning": {"enabled": True, "exclude": True}}, Thinking("enabled", display="omitted")),
        ({"reasoning_effort": "max", "reasoning": {"effort": "low", "max_tokens": 9}}, Thinking("enabled", 9, "max")),
        ({"reasoning": {}}, None),
        ({"reasoning_effort": None, "reasoning": None}, None),
    ],
)
def test_thinking(members, thinking):
    assert parse(**members).thinking == thinking


def test_streaming_and_names():
    call = parse(stream=True, stream_options={"include_usage": True, "include_obfuscation": False}, user="u", prompt_cache_key="s")
    assert (call.stream, call.include_usage, call.user, call.session, call.dropped) == (True, True, "u", "s", [])
    call = parse(stream=None, stream_options=None)
    assert (call.stream, call.include_usage, call.user, call.session) == (False, False, "", "")


def test_members_without_a_seat_travel_as_they_are():
    call = parse(store=False, metadata={"a": 1}, seed=None, logit_bias={}, verbosity="low", x_new={"b": [1.0]}, nothing=None)
    assert call.extras == {"store": b"false", "metadata": b'{"a":1}', "logit_bias": b"{}", "verbosity": b'"low"', "x_new": b'{"b":[1.0]}'}
    assert call.dropped == []


def test_the_form_of_the_answer():
    assert parse(response_format={"type": "json_object"}).output_format == OutputFormat("json_object")
    form = {"name": "n", "schema": {"type": "object", "x": [1]}, "strict": True}
    call = parse(response_format={"type": "json_schema", "json_schema": form})
    assert call.output_format == OutputFormat("json_schema", b'{"type":"object","x":[1]}', "n", strict=True)
    assert (call.asked, call.extras, call.dropped) == ({Feature.JSON_SCHEMA: ["response_format"]}, {}, [])
    for nothing in ({"type": "text"}, None):
        call = parse(response_format=nothing)
        assert (call.output_format, call.asked, call.extras) == (None, {}, {})


def test_a_form_without_a_schema_is_any_object_and_its_description_is_reported():
    call = parse(response_format={"type": "json_schema", "json_schema": {"name": "n", "description": "A reply", "schema": {}}})
    assert (call.output_format, call.dropped) == (OutputFormat("json_schema", b"{}", "n"), ["response_format.json_schema.description"])
    call = parse(response_format={"type": "json_schema", "json_schema": {"name": "n"}})
    assert (call.output_format, call.asked) == (OutputFormat("json_object", name="n"), {Feature.JSON_OBJECT: ["response_format"]})


def test_what_is_unknown_further_in_is_reported():
    call = parse(
        {
            "role": "user",
            "name": "Ann",
            "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}, "tone": "warm"}],
        },
        {"role": "assistant", "content": "a", "provider_specific_fields": {"x": 1}, "thinking_blocks": [1], "images": [], "id": None},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PIXEL, "detail": "high", "size": 1}}]},
        x_new=1,
        stream_options={"include_obfuscation": True, "pace": 2},
        reasoning={"effort": "low", "summary": "auto"},
    )
    assert call.extras == {"x_new": b"1"}
    assert sorted(call.dropped) == [
        "messages[0].content[0].tone",
        "messages[0].name",
        "messages[1].thinking_blocks",
        "messages[2].content[0].image_url.detail",
        "messages[2].content[0].image_url.size",
        "reasoning.summary",
        "stream_options.include_obfuscation",
        "stream_options.pace",
    ]
    assert call.turns[0].parts == [Text("Hi")]


def test_marks_of_client_libraries_on_calls_are_no_loss():
    made = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    marked = {**made, "cache_control": {"type": "ephemeral"}, "provider_specific_fields": {"x": 1}}
    assert parse(USER, {"role": "assistant", "tool_calls": [marked]}).dropped == []


def test_strange_names_cannot_break_a_header():
    call = parse({**USER, "a\r\nset-cookie: x": 1, "名": 2}, **{"b\r\nc": 3, "long" * 50: 4})
    assert call.extras == {}
    assert len(call.dropped) == 4
    assert all(path.isascii() and path.isprintable() and len(path) < 80 for path in call.dropped)


def test_a_second_web_search_is_dropped_with_its_filters():
    first = {"type": "web_search", "filters": {"allowed_domains": ["a.example"]}}
    second = {"type": "web_search_preview", "filters": {"blocked_domains": ["b.example"]}, "search_context_size": "low"}
    call = parse(tools=[first, second], web_search_options={"search_context_size": "high"})
    assert call.web_search == WebSearch(allowed_domains=["a.example"])
    assert call.dropped == ["tools[1]", "web_search_options"]
    assert call.asked[Feature.WEB_SEARCH] == ["tools[0]"]
    assert call.asked[Feature.WEB_SEARCH_DOMAINS] == ["tools[0].filters.allowed_domains"]


def test_pictures_and_files_may_stand_in_an_answer():
    call = parse(
        USER,
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Here it is:"},
                {"type": "image_url", "image_url": {"url": PIXEL}},
                {"type": "file", "file": {"file_data": "data:text/plain;base64,QUJD", "filename": "a.txt"}},
            ],
        },
        USER,
    )
    picture, file = Image("image/png", "iVBORw0KGgo="), Document("text/plain", "QUJD", name="a.txt")
    assert call.turns[1] == Turn("assistant", [Text("Here it is:"), picture, file])
    assert call.media == [picture, file]
    assert [part.where for part in call.media] == ["messages[1].content[1].image_url.url", "messages[1].content[2].file.file_data"]


@pytest.mark.parametrize("detail", [None, "", "auto"])
def test_the_usual_detail_of_a_picture_is_not_reported(detail):
    part = {"type": "image_url", "image_url": {"url": PIXEL, "detail": detail}}
    assert parse({"role": "user", "content": [part]}).dropped == []


@pytest.mark.parametrize("size", [None, "", "medium"])
def test_the_usual_size_of_a_search_is_not_reported(size):
    assert parse(web_search_options={"search_context_size": size, "user_location": {}}).dropped == []


def test_thinking_in_the_other_spelling_is_read_with_its_broken_escapes():
    body = b'{"model":"m","messages":[{"role":"assistant","reasoning":"a \\ud83d b","content":"x"}]}'
    assert OpenAIChat().parse(body).turns[0].parts == [Reasoning("a \ufffd b"), Text("x")]


def test_schemas_stay_as_they_are_beside_unknown_members():
    body = b'{"model":"m","x":1,"messages":[{"role":"user","content":"Hi","x":1}],"tools":[{"function":{"name":"f","parameters":{"maximum": 1.10, "b":%b}}}]}'
    big = b"12345678901234567890123456789"
    assert OpenAIChat().parse(body % big).tools[0].schema == b'{"maximum": 1.10, "b":%b}' % big


def test_what_is_unknown_in_a_dropped_tool_is_not_told_beside_it():
    tools = [BASH, {"type": "file_search", "vector_store_ids": ["a"]}, {**BASH, "weight": 1}]
    assert parse(tools=tools).dropped == ["tools[2].weight", "tools[1]"]
