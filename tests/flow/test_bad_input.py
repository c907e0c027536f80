"""Whatever is thrown at the real gateway is answered with a 4xx in the caller's own shape."""

import json
import socket
from http.client import HTTPConnection

import httpx
import pytest

from tests.stack import PROXY_KEY

pytestmark = pytest.mark.slow

CHAT, MESSAGES, COUNT = "/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens"
GOOD = {"model": "claude-sonnet-4.5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
BODIES = {
    "empty": b"",
    "not JSON": b"{not json",
    "cut": json.dumps(GOOD).encode()[:-3],
    "an array": b"[]",
    "null": b"null",
    "a string": b'"hello"',
    "bad UTF-8": b'{"model":"\xff\xfe"}',
    "deep": b'{"model":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "no members": b"{}",
    "model is a number": json.dumps({**GOOD, "model": 7}).encode(),
    "model with a NUL": json.dumps({**GOOD, "model": "a\0b"}).encode(),
    "a very long model": json.dumps({**GOOD, "model": "m" * 100_000}).encode(),
    "messages is an object": json.dumps({**GOOD, "messages": {}}).encode(),
    "a message is null": json.dumps({**GOOD, "messages": [None]}).encode(),
    "content is a number": json.dumps({**GOOD, "messages": [{"role": "user", "content": 3}]}).encode(),
    "part of no kind": json.dumps({**GOOD, "messages": [{"role": "user", "content": [{}]}]}).encode(),
    "tools is a string": json.dumps({**GOOD, "tools": "all"}).encode(),
    "stream is a word": json.dumps({**GOOD, "stream": "yes"}).encode(),
}


def shaped(path, answer):
    """The error object, after checking that it is in the route's own shape."""
    body = answer.json()
    if path.startswith("/v1/messages"):
        assert body["type"] == "error"
        assert body["request_id"] == answer.headers["request-id"]
        assert set(body["error"]) == {"type", "message"}
    else:
        assert set(body["error"]) == {"message", "type", "param", "code"}
    assert "Traceback" not in answer.text
    assert PROXY_KEY not in answer.text
    return body["error"]


@pytest.fixture
def http(stack):
    with httpx.Client(base_url=stack.gateway, headers={"x-api-key": PROXY_KEY, "content-type": "application/json"}, timeout=20) as client:
        yield client


@pytest.mark.parametrize("path", [CHAT, MESSAGES, COUNT])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bad_bodies(http, path, body):
    answer = http.post(path, content=body)
    counted = path == COUNT and answer.status_code == 200  # a count needs no model that exists
    if not counted:
        assert answer.status_code in (400, 404), answer.text
        assert shaped(path, answer)["message"]


@pytest.mark.parametrize("path", [CHAT, MESSAGES, COUNT])
def test_a_body_over_the_limit_is_refused_before_it_is_sent(stack, path):
    client = HTTPConnection("127.0.0.1", stack.ports[0], timeout=5)
    client.putrequest("POST", path)
    client.putheader("x-api-key", PROXY_KEY)
    client.putheader("content-length", str(33_554_433))
    client.endheaders()
    answer = client.getresponse()
    assert answer.status == 413
    assert "larger than this gateway accepts" in json.load(answer)["error"]["message"]
    client.close()


@pytest.mark.parametrize("path", [CHAT, MESSAGES, COUNT, "/v1/models", "/v1/usage"])
@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "nonsense"},
        {"x-api-key": "kg-" + "f" * 48},
        {"x-api-key": f"{PROXY_KEY}:short"},
        {"x-api-key": "\u00e9\u00e8".encode("latin-1")},
        {"x-api-key": "", "authorization": "Basic abc"},
        {"x-api-key": PROXY_KEY[:-1]},
    ],
)
def test_bad_keys(stack, path, headers):
    body = json.dumps(GOOD) if path in (CHAT, MESSAGES, COUNT) else None
    with httpx.Client(base_url=stack.gateway) as client:
        answer = client.request("POST" if body else "GET", path, content=body, headers=headers)
    assert answer.status_code == 401
    assert shaped(path, answer)["type"] in ("authentication_error", "invalid_request_error")


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_a_sign_in_that_the_provider_does_not_know(stack, path):
    """Whether the token behind the proxy key is one is found out when an account is needed."""
    headers = {"x-api-key": f"{PROXY_KEY}:aorAAAAA-nobody-has-this-token"}
    answer = httpx.post(stack.gateway + path, json=GOOD, headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", CHAT, 405),
        ("DELETE", MESSAGES, 405),
        ("POST", "/v1/embeddings", 404),
        ("POST", "/v1/images/generations", 404),
        ("GET", "/v1/models/none", 404),
        ("GET", "/nowhere", 404),
    ],
)
def test_routes_that_are_not_there(http, method, path, status):
    answer = http.request(method, path)
    assert answer.status_code == status
    shaped(path, answer)


def test_what_is_not_http_does_no_harm(stack, http):
    for garbage in (b"\x16\x03\x01\x00\xa5", b"GET / HTTP/9.9\r\n\r\n", b"POST /v1/messages HTTP/1.1\r\ncontent-length: -1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", stack.ports[0]), timeout=5) as raw:
            raw.sendall(garbage)
            raw.recv(1000)
    assert http.get("/health").status_code == 200


def test_headers_cannot_be_smuggled_through_a_model_name(http):
    answer = http.post(CHAT, json={**GOOD, "model": "x\r\nset-cookie: a=b"})
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers
