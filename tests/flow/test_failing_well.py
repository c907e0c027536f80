"""What goes wrong upstream, as the official SDKs see it."""

import time

import anthropic
import httpx
import openai
import pytest

from tests.stack import PROXY_KEY, Stack, until

MODEL = "claude-sonnet-4.5"
HI = [{"role": "user", "content": "hi"}]

pytestmark = pytest.mark.slow


def ask(client, text="hi"):
    return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": text}])


def stream_text(client, text):
    with client.messages.stream(model=MODEL, max_tokens=500, messages=[{"role": "user", "content": text}]) as stream:
        return "".join(stream.text_stream)


@pytest.fixture(scope="module")
def pair():
    """A stack of its own with two accounts: failing accounts would rest during other tests."""
    with Stack(HEADGATE_FIRST_TOKEN_SECONDS="2") as stack:
        yield stack, [stack.add_account("one"), stack.add_account("two")]


@pytest.fixture
def two(pair):
    stack, accounts = pair
    stack.sim("POST", "reset")
    for account in accounts:
        stack.admin("POST", f"/api/accounts/{account['id']}/disable")
        stack.admin("POST", f"/api/accounts/{account['id']}/enable")
    return stack, accounts


@pytest.fixture
def clients(two):
    stack, _ = two
    with (
        openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=PROXY_KEY, max_retries=0) as first,
        anthropic.Anthropic(base_url=stack.gateway, api_key=PROXY_KEY, max_retries=0) as second,
    ):
        yield first, second


def receive(client, url, body, received):
    """Read a streamed answer into `received`, which keeps what came when it breaks off."""
    with client.stream("POST", url, json=body, headers={"x-api-key": PROXY_KEY}) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            received += piece


def last_record(stack):
    return stack.admin("GET", "/api/requests?limit=1")["requests"][0]


def test_a_throttled_account_hands_over_to_the_other(two, clients):
    stack, accounts = two
    stack.sim("POST", "fail", {"status": 429, "times": 1, "headers": {"Retry-After": "30"}})
    answer = clients[0].chat.completions.with_raw_response.create(
        model=MODEL, messages=[{"role": "user", "content": "hi"}], extra_headers={"x-headgate-explain": "1"}
    )
    assert answer.headers["x-headgate-attempts"] == "2"
    states = {stack.admin("GET", f"/api/accounts/{account['id']}")["status"] for account in accounts}
    assert states == {"active", "cooling"}


def test_all_accounts_throttled_is_a_429_with_a_waiting_time(two, clients):
    stack, _ = two
    stack.sim("POST", "fail", {"status": 429, "times": 2, "headers": {"Retry-After": "30"}})
    with pytest.raises(openai.RateLimitError) as caught:
        ask(clients[0])
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 60


def test_an_expired_bearer_is_renewed_unseen(two, clients):
    stack, accounts = two
    for account in accounts:
        stack.sim("POST", "expire", {"account": account["sim"]})
    assert ask(clients[0]).choices[0].message.content
    assert sum(stack.sim("GET", "counters")["refreshes"].values()) == 1


