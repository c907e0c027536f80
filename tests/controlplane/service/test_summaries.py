"""The gateway's own calls: what they are admitted by, and what is counted of them."""

import asyncio

import pytest

from controlplane.domain.account import AccountDraft, Status
from controlplane.domain.key import KeyDraft
from controlplane.domain.lease import Ask, Caller, HeldLease, Identity, Lease, Reason, Refusal
from controlplane.domain.limits import NOTHING, Amounts, Caps, Limits, Payer, Period, Unit
from controlplane.domain.outcome import LEASE_EXPIRED, Ending, Usage
from controlplane.policy.decisions import decode
from controlplane.service import metrics
from controlplane.service.leases import DEADLINE, Leases, causing, payer
from controlplane.service.ports import Standing
from tests.controlplane.fakes import PROXY_KEY, World, ask, attempt, outcome
from tests.controlplane.own_accounts import TOKEN

INSTANCE = "dp-1"
INTERNAL_KEY = "internal-key-of-the-tests"
CAUSE = "req_0123456789abcdef"
HAIKU = "claude-haiku-4.5"


@pytest.fixture
async def world():
    made = World()
    made.identities.set_internal_key(INTERNAL_KEY)
    yield made
    await made.close()


@pytest.fixture
async def queued():
    """A world where requests wait for an account."""
    made = World(queue_seconds=5)
    made.identities.set_internal_key(INTERNAL_KEY)
    yield made
    await made.close()


async def key(world, **given):
    """A key; its id and secret."""
    made, secret = await world.keys.create(KeyDraft(**{"name": "team", **given}))
    return made.id, secret


def caller(key_id, cause=CAUSE, credential=INTERNAL_KEY, address="127.0.0.1"):
    return Caller(credential, address, key_id, cause)


def summary(key_id, model=HAIKU, **given):
    """The question that the gateway's own call is."""
    return Ask(caller(key_id), given.pop("request_id", "req_5"), model, **given)


async def budget(world, key_id):
    """The key's books: requests used and reserved, tokens used and reserved, requests at a time."""
    await world.holding.drain()
    (found,) = world.ledger.read([Payer(key_id, world.keys.limits(key_id))], world.clock.now())
    leaves = {(unit, period): leaf for unit, period, leaf in found.leaves}
    requests, tokens = leaves[Unit.REQUESTS, Period.TOTAL], leaves[Unit.TOKENS, Period.TOTAL]
    return requests.used, requests.reserved, tokens.used, tokens.reserved, found.concurrency.used


def counted(reason):
    """Credentials that were refused for it so far."""
    return metrics.UNAUTHENTICATED.labels(reason)._value.get()


async def test_a_call_of_the_gateways_own_is_the_keys_that_pays(world):
    key_id, _ = await key(
        world, allowed_models=("claude-sonnet-*",), allowed_ips=("10.0.0.0/8",), strict=True, limits=Limits(tokens=Caps(day=9))
    )
    assert world.leasing.identify(caller(key_id)) == Identity(key_id, "team", limits=Limits(tokens=Caps(day=9)), cause=CAUSE)


async def test_the_accounts_of_the_key_hold_all_the_same(world):
    one = await world.account("one")
    key_id, _ = await key(world, allowed_account_ids=(one,))
    assert world.leasing.identify(caller(key_id)).allowed_account_ids == (one,)


async def test_the_proxy_key_pays_for_its_own_summaries(world):
    assert world.leasing.identify(caller("proxy")) == Identity("proxy", "proxy", cause=CAUSE)


@pytest.mark.parametrize(
    "who",
    [
        caller(""),
        caller("key_unknown"),
        caller("own_"),
        caller("own_" + "g" * 32),
        caller("proxy", cause=""),
        caller("proxy", cause="req_1/ls_2.key_3"),
        caller("proxy", cause="resp_1"),
        caller("proxy", credential=INTERNAL_KEY + "x"),
        caller("proxy", credential=INTERNAL_KEY[:-1]),
        caller("proxy", credential=""),
    ],
)
async def test_any_other_claim_to_be_the_gateway_is_nobody(world, who):
    assert world.leasing.identify(who).reason is Reason.UNAUTHENTICATED


