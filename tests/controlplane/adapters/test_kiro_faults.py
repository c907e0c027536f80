"""What error answers of Kiro's account endpoints mean."""

import pytest

from controlplane.adapters.kiro.faults import control_fault, refresh_fault, retry_after
from controlplane.domain.errors import (
    AccessRejected,
    AccountSuspended,
    CallForbidden,
    GrantRejected,
    ProviderError,
    ProviderUnavailable,
)

SUSPENDED = "Your User ID (d-1234567890) temporarily is suspended. We've locked your account as a security precaution."
SUSPENDED_LATER = "Your User ID is temporarily suspended. We detected unusual user activity and locked it."

REFRESH_TABLE = [
    (400, {"message": "Invalid refresh token provided"}, GrantRejected),
    (400, {"error": "invalid_grant", "error_description": "Invalid refresh token provided"}, GrantRejected),
    (401, {"error": "invalid_client"}, AccessRejected),
    (400, {"error": "invalid_client"}, AccessRejected),
    (400, {"error": "unauthorized_client"}, AccessRejected),
    (400, {"error": "invalid_request"}, AccessRejected),
    (400, {"error": "expired_token"}, GrantRejected),
    (401, {"message": "Bad credentials"}, AccessRejected),
    (403, {"message": "Access denied"}, AccessRejected),
    (403, {"message": SUSPENDED}, AccountSuspended),
    (403, {"message": SUSPENDED_LATER, "reason": None}, AccountSuspended),
    (403, {"message": "There was an error processing your request", "reason": "TEMPORARILY_SUSPENDED"}, AccountSuspended),
    (403, {"error": {"reason": "TEMPORARILY_SUSPENDED"}}, AccountSuspended),
    (423, {"__type": "AccountSuspendedException"}, AccountSuspended),
    (400, {"message": "Something else"}, ProviderUnavailable),
    (400, None, ProviderUnavailable),
    (401, None, ProviderUnavailable),
    (403, None, ProviderUnavailable),
    (404, {}, ProviderUnavailable),
    (408, {}, ProviderUnavailable),
    (429, {"message": "invalid_grant"}, ProviderUnavailable),
    (500, {"message": "Invalid refresh token provided"}, ProviderUnavailable),
    (502, None, ProviderUnavailable),
]

CONTROL_TABLE = [
    (401, {}, AccessRejected),
    (403, {"message": "The bearer token included in the request is invalid.", "reason": None}, AccessRejected),
    (403, {"message": "Invalid token"}, AccessRejected),
    (403, {"message": "Feature is not supported", "reason": "FEATURE_NOT_SUPPORTED"}, CallForbidden),
    (403, {"message": "User is not authorized"}, CallForbidden),
    (403, {"message": SUSPENDED}, AccountSuspended),
    (403, {"Message": SUSPENDED_LATER}, AccountSuspended),
    (403, None, ProviderUnavailable),
    (423, None, AccountSuspended),
    (400, {"message": "profileArn is required for this request."}, ProviderUnavailable),
    (402, {"reason": "MONTHLY_REQUEST_COUNT"}, ProviderUnavailable),
    (429, {"reason": "USER_REQUEST_RATE_EXCEEDED"}, ProviderUnavailable),
    (503, None, ProviderUnavailable),
]


@pytest.mark.parametrize(("status", "body", "error"), REFRESH_TABLE)
def test_refresh(status: int, body: object, error: type[ProviderError]) -> None:
    assert type(refresh_fault(status, {}, body)) is error


@pytest.mark.parametrize(("status", "body", "error"), CONTROL_TABLE)
def test_control(status: int, body: object, error: type[ProviderError]) -> None:
    assert type(control_fault(status, {}, body)) is error


def test_a_reason_is_shown_only_when_it_looks_like_a_constant() -> None:
    assert "MONTHLY_REQUEST_COUNT" in control_fault(402, {}, {"reason": "MONTHLY_REQUEST_COUNT"}).message
    assert "<" not in control_fault(402, {}, {"reason": "<script>"}).message


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "12"}, {}, 12.0),
        ({"retry-after": "1.5"}, None, 1.5),
        ({"retry-after-ms": "2500", "retry-after": "9"}, {}, 2.5),
        ({"x-ratelimit-reset-after": "30"}, {}, 30.0),
        ({}, {"retryAfterMilliseconds": 300000}, 300.0),
        ({"retry-after": "Wed, 01 Jul 2026 10:00:30 GMT", "date": "Wed, 01 Jul 2026 10:00:00 GMT"}, {}, 30.0),
        ({"retry-after": "Wed, 01 Jul 2026 10:00:00 GMT", "date": "Wed, 01 Jul 2026 10:00:30 GMT"}, {}, 0.0),
        ({"retry-after": "Wed, 01 Jul 2026 10:00:30 GMT"}, {}, None),
        ({"retry-after": "soon"}, {}, None),
        ({"retry-after": "-1"}, {}, None),
        ({"retry-after": "nan"}, {"retryAfterMilliseconds": True}, None),
        ({}, {"retryAfterMilliseconds": [1]}, None),
        ({}, None, None),
    ],
)
def test_retry_after(headers: dict[str, str], body: object, seconds: float | None) -> None:
    assert retry_after(headers, body) == seconds
    fault = refresh_fault(429, headers, body)
    assert isinstance(fault, ProviderUnavailable)
    assert fault.retry_after == seconds
