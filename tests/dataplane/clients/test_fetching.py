"""Files fetched for clients: what comes back, and above all what is never asked."""

import asyncio
import socket
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives import serialization

from dataplane.clients import fetching
from dataplane.clients.dialling import resolve
from dataplane.clients.fetching import Fetcher, public
from dataplane.errors import InvalidRequest
from tests.dataplane.clients.test_dialling import certificate, serving
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


# ---- what is refused of an answer


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


# ---- what is never asked


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "10.1.2.3",
        "169.254.169.254",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "localhost",
    ],
)
async def test_no_address_of_this_machine_or_its_network_is_reached(host):
    async with Upstream(saying(whole())) as upstream:
        await refused(Fetcher(), f"http://{host}:{upstream.port}/", "")
        assert upstream.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]", "169.254.169.254"])
async def test_the_reason_is_the_address_and_not_a_failed_connection(host):
    await refused(Fetcher(), f"http://{host}/", "not a public one")


async def test_a_name_with_one_private_address_among_public_ones():
    async with Upstream(saying(whole())) as upstream:
        for addresses in (["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["2606:2800::1", "::1"]):
            await refused(Fetcher(lookup=named(files=[addresses])), f"http://files.test:{upstream.port}/", "not a public one")
        assert upstream.connections == 0


async def test_a_name_that_answers_otherwise_the_next_time_is_not_asked_again():
    """The first answer is judged and used; the second would have led to where nothing listens."""
    async with Upstream(saying(whole())) as upstream:
        lookup = named(files=[["127.0.0.1"], ["10.0.0.1"]])
        fetcher = Fetcher(lambda ip: ip == ip_address("127.0.0.1"), lookup)
        assert (await fetcher.fetch(f"http://files.test:{upstream.port}/")).data == b"hello"
        await refused(fetcher, f"http://files.test:{upstream.port}/", "not a public one")
        assert lookup.asked == ["files.test"] * 2


async def test_a_redirect_is_judged_like_the_first_url():
    async with Upstream(saying(whole())) as inside, Upstream(saying(moved(f"http://inner.test:{inside.port}/"))) as outside:
        lookup = named(outer=[["127.0.0.1"]], inner=[["127.0.0.2"]])
        await refused(Fetcher(lambda ip: ip == ip_address("127.0.0.1"), lookup), f"http://outer.test:{outside.port}/", "not a public one")
        assert (len(outside.requests), inside.connections) == (1, 0)


async def test_the_same_name_is_judged_again_after_a_redirect():
    async with Upstream(saying(moved("/two"), whole())) as upstream:
        lookup = named(files=[["127.0.0.1"], ["127.0.0.2"]])
        await refused(Fetcher(lambda ip: ip == ip_address("127.0.0.1"), lookup), f"http://files.test:{upstream.port}/", "not a public one")
        assert len(upstream.requests) == 1


async def test_a_client_that_goes_takes_the_connection_along():
    async with Upstream(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello")) as upstream:
        task = asyncio.ensure_future(Fetcher(anywhere).fetch(upstream.url))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait(upstream.tasks, timeout=1)
        assert upstream.tasks[0].done()


async def test_the_system_is_asked_by_default():
    assert Fetcher()._lookup is resolve


PUBLIC = """
    93.184.216.34 8.8.8.8 172.15.0.1 172.32.0.1 100.63.255.255 100.128.0.1 2606:2800:220:1::1 2a00:1450::1 ::ffff:8.8.8.8
    64:ff9b::808:808 2002:808:808::1
"""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses(address):
    assert public(ip_address(address))


NOT_PUBLIC = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254 168.63.129.16
    169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1
    203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:10.0.0.1
    64:ff9b::a00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:808:808::f5ff:fffe 2001:db8::1 2002:a00:1::
    2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
"""


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_addresses_that_are_not_public(address):
    assert not public(ip_address(address))