async def test_without_an_internal_key_nobody_has_it(world):
    world.identities.set_internal_key("")
    for credential in ("", INTERNAL_KEY):
        assert world.leasing.identify(caller("proxy", credential=credential)).reason is Reason.UNAUTHENTICATED


@pytest.mark.parametrize(("given", "word"), [({"enabled": False}, "disabled"), ({"expires_at": 1_700_000_000}, "expired")])
async def test_a_key_that_is_over_pays_for_nothing(world, given, word):
    key_id, _ = await key(world, **given)
    said = world.leasing.identify(caller(key_id))
    assert said.reason is Reason.UNAUTHENTICATED
    assert word in said.message


async def refused(world, key_id, word):
    """Nobody's call, and no record under the key's name."""
    before = counted("uncompressed")
    said = world.acquire(summary(key_id), INSTANCE)
    assert said.reason is Reason.UNAUTHENTICATED
    assert word in said.message
    assert counted("uncompressed") == before + 1
    assert await world.rows() == []


async def test_a_key_that_wants_its_conversations_whole_pays_for_no_summary(world):
    """Also for none that goes on behind a request."""
    await world.account("one")
    key_id, _ = await key(world)
    other, _ = await key(world, name="other")
    await world.keys.update(key_id, {"compression": False})
    await refused(world, key_id, "the key does not want")
    assert isinstance(world.acquire(summary(other), INSTANCE), Lease)
    await world.keys.update(key_id, {"compression": True})
    assert isinstance(world.acquire(summary(key_id), INSTANCE), Lease)


async def test_where_conversations_are_not_shortened_any_more_nobody_pays_for_a_summary(world):
    await world.account("one")
    key_id, secret = await key(world)
    await world.settings.change({"compressionEnabled": False})
    for payer_id in (key_id, "proxy", "own_" + "0" * 32):
        await refused(world, payer_id, "not shortened any more")
    assert isinstance(world.acquire(ask(credential=secret), INSTANCE), Lease)
    await world.settings.change({"compressionEnabled": None})
    assert isinstance(world.acquire(summary(key_id), INSTANCE), Lease)


async def test_whom_somebody_else_names_means_nothing(world):
    other, _ = await key(world, name="other")
    key_id, secret = await key(world)
    assert world.leasing.identify(caller(other, credential=secret)) == world.leasing.identify(Caller(secret))
    assert world.leasing.identify(caller(other, credential=secret)).key_id == key_id
    assert world.leasing.identify(caller(other, credential=PROXY_KEY)) == Identity("proxy", "proxy")


async def test_a_summary_costs_tokens_and_is_no_request(world):
    made = await world.account("one")
    key_id, secret = await key(world, limits=Limits(requests=Caps(minute=1, total=1), tokens=Caps(total=100_000), concurrency=1))
    reserved = world.acquire(ask(credential=secret, reserve_only=True), INSTANCE)
    lease = world.acquire(summary(key_id, estimated_input_tokens=1000, max_output_tokens=500), INSTANCE)
    assert (lease.key_id, lease.model, lease.tokens_reserved) == (key_id, HAIKU, 1600)
    assert await budget(world, key_id) == (0, 1, 0, 4096 + 1600, 1)

    await world.settle([outcome(lease.lease_id, attempt(made, model=HAIKU), request_id="req_5")])
    assert await budget(world, key_id) == (0, 1, 23, 4096, 1)
    (row,) = await world.rows()
    assert (row.cause, row.counted, row.key_id, row.account_id) == (CAUSE, False, key_id, made)
    counters = world.records.key_counters(key_id)
    assert (counters.total_requests, counters.success_requests, counters.input_tokens, counters.output_tokens) == (0, 0, 16, 7)
    assert world.records.total() == counters

    first = world.acquire(ask(credential=secret, lease_id=reserved.lease_id), INSTANCE)
    await world.settle([outcome(first.lease_id, attempt(made))])
    assert await budget(world, key_id) == (1, 0, 46, 0, 0)
    assert world.records.key_counters(key_id).total_requests == 1


