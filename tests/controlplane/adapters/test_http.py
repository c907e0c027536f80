"""Clients and calls, with real little proxies and endpoints on loopback."""

import asyncio
import contextlib
import ssl
import traceback

import httpx
import pytest

from controlplane.adapters import http
from controlplane.adapters.http import Clients, send
from controlplane.adapters.kimi_web import KimiWeb
from controlplane.adapters.openai import OpenAI
from controlplane.domain.account import Account, AuthMethod, Credentials
from controlplane.domain.errors import ProviderUnavailable
from tests.simulators.proxies import HttpProxy, Proxy, SocksProxy

BEARER = "MARKED"
LOGIN = "us:er:p@ss"
PROXIES = {"http": HttpProxy, "socks5": SocksProxy}
BODY = b'{"data": [{"id": "llama"}]}'


def account(proxy_url="", **given):
    return Account("acc_1", "openai", "one", AuthMethod.API_KEY, proxy_url=proxy_url, **given)


def signed_in(way, scheme, password="p%40ss"):
    """The address of a proxy, for a user whose name has a colon in it."""
    return f"{scheme}://us%3Aer:{password}@127.0.0.1:{way.port}"


class Saying(Proxy):
    """A server that says this to everybody, and then has no more to say; `told`: what it was told first by each."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.told = answer, []

    async def converse(self, reader, writer):
        self.told.append(await reader.read(65536))
        writer.write(self.answer)
        await writer.drain()


class Waiting(Saying):
    """The same, but it stays until the other side goes."""

    async def converse(self, reader, writer):
        await super().converse(reader, writer)
        await reader.read()


@contextlib.asynccontextmanager
async def endpoint(answer: bytes = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)):
    """An HTTP server that answers this to everybody; what it was told first by each."""
    async with Waiting(answer) as made:
        yield f"http://127.0.0.1:{made.port}", made.told


async def get(clients, to, url):
    client = clients.for_account(to)
    return await send(client, client.build_request("GET", url, headers={"authorization": f"Bearer {BEARER}"}), "the endpoint")


async def failure(clients, to, url):
    """What the call fails with; whatever it is, nothing secret is in it."""
    with pytest.raises(ProviderUnavailable) as caught:
        await get(clients, to, url)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert caught.value.__context__ is None
    assert not any(secret in shown for secret in (BEARER, "p@ss", "p%40ss"))
    return caught.value.message


@pytest.mark.parametrize("closed", [True, False])
async def test_plain_calls_through_an_http_proxy(closed):
    async with endpoint() as (url, told), HttpProxy(LOGIN if closed else "") as way, Clients() as clients:
        reply = await get(clients, account(signed_in(way, "http") if closed else way.url), url + "/models")
        assert (reply.status, reply.body) == (200, {"data": [{"id": "llama"}]})
        assert [head.split("\r\n")[0] for head in way.heads] == [f"GET {url}/models HTTP/1.1"]
        assert b"proxy-authorization" not in told[0].lower()


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_calls_through_a_socks_proxy(scheme, closed):
    async with endpoint() as (url, _), SocksProxy(LOGIN if closed else "") as way, Clients() as clients:
        to = account(signed_in(way, scheme) if closed else way.address("", scheme))
        assert (await get(clients, to, url)).status == 200
        assert way.targets == [("127.0.0.1", httpx.URL(url).port)]
        assert (await get(clients, to, url.replace("127.0.0.1", "localhost"))).status == 200
        assert way.targets[1][0] == "localhost", "the proxy finds the name"


async def test_a_tunnel_is_asked_for_what_is_encrypted():
    async with Saying(b"no TLS") as there, HttpProxy(LOGIN) as way, SocksProxy(LOGIN) as other, Clients() as clients:
        for through in (signed_in(way, "http"), signed_in(other, "socks5")):
            assert "could not be reached" in await failure(clients, account(through), f"https://127.0.0.1:{there.port}/")
        assert way.targets == other.targets == [("127.0.0.1", there.port)]
        assert way.heads[0].startswith(f"CONNECT 127.0.0.1:{there.port} ")


async def test_a_proxy_that_is_spoken_to_in_tls_is():
    async with endpoint() as (url, _), Saying(b"") as way, Clients() as clients:
        assert "could not be reached" in await failure(clients, account(signed_in(way, "https")), url)
        assert [told[:1] for told in way.told] == [b"\x16"], "the beginning of a handshake"


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_wrong_password_is_the_proxys_refusal(scheme):
    async with endpoint() as (url, told), PROXIES[scheme](LOGIN) as way, Clients() as clients:
        for target in (url, url.replace("http:", "https:")):
            assert "proxy would not connect" in await failure(clients, account(signed_in(way, scheme, "wrong")), target)
        assert told == []


@pytest.mark.parametrize(
    "answer", [b"", b"\x05", b"\x05\xff", b"\x04\x5a", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 64, b"\x05\x02\x01"]
)
async def test_a_proxy_that_speaks_no_socks(answer):
    async with endpoint() as (url, _), Saying(answer) as way, Clients() as clients:
        assert await failure(clients, account(signed_in(way, "socks5")), url)
        assert await failure(clients, account(f"socks5://127.0.0.1:{way.port}"), url)


async def test_a_proxy_that_is_silent_is_given_up_and_keeps_no_place(monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.05)

    async with endpoint() as (url, _), Waiting(b"") as way, Clients() as clients:
        to = account(signed_in(way, "socks5"))
        for _ in range(60):  # more than a client has places
            assert "proxy would not connect" in await failure(clients, to, url)


async def test_nobody_is_where_the_proxy_should_be():
    async with Clients() as clients:
        for scheme in ("http", "https", "socks5"):
            assert await failure(clients, account(f"{scheme}://user:p%40ss@127.0.0.1:1"), "http://127.0.0.1:2/")


async def test_providers_use_the_accounts_way():
    async with endpoint() as (url, _), SocksProxy(LOGIN) as way, Clients() as clients:
        provider = OpenAI(clients)
        assert [model.id for model in await provider.models(account(signed_in(way, "socks5"), base_url=url), "k")] == ["llama"]
        assert [model.id for model in await provider.models(account(base_url=url), "k")] == ["llama"]
        assert way.connections == 1, "an account without a proxy goes straight"


@pytest.mark.parametrize("place", ["256.1.1.1:8080", "[v1.a]:80", "xn--:80"])
async def test_a_proxy_whose_address_is_none(place):
    """It was stored before anybody looked."""
    async with Clients() as clients:
        provider = OpenAI(clients)
        with pytest.raises(ProviderUnavailable) as caught:
            await provider.models(account(f"http://user:p%40ss@{place}", base_url="http://127.0.0.1:1"), BEARER)
        assert "p%40ss" not in caught.value.message


@pytest.mark.parametrize("host", ["xn--", "256.1.1.1", "[1.2.3]"])
async def test_an_endpoint_whose_address_is_none(host):
    async with Clients() as clients:
        with pytest.raises(ProviderUnavailable, match="is not one"):
            await OpenAI(clients).models(account(base_url=f"http://{host}/v1"), BEARER)
        with pytest.raises(ProviderUnavailable, match="could not be reached"):
            await KimiWeb(clients, f"http://{host}").refresh(account(), Credentials())


async def test_one_client_for_each_way_and_no_more_than_so_many(monkeypatch):
    monkeypatch.setattr(http, "MOST_PROXIES", 2)
    async with Clients() as clients:
        one, two, three = (account(f"http://127.0.0.1:{port}") for port in (1, 2, 3))
        first = clients.for_account(one)
        assert clients.for_account(account()) is clients.for_account(account()) is not first
        clients.for_account(two)
        assert clients.for_account(one) is first
        clients.for_account(three)
        assert clients.for_account(one) is first, "it was used later than the second"
        assert len(clients._proxied) == 2
    assert first.is_closed


async def test_a_client_that_made_room_ends_its_calls_first(monkeypatch):
    monkeypatch.setattr(http, "MOST_PROXIES", 1)
    monkeypatch.setattr(http, "GRACE_SECONDS", 0.05)
    clients = Clients()
    first = clients.for_account(account("http://127.0.0.1:1"))
    clients.for_account(account("http://127.0.0.1:2"))
    assert not first.is_closed
    async with asyncio.timeout(5):
        while not first.is_closed:  # noqa: ASYNC110 - there is no event on this side
            await asyncio.sleep(0.01)
    await clients.close()
    assert (len(clients._retired), len(clients._closing)) == (0, 0)


async def test_a_client_that_made_room_is_closed_with_the_others(monkeypatch):
    monkeypatch.setattr(http, "MOST_PROXIES", 1)
    clients = Clients()
    first = clients.for_account(account("http://127.0.0.1:1"))
    clients.for_account(account("http://127.0.0.1:2"))
    await clients.close()
    assert first.is_closed


async def test_an_answer_without_end_is_cut(monkeypatch):
    monkeypatch.setattr(http, "MOST_BYTES", 1000)
    async with endpoint(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000) as (url, _), Clients() as clients:
        assert "MiB" in await failure(clients, account(), url)


async def test_an_answer_drop_by_drop_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(http, "LONGEST_SECONDS", 0.1)
    async with endpoint(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nx") as (url, _), Clients() as clients:
        assert "did not answer" in await failure(clients, account(), url)


async def test_what_is_no_json_is_no_body():
    async with endpoint(b"HTTP/1.1 404 Not Found\r\ncontent-length: 6\r\n\r\n<html>") as (url, _), Clients() as clients:
        reply = await get(clients, account(), url)
        assert (reply.status, reply.body) == (404, None)


async def test_a_transport_of_the_tests_takes_everybody():
    clients = Clients(httpx.MockTransport(lambda _: httpx.Response(200, json=[])))
    assert (await get(clients, account("http://127.0.0.1:1"), "http://nowhere.test")).body == []
    await clients.close()


def test_all_share_one_belief_in_others():
    assert http.tls() is http.tls()
    assert isinstance(http.tls(), ssl.SSLContext)
