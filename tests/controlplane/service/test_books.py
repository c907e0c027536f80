"""What becomes of a key's books when answers get lost, processes end, and the ledger is away."""

import asyncio

import pytest

from controlplane.domain.errors import LedgerAway
from controlplane.domain.key import KeyDraft
from controlplane.domain.lease import HeldLease, Lease, Reason, Refusal
from controlplane.domain.limits import MILLION, NOTHING, Amounts, Caps, Limits, Payer
from controlplane.service.leases import DEADLINE
from controlplane.service.work import done
from tests.controlplane.fakes import PROXY_KEY, World, ask, attempt, outcome
from tests.controlplane.own_accounts import TOKEN

INSTANCE = "dp-1"


@pytest.fixture
async def world():
    made = World()
    yield made
    await made.close()


@pytest.fixture
async def far():
    """A world whose ledger is in another process."""
    made = World(far=True)
    yield made
    await made.close()


async def key(world, **limits):
    """A key with these limits; its id and secret."""
    made, secret = await world.keys.create(KeyDraft("team", limits=Limits(**limits)))
    return made.id, secret


async def acquired(world, secret, **given):
    return await world.acquired(ask(credential=secret, **given), INSTANCE)


async def settled(world, outcomes):
    """Settled and durable."""
    durable = await done(world.settling.settle(outcomes, INSTANCE))
    assert durable is not None
    await durable
    await world.holding.drain()


async def books(world, key_id):
    """Requests spent and reserved, and leases open."""
    await world.holding.drain()
    found = world.ledger.read([Payer(key_id, world.keys.limits(key_id))], world.clock.now())
    (budget,) = await found if asyncio.iscoroutine(found) else found
    leaf = next(leaf for unit, period, leaf in budget.leaves if (unit, period) == ("requests", "total"))
    return leaf.used, leaf.reserved, budget.concurrency.used


def held(lease, **given):
    return HeldLease(lease.lease_id, lease.key_id, lease.account_id, lease.model, lease.deadline, **given)


async def test_an_answer_that_got_lost_holds_nothing(world):
    await world.account("one", max_concurrency=1)
    key_id, secret = await key(world, concurrency=1)
    world.settling.hello(INSTANCE, [])
    await acquired(world, secret)
    world.settling.hello(INSTANCE, [])
    assert await books(world, key_id) == (0, 0, 0)
    assert isinstance(await acquired(world, secret), Lease)


async def test_what_is_still_to_be_settled_keeps_its_reservation_but_not_its_place(world):
    await world.account("one", max_concurrency=1)
    key_id, secret = await key(world, requests=Caps(total=1))
    lease = await acquired(world, secret)
    world.settling.hello(INSTANCE, [], {}, 0, [lease.lease_id])
    assert await books(world, key_id) == (0, 1, 1)
    assert world.in_flight() == {"one": 0}
    await settled(world, [outcome(lease.lease_id, attempt(lease.account_id))])
    assert await books(world, key_id) == (1, 0, 0)


async def test_outcomes_that_come_after_a_restart_count_before_they_are_written(world):
    made = await world.account("one")
    key_id, secret = await key(world, requests=Caps(total=2))
    leases = [await acquired(world, secret) for _ in range(2)]
    await world.restart()
    world.record_store.gate.clear()
    durable = world.settle([outcome(lease.lease_id, attempt(made)) for lease in leases])
    assert (await acquired(world, secret)).reason is Reason.QUOTA_EXHAUSTED
    world.record_store.gate.set()
    await durable
    assert await books(world, key_id) == (2, 0, 0)
    # and again: they are known by now
    await settled(world, [outcome(lease.lease_id, attempt(made)) for lease in leases])
    assert await books(world, key_id) == (2, 0, 0)


async def test_nobody_takes_during_a_restart_what_a_request_has_reserved_that_waits(world):
    """For its summary: it was admitted, and is served in the end."""
    made = await world.account("one")
    key_id, secret = await key(world, tokens=Caps(day=100_000), credits=Caps(total=2 * MILLION))
    given = {"estimated_input_tokens": 80_000, "max_output_tokens": 500}
    reservation = await acquired(world, secret, reserve_only=True, **given)
    assert (reservation.tokens_reserved, reservation.credits_reserved) == (88_000 + 500, MILLION)
    await world.restart()
    amounts = Amounts(tokens=reservation.tokens_reserved, credits=reservation.credits_reserved)
    world.settling.hello(INSTANCE, [], {reservation.lease_id: amounts})
    assert await books(world, key_id) == (0, 1, 1)
    assert (await acquired(world, secret, estimated_input_tokens=20_000)).reason is Reason.QUOTA_EXHAUSTED
    # Shortened meanwhile: what is reserved stays, as without a restart.
    lease = await acquired(world, secret, lease_id=reservation.lease_id, **{**given, "estimated_input_tokens": 5000})
    assert (lease.tokens_reserved, lease.credits_reserved, lease.output_reserved) == (88_500, MILLION, 500)
    await settled(world, [outcome(lease.lease_id, attempt(made))])
    assert await books(world, key_id) == (1, 0, 0)


