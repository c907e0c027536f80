"""Accounts that are changed while their upstream is asked: what it says of what they were is not theirs any more."""

import asyncio
from dataclasses import replace

import pytest

from controlplane.domain.account import AccountDraft, Status, Tokens
from controlplane.domain.errors import AccessRejected, AccountSuspended, CallForbidden, Invalid, Overtaken
from controlplane.domain.lease import Lease
from controlplane.domain.model import ModelFacts
from controlplane.domain.outcome import Attempt, Ending
from tests.controlplane.fakes import NOW, ask, outcome


class Lists:
    """Endpoints whose answers come when they are let: one gate for each question, in their order."""

    def __init__(self, world):
        self.gates = []
        self.answers = {}
        world.provider.models = self

    async def __call__(self, account, bearer):
        gate = asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        answer = self.answers.get((account.base_url, bearer), account.base_url.rpartition("//")[2])
        if isinstance(answer, Exception):
            raise answer
        return [ModelFacts(answer)]

    async def let(self, *numbers):
        for number in numbers:
            self.gates[number].set()
            await turn()


async def turn():
    await asyncio.sleep(0.01)


async def made(world, **given):
    account = (await world.accounts.create(AccountDraft(**{"kind": "openai", "api_key": "k", "base_url": "http://old", **given}))).account
    await turn()
    return world.seat(account.id)


async def moved(world, seat, **changes):
    await world.accounts.update(seat.account.id, changes)
    await turn()


async def test_the_model_list_of_the_old_address_is_not_used(world):
    lists = Lists(world)
    seat = await made(world)
    await moved(world, seat, base_url="http://new")
    await lists.let(1, 0)
    await world.idle()
    assert list(seat.offered) == ["new"]
    assert await world.catalogue.tend(seat) is None, "it was asked, and is not asked again"


@pytest.mark.parametrize("error", [AccessRejected("401"), CallForbidden("403"), AccountSuspended("locked")])
async def test_a_refusal_of_the_old_address_is_not_the_accounts(world, error):
    lists = Lists(world)
    lists.answers["http://old", "k"] = error
    seat = await made(world)
    await moved(world, seat, base_url="http://new")
    await lists.let(0)
    assert seat.standing.status is Status.ACTIVE
    await lists.let(1)
    await world.idle()
    assert (seat.standing.status, list(seat.offered), len(lists.gates)) == (Status.ACTIVE, ["new"], 2)


async def test_a_refusal_of_the_old_key_is_not_the_new_ones(world):
    lists = Lists(world)
    lists.answers["http://old", "k"] = AccessRejected("401")
    seat = await made(world)
    await moved(world, seat, api_key="better")
    await lists.let(0, 1)
    await world.idle()
    assert (seat.standing.status, list(seat.offered)) == (Status.ACTIVE, ["old"])


async def test_who_asks_for_an_account_that_is_being_changed_is_told(world):
    lists = Lists(world)
    seat = await made(world)
    await lists.let(0)
    asked = asyncio.create_task(world.accounts.verify(seat.account.id))
    await turn()
    await moved(world, seat, base_url="http://new")
    await lists.let(1, 2)
    with pytest.raises(Overtaken):
        await asked


async def test_a_request_that_began_with_the_old_key_says_nothing_of_the_new_one(world):
    seat = await made(world, models=("gpt-9",))
    leases = [world.acquire(ask("gpt-9", request_id=f"req_{number}")) for number in range(2)]
    world.clock.time += 1
    await moved(world, seat, api_key="better")
    world.clock.time += 1
    leases.append(world.acquire(ask("gpt-9", request_id="req_3")))
    for lease, status in zip(leases, (Status.ACTIVE, Status.ACTIVE, Status.NEEDS_LOGIN), strict=True):
        assert isinstance(lease, Lease)
        refused = Attempt(seat.account.id, "openai", "gpt-9", 0, 1, "credential_rejected", 401)
        await world.settle([outcome(lease.lease_id, refused, ending=Ending.FAILED)])
        assert seat.standing.status is status


