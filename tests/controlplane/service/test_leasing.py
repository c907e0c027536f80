import asyncio

import pytest

from controlplane.domain.account import Status
from controlplane.domain.errors import Absent, GrantRejected, ProviderUnavailable
from controlplane.domain.key import KeyDraft
from controlplane.domain.lease import Bearer, Caller, Extension, HeldLease, Lease, Reason, Refusal, Reservation
from controlplane.domain.limits import Caps, Limits
from controlplane.domain.outcome import Ending
from controlplane.service.leases import DEADLINE
from controlplane.service.work import done
from tests.controlplane.fakes import NOW, PROXY_KEY, ask, attempt, outcome

INSTANCE = "worker-1"


def acquire(world, **given):
    return world.acquire(ask(**given), INSTANCE)


async def test_the_life_of_a_lease(world):
    made = await world.account("one")
    lease = acquire(world, model="claude-sonnet-4-5")
    assert isinstance(lease, Lease)
    assert (lease.account_id, lease.account_label, lease.kind, lease.model) == (made, "one", "kiro", "claude-sonnet-4.5")
    assert lease.bearer == Bearer("access-one", int(NOW) + 3600)
    assert (lease.context_window, lease.max_output) == (200_000, 64_000)
    assert lease.base_urls == ("https://chat.us-east-1.test", "https://other.us-east-1.test")
    assert (lease.attributes["host_profile"], lease.attributes["management_url"]) == ("runtime", "https://management.us-east-1.test")
    assert (lease.input_types, lease.strict) == (("text", "image"), False)
    assert lease.attributes["auth_method"] == "social"
    assert len(lease.attributes["machine_id"]) == 64
    assert lease.deadline == int(NOW) + DEADLINE
    assert world.in_flight() == {"one": 1}
    assert world.leasing.open_leases == 1

    await world.settle([outcome(lease.lease_id, attempt(made))])
    assert world.in_flight() == {"one": 0}
    assert world.leasing.open_leases == 0
    (entry,) = await world.rows()
    assert (entry.key_id, entry.asked_model, entry.account_id, entry.model) == ("proxy", "claude-sonnet-4-5", made, "claude-sonnet-4.5")
    counters = world.records.key_counters("proxy")
    assert (counters.total_requests, counters.success_requests, counters.input_tokens, counters.output_tokens) == (1, 1, 16, 7)
    assert world.records.account_counters(made) == counters == world.records.total()


async def test_a_lease_moves_and_keeps_its_id(world):
    one, two = await world.account("one"), await world.account("two")
    first = acquire(world)
    failed = attempt(first.account_id, "throttled", status=429)
    second = acquire(world, lease_id=first.lease_id, excluded_account_ids=[first.account_id], failed=[failed])
    assert {first.account_id, second.account_id} == {one, two}
    assert second.lease_id == first.lease_id
    assert world.seat(first.account_id).standing.status is Status.COOLING
    assert world.seat(first.account_id).candidate.in_flight == 0
    assert world.seat(second.account_id).candidate.in_flight == 1
    assert world.leasing.open_leases == 1
    # the attempt is in the outcome again and does not count twice
    world.clock.time += 11
    await world.settle([outcome(first.lease_id, failed, attempt(second.account_id))])
    assert world.accounts.get(first.account_id).status is Status.ACTIVE
    assert set(world.in_flight().values()) == {0}
    (entry,) = await world.rows()
    assert entry.account_id == second.account_id
    assert len(entry.outcome.attempts) == 2


async def test_a_reservation_then_its_account(world):
    await world.account("one")
    reserved = acquire(world, reserve_only=True)
    assert reserved == Reservation(reserved.lease_id, "proxy", 200_000, kind="kiro", tokens_reserved=4096, credits_reserved=1_000_000)
    assert world.in_flight() == {"one": 0}
    assert world.leasing.open_leases == 1
    lease = acquire(world, lease_id=reserved.lease_id)
    assert lease.lease_id == reserved.lease_id
    assert world.in_flight() == {"one": 1}


