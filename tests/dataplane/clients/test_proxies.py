"""The transport through real proxies of each kind, and every way in which one can fail."""

import asyncio
import socket
import traceback

import pytest

from dataplane.clients import dialling
from dataplane.clients.dialling import Asking
from dataplane.clients.http1 import Connection, Unreachable
from dataplane.clients.proxying import Socks, parse
from dataplane.clients.transport import Transport
from dataplane.errors import Cause, Retry, UpstreamFault
from tests.dataplane.clients.certificates import certificate, serving
from tests.dataplane.clients.upstream import OK, Upstream, plan, saying, until, whole
from tests.simulators.proxies import HttpProxy, HttpsProxy, SocksProxy, Trouble

LOGIN = "us:p@ss%/hush"
KINDS = [HttpProxy, HttpsProxy, SocksProxy]


@pytest.fixture
async def transport():
    made = Transport(idle_seconds=5)
    yield made
    await made.close()


@pytest.fixture
def security(authority, tmp_path):
    """A server's side of TLS, for this machine's address or for a name."""

    def made(name="a.test", address="127.0.0.1"):
        return serving(tmp_path, certificate(name, authority, address=address))

    return made


@pytest.fixture(params=["http", "https"])
async def upstream(request, security):
    """By both schemes, saying hello to whatever it is asked."""
    async with Upstream(saying(whole()), tls=security() if request.param == "https" else None) as made:
        yield made


@pytest.fixture
async def proxies(security):
    """Makes proxies that run until the test is over."""
    started = []

    async def start(kind, login="", **more):
        made = kind(login, security() if kind is HttpsProxy else None, **more)
        started.append(made)
        return await made.__aenter__()

    yield start
    for each in started:
        await each.__aexit__()


async def fetch(transport, made, proxy_url):
    async with transport.follow(made, proxy_url=proxy_url) as stream:
        pieces = []
        while piece := await stream.read():
            pieces.append(piece)
        return stream.reply.status, b"".join(pieces)


async def unreachable(transport, url, proxy_url):
    """The fault's detail; no part of the way in to the proxy is in it, nor in what a log would show."""
    with pytest.raises(UpstreamFault) as caught:
        await fetch(transport, plan(url), proxy_url)
    fault = caught.value
    assert (fault.cause, fault.retry) == (Cause.UNREACHABLE, Retry.OTHER_ACCOUNT)
    shown = "".join(traceback.format_exception(fault)) + repr(fault) + fault.detail + str(fault.error)
    assert "hush" not in shown
    assert "aHVzaA" not in shown
    return fault.detail


# ---- the way there


@pytest.mark.parametrize("login", ["", LOGIN])
@pytest.mark.parametrize("kind", KINDS)
async def test_an_upstream_is_reached_and_the_connection_used_again(transport, upstream, proxies, kind, login):
    proxy = await proxies(kind, login)
    for _ in range(3):
        assert await fetch(transport, plan(upstream.url + "/x?y"), proxy.url) == (200, b"hello")
    assert proxy.connections == 1
    assert set(proxy.targets) == {("127.0.0.1", upstream.port)}
    for head, body in upstream.requests:
        assert head.startswith("POST /x?y HTTP/1.1\r\n")
        assert f"host: 127.0.0.1:{upstream.port}\r\n" in head
        assert "proxy" not in head.lower()
        assert body == b"ask"


async def test_socks_by_its_other_name(transport, upstream, proxies):
    proxy = await proxies(SocksProxy, LOGIN)
    assert await fetch(transport, plan(upstream.url), proxy.address(LOGIN, "socks5h")) == (200, b"hello")


@pytest.mark.parametrize("kind", KINDS)
async def test_names_are_looked_up_by_the_proxy(transport, security, proxies, kind):
    told = []
    tls = security("upstream.test", None)
    tls.sni_callback = lambda _socket, name, _context: told.append(name)
    async with Upstream(saying(whole()), tls=tls) as secure, Upstream(saying(whole())) as plain:
        ways = {("upstream.test", 443): ("127.0.0.1", secure.port), ("upstream.test", 80): ("127.0.0.1", plain.port)}
        proxy = await proxies(kind, ways=ways)
        assert await fetch(transport, plan("https://upstream.test/"), proxy.url) == (200, b"hello")
        assert await fetch(transport, plan("http://upstream.test/"), proxy.url) == (200, b"hello")
    assert proxy.targets == [("upstream.test", 443), ("upstream.test", 80)]
    assert told == ["upstream.test"]


