import pytest

from dataplane import errors
from dataplane.errors import Cause, Kind, Retry
from dataplane.upstreams.openai import faults
from dataplane.upstreams.openai.fates import sizes
from tests.dataplane.upstreams.openai.samples import call, lease, reply, user


def error(message="x", **more):
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}}


HTML = b"<html><head><title>502 Bad Gateway</title></head></html>"
ROWS = [
    # OpenAI
    (401, error("Incorrect API key provided: sk-secret-1.", code="invalid_api_key"), Cause.CREDENTIAL_REJECTED, errors.BadUpstream),
    (
        401,
        error("The OpenAI account associated with this API key has been deactivated.", code="account_deactivated"),
        Cause.SUSPENDED,
        errors.Unavailable,
    ),
    (403, error(code="unsupported_country_region_territory"), Cause.FORBIDDEN, errors.BadUpstream),
    (
        404,
        error("The model `x` does not exist or you do not have access to it.", code="model_not_found"),
        Cause.MODEL_UNKNOWN,
        errors.NotFound,
    ),
    (429, error("Rate limit reached", type="requests", code="rate_limit_exceeded"), Cause.THROTTLED, errors.Limited),
    (
        429,
        error("You exceeded your current quota", type="insufficient_quota", code="insufficient_quota"),
        Cause.QUOTA_EXHAUSTED,
        errors.Limited,
    ),
    (400, error(code="billing_hard_limit_reached"), Cause.QUOTA_EXHAUSTED, errors.Limited),
    (
        400,
        error(
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
            code="context_length_exceeded",
        ),
        Cause.TOO_LONG,
        errors.ContextTooLong,
    ),
    (400, error("The response was filtered", code="content_filter"), Cause.BAD_REQUEST, errors.UpstreamRejected),
    (400, error("Invalid value"), Cause.BAD_REQUEST, errors.UpstreamRejected),
    (500, error("The server had an error while processing your request.", type="server_error"), Cause.OVERLOADED, errors.Overloaded),
    (500, error("Internal error", type="server_error"), Cause.UNAVAILABLE, errors.BadUpstream),
    # Google: a limit by the minute
    (
        429,
        error("You exceeded your current quota. * Quota exceeded for metric: requests, limit: 15. Please retry in 30.9s.", type=None),
        Cause.THROTTLED,
        errors.Limited,
    ),
    # Kimi
    (401, error("Invalid Authentication", type="invalid_authentication_error"), Cause.CREDENTIAL_REJECTED, errors.BadUpstream),
    (403, error("Kimi For Coding is not for you", type="access_terminated_error"), Cause.FORBIDDEN, errors.BadUpstream),
    (404, error("Not found the model x or Permission denied", type="resource_not_found_error"), Cause.MODEL_UNKNOWN, errors.NotFound),
    (429, error("Your account is suspended, check your plan", type="exceeded_current_quota_error"), Cause.QUOTA_EXHAUSTED, errors.Limited),
    (429, error("request reached max organization concurrency: 3", type="rate_limit_reached_error"), Cause.THROTTLED, errors.Limited),
    (429, error("The engine is currently overloaded", type="engine_overloaded_error"), Cause.OVERLOADED, errors.Overloaded),
    (400, error("Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)"), Cause.TOO_LONG, errors.ContextTooLong),
    # DeepSeek
    (402, error("Insufficient Balance", type="unknown_error"), Cause.QUOTA_EXHAUSTED, errors.Limited),
    (400, error("Model Not Exist"), Cause.MODEL_UNKNOWN, errors.NotFound),
    (
        422,
        {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]},
        Cause.BAD_REQUEST,
        errors.UpstreamRejected,
    ),
    (503, error("Service is too busy."), Cause.OVERLOADED, errors.Overloaded),
    # vLLM, Ollama, llama.cpp
    (
        404,
        {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404},
        Cause.MODEL_UNKNOWN,
        errors.NotFound,
    ),
    (404, {"error": {"message": 'model "x" not found, try pulling it first', "type": "api_error"}}, Cause.MODEL_UNKNOWN, errors.NotFound),
    (
        400,
        {"object": "error", "message": "max_tokens must be at least 1, got -186.", "type": "BadRequestError", "code": 400},
        Cause.TOO_LONG,
        errors.ContextTooLong,
    ),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size. try increasing the context size",
                "type": "exceed_context_size_error",
            }
        },
        Cause.TOO_LONG,
        errors.ContextTooLong,
    ),
    (400, {"error": "input length exceeds the context length"}, Cause.TOO_LONG, errors.ContextTooLong),
    # Whatever stands in between
    (404, {"detail": "Not Found"}, Cause.UNAVAILABLE, errors.BadUpstream),
    (403, b"<html>Just a moment...</html>", Cause.FORBIDDEN, errors.BadUpstream),
    (408, b"", Cause.TIMEOUT, errors.UpstreamTimeout),
    (413, b"<html>413 Request Entity Too Large</html>", Cause.TOO_LONG, errors.ContextTooLong),
    (418, b"", Cause.BAD_REQUEST, errors.UpstreamRejected),
    (502, HTML, Cause.UNAVAILABLE, errors.BadUpstream),
    (504, HTML, Cause.TIMEOUT, errors.UpstreamTimeout),
    (520, HTML, Cause.UNAVAILABLE, errors.BadUpstream),
    (522, HTML, Cause.UNREACHABLE, errors.BadUpstream),
    (524, HTML, Cause.TIMEOUT, errors.UpstreamTimeout),
    (529, error("Overloaded", type="overloaded_error"), Cause.OVERLOADED, errors.Overloaded),
    (500, b"[1]", Cause.UNAVAILABLE, errors.BadUpstream),
]
RETRIES = {Cause.TOO_LONG: Retry.NONE, Cause.BAD_REQUEST: Retry.NONE}


