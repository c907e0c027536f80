import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.model import Hit, Search, Text, Tool, ToolChoice, Turn, WebSearch
from dataplane.errors import BadUpstream, Cause, Overloaded, Retry, UpstreamFault
from dataplane.upstreams.base import HttpRequest, Reply
from dataplane.upstreams.kiro import search
from dataplane.upstreams.kiro.asking import body
from dataplane.upstreams.kiro.search import told
from tests.dataplane.upstreams.kiro.samples import ARN, STAMP, call, lease, user

ROW = {"title": "T", "url": "https://example.com/1", "snippet": "S", "publishedDate": 1_760_000_000_001, "id": "r", "domain": "example.com"}
STREAM = Reply(200, {"content-type": "application/vnd.amazon.eventstream"})


def answer(text, **more):
    content = [{"type": "text", "text": text if isinstance(text, str) else json.dumps(text)}]
    return Reply(200, {}, json.dumps({"id": "1", "jsonrpc": "2.0", "result": {"content": content, "isError": False, **more}}).encode())


def found(*rows):
    return answer({"results": list(rows), "totalResults": len(rows), "query": "q", "error": None})


def unreachable():
    return UpstreamFault(Cause.UNREACHABLE, Retry.OTHER_ACCOUNT, Overloaded("the upstream cannot be reached"))


class Going:
    """Carries `onward` out; `continued` is the call that the model goes on with."""

    def __init__(self, *asked, parts=(), early=False, web_search=None, **more):
        self.parts = list(parts)
        self.took = []
        self.continued = None
        self.call = call(user("hi"), web_search=web_search or WebSearch(), **more.pop("call", {}))
        self.plan = search.onward(asked, self.parts, self.call, lease(**more), STAMP, self._chat, self.took.append, early=early)

    def _chat(self, continued):
        self.continued = continued
        return (yield HttpRequest("POST", "http://chat", {}))

    def run(self, *answers):
        """The requests made. Raises UpstreamFault."""
        requests = [next(self.plan)]
        for reply in answers:
            requests.append(self.plan.throw(reply) if isinstance(reply, UpstreamFault) else self.plan.send(reply))
        assert requests[-1].url == "http://chat"
        with pytest.raises(StopIteration) as end:
            self.plan.send(STREAM)
        assert end.value.value is STREAM
        return requests[:-1]


def one(*answers, **more):
    going = Going(Search("s1", "q"), **more)
    going.run(*answers)
    return going.took[0]


def test_a_search_is_one_request_to_the_bridge():
    going = Going(Search("s1", "wie groß?"))
    (request,) = going.run(found(ROW))
    assert (request.method, request.url, request.streamed) == ("POST", "http://127.0.0.1:1/mcp", False)
    body = json.loads(request.body)
    head, _, rest = body.pop("id").partition("tooluse_")
    assert (head, [len(part) for part in rest.split("_")]) == ("web_search_", [22, len("1750000000000"), 8])
    assert rest.split("_")[1] == "1750000000000"
    assert body == {
        "jsonrpc": "2.0", "method": "tools/call", "params": {"name": "web_search", "arguments": {"query": "wie groß?"}}, "profileArn": ARN,
    }  # fmt: skip


def test_a_search_says_who_asks_and_nothing_of_chat():
    (request,) = Going(Search("s1", "q")).run(found())
    assert request.headers["Authorization"] == "Bearer token-1"
    assert request.headers["x-amzn-kiro-profile-arn"] == ARN
    assert request.headers["Accept"] == "application/json"
    assert not {"x-amzn-codewhisperer-optout", "x-amzn-kiro-agent-mode"} & request.headers.keys()


def test_without_a_profile_none_is_named():
    (request,) = Going(Search("s1", "q"), attributes={"auth_method": "api-key"}).run(found())
    assert "x-amzn-kiro-profile-arn" not in request.headers
    assert "profileArn" not in json.loads(request.body)


def test_each_search_has_an_id_of_its_own_that_repeats():
    def ids():
        return [json.loads(request.body)["id"] for request in Going(Search("s1", "q"), Search("s2", "q")).run(found(), found())]

    assert len(set(ids())) == 2
    assert ids() == ids()


def test_what_was_found_is_a_hit_each():
    bare = {"url": "https://example.com/2", "title": None, "snippet": None, "publishedDate": None}
    assert one(found(ROW, bare, {"title": "no page"})) == Search(
        "s1", "q", [Hit("T", "https://example.com/1", "S", "2025-10-09"), Hit("", "https://example.com/2")]
    )


