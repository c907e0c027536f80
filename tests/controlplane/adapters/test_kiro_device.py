"""The device sign-in against the strict simulator, and against answers that are none."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from controlplane.adapters.http import Clients
from controlplane.adapters.kiro import Bases
from controlplane.adapters.kiro.device import DeviceFlow
from controlplane.domain.account import Tokens
from controlplane.domain.errors import AccessRejected, ProviderError, ProviderUnavailable
from controlplane.service.device_login import START_URL, Grant, Verdict
from tests.simulators.kiro import KiroSimulator

REGION = "us-east-1"
GOOD = {
    "/client/register": {"clientId": "c", "clientSecret": "s"},
    "/device_authorization": {
        "deviceCode": "d",
        "userCode": "ABCD-EFGH",
        "verificationUri": "https://device.test/",
        "verificationUriComplete": "https://device.test/?user_code=ABCD-EFGH",
        "expiresIn": 600,
        "interval": 1,
    },
    "/token": {"accessToken": "a", "refreshToken": "r", "expiresIn": 3600},
}


@asynccontextmanager
async def flow(sim: KiroSimulator) -> AsyncIterator[DeviceFlow]:
    async with Clients() as clients:
        yield DeviceFlow(clients, Bases(sim.url, sim.url, sim.url))


async def test_a_person_agrees() -> None:
    now = 1000.0
    async with KiroSimulator(clock=lambda: now) as sim, flow(sim) as devices:
        grant = await devices.begin(REGION, START_URL)
        assert (grant.expires_in, grant.interval) == (600, 1)
        assert grant.user_code in grant.uri_complete
        assert await devices.poll(REGION, grant) is Verdict.PENDING
        assert await devices.poll(REGION, grant) is Verdict.SLOWER
        sim.approve(grant.user_code)
        now += 6
        tokens = await devices.poll(REGION, grant)
        assert isinstance(tokens, Tokens)
        assert (tokens.expires_in, bool(tokens.access_token), bool(tokens.refresh_token)) == (3600, True, True)
        assert await devices.poll(REGION, grant) is Verdict.EXPIRED


@pytest.mark.parametrize(("end", "verdict"), [("denied", Verdict.DENIED), ("expired", Verdict.EXPIRED)])
async def test_a_person_does_not(end: str, verdict: Verdict) -> None:
    async with KiroSimulator() as sim, flow(sim) as devices:
        grant = await devices.begin(REGION, START_URL)
        sim.approve(grant.user_code, **{end: True})
        assert await devices.poll(REGION, grant) is verdict


async def test_a_client_that_is_not_known() -> None:
    async with KiroSimulator() as sim, flow(sim) as devices:
        with pytest.raises(AccessRejected):
            await devices.poll(REGION, Grant("x", "y", "z", "A", "", "", 600, 1))


def scripted(answer: Callable[[httpx.Request], httpx.Response]) -> DeviceFlow:
    return DeviceFlow(Clients(httpx.MockTransport(answer)), Bases(oidc="https://oidc.{region}.test"))


def answering(path: str, **members: Any) -> DeviceFlow:
    """Everything is good but what is answered at `path`; a member of None is left out."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = dict(GOOD[request.url.path])
        if request.url.path == path:
            body = {name: value for name, value in {**body, **members}.items() if value is not None}
        return httpx.Response(200, json=body)

    return scripted(answer)


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("/client/register", {"clientSecret": None}),
        ("/client/register", {"clientId": 5}),
        ("/client/register", {"clientId": "a\nb"}),
        ("/device_authorization", {"deviceCode": ""}),
        ("/device_authorization", {"userCode": None}),
        ("/device_authorization", {"verificationUri": "javascript:alert(1)"}),
        ("/token", {"refreshToken": None}),
        ("/token", {"accessToken": None}),
    ],
)
async def test_answers_that_are_none(path: str, members: dict[str, Any]) -> None:
    devices = answering(path, **members)
    with pytest.raises(ProviderUnavailable):
        await devices.poll(REGION, await devices.begin(REGION, START_URL))


async def test_what_an_answer_may_leave_out_or_exaggerate() -> None:
    path = "/device_authorization"
    grant = await answering(path, verificationUriComplete="data:text/html,x", expiresIn=10**9, interval=10**9).begin(REGION, START_URL)
    assert (grant.uri_complete, grant.expires_in, grant.interval) == (grant.uri, 3600, 60)
    grant = await answering(path, expiresIn=None, interval="soon").begin(REGION, START_URL)
    assert (grant.expires_in, grant.interval) == (600, 5)


@pytest.mark.parametrize("status", [400, 403, 429, 500])
async def test_a_service_that_refuses(status: int) -> None:
    devices = scripted(lambda _: httpx.Response(status, json={"error": "server_error"}))
    with pytest.raises(ProviderError):
        await devices.begin(REGION, START_URL)
    with pytest.raises(ProviderError):
        await devices.poll(REGION, Grant("c", "s", "d", "A", "", "", 600, 1))


async def test_the_region_is_part_of_the_host_and_nothing_else_is() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json=GOOD[request.url.path])

    await scripted(answer).begin("eu-west-1", START_URL)
    assert {url.host for url in asked} == {"oidc.eu-west-1.test"}
    with pytest.raises(ProviderUnavailable):
        await scripted(answer).begin("evil.test/", START_URL)