async def test_what_was_added_to_a_lease_is_told_when_it_moves(world):
    await world.account("one")
    _, secret = await key(world, tokens=Caps(total=100_000))
    lease = await acquired(world, secret, estimated_input_tokens=1000)
    await done(world.leasing.extend(lease.lease_id, 4000, 300))
    again = await acquired(world, secret, lease_id=lease.lease_id)
    assert (again.tokens_reserved, again.output_reserved) == (lease.tokens_reserved + 4300, 8096)
    reservation = await acquired(world, secret, lease_id=lease.lease_id, reserve_only=True)
    assert reservation.tokens_reserved == again.tokens_reserved


async def test_a_reservation_reserves_after_a_restart_what_it_needs(world):
    await world.account("one")
    key_id, secret = await key(world, tokens=Caps(total=100_000))
    given = {"estimated_input_tokens": 80_000}
    reservation = await acquired(world, secret, reserve_only=True, **given)
    await world.restart()
    world.settling.hello(INSTANCE, [], {reservation.lease_id: NOTHING})
    lease = await acquired(world, secret, lease_id=reservation.lease_id, **given)
    assert lease.tokens_reserved == 88_000 + 4096
    assert (await acquired(world, secret, **given)).reason is Reason.QUOTA_EXHAUSTED
    assert await books(world, key_id) == (0, 1, 1)


@pytest.mark.parametrize("reserve_only", [True, False])
async def test_a_callers_own_account_is_never_traded_for_the_pool_by_a_restart(world, reserve_only):
    await world.account("pooled")
    credential = f"{PROXY_KEY}:{TOKEN}"
    first = await acquired(world, credential, reserve_only=reserve_only)
    await world.restart()
    if reserve_only:
        world.settling.hello(INSTANCE, [], {first.lease_id: NOTHING})
        lease = await acquired(world, credential, lease_id=first.lease_id)
        assert lease.account_id == first.key_id
    else:
        world.settling.hello(INSTANCE, [held(first)])
        failed = [attempt(first.account_id, "throttled")]
        said = await acquired(world, credential, lease_id=first.lease_id, excluded_account_ids=[first.account_id], failed=failed)
        assert isinstance(said, Refusal)
    assert world.in_flight() == {"pooled": 0}


async def test_outcomes_for_which_there_is_no_room_count_all_the_same(world, monkeypatch):
    made = await world.account("one")
    key_id, secret = await key(world, requests=Caps(total=1))
    lease = await acquired(world, secret)
    monkeypatch.setattr("controlplane.service.records.BOUND", 0)
    assert world.settle([outcome(lease.lease_id, attempt(made))]) is None
    world.clock.time += 2 * DEADLINE
    await world.settling.expire()
    assert await books(world, key_id) == (1, 0, 0)
    monkeypatch.setattr("controlplane.service.records.BOUND", 10)
    await settled(world, [outcome(lease.lease_id, attempt(made))])
    assert await books(world, key_id) == (1, 0, 0)
    assert len(await world.rows()) == 1


async def test_who_waits_on_a_session_that_broke_is_given_nothing():
    world = World(queue_seconds=5)
    made = await world.account("one", max_concurrency=1)
    first = await world.acquired(ask(), INSTANCE)
    world.settling.hello(INSTANCE, [held(first)])
    number = world.settling.hello(INSTANCE, [held(first)])
    assert world.settling.newest(INSTANCE, number)
    assert not world.settling.newest(INSTANCE, number - 1)
    waiting = asyncio.create_task(world.acquired(ask(request_id="req_2"), INSTANCE))
    await world.idle()
    world.settle([outcome(first.lease_id, attempt(made))])
    late = await waiting
    # what the session does with an answer that nobody listens to
    world.leasing.unsaid(ask(request_id="req_2"), late, again=True)
    assert (world.in_flight(), world.leasing.open_leases) == ({"one": 0}, 0)
    assert len(await world.rows()) == 1, "it is asked again, and recorded then"
    await world.close()


