"""PROXY_KEY:REFRESH_TOKEN through the whole stack: the caller's own account serves, and nothing else is touched."""

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai
import pytest

from tests.stack import PROXY_KEY, Stack, answers, until

MODEL = "claude-sonnet-4.5"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pooled():
    """A stack with one account in its pool; its ids and refresh token."""
    with Stack() as stack:
        made = stack.sim("POST", "accounts", {})
        account = stack.admin("POST", "/api/accounts", {"label": "pool", "refreshToken": made["refreshToken"]})
        until(lambda: stack.admin("GET", f"/api/accounts/{account['id']}")["hasAccessToken"], 10)
        yield stack, made


@pytest.fixture
def stack(pooled):
    running, _ = pooled
    running.sim("POST", "reset")
    return running


def caller(stack, **simulated):
    """Somebody with an account of their own, whose refresh token rotates."""
    return stack.sim("POST", "accounts", {"rotates": True, **simulated})


def client(stack, token):
    return openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=f"{PROXY_KEY}:{token}", max_retries=0)


def ask(made, text="hi"):
    return made.chat.completions.with_raw_response.create(
        model=MODEL, messages=[{"role": "user", "content": text}], extra_headers={"x-headgate-explain": "1"}
    )


def served(stack):
    return [each["account"] for each in stack.sim("GET", "requests")["requests"]]


def refreshes(stack):
    return stack.sim("GET", "counters")["refreshesByToken"]


def record(stack, request_id):
    found = []

    def written():
        found[:] = [each for each in stack.admin("GET", "/api/requests?limit=50")["requests"] if each["requestId"] == request_id]
        return found

    until(written, 5)
    return found[0]


def test_each_caller_is_served_by_the_own_account_and_the_proxy_key_by_the_pool(stack, pooled):
    alice, bob = caller(stack), caller(stack)
    with client(stack, alice["refreshToken"]) as one, client(stack, bob["refreshToken"]) as other:
        for made in (one, other, one):
            answer = ask(made)
            assert answer.parse().choices[0].message.content
            assert answer.headers["x-headgate-account"] == "own account"
    with openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=PROXY_KEY, max_retries=0) as plain:
        ask(plain)
    assert served(stack) == [alice["id"], bob["id"], alice["id"], pooled[1]["id"]]
    assert refreshes(stack) == {alice["refreshToken"]: 1, bob["refreshToken"]: 1}


def test_it_is_listed_nowhere_and_recorded_under_its_hash(stack):
    alice = caller(stack)
    with client(stack, alice["refreshToken"]) as made:
        shown = record(stack, ask(made).headers["x-request-id"])
    assert re.fullmatch("own_[0-9a-f]{32}", shown["keyId"])
    assert shown["ending"] == "served"
    assert [account["label"] for account in stack.admin("GET", "/api/accounts")["accounts"]] == ["pool"]
    assert alice["refreshToken"] not in str(shown)


def test_ten_at_once_with_a_new_token_are_one_trade(stack):
    alice = caller(stack)
    with client(stack, alice["refreshToken"]) as made, ThreadPoolExecutor(10) as threads:
        answers_ = list(threads.map(lambda _: ask(made).parse(), range(10)))
    assert all(answer.choices[0].message.content for answer in answers_)
    assert refreshes(stack) == {alice["refreshToken"]: 1}
    assert served(stack) == [alice["id"]] * 10


def test_an_expired_bearer_is_renewed_with_the_token_that_followed(stack):
    alice = caller(stack)
    with client(stack, alice["refreshToken"]) as made:
        ask(made)
        stack.sim("POST", "expire", {"account": alice["id"]})
        assert ask(made).parse().choices[0].message.content
    traded = refreshes(stack)
    assert traded.pop(alice["refreshToken"]) == 1
    assert list(traded.values()) == [1]


def test_a_restart_forgets_nothing(stack):
    alice = caller(stack)
    with client(stack, alice["refreshToken"]) as made:
        ask(made)
        started = stack.log().count("control plane started")
        os.kill(int(re.findall(r"control plane started pid=(\d+)", stack.log())[-1]), signal.SIGKILL)
        until(lambda: stack.log().count("control plane started") > started, 10)
        until(lambda: answers(f"{stack.gateway}/ready") and answers(f"{stack.console}/ready"), 15, stack.log)
        ask(made)
        assert refreshes(stack) == {alice["refreshToken"]: 1}, "the access token is used to its end"
        stack.sim("POST", "expire", {"account": alice["id"]})
        assert ask(made).parse().choices[0].message.content, "and the rotated token works"
    assert refreshes(stack)[alice["refreshToken"]] == 1


def test_a_token_that_is_none_is_a_401_and_costs_one_call(stack):
    token = "aorAAAAA" + "nobodys" * 30
    with client(stack, token) as made:
        for _ in range(5):
            with pytest.raises(openai.AuthenticationError) as caught:
                ask(made)
            assert caught.value.body["code"] == "invalid_api_key"
            assert token not in caught.value.response.text
    assert refreshes(stack) == {token: 1}
    with anthropic.Anthropic(base_url=stack.gateway, api_key=f"{PROXY_KEY}:{token}", max_retries=0) as other:
        with pytest.raises(anthropic.AuthenticationError) as refused:
            other.messages.create(model=MODEL, max_tokens=99, messages=[{"role": "user", "content": "hi"}])
        assert refused.value.body["error"]["type"] == "authentication_error"


def test_a_token_of_the_pool_is_refused_and_the_pool_goes_on(stack, pooled):
    with client(stack, pooled[1]["refreshToken"]) as made, pytest.raises(openai.AuthenticationError, match="manages already"):
        ask(made)
    assert refreshes(stack) == {}
    with openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=PROXY_KEY, max_retries=0) as plain:
        assert ask(plain).parse().choices[0].message.content


def test_the_pool_does_not_stand_in_for_an_account_that_rests(stack):
    alice = caller(stack)
    with client(stack, alice["refreshToken"]) as made:
        ask(made)
        stack.sim("POST", "fail", {"account": alice["id"], "status": 429, "times": 1, "headers": {"Retry-After": "30"}})
        with pytest.raises(openai.RateLimitError) as caught:
            ask(made)
        assert int(caught.value.response.headers["retry-after"]) >= 1
    assert set(served(stack)) == {alice["id"]}
    with openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=PROXY_KEY, max_retries=0) as plain:
        assert ask(plain).parse().choices[0].message.content, "nor does the pool rest with it"


def test_a_streamed_answer_over_the_other_dialect(stack):
    alice = caller(stack)
    with (
        anthropic.Anthropic(base_url=stack.gateway, api_key=f"{PROXY_KEY}:{alice['refreshToken']}", max_retries=0) as made,
        made.messages.stream(model=MODEL, max_tokens=500, messages=[{"role": "user", "content": "hi"}]) as stream,
    ):
        assert "".join(stream.text_stream)
    assert served(stack) == [alice["id"]]


def test_no_secret_reaches_the_log(stack):
    log = stack.log()
    for secret in (PROXY_KEY, "aorAAAAA", "aoaAAAAA"):
        assert secret not in log