@pytest.mark.parametrize(
    "script", ["internal", "exception", "error-frame", "half-frame", "bad-prelude", "bad-crc", "oversize", "reset", "drop"]
)
def test_a_stream_that_breaks_after_content_is_never_taken_for_whole(two, script):
    """The error event, then a body without its end: a client that looks at either knows."""
    stack, _ = two
    stack.sim("POST", "script", {"script": script, "options": {"after": 3, "pause": 0.02}, "times": 1})
    body = {"model": MODEL, "max_tokens": 99, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    received = bytearray()
    with httpx.Client() as client, pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        receive(client, f"{stack.gateway}/v1/messages", body, received)
    assert received.count(b"event: content_block_delta") >= 1
    assert received.rstrip().rpartition(b"event: ")[2].startswith(b"error")
    assert b"message_stop" not in received
    answered = [each for each in stack.sim("GET", "requests")["requests"] if each["status"] == 200]
    assert len(answered) == 1, "what was begun is not begun anew"
    until(lambda: last_record(stack)["ending"] == "cut", 5)


@pytest.mark.parametrize("script", ["throttled", "internal", "error-frame", "bad-crc", "half-frame", "reset-early", "empty"])
def test_the_same_before_content_is_answered_by_another_try(two, clients, script):
    stack, _ = two
    stack.sim("POST", "script", {"script": script, "times": 1})
    assert stream_text(clients[1], "hi")


def test_a_cut_tool_call_ends_the_turn_as_max_tokens(clients):
    tool = {"name": "write", "input_schema": {"type": "object", "properties": {"text": {"type": "string"}}}}
    for script in ("cut-input", "unstopped"):
        message = clients[1].messages.create(
            model=MODEL,
            max_tokens=500,
            tools=[tool],
            messages=[{"role": "user", "content": f'[[sim:{script}]] [[call:write {{"text":"a long text that is cut"}}]]'}],
        )
        assert message.stop_reason == "max_tokens"
        assert not [block for block in message.content if block.type == "tool_use"]


def test_a_suspended_account_is_never_used_again(two, clients):
    stack, accounts = two
    stack.sim("POST", "fail", {"status": 403, "reason": "TEMPORARILY_SUSPENDED", "times": 1})
    assert ask(clients[0]).choices[0].message.content
    states = [stack.admin("GET", f"/api/accounts/{account['id']}")["status"] for account in accounts]
    assert sorted(states) == ["active", "suspended"]


def test_a_silent_upstream_is_a_timeout(clients):
    began = time.monotonic()
    with pytest.raises(openai.APIStatusError) as caught:
        ask(clients[0], '[[sim:stall {"seconds": 20}]]')
    assert caught.value.status_code == 504
    assert time.monotonic() - began < 6


def test_a_client_that_leaves_ends_the_upstream_and_is_recorded(two, clients):
    stack, _ = two
    with clients[0].chat.completions.create(model=MODEL, stream=True, messages=[{"role": "user", "content": "[[sim:endless]]"}]) as stream:
        for number, _chunk in enumerate(stream):
            if number > 3:
                break
    until(lambda: any(each["aborted"] for each in stack.sim("GET", "requests")["requests"]), 5)
    until(lambda: last_record(stack)["ending"] == "cancelled", 5)
    assert last_record(stack)["usage"]["output"] > 0
    until(lambda: all(account["inFlight"] == 0 for account in stack.admin("GET", "/api/accounts")["accounts"]), 5)


def test_a_conversation_without_a_name_stays_with_its_account(two, clients):
    """So that its cache stays warm, and its thinking can be sent back: only who signed it takes it."""
    stack, _ = two
    thinking = {"type": "enabled", "budget_tokens": 2000}
    messages = [{"role": "user", "content": "[[sim:reasoning]] think about accounts"}]
    for _ in range(4):
        asked = clients[1].messages.with_raw_response.create(
            model="claude-sonnet-4.6", max_tokens=4000, thinking=thinking, messages=messages
        )
        assert "x-headgate-dropped" not in asked.headers
        messages += [{"role": "assistant", "content": asked.parse().content}, {"role": "user", "content": "[[sim:reasoning]] and then?"}]
    asked = stack.sim("GET", "requests")["requests"]
    assert len({each["account"] for each in asked}) == 1
    assert [each["status"] for each in asked] == [200] * 4, "no signature was refused"


def test_a_signature_of_another_account_is_not_sent(two, clients):
    stack, accounts = two
    thinking = {"type": "enabled", "budget_tokens": 2000}
    messages = [{"role": "user", "content": "[[sim:reasoning]] think"}]
    first = clients[1].messages.create(model="claude-sonnet-4.6", max_tokens=4000, thinking=thinking, messages=messages)
    served = stack.sim("GET", "requests")["requests"][-1]["account"]
    gone = next(account for account in accounts if account["sim"] == served)
    stack.admin("POST", f"/api/accounts/{gone['id']}/disable")
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": "and then?"}]
    asked = clients[1].messages.with_raw_response.create(model="claude-sonnet-4.6", max_tokens=4000, thinking=thinking, messages=messages)
    assert asked.headers["x-headgate-dropped"] == "messages[1].content[0]"
    assert [each["status"] for each in stack.sim("GET", "requests")["requests"]] == [200, 200]


def test_each_request_has_exactly_one_record(two, clients):
    stack, _ = two
    before = stack.admin("GET", "/api/proxy/stats")["stats"]["totalRequests"]
    asked = {clients[0].chat.completions.with_raw_response.create(model=MODEL, messages=HI).headers["x-request-id"] for _ in range(5)}
    until(lambda: stack.admin("GET", "/api/proxy/stats")["stats"]["totalRequests"] == before + 5, 5)
    until(lambda: stack.admin("GET", "/api/proxy/stats")["backlog"] == 0, 5)
    records = [each for each in stack.admin("GET", "/api/requests?limit=20")["requests"] if each["requestId"] in asked]
    assert [(each["ending"], each["status"], each["keyId"]) for each in records] == [("served", 200, "proxy")] * 5


def test_no_secret_reaches_the_log(two):
    stack, _ = two
    log = stack.log()
    assert PROXY_KEY not in log
    assert "aorAAAAA" not in log
    assert "aoaAAAAA" not in log
