"""Blocks of earlier answers that a server filled in."""

import base64

import pytest

from dataplane.conversation import estimate
from dataplane.conversation.features import Feature
from dataplane.conversation.model import Document, Hit, Search, Text, Turn
from tests.dataplane.dialects.anthropic.test_parse import parse, parts

USE = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tea"}}


def result(*found, use="srvtoolu_1"):
    return {"type": "web_search_tool_result", "tool_use_id": use, "content": list(found)}


def page(title, text="", **members):
    content = base64.b64encode(text.encode()).decode()
    return {"type": "web_search_result", "title": title, "url": f"https://{title}.test", "encrypted_content": content, **members}


def failed(code):
    content = {"type": "web_search_tool_result_error", "error_code": code}
    return {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": content}


def test_a_search_and_what_it_found_are_one_part():
    call = parse(
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {**USE, "caller": {"type": "direct"}},
                    result(page("a", "Grün 🍵", page_age="2 days ago"), page("b", page_age=None)),
                    {"type": "text", "text": "Green.", "citations": None},
                ],
            }
        ]
    )
    found = [Hit("a", "https://a.test", "Grün 🍵", "2 days ago"), Hit("b", "https://b.test")]
    assert call.turns == [Turn("assistant", [Text("I look."), Search("srvtoolu_1", "tea", found), Text("Green.")])]
    assert (call.dropped, call.asked[Feature.SEARCH_RESULTS]) == ([], ["messages[0].content[1]"])
    # What was found weighs in the prompt.
    bare = parse([{"role": "assistant", "content": [{"type": "text", "text": "I look."}, {"type": "text", "text": "Green."}]}])
    assert estimate.prompt_tokens(call) > estimate.prompt_tokens(bare)


def test_searches_side_by_side_each_get_their_own():
    found = parts(USE, {**USE, "id": "srvtoolu_2"}, result(page("b"), use="srvtoolu_2"), result(page("a")), role="assistant")
    assert found == [Search("srvtoolu_1", "tea", [Hit("a", "https://a.test")]), Search("srvtoolu_2", "tea", [Hit("b", "https://b.test")])]


def test_a_result_may_come_in_the_next_message():
    call = parse([{"role": "assistant", "content": [USE]}, {"role": "assistant", "content": [result(page("a"))]}])
    assert call.turns == [Turn("assistant", [Search("srvtoolu_1", "tea", [Hit("a", "https://a.test")])]), Turn("assistant", [])]


def test_a_search_that_failed_and_one_without_a_result():
    assert parts(USE, failed("max_uses_exceeded"), role="assistant") == [Search("srvtoolu_1", "tea", error="max_uses_exceeded")]
    assert parts(USE, role="assistant") == [Search("srvtoolu_1", "tea", error="unavailable")]
    assert parts(USE, result(), role="assistant") == [Search("srvtoolu_1", "tea")]


def test_a_result_whose_call_was_cut_off_stays():
    assert parts(result(page("a")), role="assistant") == [Search("srvtoolu_1", "", [Hit("a", "https://a.test")])]


@pytest.mark.parametrize("content", ["EqgfCioIARgBIiQ3YTAwMjY1Mi3/", "gA==", "no base64", "é"])
def test_what_only_another_provider_can_read_is_reported(content):
    call = parse([{"role": "assistant", "content": [USE, result(page("a"), {**page("b"), "encrypted_content": content})]}])
    (search,) = call.turns[0].parts
    assert search.hits == [Hit("a", "https://a.test"), Hit("b", "https://b.test")]
    assert call.dropped == ["messages[0].content[1].content[1].encrypted_content"]


