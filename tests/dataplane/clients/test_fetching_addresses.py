"""Whom a fetch may reach: names, the addresses they have, and all the ways to write one."""

import _socket
import asyncio
import socket
import threading
from ipaddress import ip_address

import pytest

from dataplane.clients import dialling, fetching
from dataplane.clients.fetching import Fetcher, own, public
from tests.dataplane.clients.test_fetching import anywhere, moved, named, refused
from tests.dataplane.clients.upstream import Upstream, saying, until, whole

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


async def test_a_public_address_of_this_very_machine_is_not_reached(monkeypatch):
    """By its public address a machine may trust itself as it trusts no other."""
    monkeypatch.setattr(fetching, "own", lambda ip: ip == ip_address("93.184.216.34"))
    for address in ("93.184.216.34", "::ffff:93.184.216.34", "64:ff9b::93.184.216.34"):
        assert not public(ip_address(address))
    assert public(ip_address("93.184.216.35"))
    monkeypatch.setattr(fetching, "own", lambda ip: ip == ip_address("2606:2800::1"))
    assert not public(ip_address("2606:2800::1"))


@pytest.mark.parametrize(
    ("address", "ours"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("8.8.8.8", False), ("2001:4860:4860::8888", False)]
)
def test_which_addresses_are_this_machines_own(address, ours):
    assert own(ip_address(address)) is ours


@pytest.mark.parametrize(("address", "ours"), [("127.0.0.1", True), ("::1", True), ("8.8.8.8", False), ("2001:4860:4860::8888", False)])
def test_a_machine_that_binds_to_any_address_still_knows_its_own(monkeypatch, address, ours):
    monkeypatch.setattr(fetching, "bindable", lambda _: True)
    monkeypatch.setattr(socket.socket, "connect", _socket.socket.connect)  # nothing is sent, so nobody outside is asked
    assert own(ip_address(address)) is ours


# ---- names


class Slow:
    """Lookups in the place of the system's, which never end before they are let go."""

    def __init__(self):
        self.asked, self.go = [], threading.Event()

    def __call__(self, host, port, **_):
        self.asked.append((host, threading.current_thread().name))
        self.go.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.fixture
def slow(monkeypatch):
    made = Slow()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    yield made
    made.go.set()


async def gone(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_names_are_looked_up_in_threads_of_their_own_and_few_at_a_time(slow):
    """The loop's threads are for the names of upstreams, which must not wait behind those that strangers chose."""
    fetcher = Fetcher(anywhere)
    tasks = [asyncio.ensure_future(fetcher.fetch(f"http://{n}.test/")) for n in range(6)]
    await until(lambda: len(slow.asked) == dialling.STRANGE_NAMES)
    assert all(thread.startswith("strange-name") for _, thread in slow.asked)
    await gone(tasks)
    fetcher.close()


async def test_a_lookup_that_was_given_up_keeps_its_turn_until_it_ends(slow):
    async with Upstream(saying(whole())) as upstream:
        fetcher = Fetcher(anywhere)
        tasks = [asyncio.ensure_future(fetcher.fetch(f"http://{n}.test/")) for n in range(4)]
        await until(lambda: len(slow.asked) == 4)
        await gone(tasks)
        fifth = asyncio.ensure_future(fetcher.fetch(f"http://fifth.test:{upstream.port}/"))
        await asyncio.sleep(0.05)
        assert len(slow.asked) == 4
        assert fetcher._names._threads._work_queue.empty()
        slow.go.set()
        assert (await fifth).data == b"hello"
        assert [host for host, _ in slow.asked[4:]] == ["fifth.test"]
        fetcher.close()


async def test_a_lookup_that_finds_nothing_gives_its_turn_back(monkeypatch):
    def nothing(*_, **__):
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    fetcher = Fetcher()
    for _ in range(9):
        await refused(fetcher, "http://nobody.test/", "cannot be reached")
    fetcher.close()


async def test_closing_waits_for_no_lookup(slow):
    fetcher = Fetcher(anywhere)
    task = asyncio.ensure_future(fetcher.fetch("http://slow.test/"))
    await until(lambda: slow.asked)
    fetcher.close()
    assert not slow.go.is_set()
    await gone([task])


def test_a_lookup_may_end_after_the_loop(slow, caplog):
    async def begin():
        task = asyncio.ensure_future(Fetcher(anywhere).fetch("http://slow.test/"))
        await until(lambda: slow.asked)
        await gone([task])

    asyncio.run(begin())
    slow.go.set()
    for thread in threading.enumerate():
        if thread.name.startswith("strange-name"):
            thread.join(0.2)
    assert caplog.text == ""


# ---- addresses


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