@pytest.mark.parametrize(
    ("published", "age"),
    [(0, ""), (-1, ""), (True, ""), (1e30, ""), ("3 days ago", "3 days ago"), ([1], ""), (1_760_000_000_000.5, "2025-10-09")],
)
def test_odd_dates_do_no_harm(published, age):
    assert one(found({**ROW, "publishedDate": published})).hits[0].age == age


def test_only_an_empty_list_says_that_nothing_was_found():
    assert one(found()) == Search("s1", "q")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (answer({"totalResults": 0}), "unavailable"),
        (answer({"results": None}), "unavailable"),
        (answer({"results": [], "error": "boom"}), "unavailable"),
        (answer({"results": [{"title": 1}]}), "unavailable"),
        (answer({"results": []}, isError=True), "unavailable"),
        (answer("no json"), "unavailable"),
        (answer("[]"), "unavailable"),
        (answer("[" * 100_000), "unavailable"),
        (Reply(200, {}, b'{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params"}}'), "unavailable"),
        (Reply(200, {}, b'{"result":{"content":[]}}'), "unavailable"),
        (Reply(200, {}, b"{}"), "unavailable"),
        (Reply(200, {}, b"<html>"), "unavailable"),
        (Reply(200, {}, b"\xff"), "unavailable"),
        (Reply(400, {}, b'{"message":"profileArn is required for this request."}'), "unavailable"),
        (Reply(403, {}, b""), "unavailable"),
        (Reply(500, {}, b""), "unavailable"),
        (Reply(429, {}, b"{}"), "too_many_requests"),
        (unreachable(), "unavailable"),
    ],
)
def test_a_search_that_fails_is_told_to_the_model(reply, error):
    assert one(reply) == Search("s1", "q", error=error)


def test_the_first_failure_may_be_left_to_another_account():
    with pytest.raises(UpstreamFault) as raised:
        Going(Search("s1", "q"), early=True).run(Reply(429, {"retry-after": "7"}, b"{}"))
    assert (raised.value.cause, raised.value.retry, raised.value.retry_after) == (Cause.THROTTLED, Retry.OTHER_ACCOUNT, 7)


def test_a_bridge_that_fails_is_no_fault_of_the_account():
    assert one(unreachable(), early=True).error == "unavailable"
    assert one(Reply(500, {}, b""), early=True).error == "unavailable"


def test_a_search_has_a_time_limit_of_its_own():
    (request,) = Going(Search("s1", "q")).run(found(ROW))
    assert 0 < request.seconds <= 30


def test_a_connection_that_had_gone_stale_is_tried_again():
    stale = UpstreamFault(Cause.UNREACHABLE, Retry.SAME_ACCOUNT, BadUpstream("gone"))
    going = Going(Search("s1", "q"))
    assert len(going.run(stale, found(ROW))) == 2
    assert len(going.took[0].hits) == 1
    assert one(stale, stale).error == "unavailable"


def test_more_searches_at_once_than_anybody_may_make_are_not_even_counted():
    going = Going(*(Search(f"s{number}", "q") for number in range(100)))
    assert len(going.run(*[found(ROW)] * search.MOST_SEARCHES)) == search.MOST_SEARCHES
    assert len(going.took) == search.MOST_SEARCHES + search.MOST_REFUSALS


def test_another_endpoint_may_search():
    urls = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
    for first in (unreachable(), Reply(503, {}, b"")):
        going = Going(Search("s1", "q"), early=True, base_urls=urls)
        assert [request.url for request in going.run(first, found(ROW))] == [f"{url}/mcp" for url in urls]
        assert len(going.took[0].hits) == 1


def test_the_model_goes_on_with_what_was_found():
    going = Going(Search("s1", "q"), Search("s2", "r"), parts=[Text("Let me look.")])
    going.run(found(ROW), found())
    assert going.parts == [Text("Let me look."), *going.took]
    assert [part.id for part in going.took] == ["s1", "s2"]
    assert going.continued.turns == [*going.call.turns, Turn("assistant", going.parts)]
    # What the answer holds later is none of this call's.
    going.parts.append(Text("later"))
    assert len(going.continued.turns[-1].parts) == 3


@pytest.mark.parametrize("choice", [ToolChoice("required", parallel=False), ToolChoice("named", "web_search", parallel=False)])
def test_a_demand_for_a_call_is_met_by_the_search(choice):
    going = Going(Search("s1", "q"), call={"tool_choice": choice})
    going.run(found())
    assert going.continued.tool_choice == ToolChoice("auto", parallel=False)


