"""What callers' own accounts offer."""

import asyncio

import pytest

from controlplane.domain.errors import AccessRejected, AccountSuspended, CallForbidden, ProviderUnavailable
from controlplane.domain.lease import Reason
from controlplane.policy import wellknown
from tests.controlplane.fakes import HAIKU
from tests.controlplane.own_accounts import Harness


@pytest.fixture
async def own():
    made = Harness()
    yield made
    await made.own.close()
    await made.background.close()


async def test_the_well_known_models_stand_in_until_its_own_are_there(own):
    gate, models = asyncio.Event(), own.provider.models

    async def slow(account, bearer):
        await gate.wait()
        return await models(account, bearer)

    own.provider.models, own.provider.offers = slow, [HAIKU]
    seat = await own.ask()
    assert set(seat.candidate.offers) == {model.id for model in wellknown.MODELS["kiro"]}
    assert await own.ask() is seat
    gate.set()
    await own.idle()
    assert set(seat.candidate.offers) == {HAIKU.id}
    # once an hour, and only while it is used
    for passed, calls in ((3599, 1), (1, 2)):
        own.clock.time += passed
        await own.ask()
        await own.idle()
        assert own.provider.calls.count("models") == calls


@pytest.mark.parametrize(("error", "seconds"), [(ProviderUnavailable("503"), 60), (CallForbidden("no"), 3600)])
async def test_a_list_that_cannot_be_had_is_asked_for_again_in_time(own, error, seconds):
    gate, models = asyncio.Event(), own.provider.models

    async def failing(account, bearer):
        await models(account, bearer)
        if not gate.is_set():
            raise error
        return [HAIKU]

    own.provider.models = failing
    seat = await own.ask()
    await own.idle()
    gate.set()
    own.clock.time += seconds - 1
    await own.ask()
    await own.idle()
    assert own.provider.calls.count("models") == 1
    own.clock.time += 1
    await own.ask()
    await own.idle()
    assert set(seat.candidate.offers) == {HAIKU.id}


async def test_a_list_refused_for_its_bearer_is_asked_for_with_a_new_one(own):
    refused = []
    models = own.provider.models

    async def picky(account, bearer):
        if bearer == "access-1":
            refused.append(bearer)
            raise AccessRejected("401")
        return await models(account, bearer)

    own.provider.models, own.provider.offers = picky, [HAIKU]
    seat = await own.ask()
    await own.idle()
    assert refused == ["access-1"]
    assert set(seat.candidate.offers) == {HAIKU.id}


async def test_a_list_that_tells_of_a_suspension(own):
    async def locked(account, bearer):
        raise AccountSuspended("Kiro has suspended this account")

    own.provider.models = locked
    await own.ask()
    await own.idle()
    assert (await own.ask()).reason is Reason.NO_ACCOUNT
