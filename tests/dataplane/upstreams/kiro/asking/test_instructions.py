import pytest

from dataplane.conversation.model import OutputFormat, Search, Thinking, Tool, ToolChoice, WebSearch
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro.asking import instructions
from dataplane.upstreams.kiro.asking.names import SEARCH, names
from tests.dataplane.upstreams.kiro.samples import CLAUDE, GPT, assistant, call, lease, result, use, user

READ = [Tool("Read", "R"), Tool("my.tool", "M")]
HOSTED = WebSearch()
SERIAL = "Call at most one tool in each answer."


def sentences(*turns, **more):
    asked = call(*(turns or (user("hi"),)), **more)
    return instructions.sentences(asked, names(asked))


def standing(**more):
    return instructions.standing(call(user("hi"), **more))


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (ToolChoice(), []),
        (ToolChoice("required"), ["Answer by calling at least one tool."]),
        (ToolChoice("named", "Read"), ["Answer by calling the tool Read."]),
        (ToolChoice("none"), []),
        (ToolChoice(parallel=False), []),
        (ToolChoice("named", "Read", parallel=False), ["Answer by calling the tool Read."]),
    ],
)
def test_S11_the_tool_choice_is_a_sentence(choice, told):
    assert sentences(tools=READ, tool_choice=choice) == told


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (ToolChoice(), []),
        (ToolChoice("required"), []),
        (ToolChoice(parallel=False), [SERIAL]),
        (ToolChoice("named", "Read", parallel=False), [SERIAL]),
        (ToolChoice("none", parallel=False), []),
    ],
)
def test_S11_one_call_at_a_time_is_asked_of_every_answer(choice, told):
    assert standing(tools=READ, tool_choice=choice) == told


def test_S11_a_chosen_name_is_the_one_kiro_sees():
    wire = names(call(user("hi"), tools=READ)).wire["my.tool"]
    assert sentences(tools=READ, tool_choice=ToolChoice("named", "my.tool")) == [f"Answer by calling the tool {wire}."]


def test_S11_calls_are_forbidden_in_words_only_when_the_history_holds_some():
    turns = user("a"), assistant(use("1")), user(result("1", "x"), "go on")
    assert sentences(*turns, tools=READ, tool_choice=ToolChoice("none")) == ["Answer without calling any tool."]
    searched = user("a"), assistant(Search("s", "q"), "b"), user("go on")
    assert sentences(*searched, tool_choice=ToolChoice("none")) == ["Answer without calling any tool."]


@pytest.mark.parametrize(
    ("choice", "tools"),
    [
        (ToolChoice("required"), []),
        (ToolChoice("named", "Write"), READ),
        (ToolChoice("named", "Read"), []),
        (ToolChoice("named", "web_search"), READ),
    ],
)
def test_S11_a_choice_that_cannot_be_met_is_refused(choice, tools):
    with pytest.raises(InvalidRequest) as raised:
        sentences(tools=tools, tool_choice=choice)
    assert raised.value.param == "tool_choice"


def test_the_hosted_search_can_be_chosen():
    assert sentences(web_search=HOSTED, tool_choice=ToolChoice("named", "web_search")) == ["Answer by calling the tool web_search."]
    assert sentences(web_search=HOSTED, tool_choice=ToolChoice("required")) == ["Answer by calling at least one tool."]
    assert standing(web_search=HOSTED, tool_choice=ToolChoice(parallel=False)) == [SERIAL]


def test_a_function_of_the_client_goes_before_the_hosted_search():
    asked = call(user("hi"), tools=[Tool("web_search")], web_search=HOSTED, tool_choice=ToolChoice("named", "web_search"))
    known = names(asked)
    assert known.wire["web_search"] != known.wire[SEARCH]
    assert instructions.sentences(asked, known) == ["Answer by calling the tool web_search."]


