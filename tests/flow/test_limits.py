"""A cap is a cap: many requests at once against the whole stack, over every database and every ledger.

Where no PostgreSQL or Redis is reached, the combinations with it are skipped.
"""

import asyncio
import contextlib
import os
import secrets
from collections import Counter

import httpx
import pytest
from redis import Redis

from tests.databases import new_database
from tests.stack import Stack

pytestmark = pytest.mark.slow

REDIS = os.environ.get("HEADGATE_TEST_REDIS_URL", "redis://127.0.0.1:6379")
QUESTION = {"model": "claude-sonnet-4.5", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello!"}]}


def _missing(what):
    if os.environ.get("CI") == "true":
        pytest.fail(f"must be there in CI: {what}")
    pytest.skip(f"no {what}")


def _redis_answers():
    try:
        with Redis.from_url(REDIS) as server:
            server.ping()
    except OSError as error:
        _missing(f"Redis: {type(error).__name__}")


@pytest.fixture(scope="module", params=["sqlite+memory", "sqlite+redis", "postgres+memory", "postgres+redis"])
def stack(request):
    """A stack with one account, over one combination of database and ledger."""
    stored, books = request.param.split("+")
    environ = {"HEADGATE_QUEUE_WAIT_SECONDS": "5"}
    with contextlib.ExitStack() as opened:
        if stored == "postgres":
            environ["HEADGATE_DATABASE_URL"] = opened.enter_context(new_database())
        if books == "redis":
            _redis_answers()
            environ["HEADGATE_REDIS_URL"] = REDIS
        running = opened.enter_context(Stack(**environ))
        running.add_account("first")
        yield running


def make_key(stack, **limits):
    made = stack.admin("POST", "/api/keys", {"name": secrets.token_hex(4), **limits})
    return made["id"], made["key"]


def fire(stack, key, count, body=None):
    """That many requests at the same time; their statuses and the refusals' codes."""

    async def all_at_once():
        limits = httpx.Limits(max_connections=count)
        async with httpx.AsyncClient(
            base_url=stack.gateway, timeout=60, limits=limits, headers={"authorization": f"Bearer {key}"}
        ) as client:
            return await asyncio.gather(*(client.post("/v1/chat/completions", json=body or QUESTION) for _ in range(count)))

    return asyncio.run(all_at_once())


def usage(stack, key):
    return httpx.get(f"{stack.gateway}/v1/usage", headers={"x-api-key": key}).json()


def test_two_hundred_at_once_on_a_cap_of_fifty_admit_fifty(stack):
    key_id, key = make_key(stack, limits={"requests": {"total": 50}})
    answers = fire(stack, key, 200)
    assert Counter(answer.status_code for answer in answers) == {200: 50, 429: 150}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "insufficient_quota"
    assert refused.headers["retry-after"] == "86400"
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    leaf = usage(stack, key)["usage"]["requests"]["total"]
    assert (leaf["used"], leaf["reserved"], leaf["left"], leaf["limit"]) == (50, 0, 0, 50)
    assert stack.admin("GET", f"/api/keys/{key_id}")["usage"]["requests"]["total"] == leaf


def test_fifty_at_once_on_ten_credits_of_cost_one_spend_eleven_at_most(stack):
    _, key = make_key(stack, creditLimit=10)
    stack.sim("POST", "script", {"script": "text", "options": {"text": "Hello.", "credits": 1.0}, "times": 50})
    answers = fire(stack, key, 50)
    served = sum(answer.status_code == 200 for answer in answers)
    spent = usage(stack, key)["usage"]["credits"]["total"]["used"]
    assert served == spent
    assert 7 <= spent <= 11, "what is reserved for one is the model's rate, 1.3 credits"
    stack.sim("POST", "reset")


def test_a_concurrency_limit_holds(stack):
    _, key = make_key(stack, limits={"concurrency": 3})
    stack.sim("POST", "script", {"script": "text", "options": {"text": "Slowly, slowly.", "piece": 2, "pause": 0.4}, "times": 12})
    answers = fire(stack, key, 12)
    assert Counter(answer.status_code for answer in answers) == {200: 3, 429: 9}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    stack.sim("POST", "reset")
    assert fire(stack, key, 1)[0].status_code == 200


def test_a_stream_that_reaches_its_cap_ends_with_the_length_reason(stack):
    _, key = make_key(stack, limits={"tokens": {"total": 300}})
    stack.sim("POST", "script", {"script": "text", "options": {"text": "word " * 4000, "piece": 50}, "times": 1})
    (answer,) = fire(stack, key, 1, {**QUESTION, "max_tokens": None})
    assert answer.status_code == 429, "not even what is reserved at first fits"
    _, key = make_key(stack, limits={"tokens": {"total": 4400}})
    (answer,) = fire(stack, key, 1, {**QUESTION, "max_tokens": None})
    assert answer.json()["choices"][0]["finish_reason"] == "length"
    assert len(answer.json()["choices"][0]["message"]["content"]) < 20_000
    stack.sim("POST", "reset")


def test_requests_wait_for_an_account_that_is_busy(stack):
    account = stack.admin("GET", "/api/accounts")["accounts"][0]
    stack.admin("PUT", f"/api/accounts/{account['id']}", {"maxConcurrency": 2})
    _, key = make_key(stack)
    answers = fire(stack, key, 10)
    assert {answer.status_code for answer in answers} == {200}
    stack.admin("PUT", f"/api/accounts/{account['id']}", {"maxConcurrency": None})


def test_a_decision_is_recorded_and_can_be_recomputed(stack):
    _, key = make_key(stack, limits={"requests": {"day": 1}})
    served, refused = fire(stack, key, 1)[0], fire(stack, key, 1)[0]
    assert (served.status_code, refused.status_code) == (200, 429)
    seen = {}
    for answer in (served, refused):
        request_id = answer.headers["x-request-id"]
        for _ in range(100):
            try:
                seen[answer.status_code] = stack.admin("GET", f"/api/requests/{request_id}")
                break
            except RuntimeError:
                continue
    assert [step["step"] for step in seen[200]["decision"]] == ["named", "claimed", "chose"]
    assert [each["same"] for each in seen[200]["reproduced"]] == [True]
    assert "denied" in [step["step"] for step in seen[429]["decision"]]