def test_the_words_of_other_tools_are_kept():
    blocks = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "code_execution", "input": {"code": "print(1)"}},
        {
            "type": "code_execution_tool_result",
            "tool_use_id": "srvtoolu_1",
            "content": {"type": "code_execution_result", "stdout": "1\n", "stderr": "warned", "return_code": 2, "content": []},
        },
        {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "find", "server_name": "docs", "input": {"q": 1}},
        {"type": "mcp_tool_result", "tool_use_id": "mcptoolu_1", "is_error": False, "content": [{"type": "text", "text": "found"}]},
        {
            "type": "tool_search_tool_result",
            "tool_use_id": "srvtoolu_2",
            "content": {
                "type": "tool_search_tool_search_result",
                "tool_references": [{"type": "tool_reference", "tool_name": "a"}, {"type": "tool_reference", "tool_name": "b"}],
            },
        },
        {
            "type": "bash_code_execution_tool_result",
            "tool_use_id": "srvtoolu_3",
            "content": {"type": "bash_code_execution_tool_result_error", "error_code": "unavailable"},
        },
        {"type": "compaction", "content": "We spoke of tea.", "encrypted_content": "x"},
        {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}},
    ]
    call = parse([{"role": "assistant", "content": blocks}])
    assert [part.text for part in call.turns[0].parts] == [
        'code_execution was called with {"code": "print(1)"}',
        "code_execution gave:\n1\n\nwarned\nreturn code 2",
        'find of docs was called with {"q": 1}',
        "mcp gave:\nfound",
        "tool_search gave:\na\nb",
        "bash_code_execution gave:\nunavailable",
        "We spoke of tea.",
    ]
    assert call.dropped == []


def test_fetched_pages_are_kept():
    def fetched(**source):
        document = {"type": "document", "title": "Tea", "source": source, "citations": {"enabled": True}}
        content = {"type": "web_fetch_result", "url": "https://a.test", "content": document}
        return {"type": "web_fetch_tool_result", "tool_use_id": "srvtoolu_1", "content": content}

    words = fetched(type="text", media_type="text/plain", data="It is green.")
    assert parts(words, role="assistant") == [Text("web_fetch of https://a.test\nTea\nIt is green.")]
    call = parse([{"role": "assistant", "content": [fetched(type="base64", media_type="application/pdf", data="QUJD")]}])
    file = Document("application/pdf", "QUJD", name="Tea")
    assert call.turns[0].parts == [Text("web_fetch of https://a.test"), file]
    assert [(each, each.where) for each in call.media] == [(file, "messages[0].content[0]")]
    error = {
        "type": "web_fetch_tool_result",
        "tool_use_id": "x",
        "content": {"type": "web_fetch_tool_result_error", "error_code": "url_too_long"},
    }
    assert parts(error, role="assistant") == [Text("web_fetch failed: url_too_long")]


@pytest.mark.parametrize(
    ("role", "block"),
    [
        ("user", {"type": "container_upload", "file_id": "file_1"}),
        ("assistant", {"type": "compaction", "content": None}),
        ("assistant", {"type": "mcp_tool_listing", "mcp_server_name": "docs", "tools": []}),
        (
            "assistant",
            {
                "type": "code_execution_tool_result",
                "tool_use_id": "x",
                "content": {
                    "type": "encrypted_code_execution_result",
                    "encrypted_stdout": "x",
                    "stderr": "",
                    "return_code": 0,
                    "content": [],
                },
            },
        ),
    ],
)
def test_blocks_without_a_word_are_dropped(role, block):
    call = parse([{"role": role, "content": [{"type": "text", "text": "a"}, block]}])
    assert (call.turns, call.dropped) == ([Turn(role, [Text("a")])], ["messages[0].content[1]"])


def test_search_results_of_the_client_are_text():
    block = {
        "type": "search_result",
        "title": "Tea",
        "source": "https://a.test",
        "content": [{"type": "text", "text": "green"}, {"type": "text", "text": "black"}],
        "citations": {"enabled": True},
    }
    told = Text("Search result: Tea\nSource: https://a.test\ngreen\nblack")
    call = parse([{"role": "user", "content": [block, {"type": "tool_result", "tool_use_id": "1", "content": [block]}]}])
    assert (call.turns[0].parts[0], call.turns[0].parts[1].parts) == (told, [told])
    assert call.dropped == ["messages[0].content[0].citations", "messages[0].content[1].content[0].citations"]