async def test_a_summary_stays_within_what_the_key_may_spend(world):
    await world.account("one")
    key_id, _ = await key(world, limits=Limits(tokens=Caps(total=4000)))
    said = world.acquire(summary(key_id, estimated_input_tokens=10_000), INSTANCE)
    assert said.reason is Reason.QUOTA_EXHAUSTED
    (row,) = await world.rows()
    assert (row.cause, row.counted, row.outcome.ending) == (CAUSE, False, Ending.FAILED)
    assert world.records.key_counters(key_id).failed_requests == 0


async def test_the_installations_requests_a_minute_do_not_notice():
    world = World(requests_per_minute=1)
    world.identities.set_internal_key(INTERNAL_KEY)
    await world.account("one")
    assert isinstance(world.acquire(ask(), INSTANCE), Lease)
    for _ in range(3):
        assert isinstance(world.acquire(summary("proxy"), INSTANCE), Lease)
    assert world.acquire(ask(), INSTANCE).reason is Reason.RATE_LIMITED
    await world.close()


async def test_a_summary_that_failed_gives_its_tokens_back(world):
    made = await world.account("one")
    key_id, _ = await key(world)
    lease = world.acquire(summary(key_id, estimated_input_tokens=1000), INSTANCE)
    await world.settle([outcome(lease.lease_id, attempt(made, "throttled"), ending=Ending.FAILED, status=429, usage=Usage())])
    assert await budget(world, key_id) == (0, 0, 0, 0, 0)
    assert world.records.account_counters(made).failed_requests == 0


async def test_a_restart_knows_a_summary_again(world):
    made = await world.account("one")
    key_id, secret = await key(world, limits=Limits(concurrency=1))
    lease = world.acquire(summary(key_id, estimated_input_tokens=1000, max_output_tokens=500), INSTANCE)
    await world.restart()
    held = HeldLease(lease.lease_id, lease.key_id, lease.account_id, lease.model, lease.deadline, lease.tokens_reserved)
    world.settling.hello(INSTANCE, [held])
    assert await budget(world, key_id) == (0, 0, 0, 1600, 0)
    assert isinstance(world.acquire(ask(credential=secret), INSTANCE), Lease)
    await world.settle([outcome(lease.lease_id, attempt(made, model=HAIKU))])
    assert await budget(world, key_id) == (0, 1, 23, 4096, 1)
    (row,) = await world.rows()
    assert (row.cause, row.counted) == (CAUSE, False)


@pytest.mark.parametrize("told", [True, False])
async def test_a_restart_knows_the_reservation_of_a_summary_again(world, told):
    await world.account("one")
    key_id, _ = await key(world)
    reserved = world.acquire(summary(key_id, reserve_only=True, estimated_input_tokens=1000), INSTANCE)
    await world.restart()
    world.identities.set_internal_key(INTERNAL_KEY)
    world.settling.hello(INSTANCE, [], {reserved.lease_id: Amounts(tokens=reserved.tokens_reserved) if told else NOTHING})
    assert await budget(world, key_id) == (0, 0, 0, 1100 + 4096 if told else 0, 0)
    world.acquire(summary(key_id, lease_id=reserved.lease_id, estimated_input_tokens=1000), INSTANCE)
    assert await budget(world, key_id) == (0, 0, 0, 1100 + 4096, 0)


async def test_an_outcome_that_comes_after_a_restart_names_its_cause(world):
    made = await world.account("one")
    key_id, _ = await key(world)
    lease = world.acquire(summary(key_id), INSTANCE)
    await world.restart()
    await world.settle([outcome(lease.lease_id, attempt(made, model=HAIKU))])
    (row,) = await world.rows()
    assert (row.key_id, row.cause, row.counted) == (key_id, CAUSE, False)
    assert await budget(world, key_id) == (0, 0, 23, 0, 0)


