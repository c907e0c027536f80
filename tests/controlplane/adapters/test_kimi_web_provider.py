"""The fetching of nonces, against the strict simulator and against what no simulator does."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from prometheus_client import REGISTRY

from controlplane.adapters.http import Clients
from controlplane.adapters.kimi_web import KimiWeb, provider
from controlplane.domain.account import Account, AuthMethod, Credentials
from controlplane.domain.errors import CallForbidden, ProviderUnavailable
from controlplane.policy import wellknown
from tests.simulators.kimi_web import KimiSimulator
from tests.simulators.kimi_web.faults import BODIES

ACCOUNT = Account("acc_1", "kimi-web", "one", AuthMethod.NONCE)
SECRET = "proxy-password"


@pytest.fixture
async def sim() -> AsyncIterator[KimiSimulator]:
    async with KimiSimulator() as running:
        yield running


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    async with Clients() as made:
        yield made


def counted() -> dict[str, float]:
    samples = next(family for family in REGISTRY.collect() if family.name == "headgate_nonce_fetches").samples
    return {sample.labels["result"]: sample.value for sample in samples if sample.name.endswith("_total")}


async def refused(fetch: Callable[[], Awaitable[object]], result: str) -> ProviderUnavailable:
    """The error, counted as `result`, once."""
    before = counted()
    with pytest.raises(ProviderUnavailable) as caught:
        await fetch()
    after = counted()
    assert {name: after[name] - before.get(name, 0.0) for name in after if after[name] != before.get(name)} == {result: 1.0}
    return caught.value


async def test_a_visit_brings_a_nonce_that_the_site_takes(sim: KimiSimulator, clients: Clients) -> None:
    before = counted().get("nonce", 0.0)
    tokens = await KimiWeb(clients, sim.url + "/").refresh(ACCOUNT, Credentials())
    assert (tokens.access_token, tokens.expires_in, tokens.refresh_token) == (sim.nonce, 6 * 3600, "")
    assert sim.rejections == []
    assert sim.counters()["visits"] == 1
    assert counted()["nonce"] == before + 1


async def test_an_account_may_be_at_another_place(sim: KimiSimulator, clients: Clients) -> None:
    account = Account("acc_1", "kimi-web", "one", AuthMethod.NONCE, base_url=sim.url)
    assert (await KimiWeb(clients, "http://127.0.0.1:1").refresh(account, Credentials())).access_token == sim.nonce


@pytest.mark.parametrize("page", ["window", "spaced", "escaped", "literal", "bare", "elsewhere"])
async def test_every_spelling_over_the_network(sim: KimiSimulator, clients: Clients, page: str) -> None:
    sim.configure(page=page)
    assert (await KimiWeb(clients, sim.url).refresh(ACCOUNT, Credentials())).access_token == sim.nonce


async def test_a_rotated_nonce_is_the_new_one(sim: KimiSimulator, clients: Clients) -> None:
    made = KimiWeb(clients, sim.url)
    first = await made.refresh(ACCOUNT, Credentials())
    sim.rotate()
    second = await made.refresh(ACCOUNT, Credentials(access_token=first.access_token))
    assert first.access_token != second.access_token == sim.nonce


@pytest.mark.parametrize(
    ("status", "result", "wait"),
    [
        (401, "refused", 300),
        (403, "challenge", 300),
        (404, "moved", None),
        (429, "throttled", None),
        (500, "failed", None),
        (502, "failed", None),
        (503, "challenge", 300),
        (524, "failed", None),
    ],
)
async def test_refusals_may_pass(sim: KimiSimulator, clients: Clients, status: int, result: str, wait: float | None) -> None:
    sim.fail(status=status, on="page")
    error = await refused(lambda: KimiWeb(clients, sim.url).refresh(ACCOUNT, Credentials()), result)
    assert error.retry_after == wait
    assert f"status {status}" in error.message
    assert BODIES[status] not in error.message


@pytest.mark.parametrize(
    ("asked", "wait"), [("7", 7.0), ("0", 0.0), ("-1", None), ("soon", None), ("nan", None), ("inf", None)]
)  # fmt: skip
async def test_the_wait_that_the_site_asks_for(sim: KimiSimulator, clients: Clients, asked: str, wait: float | None) -> None:
    sim.fail(status=429, on="page", headers={"Retry-After": asked})
    error = await refused(lambda: KimiWeb(clients, sim.url).refresh(ACCOUNT, Credentials()), "throttled")
    assert error.retry_after == wait


@pytest.mark.parametrize(
    ("page", "result"), [("none", "missing"), ("malformed", "missing"), ("empty", "missing"), ("challenge", "challenge")]
)
async def test_pages_without_a_nonce_may_pass(sim: KimiSimulator, clients: Clients, page: str, result: str) -> None:
    sim.configure(page=page)
    await refused(lambda: KimiWeb(clients, sim.url).refresh(ACCOUNT, Credentials()), result)


async def test_a_redirect_is_not_followed(sim: KimiSimulator, clients: Clients) -> None:
    sim.fail(status=302, body="", headers={"Location": f"{sim.url}/chat/"}, on="page")
    await refused(lambda: KimiWeb(clients, sim.url).refresh(ACCOUNT, Credentials()), "moved")
    assert sim.counters()["visits"] == 1


async def test_a_site_that_is_not_there(clients: Clients) -> None:
    await refused(lambda: KimiWeb(clients, "http://127.0.0.1:1").refresh(ACCOUNT, Credentials()), "unreachable")


@pytest.mark.parametrize("url", ["http://[broken", "ftp://127.0.0.1"])
async def test_an_address_that_is_none(clients: Clients, url: str) -> None:
    await refused(lambda: KimiWeb(clients, url).refresh(ACCOUNT, Credentials()), "unreachable")


async def test_a_page_that_never_comes(sim: KimiSimulator, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "LONGEST_SECONDS", 0.1)
    sim.fail(status=500, on="page", delay=60)
    error = await refused(lambda: KimiWeb(clients, sim.url).refresh(ACCOUNT, Credentials()), "unreachable")
    assert "in time" in error.message


async def test_a_page_without_end_is_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "MOST_BYTES", 1000)
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield b"and on " * 10
            await asyncio.sleep(0)

    async with Clients(httpx.MockTransport(lambda _: httpx.Response(200, content=endless()))) as made:
        await refused(lambda: KimiWeb(made, "https://kimi.test").refresh(ACCOUNT, Credentials()), "missing")
    assert given < 30


@pytest.mark.parametrize(("page", "path"), [("var", "/wp-admin/admin-ajax.php"), ("moved", "/ajax/"), ("elsewhere", ""), ("bare", "")])
async def test_where_the_page_says_that_messages_go(sim: KimiSimulator, clients: Clients, page: str, path: str) -> None:
    sim.configure(page=page)
    tokens = await KimiWeb(clients, sim.url).refresh(ACCOUNT, Credentials())
    assert tokens.attributes == {"ajax_url": sim.url + path if path else ""}


async def test_the_nonce_is_nobodys_business(caplog: pytest.LogCaptureFixture, sim: KimiSimulator, clients: Clients) -> None:
    tokens = await KimiWeb(clients, sim.url).refresh(ACCOUNT, Credentials())
    assert tokens.access_token not in caplog.text + repr(tokens)


async def test_no_error_shows_a_secret() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ProxyError(f"http://user:{SECRET}@127.0.0.1", request=request)

    async with Clients(httpx.MockTransport(fail)) as made:
        error = await refused(lambda: KimiWeb(made, "https://kimi.test").refresh(ACCOUNT, Credentials()), "unreachable")
    assert "proxy" in error.message
    assert error.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(error))


async def test_what_is_not_asked_of_the_site(clients: Clients) -> None:
    made = KimiWeb(clients, "http://127.0.0.1:1")
    assert await made.profiles(ACCOUNT, "") == []
    assert await made.models(ACCOUNT, "") == wellknown.MODELS["kimi-web"]
    with pytest.raises(CallForbidden):
        await made.allowance(ACCOUNT, "")
