"""Errors and model lists in OpenAI's shape."""

import json
from types import SimpleNamespace

import pytest

from dataplane.dialects.openai.errors import ROWS
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.errors import ContextTooLong, GatewayError, InvalidRequest, Kind, Limited, Overloaded, Unauthenticated

SONNET = SimpleNamespace(kind="kiro", display_name="Claude Sonnet 4.5", created=1735689600, context_window=200000, max_output=64000)
UNKNOWN = SimpleNamespace(kind="openai", display_name="", created=1735689600, context_window=0, max_output=0)


def shown(error):
    status, body = OpenAIChat().error(error, "req_1")
    return status, json.loads(body)["error"]


def test_every_kind_has_a_row():
    assert set(ROWS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_the_shape(kind):
    status, error = shown(GatewayError("what went wrong", kind=kind))
    assert list(error) == ["message", "type", "param", "code"]
    assert error["message"] == "what went wrong"
    assert 400 <= status < 600
    # Some clients repeat a request for ever that was refused with this type.
    assert error["type"] != "server_error"


@pytest.mark.parametrize(
    ("error", "status", "type_", "code"),
    [
        (InvalidRequest("m", param="messages[0].role"), 400, "invalid_request_error", None),
        (ContextTooLong(9, 8), 400, "invalid_request_error", "context_length_exceeded"),
        (Unauthenticated("m"), 401, "authentication_error", "invalid_api_key"),
        (Limited("m"), 429, "rate_limit_error", "rate_limit_exceeded"),
        (Limited("m", kind=Kind.QUOTA_EXHAUSTED), 429, "rate_limit_error", "insufficient_quota"),
        (Overloaded("m"), 503, "overloaded_error", "server_overloaded"),
    ],
)
def test_rows(error, status, type_, code):
    assert shown(error) == (status, {"message": error.message, "type": type_, "param": error.param, "code": code})


def test_only_faults_of_the_request_are_400():
    assert {kind for kind, row in ROWS.items() if row[0] == 400} == {Kind.INVALID_REQUEST, Kind.CONTEXT_TOO_LONG, Kind.UPSTREAM_REJECTED}


def test_the_model_list():
    assert OpenAIChat().models([("claude-sonnet-4.5", SONNET), ("mystery", UNKNOWN)], {"limit": "1"}) == (
        b'{"object":"list","data":[{"id":"claude-sonnet-4.5","object":"model","created":1735689600,"owned_by":"kiro",'
        b'"context_window":200000,"max_output_tokens":64000},{"id":"mystery","object":"model","created":1735689600,'
        b'"owned_by":"openai","context_window":null,"max_output_tokens":null}]}'
    )


def test_an_empty_model_list():
    assert OpenAIChat().models([], {}) == b'{"object":"list","data":[]}'


def test_one_model():
    assert json.loads(OpenAIChat().model(("sonnet", SONNET))) == {
        "id": "sonnet",
        "object": "model",
        "created": 1735689600,
        "owned_by": "kiro",
        "context_window": 200000,
        "max_output_tokens": 64000,
    }
