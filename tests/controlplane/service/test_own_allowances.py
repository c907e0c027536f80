"""What is known of callers' own accounts that run out, and how those come back."""

from dataclasses import replace

import pytest

from controlplane.domain.account import Allowance, Status
from controlplane.domain.errors import AccessRejected, ProviderUnavailable
from controlplane.domain.lease import HeldLease, Lease, Reason
from controlplane.domain.outcome import Ending
from controlplane.policy.breaker import PROBE_PATIENCE
from controlplane.service.own import LOOK_EVERY
from tests.controlplane.fakes import NOW, PROXY_KEY, ask, attempt, outcome

OWN = f"{PROXY_KEY}:aorAAAAA-refresh-token-of-alice"
HOUR, DAY = 3600, 86_400


async def acquired(world):
    """The next request of the account's caller, and all that it sets off."""
    said = await world.acquired(ask(credential=OWN))
    await world.idle()
    return said


async def failed(world, fault):
    lease = await acquired(world)
    world.settle([outcome(lease.lease_id, attempt(lease.account_id, fault), ending=Ending.FAILED)])
    await world.idle()
    return world.own.find(lease.account_id)


def looks(world):
    return world.provider.calls.count("allowance")


async def test_an_account_that_ran_out_is_parked_by_what_its_upstream_says(world):
    world.provider.left = Allowance(50, 50, int(NOW) + HOUR)
    seat = await failed(world, "quota_exhausted")
    assert looks(world) == 1
    assert (seat.standing.status, seat.standing.until) == (Status.EXHAUSTED, int(NOW) + HOUR)
    said = await acquired(world)
    assert (said.reason, said.retry_after) == (Reason.ACCOUNTS_EXHAUSTED, HOUR)
    assert looks(world) == 1
    world.clock.time += HOUR
    world.provider.left = Allowance(0, 50, int(NOW) + 30 * DAY)
    assert isinstance(await acquired(world), Lease)


async def test_it_is_looked_at_again_when_it_is_used_and_every_ten_minutes_at_most(world):
    world.provider.left = Allowance(50, 50, int(NOW) + DAY)
    await failed(world, "quota_exhausted")
    for _ in range(HOUR // 30):
        await acquired(world)
        world.clock.time += 30
    assert 3 <= looks(world) <= 1 + HOUR // LOOK_EVERY
    world.clock.time += DAY / 2
    before = looks(world)
    world.provider.left = Allowance(50, 500, int(NOW) + DAY)  # a larger plan was bought
    await acquired(world)
    assert looks(world) == before + 1
    assert isinstance(await acquired(world), Lease)


async def test_figures_that_lag_behind_free_it_after_ten_minutes(world):
    seat = await failed(world, "quota_exhausted")
    await acquired(world)
    assert (seat.standing.status, looks(world)) == (Status.EXHAUSTED, 1)
    world.clock.time += LOOK_EVERY
    await acquired(world)
    assert (seat.standing.status, looks(world)) == (Status.ACTIVE, 2)


async def test_who_does_not_run_out_is_never_looked_at(world):
    for _ in range(3):
        await failed(world, "throttled")
        world.clock.time += 900
    assert looks(world) == 0


@pytest.mark.parametrize("error", [ProviderUnavailable("503"), AccessRejected("401")])
async def test_a_look_that_fails_is_not_repeated_at_once(world, error):
    await acquired(world)
    world.provider.failure, world.provider.for_ever = error, True
    await failed(world, "quota_exhausted")
    calls = looks(world)
    for _ in range(5):
        await acquired(world)
    assert looks(world) == calls
    world.provider.failure = None
    world.clock.time += 1800
    await acquired(world)
    assert looks(world) > calls


async def test_a_probe_that_is_silent_for_long_makes_room_for_the_next(world):
    for number in range(3):
        lease = await acquired(world)
        world.settle([outcome(lease.lease_id, attempt(lease.account_id, "unavailable", started_ms=number), ending=Ending.FAILED)])
    world.clock.time += 16
    assert isinstance(await acquired(world), Lease), "the probe"
    world.clock.time += PROBE_PATIENCE - 1
    world.own.tend()
    assert not isinstance(await acquired(world), Lease)
    world.clock.time += 1
    world.own.tend()
    assert isinstance(await acquired(world), Lease)


async def test_how_an_own_account_stands_is_written_to_no_pool(world):
    seat = await failed(world, "throttled")
    assert seat.standing.status is Status.COOLING
    assert "set_standing" not in world.account_store.log


async def test_who_renews_is_known_before_the_account_is_in_memory(world):
    lease = await acquired(world)
    await world.restart()
    world.settling.hello("dp-1", [HeldLease(lease.lease_id, lease.key_id, lease.account_id, lease.model, lease.deadline)])
    assert world.own.find(lease.account_id) is None
    assert world.leases.find(lease.lease_id).refreshing is world.own.refreshing


async def test_an_own_account_that_was_measured_is_counted_down_and_comes_back(world):
    world.provider.left = Allowance(49.9, 50, int(NOW) + HOUR)
    seat = await failed(world, "quota_exhausted")
    world.clock.time += LOOK_EVERY
    await acquired(world)
    lease = await acquired(world)
    world.settle([outcome(lease.lease_id, attempt(lease.account_id))])
    assert seat.candidate.left < 0
    assert (await acquired(world)).reason is Reason.ACCOUNTS_EXHAUSTED
    world.provider.left = replace(world.provider.left, used=0)
    world.clock.time += LOOK_EVERY
    await acquired(world)
    assert isinstance(await acquired(world), Lease)