async def test_an_account_is_given_back_while_something_else_is_waited_for(world):
    await world.account("one", max_concurrency=1)
    _, secret = await world.keys.create(KeyDraft("team", limits=Limits(requests=Caps(total=1), concurrency=1)))
    first = acquire(world, credential=secret)
    waiting = acquire(world, credential=secret, lease_id=first.lease_id, reserve_only=True)
    assert waiting.lease_id == first.lease_id
    assert isinstance(waiting, Reservation)
    assert world.in_flight() == {"one": 0}
    assert isinstance(acquire(world, credential=secret), Refusal), "what was reserved stays reserved"
    other = acquire(world, model="claude-haiku-4.5")
    assert isinstance(other, Lease), "the account is free for others"
    await world.settle([outcome(other.lease_id, attempt(other.account_id))])
    again = acquire(world, credential=secret, lease_id=first.lease_id)
    assert (again.lease_id, again.account_id) == (first.lease_id, first.account_id)
    await world.settle([outcome(again.lease_id, attempt(again.account_id))])
    assert world.leasing.open_leases == 0
    assert world.in_flight() == {"one": 0}


async def test_a_prompt_that_turns_out_longer_is_reserved(world):
    await world.account("one")
    _, secret = await world.keys.create(KeyDraft("team", limits=Limits(tokens=Caps(total=6000))))
    lease = acquire(world, credential=secret, estimated_input_tokens=100, max_output_tokens=1000)
    said = await done(world.leasing.extend(lease.lease_id, 0, 4000))
    assert said.output_reserved == lease.output_reserved == 1000
    refused = await done(world.leasing.extend(lease.lease_id, 0, 4000))
    assert refused.reason is Reason.QUOTA_EXHAUSTED
    assert isinstance(await done(world.leasing.extend(lease.lease_id, 0, 6000 - 110 - 1000 - 4000)), Extension)


async def test_settling_twice_is_settling_once(world):
    made = await world.account("one")
    lease = acquire(world)
    done = outcome(lease.lease_id, attempt(made))
    await asyncio.gather(world.settle([done]), world.settle([done, done]))
    await world.settle([done])
    assert len(await world.rows()) == 1
    assert world.records.key_counters("proxy").total_requests == 1
    assert world.in_flight() == {"one": 0}


async def test_unknown_leases_are_refused(world):
    await world.account("one")
    for said in (acquire(world, lease_id="ls_none.proxy"), await world.renew("ls_none.proxy", "")):
        assert said.reason is Reason.UNKNOWN_LEASE


async def test_places_are_exact_and_limited(world):
    await world.account("one", max_concurrency=2)
    leases = [acquire(world) for _ in range(2)]
    refused = acquire(world)
    assert refused == Refusal(Reason.ACCOUNTS_BUSY, "every account that could serve claude-sonnet-4.5 is busy or cooling down", 1)
    await world.settle([outcome(leases[0].lease_id)])
    assert isinstance(acquire(world), Lease)


@pytest.mark.parametrize(
    ("fault", "reason", "retry_after", "status"),
    [
        ("throttled", Reason.ACCOUNTS_BUSY, 10, 429),
        ("quota_exhausted", Reason.ACCOUNTS_EXHAUSTED, 6 * 3600, 429),
        ("suspended", Reason.NO_ACCOUNT, None, 503),
    ],
)
async def test_what_is_told_when_the_only_account_is_out(world, fault, reason, retry_after, status):
    made = await world.account("one")
    lease = acquire(world)
    await world.settle([outcome(lease.lease_id, attempt(made, fault), ending=Ending.FAILED)])
    refused = acquire(world, request_id="req_2")
    assert (refused.reason, refused.retry_after) == (reason, retry_after)
    entry = (await world.rows())[-1]
    assert (entry.outcome.request_id, entry.outcome.status, entry.outcome.ending) == ("req_2", status, Ending.FAILED)
    assert entry.key_id == "proxy"
    assert world.records.key_counters("proxy").failed_requests == 2