@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
async def test_addresses_of_the_sixth_version(transport, security, proxies, kind):
    proxy = await proxies(kind, LOGIN, host="::1")
    async with Upstream(saying(whole()), "::1", security(address="::1")) as secure, Upstream(saying(whole()), "::1") as plain:
        for upstream in (secure, plain):
            assert await fetch(transport, plan(upstream.url), proxy.url) == (200, b"hello")
        assert proxy.targets == [("::1", secure.port), ("::1", plain.port)]


async def test_what_is_not_secret_to_the_proxy_is_forwarded_without_a_tunnel(transport, proxies):
    proxy = await proxies(HttpProxy, LOGIN)
    async with Upstream(saying(whole())) as upstream:
        await fetch(transport, plan(upstream.url + "/x"), proxy.url)
        assert proxy.heads[0].startswith(
            f"POST {upstream.url}/x HTTP/1.1\r\nhost: 127.0.0.1:{upstream.port}\r\nproxy-authorization: Basic "
        )


async def test_a_tunnel_is_asked_for_once_and_its_requests_are_not_the_proxys(transport, proxies, security):
    proxy = await proxies(HttpProxy, LOGIN)
    async with Upstream(saying(whole()), tls=security()) as upstream:
        for _ in range(2):
            await fetch(transport, plan(upstream.url), proxy.url)
        assert [head.split(" ", 1)[0] for head in proxy.heads] == ["CONNECT"]
        assert "x-one" not in proxy.heads[0]


