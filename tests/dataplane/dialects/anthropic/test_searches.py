"""Searches in answers, streamed and whole, and back again in the next request."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.events import Finished, ReasoningDelta, Searched, Started, TextDelta, Usage, UsageSeen
from dataplane.conversation.model import Hit, Search, Text
from dataplane.dialects.anthropic import searches
from tests.dataplane.dialects.anthropic.test_encoder import SHOWN, blocks, shown, streamed, whole
from tests.dataplane.dialects.anthropic.test_parse import parts

FOUND = Search("srvtoolu_1", "tea", [Hit("A", "https://a.test", "Grün", "2 days ago"), Hit("B", "https://b.test")])
FAILED = Search("tooluse-é", "more", error="too_many_requests")
EVENTS = [
    Started(),
    ReasoningDelta("hm"),
    Searched(FOUND),
    Searched(FAILED),
    TextDelta("Green."),
    UsageSeen(Usage(input=40, output=5, searches=2)),
    Finished("stop"),
]
USE = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tea"}}
RESULT = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [
        {"type": "web_search_result", "title": "A", "url": "https://a.test", "encrypted_content": "R3LDvG4=", "page_age": "2 days ago"},
        {"type": "web_search_result", "title": "B", "url": "https://b.test", "encrypted_content": "", "page_age": None},
    ],
}
ERROR = {"type": "web_search_tool_result_error", "error_code": "too_many_requests"}


def test_a_search_to_the_letter():
    stream = streamed(Started(), Searched(Search("srvtoolu_1", 'say "é"', [Hit("A", "https://a.test", "x")])), Finished("stop"))
    expected = """\
event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\\"query\\":\\"say \\\\\\"é\\\\\\"\\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","title":"A","url":"https://a.test","encrypted_content":"eA==","page_age":null}]}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: message_delta
"""
    assert expected in stream.decode()


def test_searches_between_thoughts_and_text():
    _, use, result, second, error, said = blocks(streamed(*EVENTS, thinking=SHOWN))
    assert json.loads(use.pop("deltas")[0]["partial_json"]) == {"query": "tea"}
    assert {**use, "input": {"query": "tea"}} == USE
    assert result == {**RESULT, "deltas": []}
    assert error == {"type": "web_search_tool_result", "tool_use_id": second["id"], "content": ERROR, "deltas": []}
    assert said["deltas"] == [{"type": "text_delta", "text": "Green."}]


def test_the_same_whole():
    thought, use, result, second, error, said = whole(*EVENTS, thinking=SHOWN)["content"]
    assert (thought["type"], use, result, said) == ("thinking", USE, RESULT, {"type": "text", "text": "Green."})
    assert second == {**USE, "id": error["tool_use_id"], "input": {"query": "more"}}
    assert error["content"] == ERROR


def test_searches_are_counted_where_there_were_any():
    *_, delta, _ = shown(streamed(*EVENTS))
    told = {"web_search_requests": 2, "web_fetch_requests": 0}
    assert delta["usage"]["server_tool_use"] == whole(*EVENTS)["usage"]["server_tool_use"] == told
    none = [Started(), UsageSeen(Usage(input=1, output=1)), Finished("stop")]
    assert "server_tool_use" not in whole(*none)["usage"]


@pytest.mark.parametrize(
    ("id", "told"),
    [("srvtoolu_1", "srvtoolu_1"), ("tooluse_9", "srvtoolu_tooluse_9"), ("a-b", "srvtoolu_612d62"), ("", "srvtoolu_")],
)
def test_ids_have_the_form_that_clients_check(id, told):
    assert searches.use_id(id) == told


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
HITS = st.builds(Hit, WORDS, WORDS, WORDS, WORDS)
SEARCHES = st.builds(
    lambda number, query, hits, error: Search(f"srvtoolu_{number}", query, [] if error else hits, error),
    st.integers(0),
    WORDS,
    st.lists(HITS, max_size=3),
    st.sampled_from(["", "unavailable", "query_too_long"]),
)


@given(st.lists(SEARCHES, max_size=4, unique_by=lambda search: search.id))
def test_what_was_told_comes_back_the_same_streamed_and_whole(made):
    events = [Started(), *(event for search in made for event in (Searched(search), TextDelta("so"))), Finished("stop")]
    answer = whole(*events)["content"]
    rebuilt = []
    for block in blocks(streamed(*events)):
        deltas = block.pop("deltas")
        if block["type"] == "server_tool_use":
            block["input"] = json.loads("".join(delta["partial_json"] for delta in deltas))
        elif block["type"] == "text":
            block["text"] = "".join(delta["text"] for delta in deltas)
        rebuilt.append(block)
    assert rebuilt == answer
    assert parts(*answer, role="assistant") == [part for search in made for part in (search, Text("so"))]