async def test_an_unknown_model_names_close_ones_and_is_recorded(world):
    await world.account("one")
    refused = acquire(world, model="claude-sonnet-4.7")
    assert refused.reason is Reason.UNKNOWN_MODEL
    assert refused.suggestions[0] == "claude-sonnet-4.5"
    (entry,) = await world.rows()
    assert (entry.outcome.status, entry.outcome.error, entry.asked_model) == (404, "model_not_found", "claude-sonnet-4.7")


async def test_a_pinned_account_serves_alone(world):
    one, _ = await world.account("one"), await world.account("two")
    assert {acquire(world, model="one/claude-haiku-4.5").account_id for _ in range(6)} == {one}
    await world.accounts.disable(one)
    assert acquire(world, model="one/claude-haiku-4.5").reason is Reason.NO_ACCOUNT


async def test_wrong_credentials_leave_no_record(world):
    await world.account("one")
    for credential in ("", "wrong", "kg-" + "0" * 48, f"{PROXY_KEY}:aorAAAAA", "x" * 100_000):
        assert acquire(world, credential=credential).reason is Reason.UNAUTHENTICATED
    assert await world.rows() == []


async def test_a_managed_key_and_its_limits(world):
    one, _ = await world.account("one"), await world.account("two")
    draft = KeyDraft(
        "team", allowed_models=("claude-sonnet-*",), allowed_account_ids=(one,), allowed_ips=("10.0.0.0/8", "::1"), expires_at=int(NOW) + 50
    )
    key, secret = await world.keys.create(draft)
    good = {"credential": secret, "address": "10.1.2.3"}
    assert {acquire(world, **good).account_id for _ in range(6)} == {one}
    assert acquire(world, **good | {"address": "::ffff:10.1.2.3"}).key_id == key.id
    assert acquire(world, **good, model="claude-haiku-4.5").reason is Reason.MODEL_NOT_ALLOWED
    for address in ("11.1.2.3", "", "nonsense"):
        assert acquire(world, **good | {"address": address}).reason is Reason.ADDRESS_NOT_ALLOWED
    assert {entry.key_id for entry in await world.rows()} == {key.id}
    assert {entry.outcome.status for entry in await world.rows()} == {403}
    await world.keys.update(key.id, {"enabled": False})
    assert acquire(world, **good).reason is Reason.UNAUTHENTICATED
    await world.keys.update(key.id, {"enabled": True})
    world.clock.time += 50
    assert acquire(world, **good).reason is Reason.UNAUTHENTICATED


async def test_a_check_says_what_would_happen_and_changes_nothing(world):
    await world.account("one")
    key, _ = await world.keys.create(KeyDraft("team", allowed_models=("claude-haiku-*",), allowed_ips=("10.0.0.0/8",)))
    assert (await world.check(key.id, "claude-haiku-4-5", "10.0.0.1")).key_id == key.id
    assert (await world.check(key.id, "claude-sonnet-4.5", "10.0.0.1")).reason is Reason.MODEL_NOT_ALLOWED
    assert (await world.check(key.id, "claude-haiku-4-5", "1.1.1.1")).reason is Reason.ADDRESS_NOT_ALLOWED
    assert world.leasing.open_leases == 0
    assert await world.rows() == []
    with pytest.raises(Absent):
        (await world.check("none", "auto", ""))


async def test_an_ended_token_is_renewed_before_the_lease_is_given(world):
    await world.account("one")
    world.clock.time += 4000
    pending = acquire(world)
    assert asyncio.iscoroutine(pending)
    assert world.in_flight() == {"one": 1}
    lease = await pending
    assert lease.bearer == Bearer("access-1", int(world.clock.time) + 3600)


async def test_an_account_that_cannot_renew_is_passed_over(world):
    await world.account("one", priority=5)
    await world.account("two")
    world.clock.time += 4000
    world.provider.failure = GrantRejected("dead")
    lease = await acquire(world)
    assert lease.account_label == "two"
    assert world.in_flight() == {"one": 0, "two": 1}


