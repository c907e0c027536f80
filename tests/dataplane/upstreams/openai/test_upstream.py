import pytest

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Document, Image, Thinking
from dataplane.errors import InvalidRequest
from dataplane.upstreams.openai import OpenAI
from dataplane.upstreams.openai.media import FETCHED, MEDIA, TEXT_ONLY
from tests.dataplane.upstreams.openai.samples import PLACES, call, chat, dropped, lease, messages, user

PNG = Image("image/png", "AAAA", where="messages[0].content[0].image_url.url")
AWAY = Image(url="https://x.example/a.png")
PDF = Document("application/pdf", "AAAA")
TXT = Document(text="words")


def media(part, place="generic", **more):
    return OpenAI().media(call(user(part), media=[part]), lease(place, **more))


def test_the_kind():
    assert OpenAI.kind == "openai"
    assert OpenAI().room(lease()) is None
    assert set(OpenAI.fidelity) == set(Feature)


@pytest.mark.parametrize(
    ("part", "place", "rules"),
    [
        (PNG, "generic", None),
        (Image("image/heic", "AAAA"), "generic", FETCHED),
        (Image("image/heic", "AAAA"), "ollama", MEDIA),
        (AWAY, "openai", None),
        (AWAY, "vllm", None),
        (AWAY, "ollama", MEDIA),
        (AWAY, "kimi", MEDIA),
        (PDF, "openai", None),
        (PDF, "vllm", FETCHED),
        (Document("text/plain", "AAAA"), "openai", FETCHED),
        (Document(url="https://x.example/a.pdf"), "openai", FETCHED),
        (TXT, "generic", None),
        (PDF, "deepseek", TEXT_ONLY),
    ],
)
def test_what_may_be_sent_as_it_is(part, place, rules):
    assert media(part, place) == rules


def test_a_picture_that_is_too_large(monkeypatch):
    large = Image("image/png", "A" * (20 * 1024 * 1024 + 1))
    assert media(large, "ollama") == MEDIA


@pytest.mark.parametrize(("place", "types"), [("generic", ["text"]), ("deepseek", [])])
def test_a_model_that_reads_only_text(place, types):
    with pytest.raises(InvalidRequest, match="does not read pictures") as raised:
        media(PNG, place, input_types=types)
    assert raised.value.param == PNG.where
    assert media(PDF, "openai", input_types=["text"]) is None
    assert media(PDF, "vllm", input_types=["text"]) == TEXT_ONLY
    assert media(PNG, "vllm", input_types=["text", "image"]) is None


# ---- what is reported


HI = {"role": "user", "content": "hi"}


def loose(name, **schema):
    return {"name": name, "input_schema": {"type": "object", **schema}, "strict": True}


def held(name):
    return loose(name, properties={}, additionalProperties=False)


FORM = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
TOOL = [{"type": "function", "function": {"name": "f", "strict": True}}]


def test_a_body_that_is_sent_on_loses_nothing():
    asked = chat(
        {**HI, "name": "Ann"},
        temperature=0.5,
        top_p=0.5,
        stop="x",
        seed=7,
        tools=TOOL,
        response_format=FORM,
        max_tokens=9,
        reasoning_effort="high",
        own={"a": 1},
    )
    assert dropped(asked, "generic") == []


def test_a_body_that_is_translated_loses_what_has_no_seat():
    asked = chat({**HI, "name": "Ann"}, temperature=0.5, seed=7, tools=[*TOOL, {"type": "image_generation"}])
    assert dropped(asked, "generic") == ["messages[0].name", "tools[1]", "tools[0].function.strict"]


def test_strictness_of_some_tools_that_are_allowed_is_told_of_all():
    shut = {"type": "object", "properties": {}, "additionalProperties": False}
    tools = [{"type": "function", "function": {"name": name, "strict": True, "parameters": of}} for name, of in (("f", shut), ("g", {}))]
    odd = {"type": "image_generation"}
    paths = ["tools[0].function.strict", "tools[1].function.strict"]
    for names, lost in ((["f"], []), (["g"], paths)):
        picked = [{"type": "function", "function": {"name": name}} for name in names]
        choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": picked}}
        assert dropped(chat(tools=[*tools, odd], tool_choice=choice), "generic") == ["tools[2]", *lost]


def test_pictures_that_must_be_fetched_make_a_translation():
    away = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "high"}}]}
    assert dropped(chat(away), "openai") == []
    assert dropped(chat(away), "ollama") == ["messages[0].content[0].image_url.detail"]


@pytest.mark.parametrize(
    ("more", "place", "lost"),
    [
        ({"temperature": 0.5, "top_p": 0.5, "top_k": 5, "stop_sequences": ["x"]}, "generic", []),
        ({"temperature": 0.5, "top_p": 0.5, "top_k": 5}, "kimi", ["temperature", "top_p", "top_k"]),
        ({"top_k": 5}, "openai", ["top_k"]),
        ({"tools": [{"name": "f", "input_schema": {"type": "object"}, "strict": True}]}, "generic", ["tools[0].strict"]),
        ({"tools": [held("f"), loose("g")]}, "generic", ["tools[1].strict"]),
        ({"tools": [held("f"), loose("g")]}, "kimi", ["tools[0].strict", "tools[1].strict"]),
        ({"tools": [held("f")]}, "openai", []),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]}, "generic", ["tools[0]", "tools[0].max_uses"]),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 9000}, "generic", []),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 9000}, "openai", ["thinking", "thinking.budget_tokens"]),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 9000}, "kimi", ["thinking.budget_tokens"]),
        ({"thinking": {"type": "disabled"}}, "openai", []),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}, "ollama", ["output_config.effort"]),
        ({"thinking": {"type": "adaptive"}}, "kimi always thinking", []),
        ({"context_management": {"edits": [{"type": "x"}]}}, "generic", ["context_management"]),
    ],
)
def test_what_other_clients_lose(more, place, lost):
    assert sorted(dropped(messages(**more), place)) == sorted(lost)


@pytest.mark.parametrize("place", PLACES)
def test_thinking_of_earlier_answers_by_place(place):
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "text", "text": "a"},
    ]
    lost = dropped(messages(HI, {"role": "assistant", "content": blocks}, HI), place)
    kept = place.startswith(("kimi", "deepseek"))
    assert lost == (["messages[1].content[1]"] if kept else ["messages[1].content[0]", "messages[1].content[1]"])


def test_a_wish_of_the_lines_own_is_no_loss():
    asked = chat()
    asked.thinking = Thinking("enabled")
    assert dropped(asked, "openai") == []
