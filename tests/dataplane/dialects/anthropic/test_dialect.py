"""Errors, counts and model lists of the Messages dialect."""

import json
from dataclasses import dataclass

import pytest

from dataplane.conversation import estimate
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.anthropic.errors import TABLE
from dataplane.dialects.base import Dialect
from dataplane.errors import ContextTooLong, GatewayError, InvalidRequest, Kind, Limited, Overloaded, Unavailable, UpstreamTimeout
from tests.dataplane import sse

DIALECT = Anthropic()


def test_it_is_a_dialect():
    dialect: Dialect = DIALECT
    assert (dialect.name, DIALECT.family) == ("anthropic", "anthropic")


def test_what_is_sent_into_silence_means_nothing():
    parser = sse.Parser()
    assert parser.feed(DIALECT.keepalive) == []
    assert not parser.pending()
    assert parser.feed(DIALECT.heartbeat) == [sse.ServerSentEvent("ping", b'{"type":"ping"}')]


def test_every_kind_of_error_has_a_row():
    assert set(TABLE) == set(Kind)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (InvalidRequest("x", param="a"), 400, "invalid_request_error"),
        (Limited("x", kind=Kind.QUOTA_EXHAUSTED, retry_after=9), 429, "rate_limit_error"),
        (Unavailable("x"), 503, "api_error"),
        (Overloaded("x"), 529, "overloaded_error"),
        (UpstreamTimeout("x"), 504, "timeout_error"),
    ],
)
def test_errors(error, status, kind):
    body = b'{"type":"error","error":{"type":"%s","message":"x"},"request_id":"req_1"}' % kind.encode()
    assert DIALECT.error(error, "req_1") == (status, body)


def test_too_long_is_said_in_the_words_clients_look_for():
    _, body = DIALECT.error(ContextTooLong(250_000, 200_000), "req_1")
    assert json.loads(body)["error"]["message"] == "prompt is too long: 250000 tokens > 200000 maximum"


def test_a_message_may_hold_anything():
    _, body = DIALECT.error(GatewayError('a "b"\n😀'), "req_1")
    assert json.loads(body)["error"]["message"] == 'a "b"\n😀'


def test_a_count_is_the_estimate():
    call = DIALECT.parse_count(b'{"model":"m","messages":[{"role":"user","content":"How many tokens is this?"}]}')
    assert DIALECT.count(call) == b'{"input_tokens":%d}' % estimate.prompt_tokens(call)


@dataclass
class Facts:
    kind: str = "kiro"
    display_name: str = ""
    created: int = 0
    context_window: int = 0
    max_output: int = 0


ROWS = [(name, Facts()) for name in "abcde"]


def page(**query):
    answer = json.loads(DIALECT.models(ROWS, query))
    ids = [row["id"] for row in answer["data"]]
    assert (answer["first_id"], answer["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))
    return "".join(ids), answer["has_more"]


def test_a_model():
    facts = Facts("kiro", "Claude X", 1_700_000_000, 200_000, 64_000)
    assert DIALECT.model(("claude-x", facts)) == (
        b'{"type":"model","id":"claude-x","display_name":"Claude X","created_at":"2023-11-14T22:13:20Z",'
        b'"lifecycle":"active","max_input_tokens":200000,"max_tokens":64000}'
    )
    assert json.loads(DIALECT.model(("y", Facts()))) == {
        "type": "model",
        "id": "y",
        "display_name": "y",
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": None,
        "max_tokens": None,
    }


@pytest.mark.parametrize(
    ("query", "ids", "more"),
    [
        ({}, "abcde", False),
        ({"limit": "1000"}, "abcde", False),
        ({"limit": "2"}, "ab", True),
        ({"limit": "2", "after_id": "b"}, "cd", True),
        ({"limit": "2", "after_id": "c"}, "de", False),
        ({"after_id": "e"}, "", False),
        ({"limit": "2", "before_id": "d"}, "bc", True),
        ({"limit": "2", "before_id": "c"}, "ab", False),
        ({"before_id": "a"}, "", False),
        ({"limit": "2", "after_id": "a", "before_id": "e"}, "bc", True),
        ({"after_id": "d", "before_id": "b"}, "", False),
    ],
)
def test_pages(query, ids, more):
    assert page(**query) == (ids, more)


def test_no_models():
    assert DIALECT.models([], {}) == b'{"data":[],"has_more":false,"first_id":null,"last_id":null}'


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "²"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"after_id": "z"}, "after_id"),
        ({"before_id": "z"}, "before_id"),
    ],
)
def test_a_bad_query_is_named(query, param):
    with pytest.raises(InvalidRequest) as caught:
        DIALECT.models(ROWS, query)
    assert caught.value.param == param
