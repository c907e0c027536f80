"""Facts about accounts that data planes find out."""

import pytest

from controlplane.domain.account import Status
from controlplane.domain.outcome import Ending
from tests.controlplane.fakes import ask, attempt, outcome

FOUND = "arn:aws:codewhisperer:eu-central-1:123456789012:profile/FOUND"
OWN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/OWN"


def acquire(world, **given):
    return world.acquire(ask(**given), "worker-1")


async def learns(world, made, **facts):
    lease = acquire(world)
    await world.settle([outcome(lease.lease_id, attempt(made, learned=facts))])
    await world.idle()


async def test_E04_a_profile_that_was_found_is_stored_and_used(world):
    made = await world.account("one")
    await learns(world, made, profile_arn=FOUND)
    assert world.account_store.stored[made].account.profile_arn == FOUND
    lease = acquire(world)
    assert (lease.attributes["profile_arn"], lease.attributes["region"]) == (FOUND, "eu-central-1")
    assert lease.base_urls[0] == "https://chat.eu-central-1.test"
    assert lease.attributes["management_url"] == "https://management.eu-central-1.test"
    await world.restart()
    assert acquire(world).attributes["profile_arn"] == FOUND


async def test_E04_the_account_s_own_profile_stays(world):
    made = await world.account("one", profile_arn=OWN)
    await learns(world, made, profile_arn=FOUND)
    assert world.account_store.stored[made].account.profile_arn == world.seat(made).account.profile_arn == OWN
    assert "set_profile" not in world.account_store.log


@pytest.mark.parametrize("facts", [{"profile_arn": "none"}, {"profile_arn": ""}, {"profile_arn": FOUND + "/x"}, {"plan": "gold"}, {}])
async def test_what_is_no_profile_and_what_is_unknown_changes_nothing(world, facts):
    made = await world.account("one")
    before = world.seat(made).account
    await learns(world, made, **facts)
    assert world.seat(made).account == before
    assert "set_profile" not in world.account_store.log


async def test_it_is_stored_before_it_is_used_and_said_again_when_that_failed(world, caplog):
    made = await world.account("one")
    world.account_store.down = True
    await learns(world, made, profile_arn=FOUND)
    assert world.seat(made).account.profile_arn == ""
    assert "could not be stored" in caplog.text
    world.account_store.down = False
    await learns(world, made, profile_arn=FOUND)
    assert world.seat(made).account.profile_arn == FOUND


async def test_many_requests_that_find_the_same_store_it_once(world):
    made = await world.account("one")
    leases = [acquire(world) for _ in range(10)]
    world.settle([outcome(lease.lease_id, attempt(made, learned={"profile_arn": FOUND})) for lease in leases])
    await world.idle()
    assert world.account_store.log.count("set_profile") == 1


async def test_an_administrator_who_is_faster_wins(world):
    made = await world.account("one")
    lease = acquire(world)
    world.settle([outcome(lease.lease_id, attempt(made, learned={"profile_arn": FOUND}))])
    await world.accounts.update(made, {"profile_arn": OWN})
    await world.idle()
    assert world.seat(made).account.profile_arn == OWN


async def test_a_failed_attempt_may_have_learned_too_and_is_heard_at_once(world):
    made = await world.account("one")
    lease = acquire(world)
    failed = attempt(made, "overloaded", learned={"profile_arn": FOUND})
    assert acquire(world, lease_id=lease.lease_id, failed=(failed,)).account_id == made
    await world.idle()
    assert world.seat(made).account.profile_arn == FOUND


async def test_a_profile_ends_the_rest_of_an_account_that_was_refused_without_one(world):
    made = await world.account("one")
    first, second = acquire(world), acquire(world)
    await world.settle([outcome(first.lease_id, attempt(made, "forbidden"), ending=Ending.FAILED)])
    assert world.seat(made).standing.status is Status.COOLING
    await world.settle([outcome(second.lease_id, attempt(made, learned={"profile_arn": FOUND}))])
    await world.idle()
    assert world.seat(made).standing.status is Status.ACTIVE
    assert world.account_store.stored[made].standing.status is Status.ACTIVE
