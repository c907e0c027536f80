"""The exchange: what is sent where, what a refusal means, and what is mended once."""

import json

import pytest

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Image, Reasoning
from dataplane.errors import Cause, ContextTooLong, InvalidRequest, Kind, Retry, UpstreamFault
from dataplane.upstreams.anthropic import Anthropic
from dataplane.upstreams.base import Credential, Reply
from tests.dataplane.upstreams.anthropic.samples import ADAPTIVE, STAMP, assistant, call, error, lease, mark, messages, reply, user

INVALID_SIGNATURE = error("invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block")


def request(asked=None, **more):
    return next(Anthropic().plan(asked or call(), lease(**more), STAMP))


def ended(asked, *replies, **more):
    """The requests that were made, and the reply that the plan ended with."""
    plan = Anthropic().plan(asked, lease(**more), STAMP)
    made = [next(plan)]
    for each in replies:
        try:
            made.append(plan.send(each))
        except StopIteration as stop:
            return made, stop.value
    raise AssertionError("the plan goes on")


def fault(status, body, asked=None, **headers):
    plan = Anthropic().plan(asked or call(), lease(), STAMP)
    next(plan)
    with pytest.raises(UpstreamFault) as caught:
        plan.send(reply(status, body, **headers))
    return caught.value


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"),
        ("https://api.z.ai/api/anthropic", "https://api.z.ai/api/anthropic/v1/messages"),
    ],
)
def test_where_to(base, url):
    made = request(base_urls=[base])
    assert (made.method, made.url, made.streamed) == ("POST", url, True)


@pytest.mark.parametrize(
    ("base", "token", "header"),
    [
        ("https://api.anthropic.com", "sk-ant-api03-x", ("x-api-key", "sk-ant-api03-x")),
        ("https://api.anthropic.com", "sk-ant-oat01-x", ("authorization", "Bearer sk-ant-oat01-x")),
        ("https://api.moonshot.cn/anthropic", "sk-x", ("authorization", "Bearer sk-x")),
        ("https://notmoonshot.cn", "sk-x", ("x-api-key", "sk-x")),
    ],
)
def test_keys(base, token, header):
    headers = request(base_urls=[base], credential=Credential(token)).headers
    assert [(name, headers[name]) for name in ("x-api-key", "authorization") if name in headers] == [header]


def test_the_clients_version_and_betas():
    asked = messages()
    asked.headers = {"anthropic-version": "2026-10-21", "anthropic-beta": "a-1,b-2"}
    headers = request(asked).headers
    assert (headers["anthropic-version"], headers["anthropic-beta"]) == ("2026-10-21", "a-1,b-2")
    assert request(asked, credential=Credential("sk-ant-oat01-x")).headers["anthropic-beta"] == "a-1,b-2,oauth-2025-04-20"
    assert "anthropic-beta" not in request(asked, base_urls=["https://api.deepseek.com/anthropic"]).headers
    assert request().headers["anthropic-version"] == "2023-06-01"


def test_a_good_reply_is_the_answer():
    asked = messages()
    made, answer = ended(asked, reply())
    assert len(made) == 1
    assert (answer.endpoint, answer.dropped) == ("https://api.anthropic.com", ())


def thoughts(signature="plain"):
    block = {"type": "thinking", "thinking": "hm", "signature": signature}
    return messages(
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [block, {"type": "text", "text": "b"}]},
        {"role": "user", "content": "c"},
    )


def test_a_refused_signature_is_sent_once_more_without():
    made, answer = ended(thoughts(), reply(400, INVALID_SIGNATURE), reply())
    assert [b'"thinking"' in each.body for each in made] == [True, False]
    assert answer.dropped == ("messages[1].content[0]",)


def test_the_same_for_other_families():
    asked = call(user("a"), assistant(Reasoning("hm", mark("s")), "b"), user("c"), asked={Feature.REASONING: ["messages[1].reasoning"]})
    made, answer = ended(asked, reply(400, INVALID_SIGNATURE), reply())
    assert [b'"thinking"' in each.body for each in made] == [True, False]
    assert answer.dropped == ("messages[1].reasoning",)


