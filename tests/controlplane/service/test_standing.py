"""What attempts say about accounts."""

import pytest

from controlplane.domain.account import Status
from controlplane.domain.lease import Lease
from controlplane.domain.outcome import Ending
from tests.controlplane.fakes import ask, attempt, outcome


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