async def test_a_summary_whose_end_nobody_reported_is_no_request_either(world):
    await world.account("one")
    key_id, _ = await key(world)
    lease = world.acquire(summary(key_id), INSTANCE)
    world.clock.time += 2 * DEADLINE
    assert await world.settling.expire() == 1
    (row,) = await world.rows()
    assert (row.outcome.lease_id, row.outcome.error, row.cause) == (lease.lease_id, LEASE_EXPIRED, CAUSE)
    assert await budget(world, key_id) == (0, 0, 0, 0, 0)
    assert world.records.key_counters(key_id).total_requests == 0


async def test_a_summary_may_grow(world):
    await world.account("one")
    key_id, _ = await key(world, limits=Limits(tokens=Caps(total=100_000)))
    lease = world.acquire(summary(key_id, estimated_input_tokens=1000, max_output_tokens=500), INSTANCE)
    extending = world.leasing.extend(lease.lease_id, 400)
    with pytest.raises(StopIteration) as said:
        extending.send(None)
    assert said.value.value.output_reserved == 900
    assert await budget(world, key_id) == (0, 0, 0, 2000, 0)


def test_a_lease_says_who_pays_and_for_what():
    leases = Leases(lambda _: ())
    plain, caused = leases.new_id("key_1"), leases.new_id("key_1", CAUSE)
    assert (payer(plain), causing(plain)) == ("key_1", "")
    assert (payer(caused), causing(caused)) == ("key_1", CAUSE)
    assert caused.partition(".")[2] == "key_1", "the previous release books it on the key"


async def test_where_one_request_at_a_time_fits_both_are_served_in_turn(world):
    """The request that waits for its summary reserves, and stands in nobody's way."""
    made = await world.account("one", max_concurrency=1)
    key_id, secret = await key(world, limits=Limits(concurrency=1))
    reserved = world.acquire(ask(credential=secret, reserve_only=True), INSTANCE)
    lease = world.acquire(summary(key_id), INSTANCE)
    assert isinstance(lease, Lease)
    assert world.in_flight() == {"one": 1}
    await world.settle([outcome(lease.lease_id, attempt(made, model=HAIKU))])
    assert isinstance(world.acquire(ask(credential=secret, lease_id=reserved.lease_id), INSTANCE), Lease)
    assert world.in_flight() == {"one": 1}


async def test_summaries_have_their_turn_among_requests_that_wait_for_them(queued):
    """However many long conversations there are: who waits for a summary holds no place."""
    await queued.account("one", max_concurrency=1)
    waiting = [queued.acquire(ask(reserve_only=True, request_id=f"req_{number}"), INSTANCE) for number in range(5)]
    running = [asyncio.create_task(queued.acquired(summary("proxy", request_id=f"req_9{number}"))) for number in range(5)]
    for done in running:
        await queued.idle()
        lease = await asyncio.wait_for(done, 5)
        assert isinstance(lease, Lease)
        await queued.settle([outcome(lease.lease_id, attempt(lease.account_id, model=HAIKU))])
    assert isinstance(await queued.acquired(ask(lease_id=waiting[0].lease_id)), Lease)


async def test_the_models_of_the_key_do_not_bind_a_summary_its_accounts_do(world):
    one, _ = await world.account("one", models=("claude-sonnet-4.5",)), await world.account("two")
    key_id, _ = await key(world, allowed_models=("claude-sonnet-4.5",))
    assert world.acquire(summary(key_id), INSTANCE).account_label == "two"
    bound, _ = await key(world, name="bound", allowed_account_ids=(one,))
    assert world.acquire(summary(bound), INSTANCE).reason is Reason.NO_ACCOUNT