def test_the_body_of_the_next_exchange_ends_with_the_result():
    going = Going(Search("s1", "q"), call={"tools": [Tool("Read")]})
    going.run(found(ROW))
    state = json.loads(body.body(going.continued, lease(), STAMP))["conversationState"]
    (use,) = state["history"][-1]["assistantResponseMessage"]["toolUses"]
    assert (use["name"], use["input"]) == ("web_search", {"query": "q"})
    context = state["currentMessage"]["userInputMessage"]["userInputMessageContext"]
    assert context["toolResults"] == [{"toolUseId": use["toolUseId"], "content": [{"text": told(going.took[0])}], "status": "success"}]
    assert {tool["toolSpecification"]["name"] for tool in context["tools"]} == {"Read", "web_search"}


@pytest.mark.parametrize(("most", "allowed"), [(None, 20), (2, 2), (0, 0), (100, 20)])
def test_searches_of_one_answer_are_bounded(most, allowed):
    made = [Search(f"s{number}", "q") for number in range(allowed)]
    going = Going(Search("last", "q"), parts=[Text("a"), *made], web_search=WebSearch(most))
    assert going.run() == []
    assert going.took == [Search("last", "q", error="max_uses_exceeded")]
    if allowed:
        assert len(Going(Search("last", "q"), parts=made[1:], web_search=WebSearch(most)).run(found())) == 1


def test_a_model_that_does_not_stop_searching_is_stopped():
    spent = [Search(f"s{number}", "q", error="max_uses_exceeded") for number in range(5)]
    assert Going(Search("last", "q"), parts=spent[1:]).run(found())
    with pytest.raises(UpstreamFault) as raised:
        Going(Search("last", "q", error="max_uses_exceeded"), parts=spent).run()
    assert raised.value.retry is Retry.NONE


@pytest.mark.parametrize("query", ["", " \n"])
def test_a_search_for_nothing_is_not_made(query):
    going = Going(Search("s1", query))
    assert going.run() == []
    assert going.took[0].error == "invalid_tool_input"


def test_a_search_that_comes_with_an_error_is_not_made():
    going = Going(Search("s1", "q", error="max_uses_exceeded"))
    assert going.run() == []
    assert going.took == [Search("s1", "q", error="max_uses_exceeded")]


@pytest.mark.parametrize(
    ("url", "domain", "within"),
    [
        ("https://example.com/", "example.com", True),
        ("https://Example.COM:8443/a?b", "example.com", True),
        ("https://docs.example.com/", "example.com", True),
        ("https://example.com/", "docs.example.com", False),
        ("https://badexample.com/", "example.com", False),
        ("https://example.com.evil.org/", "example.com", False),
        ("https://example.com@evil.org/", "example.com", False),
        ("https://example.com./", "example.com", True),
        ("https://example.com/blog/1", "example.com/blog", True),
        ("https://example.com/blog", "example.com/blog/", True),
        ("https://example.com/blogger", "example.com/blog", False),
        ("https://example.com/a", "example.com/", True),
        ("https://example.com/en/blog/1", "example.com/*/blog", True),
        ("https://example.com/en/news/1", "example.com/*/blog", False),
        ("https://example.com/a[1]/b", "example.com/a[1]", True),
        ("https://[bad/", "example.com", False),
        ("nonsense", "example.com", False),
    ],
)
def test_hits_are_filtered_by_domain(url, domain, within):
    row = {**ROW, "url": url}
    assert len(one(found(row), web_search=WebSearch(allowed_domains=["other.org", domain])).hits) == within
    assert len(one(found(row), web_search=WebSearch(blocked_domains=["other.org", domain])).hits) == (not within)


def test_told_in_full():
    hits = [Hit("T", "https://example.com/1", "line 1\nline 2", "2025-10-09"), Hit("", "https://example.com/2")]
    assert told(Search("s1", "q", hits)) == (
        'Web search results for "q":\n\n1. T\nURL: https://example.com/1\nDate: 2025-10-09\nline 1\nline 2'
        "\n\n2. https://example.com/2\nURL: https://example.com/2"
    )


def test_told_in_words():
    assert told(Search("s1", "q")) == 'The web search for "q" found nothing.'
    assert told(Search("s1", "q", error="unavailable")) == 'The web search for "q" failed: the search is not available at the moment.'
    assert told(Search("s1", "q", error="odd_code")) == 'The web search for "q" failed: odd_code'
    assert all(
        told(Search("s", "q", error=error)).endswith(".")
        for error in ("too_many_requests", "max_uses_exceeded", "invalid_tool_input", "query_too_long")
    )


@given(st.lists(st.builds(Hit, st.text(min_size=1), st.text(min_size=1), st.text(), st.text())))
def test_nothing_of_a_hit_is_lost(hits):
    text = told(Search("s1", "q", hits))
    assert all(each in text for hit in hits for each in (hit.title, hit.url, hit.text, hit.age))