async def test_a_first_question_that_no_account_can_renew_for_is_refused_and_recorded(world):
    await world.account("one")
    world.clock.time += 4000
    world.provider.failure = ProviderUnavailable("503")
    refused = await acquire(world)
    assert (refused.reason, refused.retry_after) == (Reason.ACCOUNTS_BUSY, 30)
    assert world.in_flight() == {"one": 0}
    assert world.leasing.open_leases == 0
    assert len(await world.rows()) == 1


async def test_a_session_that_ends_while_waiting_returns_the_place(world):
    await world.account("one")
    world.clock.time += 4000
    world.provider.gate.clear()
    waiting = asyncio.create_task(acquire(world))
    await world.idle()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert world.in_flight() == {"one": 0}
    assert world.leasing.open_leases == 0
    world.provider.gate.set()


async def test_a_question_that_fails_holds_nothing_and_is_recorded(world, monkeypatch):
    await world.account("one")
    world.clock.time += 4000

    async def broken(_seat):
        raise OSError("the database is away")

    monkeypatch.setattr(world.refreshing, "bearer", broken)
    with pytest.raises(OSError, match="away"):
        await acquire(world)
    assert world.in_flight() == {"one": 0}
    assert world.leasing.open_leases == 0
    (entry,) = await world.rows()
    assert (entry.outcome.status, entry.outcome.error) == (503, "no_account")


async def test_a_move_that_fails_gives_its_place_back_and_keeps_the_lease(world, monkeypatch):
    await world.account("one")
    lease = acquire(world)
    world.clock.time += 4000

    async def broken(_seat):
        raise OSError("the database is away")

    monkeypatch.setattr(world.refreshing, "bearer", broken)
    with pytest.raises(OSError, match="away"):
        await acquire(world, lease_id=lease.lease_id)
    assert world.in_flight() == {"one": 0}
    assert world.leasing.open_leases == 1
    assert await world.rows() == [], "the data plane still holds it and will settle it"


def held(lease):
    return HeldLease(lease.lease_id, lease.key_id, lease.account_id, lease.model, lease.deadline)


@pytest.mark.parametrize("ends", ["cancelled", "answered"])
async def test_an_old_sessions_question_lets_a_newer_one_be(world, ends):
    """The same move, asked again in a new session: what the old one waited for is not its own any more."""
    one, _ = await world.account("one", priority=1), await world.account("two")
    lease = acquire(world)
    assert lease.account_id == one
    world.clock.time += 4000
    world.provider.gate.clear()
    again = {"lease_id": lease.lease_id, "excluded_account_ids": [one]}
    old = asyncio.create_task(acquire(world, **again))
    await world.idle()
    world.settling.hello(INSTANCE, [held(lease)])
    new = asyncio.create_task(acquire(world, **again))
    await world.idle()
    if ends == "cancelled":
        old.cancel()
        await world.idle()
    assert world.in_flight() == {"one": 0, "two": 1}
    world.provider.gate.set()
    assert (await new).account_label == "two"
    assert world.in_flight() == {"one": 0, "two": 1}
    if ends == "answered":
        assert (await old).reason is Reason.UNKNOWN_LEASE


async def test_a_move_after_a_restart_keeps_the_keys_limits(world):
    one, _ = await world.account("one"), await world.account("two")
    _, secret = await world.keys.create(KeyDraft("team", allowed_account_ids=(one,)))
    lease = acquire(world, credential=secret)
    await world.restart()
    world.settling.hello(INSTANCE, [held(lease)])
    move = {"lease_id": lease.lease_id, "excluded_account_ids": [one], "failed": [attempt(one, "throttled")]}
    assert isinstance(acquire(world, credential=secret, **move), Refusal)
    assert acquire(world, **move).reason is Reason.UNKNOWN_LEASE, "another key's lease"


