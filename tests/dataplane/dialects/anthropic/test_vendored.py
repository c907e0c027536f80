"""Words of the protocol's own, from an endpoint of the same family, in the client's answer."""

import json

from dataplane.conversation.events import Finished, Started, TextDelta, UsageSeen, Vendor
from tests.dataplane.dialects.anthropic.test_encoder import blocks, streamed, whole

LAST = (UsageSeen(), Finished("stop"))
CITATION = {"type": "citations_delta", "citation": {"cited_text": "a"}}


def vendor(data, family="anthropic"):
    return Vendor(family, json.dumps(data).encode())


def test_a_block_stands_whole_where_it_came():
    block = {"type": "compaction", "content": "so far"}
    assert blocks(streamed(Started(), TextDelta("a"), vendor(block), TextDelta("b"), *LAST)) == [
        {"type": "text", "text": "", "deltas": [{"type": "text_delta", "text": "a"}]},
        {**block, "deltas": []},
        {"type": "text", "text": "", "deltas": [{"type": "text_delta", "text": "b"}]},
    ]
    assert whole(Started(), vendor(block), *LAST)["content"] == [block]


def test_an_input_comes_as_a_delta():
    use = {"type": "server_tool_use", "id": "1", "name": "web_fetch", "input": {"url": "u"}}
    (found,) = blocks(streamed(Started(), vendor(use), *LAST))
    assert (found["input"], [json.loads(delta["partial_json"]) for delta in found["deltas"]]) == ({}, [{"url": "u"}])
    assert whole(Started(), vendor(use), *LAST)["content"] == [use]


def test_a_text_that_begins_goes_on_with_its_words_and_citations():
    said = (vendor({"type": "text", "text": "", "citations": []}), TextDelta("a"), vendor(CITATION), TextDelta("b"))
    plain = (vendor({"type": "text", "text": ""}), TextDelta("c"))
    deltas = [{"type": "text_delta", "text": "a"}, CITATION, {"type": "text_delta", "text": "b"}]
    found = blocks(streamed(Started(), *said, *plain, *LAST))
    assert found[0] == {"type": "text", "text": "", "citations": [], "deltas": deltas}
    assert [delta["text"] for delta in found[1]["deltas"]] == ["c"]
    assert whole(Started(), *said, *plain, *LAST)["content"] == [
        {"type": "text", "text": "ab", "citations": [CITATION["citation"]]},
        {"type": "text", "text": "c"},
    ]


def test_a_citation_alone_opens_a_text():
    assert blocks(streamed(Started(), vendor(CITATION), TextDelta("a"), *LAST)) == [
        {"type": "text", "text": "", "deltas": [CITATION, {"type": "text_delta", "text": "a"}]}
    ]
    assert whole(Started(), vendor(CITATION), TextDelta("a"), *LAST)["content"] == [
        {"type": "text", "text": "a", "citations": [CITATION["citation"]]}
    ]


def test_a_text_without_a_word_is_none():
    assert whole(Started(), vendor({"type": "text", "text": "", "citations": []}), *LAST)["content"] == []


def test_the_end_says_what_the_endpoint_said():
    told = vendor({"type": "message_delta", "stop_reason": "pause_turn", "container": {"id": "c"}})
    delta = json.loads(streamed(Started(), TextDelta("a"), told, *LAST).split(b"event: message_delta\ndata: ")[1].split(b"\n")[0])["delta"]
    assert delta == {"stop_reason": "pause_turn", "stop_sequence": None, "container": {"id": "c"}}
    found = whole(Started(), TextDelta("a"), told, *LAST)
    assert (found["stop_reason"], found["container"], found["content"]) == ("pause_turn", {"id": "c"}, [{"type": "text", "text": "a"}])


def test_another_familys_words_are_passed_over():
    said = (Started(), vendor({"type": "logprobs"}, "openai"), TextDelta("a"), *LAST)
    assert len(blocks(streamed(*said))) == 1
    assert whole(*said)["content"] == [{"type": "text", "text": "a"}]