def test_a_client_without_tools_is_told_nothing_about_serial_calls():
    assert standing(tool_choice=ToolChoice(parallel=False)) == []


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (OutputFormat("json_object"), "Answer with a single JSON object and nothing else: no other text, no code fence."),
        (OutputFormat("json_schema"), "Answer with a single JSON object and nothing else: no other text, no code fence."),
        (
            OutputFormat("json_schema", '{"type": "object", "title": "Größe"}'.encode(), "size"),
            """Answer with a single JSON value that fits this JSON schema, and nothing else: no other text, no code fence.
{"type": "object", "title": "Größe"}""",
        ),
    ],
)
def test_a_wanted_form_is_told(form, told):
    assert standing(output_format=form) == [told]
    for more in ({"tools": READ}, {"web_search": HOSTED}):
        assert standing(output_format=form, **more) == [told.replace("Answer", "Unless you call a tool, answer", 1)]


def tags(thinking, **more):
    return instructions.thinking_tags(call(user("hi"), thinking=thinking), lease(**more))


def enabled(length):
    return f"<thinking_mode>enabled</thinking_mode><max_thinking_length>{length}</max_thinking_length>"


def adaptive(effort):
    return f"<thinking_mode>adaptive</thinking_mode><thinking_effort>{effort}</thinking_effort>"


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        (None, ""),
        (Thinking("disabled"), ""),
        (Thinking("disabled", effort="high"), ""),
        (Thinking("enabled", effort="none"), ""),
        (Thinking("enabled"), enabled(20_000)),
        (Thinking("enabled", budget=4_096), enabled(4_096)),
        (Thinking("enabled", budget=10), enabled(1_024)),
        (Thinking("enabled", budget=200_000), enabled(24_576)),
        (Thinking("enabled", budget=4_096, effort="high"), enabled(4_096)),
        (Thinking("enabled", effort="minimal"), enabled(1_024)),
        (Thinking("enabled", effort="low"), enabled(4_000)),
        (Thinking("enabled", effort="medium"), enabled(10_000)),
        (Thinking("enabled", effort="high"), enabled(20_000)),
        (Thinking("enabled", effort="max"), enabled(24_576)),
        (Thinking("adaptive"), adaptive("high")),
        (Thinking("adaptive", effort="minimal"), adaptive("low")),
        (Thinking("adaptive", effort="medium"), adaptive("medium")),
        (Thinking("adaptive", effort="xhigh"), adaptive("high")),
    ],
)
def test_R05_a_model_without_reasoning_of_its_own_is_asked_in_tags(thinking, expected):
    assert tags(thinking) == expected


@pytest.mark.parametrize("schema", [CLAUDE, GPT])
def test_R05_a_model_with_a_seat_for_thinking_never_sees_tags(schema):
    assert tags(Thinking("enabled"), request_fields_schema=schema) == ""


@pytest.mark.parametrize(
    "model",
    [
        "claude-opus-5.5",
        "claude-opus-5",
        "claude-opus-4.8",
        "claude-opus-4.6-1m",
        "claude-sonnet-5",
        "claude-sonnet-4.6",
        "claude-fable-5",
        "claude-x-12",
        "gpt-5.6-sol",
        "auto",
    ],
)
def test_R05_native_models_are_known_by_name_where_the_catalogue_is_silent(model):
    assert tags(Thinking("enabled"), model=model) == ""
    assert tags(Thinking("enabled"), model=model, request_fields_schema='{"properties":{"max_tokens":{}}}') == ""


@pytest.mark.parametrize(
    "model",
    [
        "claude-sonnet-4.5",
        "claude-sonnet-4.5-1m",
        "claude-sonnet-4",
        "claude-haiku-4.5",
        "claude-opus-4.5",
        "CLAUDE_SONNET_4_20250514_V1_0",
        "CLAUDE_3_7_SONNET_20250219_V1_0",
        "glm-5",
    ],
)
def test_R05_older_models_are_no_native_ones(model):
    assert tags(Thinking("enabled"), model=model) == enabled(20_000)
