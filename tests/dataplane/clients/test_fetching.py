"""Files fetched for clients: what comes back, and what is refused of it."""

import asyncio
import gzip
import socket
import zlib

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from dataplane.clients import fetching
from dataplane.clients.fetching import Fetcher
from dataplane.errors import InvalidRequest
from tests.dataplane.clients.certificates import certificate, serving
from tests.dataplane.clients.upstream import Upstream, saying, whole


def anywhere(_):
    return True


def named(**places):
    """A lookup by a table: each time a name is asked for, its next list of addresses, the last one for ever."""
    asked = []

    async def lookup(origin):
        asked.append(origin.host)
        lists = places[origin.host.partition(".")[0]]
        addresses = lists[min(asked.count(origin.host), len(lists)) - 1]
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, (each, origin.port)) for each in addresses]

    lookup.asked = asked
    return lookup


async def refused(fetcher, url, why):
    with pytest.raises(InvalidRequest) as caught:
        await fetcher.fetch(url, "messages[0].content[1]")
    assert caught.value.param == "messages[0].content[1]"
    assert caught.value.message.startswith("messages[0].content[1]: ")
    assert why in caught.value.message
    return caught.value.message


def moved(place, status=302):
    return b"HTTP/1.1 %d Moved\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % (status, place.encode())


# ---- what comes back


async def test_a_file_and_its_type():
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: Image/PNG; charset=x\r\ncontent-length: 5\r\n\r\nhello"
    async with Upstream(saying(answer)) as upstream:
        assert await Fetcher(anywhere).fetch(upstream.url + "/a b/ü.png?q=1#part") == (b"hello", "image/png")
        head, body = upstream.requests[0]
        assert head.startswith(f"GET /a%20b/%C3%BC.png?q=1 HTTP/1.1\r\nhost: 127.0.0.1:{upstream.port}\r\n")
        assert body == b""
        assert "cookie" not in head.lower()
        assert "authorization" not in head.lower()


async def test_a_file_without_an_announced_length():
    async with Upstream(saying(b"HTTP/1.1 200 OK\r\n\r\nhello", close=True)) as upstream:
        assert await Fetcher(anywhere).fetch(upstream.url) == (b"hello", "")


async def test_the_host_is_asked_by_name_at_the_address_that_was_checked():
    async with Upstream(saying(whole())) as upstream:
        lookup = named(files=[["127.0.0.1"]])
        assert (await Fetcher(anywhere, lookup).fetch(f"http://files.test:{upstream.port}/x")).data == b"hello"
        assert f"host: files.test:{upstream.port}\r\n" in upstream.requests[0][0]
        assert lookup.asked == ["files.test"]


