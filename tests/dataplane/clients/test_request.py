"""Requests as bytes: what is sent, and what never is."""

import pytest

from dataplane.clients.http1 import Unreachable
from dataplane.clients.request import encode
from dataplane.upstreams.base import HttpRequest


def sent(method="POST", url="http://a.test/x", headers=None, body=b""):
    return encode(HttpRequest(method, url, headers or {}, body))[1]


def test_a_whole_request():
    expected = b"POST /x HTTP/1.1\r\nhost: a.test\r\nX-One: 1\r\nx-two: \xc3\xa4\r\ncontent-length: 3\r\n\r\nask"
    assert sent(headers={"X-One": "1", "x-two": "\xe4"}, body=b"ask") == expected


@pytest.mark.parametrize(
    ("method", "body", "length"), [("POST", b"", b"0"), ("PUT", b"", b"0"), ("GET", b"", None), ("HEAD", b"", None), ("GET", b"ask", b"3")]
)
def test_the_length_is_announced_where_there_could_be_a_body(method, body, length):
    head = sent(method, body=body).partition(b"\r\n\r\n")[0]
    assert (b"content-length: " + length in head) if length else (b"content-length" not in head)


@pytest.mark.parametrize(
    ("url", "origin", "line", "host"),
    [
        ("http://a.test", ("http", "a.test", 80), b"/", b"a.test"),
        ("https://A.test:443/b?c=d%20e#f", ("https", "a.test", 443), b"/b?c=d%20e", b"a.test"),
        ("http://a.test:8080?x", ("http", "a.test", 8080), b"/?x", b"a.test:8080"),
        ("https://[::1]:8443/", ("https", "::1", 8443), b"/", b"[::1]:8443"),
        ("http://[::1]/", ("http", "::1", 80), b"/", b"[::1]"),
    ],
)
def test_where_it_goes(url, origin, line, host):
    found, data = encode(HttpRequest("GET", url, {}))
    assert found == origin
    assert data == b"GET " + line + b" HTTP/1.1\r\nhost: " + host + b"\r\n\r\n"


@pytest.mark.parametrize("bad", ["\r", "\n", "\r\n", "\0"])
@pytest.mark.parametrize("place", ["{}a", "a{}", "a{}b"])
def test_what_would_begin_another_header_is_refused(bad, place):
    with pytest.raises(ValueError, match="line break or a NUL"):
        sent(headers={"x-a": place.format(bad)})
    with pytest.raises(ValueError, match="no name"):
        sent(headers={place.format(bad): "1"})
    with pytest.raises(ValueError, match="no method"):
        sent(place.format(bad))
    with pytest.raises(Unreachable):
        sent(url="http://a.test/" + place.format(bad))


@pytest.mark.parametrize(
    "name", ["", "a b", "a:b", "x\xe4", "content-length", "Transfer-Encoding", "host", "connection", "expect", "upgrade"]
)
def test_names_that_are_none_or_not_for_a_plan_to_set(name):
    with pytest.raises(ValueError, match=r"header|connection"):
        sent(headers={name: "1"})


def test_a_refusal_does_not_show_the_value():
    with pytest.raises(ValueError, match="header") as caught:
        sent(headers={"authorization": "Bearer secret\n"})
    assert "secret" not in str(caught.value)