async def test_a_line_that_never_empties_starves_no_other():
    world = World(queue_seconds=5)
    made = await world.account("one", max_concurrency=1)
    lease = await world.acquired(ask(), INSTANCE)
    order = []

    async def wait(model, number):
        said = await world.acquired(ask(model, request_id=f"req_{model}{number}"), INSTANCE)
        order.append(model)
        return said

    waiting = []
    for number, model in enumerate(("claude-haiku-4.5", "claude-sonnet-4.5", "claude-haiku-4.5", "claude-haiku-4.5")):
        waiting.append(asyncio.create_task(wait(model, number)))
        await asyncio.sleep(0.002)  # they come one after the other
    for turn in range(4):
        world.settle([outcome(lease.lease_id, attempt(made))])
        while len(order) == turn:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0.001)
        lease = next(task.result() for task in waiting if task.done())
        waiting = [task for task in waiting if not task.done()]
    assert order == ["claude-haiku-4.5", "claude-sonnet-4.5", "claude-haiku-4.5", "claude-haiku-4.5"]
    await world.close()


async def test_a_newcomer_does_not_overtake_who_was_woken():
    world = World(queue_seconds=5)
    made = await world.account("one", max_concurrency=1)
    lease = await world.acquired(ask(), INSTANCE)
    waiting = asyncio.create_task(world.acquired(ask(request_id="req_2"), INSTANCE))
    await world.idle()
    # one batch: the settlement that frees the place, and a question for another model
    world.settle([outcome(lease.lease_id, attempt(made))])
    newcomer = world.acquire(ask("claude-haiku-4.5", request_id="req_3"), INSTANCE)
    assert asyncio.iscoroutine(newcomer)
    newcomer = asyncio.create_task(newcomer)
    assert isinstance(await waiting, Lease)
    assert not newcomer.done()
    newcomer.cancel()
    await asyncio.gather(newcomer, return_exceptions=True)
    await world.close()


async def test_nobody_waits_for_an_account_that_they_tried_already():
    """It may not serve them when its rest is over either; what they are told is when that is."""
    world = World(queue_seconds=60)
    await world.account("one")
    lease = await world.acquired(ask(), INSTANCE)
    failed = [attempt(lease.account_id, "throttled", status=429)]
    again = ask(lease_id=lease.lease_id, excluded_account_ids=[lease.account_id], failed=failed)
    said = await asyncio.wait_for(world.acquired(again, INSTANCE), 5)
    assert isinstance(said, Refusal)
    assert (said.reason, said.retry_after) == (Reason.ACCOUNTS_BUSY, 10)
    await world.close()


async def test_a_lease_that_vanishes_while_its_request_waits_is_refused_and_recorded():
    world = World(queue_seconds=5, far=True)
    await world.account("one", max_concurrency=1)
    first = await world.acquired(ask(), INSTANCE)
    waiting = asyncio.create_task(world.acquired(ask(request_id="req_2"), INSTANCE))
    await asyncio.sleep(0.01)
    world.far.wipe()
    await settled(world, [outcome(first.lease_id, attempt(first.account_id))])
    assert isinstance(await asyncio.wait_for(waiting, 5), Lease | Refusal)
    await world.close()


async def test_a_ledger_that_is_away_loses_nothing(far):
    made = await far.account("one", max_concurrency=1)
    key_id, secret = await key(far, requests=Caps(total=2))
    lease = await acquired(far, secret)
    far.far.away = True
    with pytest.raises(LedgerAway):
        await done(far.settling.settle([outcome(lease.lease_id, attempt(made))], INSTANCE))
    far.far.away = False
    await settled(far, [outcome(lease.lease_id, attempt(made))])
    assert await books(far, key_id) == (1, 0, 0)
    (row,) = await far.rows()
    assert row.decision, "how it was decided is still known"
    assert isinstance(await acquired(far, secret), Lease)
    assert far.in_flight() == {"one": 1}


async def test_outcomes_of_unknown_leases_count_once_a_ledger_is_back(far):
    made = await far.account("one")
    key_id, secret = await key(far, requests=Caps(total=2))
    lease = await acquired(far, secret)
    await far.restart()
    far.far.away = True
    durable = await done(far.settling.settle([outcome(lease.lease_id, attempt(made))], INSTANCE))
    await far.rows()
    assert not durable.done(), "it is acknowledged once the ledger has heard of it too"
    again = await done(far.settling.settle([outcome(lease.lease_id, attempt(made))], INSTANCE))
    far.far.away = False
    await asyncio.wait_for(asyncio.gather(durable, again), 5)
    assert await books(far, key_id) == (1, 0, 0)


async def test_what_an_emptied_ledger_does_not_hold_any_more_counts(far):
    made = await far.account("one")
    key_id, secret = await key(far, requests=Caps(total=2))
    leases = [await acquired(far, secret) for _ in range(2)]
    far.far.wipe()
    await settled(far, [outcome(lease.lease_id, attempt(made)) for lease in leases])
    assert await books(far, key_id) == (2, 0, 0)
    assert (await acquired(far, secret)).reason is Reason.QUOTA_EXHAUSTED


