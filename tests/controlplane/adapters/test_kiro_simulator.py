"""The adapter against the strict simulator: real sockets, real JSON, the refusals of the real service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from controlplane.adapters.http import Clients
from controlplane.adapters.kiro import Bases, Kiro
from controlplane.domain.account import Account, AuthMethod, Credentials
from controlplane.domain.errors import AccessRejected, AccountSuspended, GrantRejected, ProviderUnavailable
from tests.simulators.kiro import Account as Simulated
from tests.simulators.kiro import KiroSimulator

METHODS = {"social": AuthMethod.SOCIAL, "builder-id": AuthMethod.IDC, "idc": AuthMethod.IDC, "api-key": AuthMethod.API_KEY}


@asynccontextmanager
async def kiro(sim: KiroSimulator) -> AsyncIterator[Kiro]:
    async with Clients() as clients:
        yield Kiro(clients, Bases(sim.url, sim.url, sim.url))


def ours(simulated: Simulated) -> tuple[Account, Credentials]:
    account = Account(simulated.id, "kiro", simulated.id, METHODS[simulated.method], profile_arn=simulated.profile_arn, machine_id="0" * 64)
    return account, Credentials(simulated.refresh_token, client_id=simulated.client_id, client_secret=simulated.client_secret)


@pytest.mark.parametrize("method", ["social", "builder-id", "idc"])
async def test_refresh_rotates_and_the_new_token_works(method: str) -> None:
    async with KiroSimulator() as sim, kiro(sim) as provider:
        simulated = sim.account(method=method, rotates=True, token_life=1200)
        account, credentials = ours(simulated)
        tokens = await provider.refresh(account, credentials)
        assert tokens.refresh_token == simulated.refresh_token != credentials.refresh_token
        assert tokens.expires_in == 1200
        assert {model.id for model in await provider.models(account, tokens.access_token)} == set(simulated.models)
        with pytest.raises(GrantRejected):
            await provider.refresh(account, credentials)


@pytest.mark.parametrize("spelling", ["camel", "dashed", "both"])
async def test_control_calls_in_every_spelling(spelling: str) -> None:
    async with KiroSimulator(spelling=spelling, page_size=2) as sim, kiro(sim) as provider:
        simulated = sim.account(method="idc", plan="enterprise", used=3.5, limit=80.0)
        account, _ = ours(simulated)
        bearer = simulated.access_token
        assert await provider.profiles(account, bearer) == [simulated.profile_arn]
        models = {model.id: model for model in await provider.models(account, bearer)}
        assert set(models) == set(simulated.models)
        assert all(model.context_window > 0 and model.max_output > 0 for model in models.values())
        allowance = await provider.allowance(account, bearer)
        assert (allowance.used, allowance.limit, allowance.plan, allowance.email) == (3.5, 80.0, "Power", f"{simulated.id}@example.com")
        assert allowance.resets_at > 0


@pytest.mark.parametrize("method", ["social", "builder-id"])
async def test_accounts_without_a_profile_list(method: str) -> None:
    async with KiroSimulator() as sim, kiro(sim) as provider:
        simulated = sim.account(method=method)
        assert await provider.profiles(ours(simulated)[0], simulated.access_token) == []


async def test_refusals() -> None:
    async with KiroSimulator() as sim, kiro(sim) as provider:
        simulated = sim.account()
        account, credentials = ours(simulated)
        sim.fail(simulated, status=429, reason="USER_REQUEST_RATE_EXCEEDED", headers={"Retry-After": "7"}, on="usage")
        with pytest.raises(ProviderUnavailable) as throttled:
            await provider.allowance(account, simulated.access_token)
        assert throttled.value.retry_after == 7
        sim.fail(simulated, status=403, reason="TEMPORARILY_SUSPENDED", on="models")
        with pytest.raises(AccountSuspended):
            await provider.models(account, simulated.access_token)
        sim.fail(simulated, status=500, message="oops", on="refresh")
        with pytest.raises(ProviderUnavailable):
            await provider.refresh(account, credentials)
        sim.expire(simulated, refresh=True)
        with pytest.raises(AccessRejected):
            await provider.models(account, simulated.access_token)
        with pytest.raises(GrantRejected):
            await provider.refresh(account, credentials)


async def test_the_wrong_way_to_sign_in_is_refused_without_a_reason() -> None:
    async with KiroSimulator() as sim, kiro(sim) as provider:
        account, credentials = ours(sim.account(method="builder-id"))
        social = Account(account.id, "kiro", "x", AuthMethod.SOCIAL)
        with pytest.raises(AccessRejected):
            await provider.refresh(social, credentials)


async def test_nobody_listening_is_unavailable() -> None:
    async with Clients() as clients:
        provider = Kiro(clients, Bases("http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1"))
        with pytest.raises(ProviderUnavailable, match="reached"):
            await provider.refresh(Account("a", "kiro", "a", AuthMethod.SOCIAL), Credentials("token"))
