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
    assert found == (origin, None)
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
    "name",
    [
        "",
        "a b",
        "a:b",
        "x\xe4",
        "content-length",
        "Transfer-Encoding",
        "host",
        "connection",
        "expect",
        "upgrade",
        "Proxy-Authorization",
        "proxy-connection",
    ],
)
def test_names_that_are_none_or_not_for_a_plan_to_set(name):
    with pytest.raises(ValueError, match=r"header|connection"):
        sent(headers={name: "1"})


def test_a_refusal_does_not_show_the_value():
    with pytest.raises(ValueError, match="header") as caught:
        sent(headers={"authorization": "Bearer secret\n"})
    assert "secret" not in str(caught.value)


# ---- through a proxy


@pytest.mark.parametrize("proxy_url", ["http://us:hush@proxy:1", "https://us:hush@proxy:1"])
def test_what_a_proxy_reads_names_the_upstream_and_signs_in(proxy_url):
    way, data = encode(HttpRequest("POST", "http://a.test:8080/x?y", {"x-one": "1"}, b"ask"), proxy_url)
    assert data == (
        b"POST http://a.test:8080/x?y HTTP/1.1\r\nhost: a.test:8080\r\n"
        b"proxy-authorization: Basic dXM6aHVzaA==\r\nx-one: 1\r\ncontent-length: 3\r\n\r\nask"
    )
    assert (way.origin, way.proxy.host, way.forwarded) == (("http", "a.test", 8080), "proxy", True)
    assert b"GET http://[::1]/ HTTP/1.1\r\nhost: [::1]\r\n" in encode(HttpRequest("GET", "http://[::1]/", {}), proxy_url)[1]


@pytest.mark.parametrize(
    ("url", "proxy_url"),
    [
        ("https://a.test/x", "http://us:hush@proxy:1"),
        ("https://a.test/x", "socks5://us:hush@p:1"),
        ("http://a.test/x", "socks5://us:hush@p:1"),
    ],
)
def test_what_a_proxy_only_carries_is_the_same_as_without(url, proxy_url):
    request = HttpRequest("POST", url, {"x-one": "1"}, b"ask")
    assert encode(request, proxy_url)[1] == encode(request)[1]
    assert encode(request, proxy_url)[0] != encode(request)[0]


@pytest.mark.parametrize("bad", ["\r", "\n", "\0"])
def test_a_header_that_begins_another_is_refused_through_a_proxy_too(bad):
    with pytest.raises(ValueError, match="line break or a NUL"):
        encode(HttpRequest("POST", "http://a.test/", {"x-a": f"a{bad}b"}), "http://us:hush@proxy:1")


def test_a_way_does_not_show_the_password():
    way, _ = encode(HttpRequest("GET", "http://a.test/", {}), "http://us:hush@proxy:1")
    assert "hush" not in repr(way)
    with pytest.raises(Unreachable) as caught:
        encode(HttpRequest("GET", "http://a.test/", {}), "http://us:hush@proxy")
    assert "hush" not in str(caught.value)