async def test_the_certificate_must_be_of_the_name(monkeypatch, tmp_path):
    authority = certificate("authority.test")
    (tmp_path / "authority.pem").write_bytes(authority[0].public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    tls, told = serving(tmp_path, certificate("files.test", authority)), []
    tls.sni_callback = lambda _socket, name, _context: told.append(name)
    async with Upstream(saying(whole()), tls=tls) as upstream:
        fetcher = Fetcher(anywhere, named(files=[["127.0.0.1"]], other=[["127.0.0.1"]]))
        assert (await fetcher.fetch(f"https://files.test:{upstream.port}/")).data == b"hello"
        await refused(fetcher, f"https://other.test:{upstream.port}/", "cannot be reached")
    assert told == ["files.test", "other.test"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(status):
    async with Upstream(None) as upstream:
        upstream.script = saying(moved("/two", status), moved("three", status), moved(f"//127.0.0.1:{upstream.port}/four", status), whole())
        assert (await Fetcher(anywhere).fetch(upstream.url + "/one/one")).data == b"hello"
        assert [head.split()[1] for head, _ in upstream.requests] == ["/one/one", "/two", "/three", "/four"]


async def test_connections_are_closed_behind_each_file():
    async with Upstream(saying(moved("/two"), whole())) as upstream:
        await Fetcher(anywhere).fetch(upstream.url)
        await asyncio.sleep(0.05)
        assert len(upstream.tasks) == 2
        assert all(task.done() for task in upstream.tasks)


@pytest.mark.parametrize(
    ("url", "host", "line"),
    [
        ("http://bücher.test:{}/ü", "xn--bcher-kva.test", "/%C3%BC"),
        ("http://FILES.test:{}/a/b?q=ü&r=%41#ü", "files.test", "/a/b?q=%C3%BC&r=%41"),
        ("http://例え.test:{}", "xn--r8jz45g.test", "/"),
        ("  http://files.test:{}?a=http://ü  ", "files.test", "/?a=http://%C3%BC"),
    ],
)
async def test_international_names_and_paths(url, host, line):
    async with Upstream(saying(whole())) as upstream:
        lookup = named(**{host.partition(".")[0]: [["127.0.0.1"]]})
        assert (await Fetcher(anywhere, lookup).fetch(url.format(upstream.port))).data == b"hello"
        assert upstream.requests[0][0].startswith(f"GET {line} HTTP/1.1\r\nhost: {host}:{upstream.port}\r\n")


async def test_a_redirect_to_an_international_name():
    async with Upstream(None) as upstream:
        upstream.script = saying(moved(f"http://bücher.test:{upstream.port}/ü ü"), whole())
        lookup = named(**{"files": [["127.0.0.1"]], "xn--bcher-kva": [["127.0.0.1"]]})
        assert (await Fetcher(anywhere, lookup).fetch(f"http://files.test:{upstream.port}/")).data == b"hello"
        assert upstream.requests[1][0].startswith("GET /%C3%BC%20%C3%BC HTTP/1.1\r\nhost: xn--bcher-kva.test:")


def packed(coding, body):
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: %s\r\ncontent-length: %d\r\n\r\n" % (coding.encode(), len(body))
    return head + body


def bared(data):
    """Deflate without zlib's frame."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("X-GZIP", gzip.compress), ("deflate", zlib.compress), ("deflate", bared), ("identity", bytes)],
)
@pytest.mark.parametrize("data", [b"hello", b"", b"x" * 600_000, bytes(range(256)) * 5000])
async def test_a_file_that_is_sent_packed_all_the_same(coding, pack, data):
    async with Upstream(saying(packed(coding, pack(data)))) as upstream:
        assert (await Fetcher(anywhere).fetch(upstream.url)).data == data


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "deflate"]), st.lists(st.integers(1, 200), max_size=40))
def test_a_packed_file_is_the_same_in_whatever_pieces_it_comes(data, coding, sizes):
    body, unpacker, made, at = gzip.compress(data) if coding == "gzip" else bared(data), fetching.Unpacker(coding), [], 0
    for size in [*sizes, len(body)]:
        if body[at : at + size]:
            made += unpacker.feed(body[at : at + size])
        at += size
    assert b"".join([*made, unpacker.finish()]) == data


# ---- what is refused of an answer


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "secret"])
async def test_an_encoding_that_is_not_understood(coding):
    async with Upstream(saying(packed(coding, b"hello"))) as upstream:
        assert "secret" not in await refused(Fetcher(anywhere), upstream.url, "encoding that is not understood")


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"hello" * 100)[:-9], b"hello", gzip.compress(b"hello") + b"more", gzip.compress(b"hello")[:-8] + b"12345678", b""],
)
async def test_a_packed_file_that_is_damaged(body):
    async with Upstream(saying(packed("gzip", body))) as upstream:
        await refused(Fetcher(anywhere), upstream.url, "cannot be unpacked")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_packed_file_counts_by_what_it_becomes(monkeypatch, coding):
    made, real = [], fetching.Unpacker.feed

    def watched(self, piece):
        for part in real(self, piece):
            made.append(len(part))
            yield part

    monkeypatch.setattr(fetching.Unpacker, "feed", watched)
    monkeypatch.setattr(fetching, "MAX_BYTES", 1_000_000)
    bomb = gzip.compress(bytes(50_000_000)) if coding == "gzip" else zlib.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    async with Upstream(saying(packed(coding, bomb))) as upstream:
        await refused(Fetcher(anywhere), upstream.url, "larger than")
    assert sum(made) <= 1_000_000 + fetching.SLICE_BYTES


@pytest.mark.parametrize("place", ["http://[", "http://[::1", "//[", "http://a]b/", "http://[1:2]/", "http://℀/"])
async def test_a_redirect_to_what_is_no_url(place):
    async with Upstream(saying(moved(place))) as upstream:
        await refused(Fetcher(anywhere), upstream.url, "no URL")


@pytest.mark.parametrize(
    "url", ["http://℀/", "http://a＠b/", "http://xn--ü@b/", f"http://{'ü' * 70}.test/", f"http://{'ü.' * 200}/", "http://a/\ud800"]
)
async def test_a_name_that_would_be_something_else_in_ascii_is_none(url):
    lookup = named()
    await refused(Fetcher(anywhere, lookup), url, "no URL")
    assert lookup.asked == []


async def test_more_than_three_redirects():
    async with Upstream(saying(moved("/again"))) as upstream:
        await refused(Fetcher(anywhere), upstream.url, "redirects")
        assert len(upstream.requests) == 4


@pytest.mark.parametrize("status", [204, 206, 304, 401, 404, 500])
async def test_another_status_without_a_word_of_the_server(status):
    answer = b"HTTP/1.1 %d Secret\r\ncontent-length: 6\r\n\r\nsecret" % status
    async with Upstream(saying(answer)) as upstream:
        assert "secret" not in (await refused(Fetcher(anywhere), upstream.url, f"status {status}")).lower()


async def test_a_redirect_to_nowhere_is_a_status():
    async with Upstream(saying(b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n")) as upstream:
        await refused(Fetcher(anywhere), upstream.url, "status 302")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_that_is_too_large(monkeypatch, announced):
    monkeypatch.setattr(fetching, "MAX_BYTES", 1000)
    head = b"content-length: 1001\r\n" if announced else b"connection: close\r\n"
    async with Upstream(saying(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + b"x" * 1001, close=True)) as upstream:
        await refused(Fetcher(anywhere), upstream.url, "larger than")
    async with Upstream(saying(whole(b"x" * 1000))) as upstream:
        assert len((await Fetcher(anywhere).fetch(upstream.url)).data) == 1000


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"], ids=["never begun", "never ended"])
async def test_a_file_that_takes_too_long(monkeypatch, answer):
    monkeypatch.setattr(fetching, "SECONDS", 0.1)
    async with Upstream(saying(answer)) as upstream:
        await refused(Fetcher(anywhere), upstream.url, "within 0.1 seconds")


async def test_time_is_one_for_all_redirects(monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS", 0.2)

    async def slow(writer, _):
        await asyncio.sleep(0.09)
        writer.write(moved("/again"))

    async with Upstream(slow) as upstream:
        await refused(Fetcher(anywhere), upstream.url, "within 0.2 seconds")


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"])
async def test_an_answer_that_is_none_or_breaks_off(answer):
    async with Upstream(saying(answer, close=True)) as upstream:
        await refused(Fetcher(anywhere), upstream.url, "broke off")


async def test_nobody_there(free_ports):
    await refused(Fetcher(anywhere), f"http://127.0.0.1:{free_ports(1)[0]}/", "cannot be reached")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://files.test/x",
        "file:///etc/passwd",
        "gopher://files.test/",
        "//files.test/x",
        "x.png",
        "",
        "http://",
        "http://me:secret@files.test/x",
        "http://files.test:99999/",
    ],
)
async def test_urls_that_are_not_of_the_web_or_hold_credentials(url):
    lookup = named(files=[["127.0.0.1"]])
    assert "secret" not in await refused(Fetcher(anywhere, lookup), url, "URL")
    assert lookup.asked == []


async def test_a_redirect_to_another_scheme():
    async with Upstream(saying(moved("file:///etc/passwd"))) as upstream:
        await refused(Fetcher(anywhere), upstream.url, "http")