def test_what_was_mended_and_is_refused_again_has_failed():
    plan = Anthropic().plan(thoughts(), lease(), STAMP)
    next(plan)
    plan.send(reply(400, INVALID_SIGNATURE))
    with pytest.raises(UpstreamFault) as caught:
        plan.send(reply(400, INVALID_SIGNATURE))
    assert caught.value.error.message == "The upstream calls the signature of earlier reasoning invalid."


def test_nothing_to_mend_is_not_sent_again():
    assert fault(400, INVALID_SIGNATURE).cause is Cause.BAD_REQUEST
    assert fault(400, INVALID_SIGNATURE, messages()).cause is Cause.BAD_REQUEST


def test_a_search_that_the_endpoint_cannot_read_is_told_in_words():
    blocks = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
    ]
    asked = messages({"role": "user", "content": "a"}, {"role": "assistant", "content": blocks}, {"role": "user", "content": "c"})
    refusal = error("invalid_request_error", "messages.1.content.1: Invalid `encrypted_content`")
    made, _ = ended(asked, reply(400, refusal), reply())
    assert json.loads(made[1].body)["messages"][1]["content"] == [{"type": "text", "text": "Searched the web for: q\n\nNothing was found."}]


ODD = error("invalid_request_error", "messages: something that nobody ever heard of")


def test_as_a_last_resort_the_same_is_said_in_other_words():
    asked = messages({"role": "user", "content": "a"}, system="s", service_tier="auto", stop_sequences=["X", " "])
    made, answer = ended(asked, reply(400, ODD), reply())
    first, second = (json.loads(each.body) for each in made)
    assert first["messages"] == [{"role": "user", "content": "a"}]
    assert second["messages"][0]["content"][0]["text"] == "a"
    assert (second["service_tier"], second["stop_sequences"]) == ("auto", ["X"])
    assert answer.dropped == ("stop_sequences",)


def test_a_last_resort_is_the_last():
    plan = Anthropic().plan(messages(), lease(), STAMP)
    next(plan)
    plan.send(reply(400, ODD))
    with pytest.raises(UpstreamFault) as caught:
        plan.send(reply(400, ODD))
    assert caught.value.cause is Cause.BAD_REQUEST


@pytest.mark.parametrize(
    ("status", "words", "more"),
    [
        (400, "prompt is too long: 210000 tokens > 200000 maximum", {}),
        (400, "Your credit balance is too low", {}),
        (422, "odd", {}),
        (400, "odd", {"tools": [{"type": "code_execution_20250825", "name": "c"}]}),
    ],
)
def test_what_other_words_would_not_mend_or_not_hold_is_not_said_again(status, words, more):
    assert fault(status, error("invalid_request_error", words), messages(**more)).status == status


def test_a_strict_key_pays_for_nothing_that_is_refused():
    foreign = thoughts(mark("s", "other.test"))
    for asked, model in ((foreign, "claude-sonnet-4-5"), (messages(temperature=0.5), ADAPTIVE)):
        with pytest.raises(InvalidRequest, match="strict"):
            request(asked, strict=True, model=model)
    plan = Anthropic().plan(thoughts(), lease(strict=True), STAMP)
    next(plan)
    with pytest.raises(InvalidRequest, match="strict") as caught:
        plan.send(reply(400, INVALID_SIGNATURE))
    assert caught.value.param == "messages[1].content[0]"