async def test_a_summary_belongs_to_no_conversation(world):
    made = await world.account("one")
    for asked in (ask(session="of somebody"), summary("proxy", session="of somebody")):
        lease = world.acquire(asked, INSTANCE)
        await world.settle([outcome(lease.lease_id, attempt(made))])
    plain, own = [step for row in await world.rows() for step in decode(row.decision) if step["step"] == "chose"]
    assert plain["wish"]["session"] is not None
    assert own["wish"]["session"] is None


async def test_the_callers_account_makes_its_summaries(world):
    await world.account("pooled")
    first = await world.acquired(ask(credential=f"{PROXY_KEY}:{TOKEN}", reserve_only=True))
    lease = world.acquire(summary(first.key_id), INSTANCE)
    assert (lease.account_id, lease.key_id, lease.bearer.access_token) == (first.key_id, first.key_id, "access-1")
    await world.settle([outcome(lease.lease_id, attempt(lease.account_id, model=HAIKU))])
    (row,) = await world.rows()
    assert (row.key_id, row.cause) == (first.key_id, CAUSE)
    assert world.in_flight() == {"pooled": 0}


async def test_the_pool_makes_no_summary_for_an_account_that_is_not_in_use(world):
    await world.account("pooled")
    said = world.acquire(summary("own_" + "0" * 32), INSTANCE)
    assert isinstance(said, Refusal)
    assert said.reason is Reason.NO_ACCOUNT
    (row,) = await world.rows()
    assert row.cause == CAUSE


async def test_an_own_account_whose_sign_in_is_lost_makes_no_summary(world):
    first = await world.acquired(ask(credential=f"{PROXY_KEY}:{TOKEN}", reserve_only=True))
    world.own.find(first.key_id).stand(Standing(Status.NEEDS_LOGIN, "signed out", 0))
    assert world.acquire(summary(first.key_id), INSTANCE).reason is Reason.NO_ACCOUNT


async def test_a_restart_does_not_lead_the_summary_of_an_own_account_to_the_pool(world):
    await world.account("pooled")
    first = await world.acquired(ask(credential=f"{PROXY_KEY}:{TOKEN}"))
    lease = world.acquire(summary(first.key_id), INSTANCE)
    await world.restart()
    world.identities.set_internal_key(INTERNAL_KEY)
    world.settling.hello(INSTANCE, [HeldLease(lease.lease_id, lease.key_id, lease.account_id, lease.model, lease.deadline)])
    failed = [attempt(lease.account_id, "throttled")]
    said = world.acquire(summary(first.key_id, lease_id=lease.lease_id, failed=failed), INSTANCE)
    assert said.reason is Reason.NO_ACCOUNT


async def test_a_key_may_want_its_conversations_whole(world):
    await world.account("one")
    _, secret = await key(world, compression=False)
    _, other = await key(world, name="other")
    told = [world.acquire(ask(credential=each, reserve_only=True), INSTANCE).whole for each in (secret, other, PROXY_KEY)]
    assert told == [True, False, False]


async def test_who_is_likely_to_serve_is_told(world):
    kiro = await world.account("one")
    named = world.acquire(ask(reserve_only=True), INSTANCE)
    assert named.kind == "kiro"
    draft = AccountDraft("anthropic", "api", api_key="key-of-the-tests", models=("claude-sonnet-4-5-20250929",))
    claude = (await world.accounts.create(draft)).account.id
    await world.idle()
    assert world.acquire(ask(reserve_only=True), INSTANCE).kind == "kiro"
    world.seat(kiro).stand(Standing(Status.NEEDS_LOGIN, "signed out", 0))
    assert world.acquire(ask(reserve_only=True), INSTANCE).kind == "anthropic"
    _, secret = await key(world, allowed_account_ids=(kiro,))
    assert world.acquire(ask(credential=secret, reserve_only=True), INSTANCE).kind == "kiro"
    _, secret = await key(world, name="other", allowed_account_ids=(claude,))
    assert world.acquire(ask(credential=secret, reserve_only=True), INSTANCE).kind == "anthropic"