@pytest.mark.parametrize("changes", [{"api_key": "k"}, {"api_key": " k ", "priority": 3}, {"base_url": "http://new"}])
async def test_the_same_key_given_again_is_another_try(world, changes):
    seat = await made(world, models=("gpt-9",))
    world.standings.put(seat, Status.NEEDS_LOGIN, "the upstream refuses its API key")
    await moved(world, seat, priority=1)
    assert seat.standing.status is Status.NEEDS_LOGIN, "which is no reason to try"
    asked = len(world.provider.calls)
    await moved(world, seat, **changes)
    assert (seat.standing.status, len(world.provider.calls)) == (Status.ACTIVE, asked + 1)
    assert world.account_store.stored[seat.account.id].standing.status is Status.ACTIVE


async def test_the_same_refresh_token_given_again_is_another_try(world):
    world.provider.rotates = False
    seat = world.seat(await world.account("one"))
    world.standings.put(seat, Status.NEEDS_LOGIN, "dead")
    await world.accounts.update(seat.account.id, {"refresh_token": seat.credentials.refresh_token})
    await world.idle()
    assert seat.standing.status is Status.ACTIVE


async def test_a_list_is_asked_for_again_when_models_are_no_longer_named(world):
    async def none(account, bearer):
        if account.models:
            return []
        raise CallForbidden("the endpoint lists no models")

    world.provider.models = none
    seat = await made(world, models=("m",))
    assert list(seat.offered) == ["m"]
    lists = Lists(world)
    await moved(world, seat, models=())
    await lists.let(0)
    assert list(seat.offered) == ["old"]
    await moved(world, seat, models=("x",))
    assert len(lists.gates) == 2
    await moved(world, seat, models=("x",), priority=1)
    assert len(lists.gates) == 2, "that is no change of them"
    await lists.let(1)


async def test_what_only_limits_a_list_is_no_reason_to_ask_for_it(world):
    seat = world.seat(await world.account("one"))
    asked = len(world.provider.calls)
    await moved(world, seat, models=("claude-sonnet-4.5",))
    assert len(world.provider.calls) == asked


@pytest.mark.parametrize("model", ["", " ", " m", "a\nb", "x" * 201])
async def test_models_have_names(world, model):
    with pytest.raises(Invalid) as caught:
        await world.accounts.create(AccountDraft(kind="openai", api_key="k", models=("m", model)))
    assert caught.value.field == "models"


# ---- nonces


class Pages:
    """Sites that each give a nonce of their own; the first is given when `gate` is opened."""

    def __init__(self, world):
        self.gate, self.asked = asyncio.Event(), []
        world.provider.refresh = self

    async def __call__(self, account, credentials):
        self.asked.append(account.base_url)
        if len(self.asked) == 1:
            await self.gate.wait()
        site = account.base_url
        return Tokens(f"nonce of {site}", 21_600, attributes={"ajax_url": site + "/ajax/"})


async def test_the_first_nonce_is_fetched_anew_where_the_address_was_corrected_meanwhile(world):
    pages = Pages(world)
    seat = await made(world, kind="kimi-web", api_key="", base_url="http://wrong")
    changing = asyncio.create_task(moved(world, seat, base_url="http://right"))
    await turn()
    pages.gate.set()
    await changing
    await world.idle()
    assert pages.asked == ["http://wrong", "http://right"]
    assert (seat.credentials.access_token, seat.attributes["ajax_url"]) == ("nonce of http://right", "http://right/ajax/")
    assert world.account_store.stored[seat.account.id].credentials == seat.credentials


async def test_a_nonce_of_a_site_that_was_left_is_dropped(world):
    """It could not be stored in time, or was asked for while the change was being stored."""
    pages = Pages(world)
    seat = await made(world, kind="kimi-web", api_key="", base_url="http://wrong")
    seat.account = replace(seat.account, base_url="http://right")
    pages.gate.set()
    await world.idle()
    assert (seat.credentials.access_token, seat.learned) == ("", None)
    assert not world.refreshing.owes(seat.account.id)
    seat.settle()
    assert await world.refreshing.bearer(seat) == "nonce of http://right"


async def test_the_address_given_again_is_no_change(world):
    seat = await made(world, kind="kimi-web", api_key="", base_url="http://site")
    version = seat.credentials.version
    await moved(world, seat, base_url="http://site/")
    assert (seat.credentials.version, seat.credentials.expires_at) == (version, int(NOW) + 3600)