@pytest.mark.parametrize(
    ("status", "kind", "words", "cause", "retry", "told"),
    [
        (400, "invalid_request_error", "tools.0.input_schema: bad", Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access",
            Cause.QUOTA_EXHAUSTED,
            Retry.OTHER_ACCOUNT,
            Kind.ACCOUNTS_EXHAUSTED,
        ),
        (400, "invalid_request_error", "This organization has been disabled.", Cause.SUSPENDED, Retry.OTHER_ACCOUNT, Kind.NO_ACCOUNT),
        (401, "authentication_error", "invalid x-api-key", Cause.CREDENTIAL_REJECTED, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (402, "billing_error", "pay", Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (403, "permission_error", "not yours", Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (404, "not_found_error", "model: claude-x", Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, Kind.MODEL_NOT_FOUND),
        (404, "not_found_error", "no such page", Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (413, "request_too_large", "too large", Cause.TOO_LONG, Retry.NONE, Kind.CONTEXT_TOO_LONG),
        (429, "rate_limit_error", "slow down", Cause.THROTTLED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_BUSY),
        (429, "exceeded_current_quota_error", "quota", Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (500, "api_error", "Internal server error", Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (504, "timeout_error", "slow", Cause.TIMEOUT, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_TIMEOUT),
        (524, "", "", Cause.TIMEOUT, Retry.NONE, Kind.UPSTREAM_TIMEOUT),
        (529, "overloaded_error", "Overloaded", Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
    ],
)
def test_refusals(status, kind, words, cause, retry, told):
    found = fault(status, error(kind, words))
    assert (found.cause, found.retry, found.error.kind, found.status) == (cause, retry, told, status)
    assert words in found.detail
    assert not words or words not in found.error.message


@pytest.mark.parametrize(
    ("words", "tokens", "maximum"),
    [
        ("prompt is too long: 210000 tokens > 200000 maximum", 210_000, 200_000),
        ("input length and `max_tokens` exceed context limit: 195000 + 8192 > 200000, decrease", 203_192, 200_000),
        ("This model's maximum context length is exceeded", 200_001, 200_000),
    ],
)
def test_too_long_is_told_with_its_figures(words, tokens, maximum):
    found = fault(400, error("invalid_request_error", words))
    assert isinstance(found.error, ContextTooLong)
    assert found.error.message == f"prompt is too long: {tokens} tokens > {maximum} maximum"


@pytest.mark.parametrize("body", [b"<html><body>Bad gateway</body></html>", b"", b"[1]", b'{"error":"no"}', b'{"msg":"x"}', b"\xff\xfe"])
def test_refusals_in_any_form(body):
    assert fault(502, body).cause is Cause.UNAVAILABLE


def test_a_page_instead_of_an_answer():
    plan = Anthropic().plan(call(), lease(), STAMP)
    next(plan)
    with pytest.raises(UpstreamFault) as caught:
        plan.send(Reply(200, {"content-type": "text/html; charset=utf-8"}))
    assert caught.value.cause is Cause.CORRUPT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "17"}, 17),
        ({"retry_after": "1.2"}, 2),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry_after": "nan"}, None),
        ({}, None),
        # The stamp's time is 2025-06-15T15:06:40Z.
        ({"anthropic_ratelimit_requests_remaining": "0", "anthropic_ratelimit_requests_reset": "2025-06-15T15:07:10Z"}, 30),
        ({"anthropic_ratelimit_requests_remaining": "5", "anthropic_ratelimit_requests_reset": "2025-06-15T15:07:10Z"}, None),
        ({"anthropic_ratelimit_unified_status": "rejected", "anthropic_ratelimit_unified_reset": "1750003600"}, 3600),
        ({"anthropic_ratelimit_tokens_remaining": "0", "anthropic_ratelimit_tokens_reset": "soon"}, None),
        ({"anthropic_ratelimit_tokens_remaining": "0", "anthropic_ratelimit_tokens_reset": "2001-01-01T00:00:00Z"}, 0),
    ],
)
def test_how_long_to_wait(headers, seconds):
    assert fault(429, error("rate_limit_error", "x"), **headers).retry_after == seconds


def test_secrets_stay_out_of_what_is_told():
    found = fault(401, error("authentication_error", "invalid x-api-key"))
    assert "sk-ant" not in f"{found} {found.detail} {found.error}"


def test_media():
    upstream, picture = Anthropic(), Image("image/png", "AA==", where="messages[0].content[0]")
    assert upstream.media(messages(), lease()) is None
    rules = upstream.media(call(), lease())
    assert rules.documents
    assert rules.urls
    other = upstream.media(call(), lease(base_urls=["https://api.deepseek.com/anthropic"]))
    assert not other.documents
    assert not other.urls
    asked = call(user(picture), media=[picture])
    with pytest.raises(InvalidRequest):
        upstream.media(asked, lease(input_types=["text"]))
    assert upstream.media(call(), lease(input_types=["text"])).pages == 0
