"""A pass for one account: the account is leased however it stands, and no other."""

import pytest

from controlplane.domain.account import Status
from controlplane.domain.errors import GrantRejected
from controlplane.domain.lease import Caller, Lease, Reason, Refusal, Reservation
from controlplane.domain.user import ADMIN_ID
from controlplane.service.passes import Passes
from controlplane.service.ports import Standing
from tests.controlplane.fakes import NOW, ask, attempt, outcome


def credential(world, account_id):
    return Passes(world.vault, world.clock).issue(ADMIN_ID, 120, account_id).text


@pytest.fixture
async def two(world):
    """The account that is tested, and one that could serve instead."""
    await world.door.administration.load()
    tested = await world.account("tested", max_concurrency=1)
    await world.account("other")
    return tested


async def disabled(world, seat):
    await world.accounts.disable(seat.account.id)


async def suspended(world, seat):
    seat.stand(Standing(Status.SUSPENDED, "it is locked"))


async def exhausted(world, seat):
    seat.stand(Standing(Status.EXHAUSTED, "nothing left", int(NOW) + 9999))


async def cooling(world, seat):
    world.standings.attempted(seat, attempt(seat.account.id, "throttled", status=429), renewed=False)


async def full(world, seat):
    await world.acquired(ask(credential=credential(world, seat.account.id), request_id="req_0"))


@pytest.mark.parametrize("stands", [disabled, suspended, exhausted, cooling, full])
async def test_it_is_leased_however_it_stands(world, two, stands):
    seat = world.seat(two)
    await stands(world, seat)
    said = await world.acquired(ask(credential=credential(world, two)))
    assert isinstance(said, Lease)
    assert (said.account_id, said.key_id) == (two, "console")


async def test_also_when_its_token_must_be_renewed_first(world, two):
    await world.accounts.disable(two)
    world.clock.time += 7200
    said = await world.acquired(ask(credential=credential(world, two)))
    assert isinstance(said, Lease)
    assert said.account_id == two


async def test_a_token_that_cannot_be_had_is_told_and_not_tried_for_ever(world, two):
    world.clock.time += 7200
    world.provider.failure, world.provider.for_ever = GrantRejected("it is dead"), True
    said = await world.acquired(ask(credential=credential(world, two)))
    assert isinstance(said, Refusal)
    assert said.reason is Reason.CREDENTIAL_LOST
    assert world.in_flight() == {"tested": 0, "other": 0}


async def test_nobody_else_serves_after_it(world, two):
    key = credential(world, two)
    first = await world.acquired(ask(credential=key))
    failed = attempt(two, "throttled", status=429)
    said = await world.acquired(ask(credential=key, lease_id=first.lease_id, excluded_account_ids=[two], failed=[failed]))
    assert isinstance(said, Refusal)


async def test_a_model_that_it_does_not_offer_is_not_asked_of_it(world, two):
    await world.accounts.update(two, {"models": ("claude-haiku-4.5",)})
    said = await world.acquired(ask(model="claude-sonnet-4.5", credential=credential(world, two)))
    assert isinstance(said, Refusal)
    assert said.reason is Reason.NO_ACCOUNT


async def test_a_test_that_is_served_ends_the_accounts_rest(world, two):
    seat = world.seat(two)
    await cooling(world, seat)
    assert seat.standing.status is Status.COOLING
    lease = await world.acquired(ask(credential=credential(world, two)))
    await world.settle([outcome(lease.lease_id, attempt(two))])
    assert seat.standing.status is Status.ACTIVE
    (entry,) = await world.rows()
    assert (entry.key_id, entry.account_id) == ("console", two)


async def test_the_reservation_of_it_is_for_its_kind_and_is_never_shortened(world, two):
    await world.accounts.disable(two)
    said = await world.acquired(ask(credential=credential(world, two), reserve_only=True))
    assert isinstance(said, Reservation)
    assert (said.kind, said.whole, said.key_id) == ("kiro", True, "console")


async def test_summaries_for_a_playgrounds_conversation_are_the_consoles(world):
    world.identities.set_internal_key("internal")
    said = world.identities.identify(Caller("internal", for_key_id="console", for_request_id="req_1"))
    assert (said.key_id, said.cause) == ("console", "req_1")
