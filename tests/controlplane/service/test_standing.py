"""What attempts say about accounts."""

import pytest

from controlplane.domain.account import Status
from controlplane.domain.lease import Lease
from controlplane.domain.outcome import Ending, EndpointFault
from tests.controlplane.fakes import NOW, ask, attempt, outcome


@pytest.mark.parametrize("ending", [Ending.CANCELLED, Ending.FAILED, Ending.CUT])
async def test_an_attempt_that_nobody_saw_the_end_of_is_no_success(world, ending):
    made = await world.account("one")
    for fault, ended in (("cut", Ending.CUT), ("cut", Ending.CUT), ("", ending), ("cut", Ending.CUT)):
        lease = world.leasing.acquire(ask(), "worker-1")
        assert isinstance(lease, Lease)
        health = world.seat(made).candidate.health
        world.leasing.settle([outcome(lease.lease_id, attempt(made, fault), ending=ended)])
        assert world.seat(made).candidate.health == pytest.approx(health * 0.7 if fault else health)
    assert world.seat(made).standing.status is Status.COOLING


async def test_the_attempt_that_served_after_another_failed_is_a_success(world):
    one, two = await world.account("one"), await world.account("two")
    world.seat(two).candidate.health = 50.0
    lease = world.leasing.acquire(ask(), "worker-1")
    world.leasing.settle([outcome(lease.lease_id, attempt(one, "cut"), attempt(two, started_ms=9))])
    assert world.seat(two).candidate.health > 50


async def test_an_address_that_failed_goes_to_the_end_and_the_one_that_served_comes_first(world):
    made = await world.account("one")
    lease = world.leasing.acquire(ask(), "worker-1")
    first, second = lease.base_urls
    failed = (EndpointFault(first, "throttled"), EndpointFault("https://elsewhere.test", "throttled"))
    served = attempt(made, endpoint=second, endpoints=failed)
    await world.leasing.settle([outcome(lease.lease_id, served)])
    assert world.seat(made).standing.status is Status.ACTIVE, "the account itself served"
    assert set(world.seat(made).endpoints.cooling) == {first}, "nothing is kept of addresses it does not have"
    for seconds, order in ((0, (second, first)), (31, (second, first))):
        world.clock.time = NOW + seconds
        lease = world.leasing.acquire(ask(), "worker-1")
        assert lease.base_urls == order
    await world.leasing.settle([outcome(lease.lease_id, attempt(made, endpoint=first))])
    assert world.leasing.acquire(ask(), "worker-1").base_urls == (first, second)


async def test_where_every_address_failed_the_account_rests_too_and_comes_back_with_the_first_to_end(world):
    made = await world.account("one")
    lease = world.leasing.acquire(ask(), "worker-1")
    first, second = lease.base_urls
    failed = attempt(made, "throttled", endpoints=(EndpointFault(first, "throttled", 60), EndpointFault(second, "throttled")))
    await world.leasing.settle([outcome(lease.lease_id, failed, ending=Ending.FAILED)])
    assert world.seat(made).standing.until == int(NOW) + 10
    world.clock.time = NOW + 10
    assert world.leasing.acquire(ask(), "worker-1").base_urls == (second, first)


async def test_what_a_failed_attempt_reached_is_no_preference(world):
    made = await world.account("one")
    lease = world.leasing.acquire(ask(), "worker-1")
    first, second = lease.base_urls
    await world.leasing.settle([outcome(lease.lease_id, attempt(made, "bad_request", endpoint=second), ending=Ending.FAILED)])
    assert world.leasing.acquire(ask(), "worker-1").base_urls == (first, second)


async def test_an_account_s_own_address_is_the_only_one(world):
    await world.account("one", base_url="https://own.test")
    assert world.leasing.acquire(ask(), "worker-1").base_urls == ("https://own.test",)