@pytest.mark.parametrize("kind", KINDS)
async def test_large_requests_and_answers(transport, security, proxies, kind):
    sent = bytes(range(256)) * 4096
    proxy = await proxies(kind)
    async with Upstream(saying(whole(sent * 3)), tls=security()) as upstream:
        for _ in range(2):
            assert await fetch(transport, plan(upstream.url, body=sent), proxy.url) == (200, sent * 3)
        assert [body for _, body in upstream.requests] == [sent, sent]
        assert proxy.connections == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reader_that_waits_slows_the_upstream_down(transport, security, proxies, kind):
    sent, seen = 0, -1

    async def script(writer, _):
        nonlocal sent
        writer.write(OK + b"transfer-encoding: chunked\r\n\r\n")
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        for _ in range(2000):
            writer.write(piece)
            await writer.drain()
            sent += 1
        return "close"

    proxy = await proxies(kind)
    async with Upstream(script, tls=security()) as upstream, transport.follow(plan(upstream.url), proxy_url=proxy.url) as stream:
        await stream.read()
        while sent != seen:
            seen = sent
            await asyncio.sleep(0.1)
        assert sent < 2000, "an answer that nobody reads must not be fetched whole"


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_is_streamed(transport, security, proxies, kind):
    more = asyncio.Event()

    async def script(writer, _):
        writer.write(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await more.wait()
        writer.write(b"6\r\n world\r\n0\r\n\r\n")

    proxy = await proxies(kind)
    async with Upstream(script, tls=security()) as upstream, transport.follow(plan(upstream.url), proxy_url=proxy.url) as stream:
        assert await stream.read() == b"hello"
        more.set()
        assert (await stream.read(), await stream.read()) == (b" world", b"")


async def test_what_the_upstream_itself_refuses_is_the_plans(transport, proxies, security):
    for status in (b"407", b"502"):
        answer = b"HTTP/1.1 " + status + b" No\r\ncontent-length: 0\r\n\r\n"
        async with Upstream(saying(answer), tls=security()) as upstream:
            proxy = await proxies(HttpProxy)
            assert await fetch(transport, plan(upstream.url), proxy.url) == (int(status), b"")


# ---- which connections are kept apart


async def test_connections_of_different_ways_never_mix(transport, upstream, proxies):
    one, other = await proxies(HttpProxy, LOGIN), await proxies(SocksProxy)
    one.login = ""  # whoever comes is let in
    ways = [one.address("a:1"), one.address("b:1"), one.address("b:2"), one.address(""), other.url, ""]
    for _ in range(2):
        for way in ways:
            assert await fetch(transport, plan(upstream.url), way) == (200, b"hello")
    assert (one.connections, other.connections) == (4, 1)
    assert len(transport._pool._kept) == 6
    assert "proxy-authorization" not in "".join(head for head, _ in upstream.requests).lower()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_way_that_was_closed_while_idle_is_not_used(transport, upstream, proxies, kind):
    proxy = await proxies(kind)
    await fetch(transport, plan(upstream.url), proxy.url)
    proxy.hang_up()
    await until(lambda: not transport._pool._ways)
    assert await fetch(transport, plan(upstream.url), proxy.url) == (200, b"hello")
    assert proxy.connections == 2


@pytest.mark.parametrize("kind", KINDS)
async def test_closing_ends_what_is_open(security, proxies, kind):
    transport, proxy = Transport(idle_seconds=5), await proxies(kind)
    async with Upstream(saying(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"), tls=security()) as upstream:
        async with transport.follow(plan(upstream.url), proxy_url=proxy.url) as stream:
            assert await stream.read() == b"hello"
            await transport.close()
            with pytest.raises(UpstreamFault):
                await stream.read()
        await until(lambda: all(task.done() for task in [*upstream.tasks, *proxy.tasks]))


# ---- what goes wrong


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
async def test_nobody_listening(transport, upstream, free_ports, scheme):
    detail = await unreachable(transport, upstream.url, f"{scheme}://us:hush@127.0.0.1:{free_ports(1)[0]}")
    assert detail.startswith("Unreachable: the proxy cannot be reached: ")


@pytest.mark.parametrize(
    "url", ["proxy", "ftp://us:hush@proxy:1", "http://us:hu/sh@proxy:1", "http://us:hush@proxy", "http://[us:hush@proxy:1"]
)
async def test_an_address_that_is_none(transport, upstream, url):
    assert await unreachable(transport, upstream.url, url) == "Unreachable: the address of the account's proxy is not valid"
    assert upstream.connections == 0


async def test_a_name_that_is_none(transport, upstream):
    assert "the proxy cannot be reached" in await unreachable(transport, upstream.url, f"http://{'a' * 64}.test:1")


@pytest.mark.parametrize("login", ["", "us:hush", "somebody:else"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_sign_in_that_is_refused(transport, upstream, proxies, kind, login):
    proxy = await proxies(kind, "us:other")
    detail = await unreachable(transport, upstream.url, proxy.address(login))
    assert detail.startswith("Unreachable: the proxy ")
    assert "the user or the password" in detail or "wants a user and a password" in detail
    assert proxy.targets == []


@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
async def test_an_upstream_that_the_proxy_does_not_reach(transport, proxies, free_ports, kind):
    proxy = await proxies(kind)
    detail = await unreachable(transport, f"https://127.0.0.1:{free_ports(1)[0]}/", proxy.url)
    assert detail in (
        "Unreachable: the proxy cannot reach the upstream (status 502)",
        "Unreachable: the proxy was refused by the upstream (SOCKS reply 5)",
    )


async def test_an_upstream_that_the_proxy_does_not_allow(transport, proxies, security):
    async with Upstream(saying(whole()), tls=security()) as upstream:
        for kind, answer in ((HttpProxy, b"HTTP/1.1 403 No\r\n\r\n"), (SocksProxy, b"\5\2\0\1\0\0\0\0\0\0")):
            proxy = await proxies(kind, LOGIN)
            proxy.fail(Trouble.ANSWER, answer)
            assert "does not allow this upstream" in await unreachable(transport, upstream.url, proxy.url)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_answers_nonsense(transport, upstream, proxies, kind):
    proxy = await proxies(kind, LOGIN)
    proxy.fail(Trouble.ANSWER, b"220 hush ready\r\n")
    assert await unreachable(transport, upstream.url, proxy.url) == "Unreachable: the proxy answers nonsense"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_hangs_up(transport, proxies, security, kind):
    proxy = await proxies(kind, LOGIN)
    proxy.fail(Trouble.CUT)
    async with Upstream(saying(whole()), tls=security()) as upstream:
        assert "the proxy closed the connection" in await unreachable(transport, upstream.url, proxy.url)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_says_nothing(transport, proxies, security, monkeypatch, kind):
    proxy = await proxies(kind, LOGIN)
    proxy.fail(Trouble.STALL)
    async with Upstream(saying(whole()), tls=security()) as upstream:
        monkeypatch.setattr(dialling, "CONNECT_SECONDS", 0.5)
        detail = await unreachable(transport, upstream.url, proxy.url)
        assert detail == "Unreachable: the proxy does not open a way to the upstream within 0.5 s"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_does_not_shake_hands(transport, monkeypatch, scheme):
    monkeypatch.setattr(dialling, "CONNECT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://us:hush@127.0.0.1:{listener.getsockname()[1]}"
        detail = await unreachable(transport, f"{scheme}://127.0.0.1:1/", url)
        assert detail == "Unreachable: the proxy cannot be reached within 0.1 s"


@pytest.mark.parametrize("kind", KINDS)
async def test_an_upstream_that_does_not_shake_hands(transport, proxies, monkeypatch, kind):
    monkeypatch.setattr(dialling, "CONNECT_SECONDS", 0.5)
    proxy = await proxies(kind)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        detail = await unreachable(transport, f"https://127.0.0.1:{listener.getsockname()[1]}/", proxy.url)
        assert detail == "Unreachable: the upstream cannot be reached through the proxy within 0.5 s"


@pytest.mark.parametrize("kind", KINDS)
async def test_an_upstream_that_hangs_up_in_the_handshake(transport, proxies, kind):
    async def hang_up(reader, writer):
        await reader.read(1)
        writer.close()

    proxy = await proxies(kind)
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        detail = await unreachable(transport, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", proxy.url)
        assert detail.startswith("Unreachable: the upstream cannot be reached through the proxy: ")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_certificate_of_the_upstream_that_is_of_another(transport, proxies, security, kind):
    proxy = await proxies(kind)
    async with Upstream(saying(whole()), tls=security("other.test", None)) as upstream:
        detail = await unreachable(transport, upstream.url, proxy.url)
        assert "through the proxy" in detail
        assert "certificate" in detail
        assert upstream.requests == []


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_certificate_of_the_proxy_that_nobody_vouches_for(transport, tmp_path, scheme):
    async with HttpsProxy(LOGIN, serving(tmp_path, certificate("a.test", address="127.0.0.1"))) as proxy:
        detail = await unreachable(transport, f"{scheme}://127.0.0.1:1/", proxy.url)
        assert "the proxy cannot be reached" in detail
        assert "certificate" in detail
        assert proxy.heads == []


@pytest.mark.parametrize("kind", KINDS)
async def test_who_speaks_out_of_turn_is_not_believed(transport, security, proxies, kind):
    proxy = await proxies(kind, LOGIN)
    opened = b"\5\0\0\1\0\0\0\0\0\0" if kind is SocksProxy else b"HTTP/1.1 200 OK\r\n\r\n"
    proxy.fail(Trouble.ANSWER, opened + whole())
    async with Upstream(saying(whole()), tls=security()) as upstream:
        assert await unreachable(transport, upstream.url, proxy.url) == "Unreachable: the proxy answers nonsense"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_client_that_goes_meanwhile_closes_the_connection(transport, proxies, security, kind):
    proxy = await proxies(kind, LOGIN)
    proxy.fail(Trouble.STALL)
    async with Upstream(saying(whole()), tls=security()) as upstream:
        task = asyncio.ensure_future(fetch(transport, plan(upstream.url), proxy.url))
        await until(lambda: proxy.waiting)
        proxy.fail(None)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(proxy.tasks[0].done)
        assert await fetch(transport, plan(upstream.url), proxy.url) == (200, b"hello")
        assert proxy.connections == 2


class FakeTransport:
    def write(self, data):
        pass

    def set_protocol(self, protocol):
        raise AssertionError("nothing takes over a way that is not open")


@pytest.mark.parametrize(("after", "words"), [(b"x", "nonsense"), (None, "closed the connection")], ids=["spoken on", "lost"])
async def test_a_way_that_is_no_more_when_it_is_taken_over(after, words):
    asking = Asking(Socks(parse("socks5://proxy:1"), "a.test", 80))
    asking.connection_made(FakeTransport())
    asking.data_received(b"\5\0\5\0\0\1" + bytes(6))
    await asking.end()
    asking.connection_lost(None) if after is None else asking.data_received(after)
    with pytest.raises(Unreachable, match=words):
        await asking.leave(Connection(1, lambda _: None), None, "a.test")
