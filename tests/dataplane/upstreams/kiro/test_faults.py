import json

import pytest

from dataplane import errors
from dataplane.errors import Cause, Kind, Retry
from dataplane.upstreams.base import Reply
from dataplane.upstreams.kiro import faults
from dataplane.upstreams.kiro.fates import Flaw, flaw
from tests.dataplane.upstreams.kiro.samples import call, lease, user


def refused(status, body, headers=None, **more):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    asked = call(user("hi"), input_estimate=more.pop("estimate", 1000))
    return faults.refused(Reply(status, headers or {}, data), asked, lease(**more))


BEARER = "The bearer token included in the request is invalid."
IMPROPER = "Improperly formed request."
FLAWS = (
    "INVALID_CONVERSATION_ID",
    "TOOL_SCHEMA_INVALID",
    "TOOL_DUPLICATE",
    "IMAGE_MIME_MISMATCH",
    "IMAGE_FORMAT_UNSUPPORTED",
    "IMAGE_DIMENSION_EXCEEDED",
    "IMAGE_COUNT_EXCEEDED",
)


@pytest.mark.parametrize(
    ("status", "body", "cause", "retry", "kind"),
    [
        (401, {"message": "no"}, Cause.CREDENTIAL_REJECTED, Retry.RENEWED, Kind.UPSTREAM_ERROR),
        (403, {"message": BEARER, "reason": None}, Cause.CREDENTIAL_REJECTED, Retry.RENEWED, Kind.UPSTREAM_ERROR),
        (403, {"message": "The security session is expired"}, Cause.CREDENTIAL_REJECTED, Retry.RENEWED, Kind.UPSTREAM_ERROR),
        (403, {"message": "Invalid token"}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (403, {"message": "Your account is not authorized to make this call."}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (403, {"message": "Feature is not supported", "reason": "FEATURE_NOT_SUPPORTED"}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (403, {"message": "x", "reason": "TEMPORARILY_SUSPENDED"}, Cause.SUSPENDED, Retry.OTHER_ACCOUNT, Kind.NO_ACCOUNT),
        (403, {"message": "Your User ID (1) temporarily is suspended.", "reason": None}, Cause.SUSPENDED, Retry.OTHER_ACCOUNT, Kind.NO_ACCOUNT),
        (423, {"__type": "AccountSuspendedException"}, Cause.SUSPENDED, Retry.OTHER_ACCOUNT, Kind.NO_ACCOUNT),
        (402, {"message": "You have reached the limit.", "reason": "MONTHLY_REQUEST_COUNT"}, Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (402, {"error": {"reason": "OVERAGE_REQUEST_LIMIT_EXCEEDED", "message": "x"}}, Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (402, {"message": "x"}, Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (402, {"message": "x", "reason": "CONVERSATION_LIMIT_EXCEEDED"}, Cause.TOO_LONG, Retry.NONE, Kind.CONTEXT_TOO_LONG),
        (429, {"message": "Maximum Request reached for this month.", "reason": None}, Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (400, {"__type": "x#ThrottlingException", "reason": "DAILY_REQUEST_COUNT"}, Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (400, {"__type": "x#ThrottlingException", "message": "slow down"}, Cause.THROTTLED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_BUSY),
        (429, {"message": "Too many requests", "reason": "USER_REQUEST_RATE_EXCEEDED"}, Cause.THROTTLED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_BUSY),
        (429, b"<html>slow</html>", Cause.THROTTLED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_BUSY),
        (429, {"reason": "SERVICE_REQUEST_RATE_EXCEEDED"}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (429, {"reason": "INSUFFICIENT_MODEL_CAPACITY"}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (500, {"reason": "MODEL_TEMPORARILY_UNAVAILABLE"}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (500, {"message": "Encountered unexpectedly high load when processing the request, please try again."}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (500, {"message": "oops"}, Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (500, {"__type": "ServiceUnavailableException"}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (502, b"", Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (503, b"[]", Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (504, b"", Cause.TIMEOUT, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_TIMEOUT),
        # The edge has waited already: fail fast.
        (524, b"<html>524: A timeout occurred</html>", Cause.TIMEOUT, Retry.NONE, Kind.UPSTREAM_TIMEOUT),
        (408, {"message": "Request timed out."}, Cause.TIMEOUT, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_TIMEOUT),
        (404, {"message": "x"}, Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (409, {"message": "x"}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (400, {"message": "Invalid model ID. Please select", "reason": "INVALID_MODEL_ID"}, Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, Kind.MODEL_NOT_FOUND),
        (400, {"message": "Invalid model. Please select a different model to continue."}, Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, Kind.MODEL_NOT_FOUND),
        (400, {"message": "profileArn is required for this request.", "reason": None}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (400, {"message": "Invalid profileArn."}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (400, {"message": "Input is too long.", "reason": "CONTENT_LENGTH_EXCEEDS_THRESHOLD"}, Cause.TOO_LONG, Retry.NONE, Kind.CONTEXT_TOO_LONG),
        (400, {"message": "Input is too long."}, Cause.TOO_LONG, Retry.NONE, Kind.CONTEXT_TOO_LONG),
        (413, b"", Cause.TOO_LONG, Retry.NONE, Kind.CONTEXT_TOO_LONG),
        (400, {"message": IMPROPER, "reason": None}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (400, {"message": IMPROPER, "reason": "REQUEST_BODY_INVALID"}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (400, {"message": "Bedrock error message: x", "reason": "TOOL_USE_RESULT_MISMATCH"}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (400, {"message": "x", "reason": "THINKING_SIGNATURE_INVALID"}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (500, {"message": "Bedrock error message: Expected toolResult blocks at messages.2"}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (401, {"message": BEARER, "reason": None}, Cause.CREDENTIAL_REJECTED, Retry.RENEWED, Kind.UPSTREAM_ERROR),
        (401, b"<html>401</html>", Cause.CREDENTIAL_REJECTED, Retry.RENEWED, Kind.UPSTREAM_ERROR),
        (403, {"__type": "com.amazon.aws.codewhisperer#AccessDeniedException", "message": BEARER}, Cause.CREDENTIAL_REJECTED, Retry.RENEWED, Kind.UPSTREAM_ERROR),
        (403, {"Message": "Unauthorized"}, Cause.CREDENTIAL_REJECTED, Retry.RENEWED, Kind.UPSTREAM_ERROR),
        (400, {"__type": "ExpiredTokenException", "message": "x"}, Cause.CREDENTIAL_REJECTED, Retry.RENEWED, Kind.UPSTREAM_ERROR),
        (403, {"message": "AWS Builder ID is not supported for this operation."}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (403, {"message": "User is not authorized to make this call."}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (403, {"message": "Access denied"}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (403, b"<html><body>Forbidden</body></html>", Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (403, {"error": {"reason": "FEATURE_NOT_SUPPORTED"}}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (403, {"reason": "UNAUTHORIZED_CUSTOMIZATION_RESOURCE_ACCESS"}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (403, {"reason": "UNAUTHORIZED_WORKSPACE_CONTEXT_FEATURE_ACCESS"}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (403, {"message": "Your User ID is temporarily suspended. We detected unusual user activity and locked it."}, Cause.SUSPENDED, Retry.OTHER_ACCOUNT, Kind.NO_ACCOUNT),
        (403, {"message": "There was an error processing your request", "error": {"reason": "TEMPORARILY_SUSPENDED"}}, Cause.SUSPENDED, Retry.OTHER_ACCOUNT, Kind.NO_ACCOUNT),
        (402, {"message": "You have reached the limit for overages.", "reason": "OVERAGE_REQUEST_LIMIT_EXCEEDED"}, Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (400, {"__type": "ServiceQuotaExceededException", "message": "x"}, Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (402, {"message": "Context window is full."}, Cause.TOO_LONG, Retry.NONE, Kind.CONTEXT_TOO_LONG),
        (429, {"reason": "MONTHLY_REQUEST_COUNT"}, Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (429, {"error": {"reason": "DAILY_REQUEST_COUNT"}}, Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_EXHAUSTED),
        (429, {"__type": "com.amazon.kiro.runtimeservice#ThrottlingException", "message": "x", "reason": None}, Cause.THROTTLED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_BUSY),
        (500, {"reason": "INSUFFICIENT_MODEL_CAPACITY"}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (503, {"reason": "MODEL_TEMPORARILY_UNAVAILABLE"}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (429, {"message": "Encountered unexpectedly high load when processing the request, please try again."}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (429, {"message": "Encountered an unexpected error when processing the request, please try again."}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (500, {"message": "Encountered an unexpected error when processing the request, please try again."}, Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED),
        (500, {"__type": "InternalServerException", "message": "oops"}, Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (409, {"reason": "CUSTOMER_KMS_KEY_DISABLED"}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (409, {"reason": "CUSTOMER_KMS_KEY_INVALID_KEY_POLICY"}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (409, {"reason": "MISMATCHED_KMS_KEY"}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (400, {"reason": "INVALID_KMS_GRANT"}, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR),
        (400, {"error": {"reason": "INVALID_MODEL_ID"}}, Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, Kind.MODEL_NOT_FOUND),
        # Whatever is wrong with the body: never another account, never a rest for this one.
        (400, {"message": "Invalid tool use format.", "reason": "REQUEST_BODY_INVALID"}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (400, {"message": "Invalid tool use format.", "reason": None}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (400, {"message": "The request body is not valid JSON."}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (400, {"message": "additionalModelRequestFields is not supported for this model", "reason": "REQUEST_BODY_INVALID"}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (400, {"message": "image exceeds 5 MB maximum: 6 bytes > 5 bytes"}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        *((400, {"reason": reason}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED) for reason in FLAWS),
        (400, b"<html>400</html>", Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (502, {"message": "`tool_use` ids were found without `tool_result` blocks immediately after"}, Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
        (418, b"", Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED),
    ],
)  # fmt: skip
def test_what_a_refusal_means(status, body, cause, retry, kind):
    fault = refused(status, body)
    assert (fault.cause, fault.retry, fault.error.kind, fault.status) == (cause, retry, kind, status)
    if kind in {Kind.ACCOUNTS_BUSY, Kind.ACCOUNTS_EXHAUSTED, Kind.OVERLOADED, Kind.NO_ACCOUNT}:
        assert fault.error.retry_after >= 1
    assert fault.retry_after is None


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, {}, 7),
        ({"retry-after": "0"}, {}, 0),
        ({"retry-after-ms": "1200"}, {}, 2),
        ({"x-ratelimit-reset-after": "3.5"}, {}, 4),
        ({}, {"retryAfterMilliseconds": 300000}, 300),
        ({"retry-after": "7"}, {"retryAfterMilliseconds": 300000}, 7),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, {"retryAfterMilliseconds": 1}, 1),
        ({"retry-after": "nan"}, {}, None),
        ({"retry-after": "-3"}, {}, None),
        ({"retry-after": "inf"}, {}, 86_400),
        ({}, {"retryAfterMilliseconds": "soon"}, None),
        ({}, {"reason": "CREDIT_CONSUMPTION_RATE_EXCEEDED"}, 300),
        ({}, {"error": {"retryAfterMilliseconds": 1500}}, 2),
        ({}, {"reason": "CREDIT_CONSUMPTION_RATE_EXCEEDED", "retryAfterMilliseconds": 120000}, 120),
        ({}, {"message": "We noticed suspicious activity, temporary limits apply"}, 600),
        # A flagged account rests long, whatever it is told.
        ({"retry-after": "5"}, {"message": "We noticed suspicious activity, temporary limits apply"}, 600),
        ({"retry-after": "1800"}, {"message": "We noticed suspicious activity, temporary limits apply"}, 1800),
    ],
)
def test_how_long_to_wait(headers, body, seconds):
    fault = refused(429, body, headers)
    assert fault.retry_after == seconds
    assert fault.error.retry_after == (10 if seconds is None else max(1, seconds))


@pytest.mark.parametrize(
    ("estimate", "window", "text"),
    [(250_000, 200_000, "250000 tokens > 200000"), (5, 1000, "1001 tokens > 1000"), (5, 0, "200001 tokens > 200000")],
)
def test_too_long_names_numbers_that_make_sense(estimate, window, text):
    assert f"prompt is too long: {text} maximum" == refused(413, b"", estimate=estimate, context_window=window).error.message


def test_the_upstreams_words_go_to_the_log_only():
    fault = refused(400, {"message": "secret words " * 100, "reason": "TOOL_SCHEMA_INVALID", "__type": "a.b#ValidationException:http://x"})
    assert fault.detail.startswith("validation: TOOL_SCHEMA_INVALID: secret words")
    assert len(fault.detail) == 500
    assert fault.error.message == "The upstream calls a tool's schema invalid."


def test_the_type_may_stand_in_a_header():
    fault = refused(400, {}, {"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/"})
    assert fault.cause is Cause.THROTTLED


@pytest.mark.parametrize("status", [401, 403])
def test_the_bearer_of_an_api_key_cannot_be_renewed(status):
    fault = refused(status, {"message": BEARER}, attributes={"auth_method": "api-key"})
    assert (fault.cause, fault.retry) == (Cause.CREDENTIAL_REJECTED, Retry.OTHER_ACCOUNT)


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (400, {"reason": "THINKING_SIGNATURE_INVALID", "message": "x"}, Flaw.SIGNATURE),
        (400, {"error": {"reason": "THINKING_SIGNATURE_INVALID"}}, Flaw.SIGNATURE),
        (400, {"message": "Invalid signature in thinking block"}, Flaw.SIGNATURE),
        (400, {"reason": "REQUEST_BODY_INVALID", "message": IMPROPER}, Flaw.SHAPE),
        (400, {"reason": None, "message": IMPROPER}, Flaw.SHAPE),
        (400, {"reason": "REQUEST_BODY_INVALID", "message": "Invalid tool use format."}, Flaw.SHAPE),
        (400, {"message": "Invalid tool use format."}, Flaw.SHAPE),
        (400, {"reason": "TOOL_SCHEMA_INVALID", "message": "Bedrock error message: x"}, Flaw.SHAPE),
        (400, {"reason": "REQUEST_BODY_INVALID", "message": "additionalModelRequestFields is not supported for this model"}, None),
        (400, {"reason": "REQUEST_BODY_INVALID", "message": "property 'x' is not defined in the schema"}, None),
        (400, {"reason": "TOOL_USE_RESULT_MISMATCH", "message": "Bedrock error message: x"}, None),
        (400, {"reason": "CONTENT_LENGTH_EXCEEDS_THRESHOLD", "message": "Input is too long."}, None),
        (400, {"reason": None, "message": "profileArn is required for this request."}, Flaw.PROFILE),
        (400, {"reason": "REQUEST_BODY_INVALID", "message": "Invalid profileArn."}, Flaw.PROFILE),
        (403, {"message": "Invalid token"}, Flaw.PROFILE),
        (403, {"reason": "FEATURE_NOT_SUPPORTED", "message": "Feature is not supported"}, Flaw.PROFILE),
        (403, {"message": "User is not authorized to make this call."}, Flaw.PROFILE),
        (403, {"message": BEARER}, None),
        (403, {"reason": "TEMPORARILY_SUSPENDED"}, None),
        (500, {"message": IMPROPER}, None),
        (429, {"reason": "REQUEST_BODY_INVALID", "message": IMPROPER}, None),
    ],
)
def test_what_can_be_mended(status, body, found):
    assert flaw(status, faults.said(Reply(status, {}, json.dumps(body).encode()))) is found


def test_Z03_an_improper_request_is_never_taken_for_a_long_one():
    for reason in (None, "REQUEST_BODY_INVALID"):
        assert refused(400, {"message": IMPROPER, "reason": reason}, estimate=10_000_000).cause is Cause.BAD_REQUEST


def test_E07_a_model_that_an_account_lacks_may_be_had_by_another():
    fault = refused(400, {"message": "Invalid model ID. Please select a different model to continue.", "reason": "INVALID_MODEL_ID"})
    assert (fault.cause, fault.retry, fault.error.kind) == (Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, Kind.MODEL_NOT_FOUND)


def test_the_model_is_named_as_the_client_wrote_it():
    fault = refused(400, {"reason": "INVALID_MODEL_ID"})
    assert isinstance(fault.error, errors.NotFound)
    assert "'claude-sonnet-4.5'" in fault.error.message


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("9" * 400, faults.LONGEST_WAIT),
        ("1e308", faults.LONGEST_WAIT),
        ('"inf"', faults.LONGEST_WAIT),
        ("-" + "9" * 400, None),
        ('"nan"', None),
    ],
)
def test_an_odd_time_to_wait_is_cut_or_passed_over(asked, seconds):
    usual = refused(429, {"message": "slow down"}).retry_after
    found = refused(429, b'{"message":"slow down","retryAfterMilliseconds":%s}' % asked.encode()).retry_after
    assert found == (usual if seconds is None else seconds)


def test_another_kind_of_answer_is_corrupt():
    fault = refused(200, b"", {"content-type": "text/html"})
    assert (fault.cause, fault.retry, fault.error.kind, fault.status) == (Cause.CORRUPT, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR, 200)
    assert "text/html" in fault.detail


@pytest.mark.parametrize(
    ("name", "payload", "cause"),
    [
        ("ThrottlingException", {"message": "x"}, Cause.THROTTLED),
        ("throttlingException", {"reason": "MONTHLY_REQUEST_COUNT"}, Cause.QUOTA_EXHAUSTED),
        ("ContentLengthExceededException", {"message": "x"}, Cause.TOO_LONG),
        ("ValidationException", {"message": IMPROPER}, Cause.BAD_REQUEST),
        ("AccessDeniedException", {"message": BEARER}, Cause.CREDENTIAL_REJECTED),
        ("ServiceQuotaExceededException", {}, Cause.QUOTA_EXHAUSTED),
        ("MODEL_TEMPORARILY_UNAVAILABLE", {}, Cause.OVERLOADED),
        ("error", {"message": "x", "reason": "MODEL_TEMPORARILY_UNAVAILABLE"}, Cause.OVERLOADED),
        ("error", {"message": "x"}, Cause.UNAVAILABLE),
        ("SomethingNewException", {}, Cause.UNAVAILABLE),
        ("", {"__type": "ThrottlingException"}, Cause.THROTTLED),
    ],
)
def test_exceptions_inside_a_stream(name, payload, cause):
    fault = faults.reported({":exception-type": name}, json.dumps(payload).encode(), call(user("hi")), lease())
    assert (fault.cause, fault.status) == (cause, 200)
