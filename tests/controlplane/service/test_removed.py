"""What was removed by mistake comes back as it was, for a while."""

import asyncio
import contextlib

import pytest

from controlplane.adapters.vault import FileVault
from controlplane.domain.account import Allowance, Reading, Status
from controlplane.domain.errors import Absent, Duplicate, ProviderUnavailable
from controlplane.domain.key import KeyDraft
from controlplane.domain.lease import Identity, Lease
from controlplane.domain.route import Match, Route, Target
from controlplane.service.ports import Past
from controlplane.service.removed import KEPT_SECONDS, MOST, Removed, RemovedAccounts
from tests.controlplane.fakes import NOW, PROXY_KEY, FakeClock, ask, attempt

KIRO = "kiro"


def test_things_are_kept_for_a_while_and_not_without_end():
    clock = FakeClock()
    removed: Removed[int] = Removed(clock)
    for number in range(MOST + 1):
        removed.keep(str(number), number)
    with pytest.raises(Absent):
        removed.find("0")
    assert removed.find("1") == 1
    assert removed.find("1") == 1, "it stays until it is forgotten"
    removed.forget("1")
    with pytest.raises(Absent):
        removed.find("1")
    clock.time += KEPT_SECONDS - 1
    assert removed.find("2") == 2
    clock.time += 1
    with pytest.raises(Absent):
        removed.find("2")


async def test_an_account_is_what_it_was(world):
    made = await world.account("one", priority=7)
    world.seat(made).measure(Allowance(3, 50, checked_at=int(world.clock.time)))
    lease = world.acquire(ask())
    world.leasing.unsaid(ask(), lease)
    failed = attempt(made, "throttled", status=429)
    world.standings.attempted(world.seat(made), failed, renewed=False)
    before, stored = world.accounts.get(made), world.account_store.stored[made]
    assert before.status is Status.COOLING
    await world.accounts.remove(made)
    assert world.account_store.stored == {}

    after = await world.accounts.restore(made)
    kept = ("account", "status", "reason", "until", "models", "allowance", "breakers", "has_refresh_token", "expires_at")
    assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}
    await world.idle()
    assert world.account_store.stored[made].credentials == stored.credentials
    assert world.account_store.stored[made].standing.breakers, "a restart finds it resting too"
    with pytest.raises(Absent):
        await world.accounts.restore(made)
    world.clock.time += 3600
    assert isinstance(await world.acquired(ask()), Lease)


async def test_its_secrets_are_sealed_meanwhile(world):
    made = await world.account("one")
    removed = RemovedAccounts(FileVault(b"k" * 32), FakeClock())
    removed.keep(world.seat(made), Past())
    (_, kept) = removed._removed._kept[made]
    assert "refresh-one" not in repr(kept)
    assert b"refresh-one" not in kept.sealed
    assert removed.stored(removed.find(made)).credentials == world.seat(made).credentials


def flight(world, account_id):
    """A refresh that is under way until the provider's gate is opened."""
    world.provider.gate.clear()
    return asyncio.create_task(world.accounts.refresh(account_id))


@pytest.mark.parametrize("lands", ["before", "after", "amid"])
async def test_a_token_that_rotates_while_its_account_is_away_is_not_lost(world, lands):
    made = await world.account("one")
    going = flight(world, made)
    await world.idle()
    await world.accounts.remove(made)
    if lands == "amid":
        # The trade finds no account to store its tokens with, and the restoration is on its way with the old ones.
        add = world.account_store.add

        async def slow(*given):
            world.provider.gate.set()
            await world.idle()
            await add(*given)

        world.account_store.add = slow
    if lands == "before":
        world.provider.gate.set()
        await going
    await world.accounts.restore(made)
    world.provider.gate.set()
    await going
    await world.idle()
    assert world.seat(made).credentials.refresh_token == "refresh-one+1"
    assert world.account_store.stored[made].credentials == world.seat(made).credentials
    await world.accounts.refresh(made)
    assert world.provider.traded == ["refresh-one", "refresh-one+1"]


@pytest.mark.parametrize("before", [True, False])
async def test_tokens_that_could_not_be_stored_are_not_lost(world, before):
    made = await world.account("one")
    going = flight(world, made)
    await world.idle()
    world.account_store.down = True
    if before:
        world.provider.gate.set()
    else:
        world.account_store.down = False
        await world.accounts.remove(made)
        world.account_store.down = True
        world.provider.gate.set()
    with contextlib.suppress(ProviderUnavailable):
        await going
    world.account_store.down = False
    if before:
        await world.accounts.remove(made)
    await world.accounts.restore(made)
    await world.accounts.refresh(made)
    assert world.provider.traded == ["refresh-one", "refresh-one+1"]