async def test_leases_are_told_to_a_ledger_that_lost_its_books(far):
    await far.account("one")
    key_id, secret = await key(far, requests=Caps(total=1))
    await acquired(far, secret)
    far.far.wipe()
    far.holding.restore_all()
    assert await books(far, key_id) == (0, 1, 1)


async def test_a_lease_that_another_process_keeps_is_only_forgotten(far):
    await far.account("one")
    key_id, secret = await key(far, requests=Caps(total=1))
    far.settling.hello(INSTANCE, [])
    lease = await acquired(far, secret)
    far.settling.gone(INSTANCE)
    far.far.books.keep([lease.lease_id], int(far.clock.time) + 2 * DEADLINE)
    far.clock.time += DEADLINE + 1
    assert await far.settling.expire() == 0
    assert far.leasing.open_leases == 0
    assert await books(far, key_id) == (0, 1, 1)
    assert await far.rows() == []


@pytest.mark.parametrize("gap", range(8))
async def test_a_move_that_a_newer_question_overtook_is_given_nothing(far, gap):
    """Two sessions' moves of one lease, so far apart: only the latest counts, in the answers and in the books."""
    one, _, _ = [await far.account(name, priority=rank, max_concurrency=1) for rank, name in enumerate(("three", "two", "one"))][::-1]
    lease = await far.acquired(ask(), INSTANCE)
    assert lease.account_id == one
    again = {"lease_id": lease.lease_id, "excluded_account_ids": [one]}
    old = asyncio.create_task(far.acquired(ask(**again), INSTANCE))
    for _ in range(gap):
        await asyncio.sleep(0)
    new = asyncio.create_task(far.acquired(ask(**again), INSTANCE))
    before, said = await asyncio.gather(old, new)
    await far.holding.drain()
    assert isinstance(said, Lease)
    assert await far.ledger.in_flight() == {said.account_id: 1}
    assert isinstance(before, Lease) or before.reason is Reason.UNKNOWN_LEASE


async def test_what_is_granted_to_a_request_that_has_ended_returns_but_not_what_it_spent():
    world = World(queue_seconds=5)
    one = await world.account("one", max_concurrency=1)
    key_id, secret = await key(world, requests=Caps(total=5))
    first = await acquired(world, secret)
    second = await acquired(world, secret, reserve_only=True)
    moving = asyncio.create_task(acquired(world, secret, lease_id=second.lease_id))
    await world.idle()
    # its client leaves meanwhile, and the outcome is on its way
    world.settling.hello(INSTANCE, [held(first)], {}, 0, [second.lease_id])
    await settled(world, [outcome(first.lease_id, attempt(one))])
    assert (await moving).reason is Reason.UNKNOWN_LEASE
    await settled(world, [outcome(second.lease_id, attempt(one))])
    assert await books(world, key_id) == (2, 0, 0)
    assert world.in_flight() == {"one": 0}
    await world.close()


async def test_an_outcome_that_comes_again_is_judged_once(world, monkeypatch):
    made = await world.account("one")
    lease = await world.acquired(ask(), INSTANCE)
    monkeypatch.setattr("controlplane.service.records.BOUND", 0)
    for _ in range(5):
        assert world.settle([outcome(lease.lease_id, attempt(made, "throttled"), attempt(made, started_ms=9))]) is None
    assert world.seat(made).candidate.breakers["throttled", ""].strikes == 1


async def test_what_is_supposed_stays_while_nothing_can_be_written(world):
    made = await world.account("one")
    key_id, secret = await key(world, requests=Caps(total=1))
    lease = await acquired(world, secret)
    await world.restart()
    world.record_store.gate.clear()
    durable = world.settle([outcome(lease.lease_id, attempt(made))])
    for _ in range(5):
        world.clock.time += DEADLINE - 30
        await world.settling.expire()
    assert (await acquired(world, secret)).reason is Reason.QUOTA_EXHAUSTED
    world.record_store.gate.set()
    await durable
    assert await books(world, key_id) == (1, 0, 0)


async def test_a_request_whose_outcome_never_came_is_recorded(world):
    made = await world.account("one")
    lease = await world.acquired(ask(), INSTANCE)
    world.settling.hello(INSTANCE, [], {}, 0, [lease.lease_id])
    world.settling.gone(INSTANCE)
    world.clock.time += DEADLINE
    assert await world.settling.expire() == 1
    (row,) = await world.rows()
    assert row.outcome.error == "lease_expired"
    assert world.in_flight() == {"one": 0}
    assert made
