"""What a request asks beyond the conversation, in the client's own words; and the pictures and files in it."""

import pytest

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Document, Image
from tests.dataplane.dialects.anthropic.test_parse import parse

PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}
LINKED = {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}
FILE = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "abc"}}


@pytest.mark.parametrize(
    ("members", "asked"),
    [
        ({}, {}),
        ({"temperature": 0}, {Feature.TEMPERATURE: ["temperature"]}),
        ({"top_p": 0.5, "top_k": 0}, {Feature.TOP_P: ["top_p"], Feature.TOP_K: ["top_k"]}),
        ({"stop_sequences": []}, {}),
        ({"stop_sequences": ["END"]}, {Feature.STOP: ["stop_sequences"]}),
        ({"thinking": {"type": "disabled"}}, {}),
        ({"thinking": {"type": "adaptive"}}, {Feature.THINKING: ["thinking"]}),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000, "display": "updates"}},
            {
                Feature.THINKING: ["thinking"],
                Feature.THINKING_BUDGET: ["thinking.budget_tokens"],
                Feature.THINKING_DISPLAY: ["thinking.display"],
            },
        ),
        ({"output_config": {"effort": "low"}}, {Feature.EFFORT: ["output_config.effort"]}),
        ({"output_config": {"effort": "enormous"}}, {}),
        ({"temperature": None, "top_p": None, "top_k": None, "thinking": None, "output_config": None, "tool_choice": None}, {}),
    ],
)
def test_each_wish_is_named_where_it_stands(members, asked):
    assert parse(**members).asked == {Feature.MAX_TOKENS: ["max_tokens"], **asked}


def test_earlier_reasoning_is_named_by_its_kind():
    messages = [
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "a", "signature": "c2ln"},
                {"type": "thinking", "thinking": "b"},
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "redacted_thinking", "data": "x"},
            ],
        },
    ]
    asked = parse(messages).asked
    assert asked[Feature.REASONING] == ["messages[1].content[0]"]
    assert asked[Feature.UNSIGNED_REASONING] == ["messages[1].content[1]"]
    assert asked[Feature.REDACTED_REASONING] == ["messages[1].content[3]"]


def test_a_long_conversation_names_the_first_places_only():
    thought = {"role": "assistant", "content": [{"type": "thinking", "thinking": "a", "signature": "c2ln"}]}
    assert parse([thought] * 30).asked[Feature.REASONING] == [f"messages[{i}].content[0]" for i in range(20)]


def test_pictures_and_files_are_listed_in_their_order_with_their_places():
    composed = {
        "type": "document",
        "source": {"type": "content", "content": [{"type": "text", "text": "see"}, PICTURE, {"type": "text", "text": "it"}]},
    }
    call = parse(
        [
            {"role": "user", "content": [{"type": "text", "text": "a"}, PICTURE, FILE]},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": [FILE, LINKED]}, composed]},
        ]
    )
    image, text, document = Image("image/png", "QUJD"), Document("text/plain", text="abc"), Document("text/plain", text="see\nit")
    assert [(part, part.where) for part in call.media] == [
        (image, "messages[0].content[1]"),
        (text, "messages[0].content[2]"),
        (text, "messages[2].content[0].content[0]"),
        (Image(url="https://x.test/a.png"), "messages[2].content[0].content[1]"),
        (document, "messages[2].content[1]"),
        (image, "messages[2].content[1].source.content[1]"),
    ]
    # The very parts of the turns, in which they will be exchanged for others.
    first, last = call.turns[0].parts, call.turns[2].parts
    assert all(a is b for a, b in zip(call.media, [*first[1:], *last[0].parts, *last[1:]], strict=True))


def test_a_conversation_without_media_has_none():
    assert parse().media == []