async def test_who_held_the_account_before_does_not_renew_with_what_is_dead(world):
    made = await world.account("one")
    old = world.seat(made)
    await world.accounts.remove(made)
    await world.accounts.restore(made)
    await world.accounts.refresh(made)
    await world.refreshing.refresh(old)
    assert world.provider.traded == ["refresh-one", "refresh-one+1"]
    assert old.credentials == world.seat(made).credentials


async def test_its_past_returns_with_it(world):
    made = await world.account("one")
    readings = [Reading(int(NOW) - 600, 1, 50), Reading(int(NOW), 3, 50)]
    world.account_store.kept[made] = readings
    await world.accounts.remove(made)
    await world.accounts.restore(made)
    assert world.account_store.pasts[made] == Past((), readings)
    assert list(world.seat(made).readings) == readings


@pytest.mark.parametrize("taken", ["label", "refreshToken"])
async def test_what_was_taken_meanwhile_stays_with_whom_has_it(world, taken):
    made = await world.account("one")
    await world.accounts.remove(made)
    other = await world.account("one" if taken == "label" else "two")
    if taken == "refreshToken":
        token = "refresh-one"  # the other one signs in with it now
        await world.accounts.update(other, {"refresh_token": token})
    with pytest.raises(Duplicate) as caught:
        await world.accounts.restore(made)
    assert caught.value.field == taken
    await world.accounts.remove(other)
    assert (await world.accounts.restore(made)).account.label == "one"


async def test_after_ten_minutes_it_is_gone(world):
    made = await world.account("one")
    await world.accounts.remove(made)
    world.clock.time += KEPT_SECONDS
    with pytest.raises(Absent):
        await world.accounts.restore(made)


async def test_a_database_that_is_away_does_not_lose_it(world):
    made = await world.account("one")
    await world.accounts.remove(made)
    world.account_store.down = True
    with pytest.raises(OSError, match="away"):
        await world.accounts.restore(made)
    world.account_store.down = False
    assert (await world.accounts.restore(made)).account.id == made


def target(*account_ids):
    return Target(KIRO, "claude-sonnet-4.5", account_ids)


async def test_its_name_returns_to_the_routes_that_nobody_changed(world):
    one, two = await world.account("one"), await world.account("two")
    shared = Route("shared", Match.EXACT, (target(one, two),))
    alone = Route("alone-", Match.PREFIX, (target(one),))
    changed = Route("changed", Match.EXACT, (target(one, two),))
    other = Route("other", Match.EXACT, (target(),))
    await world.routes.replace([shared, alone, changed, other])
    await world.accounts.remove(one)
    await world.routes.forget(one)
    left = [Route("shared", Match.EXACT, (target(two),)), Route("changed", Match.EXACT, (target(two),)), other]
    assert world.routes.list() == tuple(left)
    turned = Route("changed", Match.EXACT, (Target(KIRO, "claude-haiku-4.5"),))
    await world.routes.replace([left[0], turned, other])

    await world.accounts.restore(one)
    before, after = await world.routes.recall(one)
    assert before == (left[0], turned, other)
    assert after == world.routes.list() == tuple(await world.route_store.load()) == (shared, turned, other, alone)
    assert await world.routes.recall(one) == (after, after)


async def test_a_key_works_again_at_once(world):
    key, secret = await world.keys.create(KeyDraft("a"))
    await world.keys.remove(key.id)
    assert world.keys.find(secret) is None
    assert await world.keys.restore(key.id) == key
    assert world.keys.find(secret) == key
    assert world.key_store.stored == {key.id: key}
    with pytest.raises(Absent):
        await world.keys.restore(key.id)


async def test_a_keys_name_may_be_anothers_by_now(world):
    key, _ = await world.keys.create(KeyDraft("a"))
    await world.keys.remove(key.id)
    other, _ = await world.keys.create(KeyDraft("a"))
    with pytest.raises(Duplicate):
        await world.keys.restore(key.id)
    await world.keys.update(other.id, {"name": "b"})
    assert await world.keys.restore(key.id) == key
    assert isinstance(world.leasing.identify(ask(credential=PROXY_KEY).caller), Identity)