async def test_a_move_after_a_restart_keeps_what_the_name_pinned(world):
    one, _ = await world.account("one"), await world.account("two")
    lease = acquire(world, model="one/claude-sonnet-4.5")
    await world.restart()
    world.settling.hello(INSTANCE, [held(lease)])
    failed = [attempt(one, "throttled")]
    said = acquire(world, model="one/claude-sonnet-4.5", lease_id=lease.lease_id, excluded_account_ids=[one], failed=failed)
    assert isinstance(said, Refusal)


async def test_renew_gives_the_newer_token_or_fetches_one(world):
    made = await world.account("one")
    lease = acquire(world)
    assert await world.renew(lease.lease_id, "access-older") == Bearer("access-one", int(NOW) + 3600)
    assert (await world.renew(lease.lease_id, "access-one")).access_token == "access-1"
    assert world.provider.traded == ["refresh-one"]
    # the renewed token is refused as well: only a login helps
    refused = [attempt(made, "credential_rejected", started_ms=at) for at in (1, 2)]
    await world.settle([outcome(lease.lease_id, *refused, ending=Ending.FAILED)])
    assert world.seat(made).standing.status is Status.NEEDS_LOGIN


async def test_a_renewed_token_that_serves_clears_the_refusal_before_it(world):
    made = await world.account("one")
    lease = acquire(world)
    await world.renew(lease.lease_id, "access-one")
    tried = [attempt(made, "credential_rejected", started_ms=1), attempt(made, started_ms=2)]
    await world.settle([outcome(lease.lease_id, *tried)])
    assert world.seat(made).standing.status is Status.ACTIVE


async def test_a_token_that_could_not_be_renewed_for_now_condemns_nobody(world):
    made = await world.account("one")
    lease = acquire(world)
    world.provider.failure = ProviderUnavailable("try later")
    await world.renew(lease.lease_id, "access-one")
    tried = [attempt(made, "credential_rejected", started_ms=at) for at in (1, 2)]
    await world.settle([outcome(lease.lease_id, *tried, ending=Ending.FAILED)])
    assert world.seat(made).standing.status is Status.ACTIVE


async def test_a_refused_token_that_was_not_renewed_condemns_nobody(world):
    made = await world.account("one")
    await world.settle([outcome(acquire(world).lease_id, attempt(made, "credential_rejected"), ending=Ending.FAILED)])
    assert world.seat(made).standing.status is Status.ACTIVE


async def test_a_fault_that_a_request_carries_around_is_held_against_no_account(world):
    made = [await world.account(name) for name in ("one", "two", "three")]
    for _ in range(5):
        tried = [attempt(account, "corrupt", started_ms=at) for at, account in enumerate(made, 1)]
        await world.settle([outcome(acquire(world).lease_id, *tried, ending=Ending.FAILED)])
    standings = [world.seat(account).standing.status for account in made]
    assert standings == [Status.ACTIVE] * 3


async def test_a_lost_credential_is_told(world):
    await world.account("one")
    lease = acquire(world)
    world.provider.failure = GrantRejected("the refresh token is dead")
    said = await world.renew(lease.lease_id, "access-one")
    assert said.reason is Reason.CREDENTIAL_LOST


async def test_a_full_ledger_takes_no_outcome_but_returns_the_place(world, monkeypatch):
    monkeypatch.setattr("controlplane.service.records.BOUND", 0)
    made = await world.account("one")
    lease = acquire(world)
    done = outcome(lease.lease_id, attempt(made))
    assert world.settle([done]) is None
    assert world.in_flight() == {"one": 0}
    monkeypatch.setattr("controlplane.service.records.BOUND", 10)
    await world.settle([done])
    assert (await world.rows())[0].asked_model == "claude-sonnet-4.5"
    assert world.in_flight() == {"one": 0}


async def test_identify_reserves_nothing(world):
    assert world.leasing.identify(Caller(PROXY_KEY)).key_id == "proxy"
    assert world.leasing.identify(Caller(f"{PROXY_KEY}:aorAAAAA-refresh-token-of-alice")).key_id.startswith("own_")
    assert world.leasing.open_leases == 0