@pytest.mark.parametrize(("status", "body", "cause", "told"), ROWS)
def test_refusals(status, body, cause, told):
    fault = faults.refused(reply(status, body), call(user("hi")), lease())
    assert (fault.cause, type(fault.error), fault.status) == (cause, told, status)
    assert fault.retry is (Retry.NONE if status == 524 else RETRIES.get(cause, Retry.OTHER_ACCOUNT))
    assert "sk-secret-1" not in fault.detail
    assert "sk-secret-1" not in fault.error.message


def test_the_endpoints_words_go_to_the_log_only():
    fault = faults.refused(reply(400, error("secret sauce", code="bad", param="messages")), call(user("hi")), lease())
    assert fault.detail == "bad: messages: secret sauce"
    assert "sauce" not in fault.error.message
    assert len(faults.refused(reply(500, b"x" * 9000), call(user("hi")), lease()).detail) == 500


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry_after": "7"}, "", 7),
        ({"retry_after": "0.2"}, "", 1),
        ({"retry_after_ms": "1500", "retry_after": "9"}, "", 2),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", None),
        ({"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "6m0s"}, "", 360),
        ({"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "120ms"}, "", 1),
        ({"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "12"}, "", 12),
        ({"x_ratelimit_remaining_requests": "5", "x_ratelimit_reset_requests": "1h"}, "", None),
        ({"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "soon"}, "", None),
        ({}, "Rate limit reached. Please try again in 1.3s.", 2),
        ({}, "Limit reached, please try again after 1 seconds", 1),
        ({}, "Please retry after 2 minutes", 120),
        ({}, "Please try again in 20ms", 1),
        ({"retry_after": "999999999999"}, "", 86_400),
        ({"retry_after": "-5"}, "", None),
        ({"retry_after": "nan"}, "", None),
    ],
)
def test_how_long_to_wait(headers, message, seconds):
    fault = faults.refused(reply(429, error(message), **headers), call(user("hi")), lease())
    assert fault.retry_after == seconds
    assert fault.error.kind is Kind.ACCOUNTS_BUSY
    assert fault.error.retry_after == (10 if seconds is None else max(1, seconds))


def test_resets_count_only_where_a_window_is_used_up():
    answer = reply(500, error(), x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="1h")
    assert faults.refused(answer, call(user("hi")), lease()).retry_after is None


@pytest.mark.parametrize(
    ("message", "prompt", "window"),
    [
        ("This model's maximum context length is 8192 tokens. However, your messages resulted in 9,001 tokens.", 9001, 8192),
        (
            "maximum context length is 4096 tokens. However, you requested 5000 tokens (4500 in the messages, 500 in the completion).",
            4500,
            4096,
        ),
        ("request (9001 tokens) exceeds the available context size (8192 tokens), try increasing it", 9001, 8192),
        ("The decoder prompt (length 40000) is longer than the maximum model length of 32768.", 40000, 32768),
        ("Your request exceeded model token limit: 8192", 0, 8192),
        ("no figures", 0, 0),
    ],
)
def test_figures_of_a_refusal(message, prompt, window):
    assert (sizes(message).prompt, sizes(message).window) == (prompt, window)


def test_too_long_in_the_words_that_clients_know():
    def told(message, **more):
        return faults.refused(reply(400, error(message, code="context_length_exceeded")), call(user("hi")), lease(**more)).error.message

    assert told("resulted") == "prompt is too long: 128001 tokens > 128000 maximum"
    assert told("resulted", context_window=500) == "prompt is too long: 1000 tokens > 500 maximum"
    assert told("exceeded model token limit: 700") == "prompt is too long: 1000 tokens > 700 maximum"
