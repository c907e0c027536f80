"""Names that several targets may serve: who is asked first, who follows, and what is reserved meanwhile."""

import asyncio

import pytest

from controlplane.domain.account import AccountDraft, Status
from controlplane.domain.key import KeyDraft
from controlplane.domain.lease import HeldLease, Lease, Reason
from controlplane.domain.limits import MILLION, Caps, Limits
from controlplane.domain.model import ModelFacts
from controlplane.domain.outcome import Attempt, Ending, Source, Usage
from controlplane.domain.price import Price
from controlplane.domain.route import Match, Route, Target
from controlplane.policy.cooldown import Rest, Scope
from controlplane.policy.decisions import decode, encode, replay
from controlplane.service.ports import Standing
from controlplane.service.work import done
from tests.controlplane.fakes import PROXY_KEY, World, ask, outcome
from tests.controlplane.own_accounts import TOKEN

SONNET = "claude-sonnet-4.5"
DATED = "claude-sonnet-4-5-20250929"
GPT = Route("gpt-9", Match.EXACT, (Target("openai", ""), Target("kiro", SONNET)))


async def endpoint(world, label, kind="anthropic", *models, **given):
    """An account at an API endpoint that offers these models; its id."""
    draft = AccountDraft(kind, label, api_key=f"key-{label}", models=models or (DATED,), **given)
    made = await world.accounts.create(draft)
    await world.idle()
    return made.account.id


async def acquired(world, model=SONNET, **given):
    return await world.acquired(ask(model, **given))


async def moved(world, lease, tried, model=SONNET):
    """Another account, after so many attempts that failed."""
    return await world.acquired(ask(model, lease_id=lease.lease_id, excluded_account_ids=tried))


def served(lease):
    return lease.kind, lease.model, lease.account_label


def chosen(world, lease):
    """The targets that its choices were made from, and by whom each was served."""
    steps = decode(encode(world.leases.find(lease.lease_id).steps))
    return [(step["wish"]["kind"], step["wish"]["model"], step["accountId"] or step["reason"]) for step in steps if step["step"] == "chose"]


@pytest.mark.parametrize("model", [SONNET, "claude-sonnet-4-5", DATED, "claude-sonnet-4-5-latest"])
async def test_kinds_that_offer_a_model_serve_it_in_their_order(world, model):
    await endpoint(world, "api")
    await world.account("one", max_concurrency=1)
    first, second = await acquired(world, model), await acquired(world, model)
    assert served(first) == ("kiro", SONNET, "one")
    assert served(second) == ("anthropic", DATED, "api")
    assert first.context_window == 200_000
    assert second.bearer.access_token == "key-api"
    await world.settle([outcome(first.lease_id, Attempt(first.account_id, "kiro", SONNET))])
    assert served(await acquired(world, model)) == ("kiro", SONNET, "one")


async def test_a_pool_that_fails_falls_over_within_the_attempts(world):
    for label in ("one", "two", "three"):
        await world.account(label)
    await endpoint(world, "api")
    lease = await acquired(world)
    tried = [lease.account_id]
    second = await moved(world, lease, tried)
    tried.append(second.account_id)
    third = await moved(world, lease, tried)
    assert [each.kind for each in (lease, second, third)] == ["kiro", "kiro", "anthropic"]
    assert world.in_flight()["api"] == 1
    assert sum(world.in_flight().values()) == 1


async def test_the_last_attempt_stays_where_nobody_else_can_take_it(world):
    for label in ("one", "two", "three"):
        await world.account(label)
    api = await endpoint(world, "api")
    lease = await acquired(world)
    second = await moved(world, lease, [lease.account_id])
    await world.accounts.disable(api)
    third = await moved(world, lease, [lease.account_id, second.account_id])
    assert third.kind == "kiro"
    assert len({lease.account_id, second.account_id, third.account_id}) == 3
    assert [(kind, isinstance(by, str)) for kind, _, by in chosen(world, third)][-2:] == [("anthropic", True), ("kiro", True)]


async def test_a_route_gives_each_target_its_own_model(world):
    await endpoint(world, "gpt", "openai", "gpt-9", max_concurrency=1)
    await world.account("one")
    await world.routes.replace([GPT])
    first, second = await acquired(world, "gpt-9"), await acquired(world, "gpt-9")
    assert served(first) == ("openai", "gpt-9", "gpt")
    assert served(second) == ("kiro", SONNET, "one")
    assert chosen(world, second) == [("openai", "gpt-9", "busy"), ("kiro", SONNET, second.account_id)]


async def test_only_accounts_that_a_target_names_serve_it(world):
    one, two, three = [await world.account(label) for label in ("one", "two", "three")]
    await world.routes.replace(
        [Route("pair", Match.EXACT, (Target("kiro", SONNET, (one, two)), Target("kiro", "claude-haiku-4.5", (three,))))]
    )
    leases = [await acquired(world, "pair") for _ in range(6)]
    assert {lease.account_id for lease in leases} == {one, two}
    assert {lease.account_id for lease in [await acquired(world, "kiro/pair") for _ in range(4)]} <= {one, two}
    assert served(await acquired(world, "three/pair")) == ("kiro", "claude-haiku-4.5", "three")
    for account in (one, two):
        await world.accounts.disable(account)
    assert served(await acquired(world, "pair")) == ("kiro", "claude-haiku-4.5", "three")


async def test_a_keys_accounts_are_those_of_a_target_that_it_may_use(world):
    one, two = await world.account("one"), await world.account("two")
    api = await endpoint(world, "api")
    await world.routes.replace([Route("pair", Match.EXACT, (Target("kiro", SONNET, (one,)), Target("anthropic", DATED)))])
    _, secret = await world.keys.create(KeyDraft("team", allowed_account_ids=(two, api)))
    assert served(await acquired(world, "pair", credential=secret)) == ("anthropic", DATED, "api")
    assert (await acquired(world, credential=secret)).account_id == two
    await world.accounts.disable(api)
    assert (await acquired(world, "pair", credential=secret)).reason is Reason.NO_ACCOUNT


async def test_a_keys_models_leave_targets_out(world):
    await world.account("one", max_concurrency=1)
    await endpoint(world, "gpt", "openai", "gpt-9")
    await world.routes.replace([GPT])
    secrets = {}
    for pattern in ("gpt-9", "claude-*", "claude-haiku-*", "openai/*"):
        _, secrets[pattern] = await world.keys.create(KeyDraft(pattern, allowed_models=(pattern,)))
    assert (await acquired(world, "gpt-9", credential=secrets["gpt-9"])).kind == "openai"
    assert (await acquired(world, "gpt-9", credential=secrets["openai/*"])).kind == "openai"
    claude = await acquired(world, "gpt-9", credential=secrets["claude-*"])
    assert claude.kind == "kiro"
    assert (await acquired(world, "gpt-9", credential=secrets["claude-*"])).reason is Reason.ACCOUNTS_BUSY
    for model, pattern in (("gpt-9", "claude-haiku-*"), (SONNET, "gpt-9")):
        assert (await acquired(world, model, credential=secrets[pattern])).reason is Reason.MODEL_NOT_ALLOWED


async def exhausted(world, account_id):
    lease = await acquired(world)
    assert lease.account_id == account_id
    fault = Attempt(account_id, "kiro", SONNET, fault="quota_exhausted")
    await world.settle([outcome(lease.lease_id, fault, ending=Ending.FAILED)])


async def test_who_is_exhausted_is_followed_and_the_most_hopeful_reason_is_told(world):
    one = await world.account("one")
    await exhausted(world, one)
    refused = await acquired(world)
    assert refused.reason is Reason.ACCOUNTS_EXHAUSTED
    api = await endpoint(world, "api", max_concurrency=1)
    lease = await acquired(world)
    assert served(lease) == ("anthropic", DATED, "api")
    refused = await acquired(world)
    assert (refused.reason, refused.retry_after) == (Reason.ACCOUNTS_BUSY, 1)
    await world.accounts.disable(api)
    assert (await acquired(world)).reason is Reason.ACCOUNTS_EXHAUSTED


async def silent(world, account_id):
    """The account, which is the first to be asked, rests for 15 seconds."""
    for number in range(3):
        lease = await acquired(world)
        failed = Attempt(account_id, "kiro", SONNET, number, number + 1, "timeout")
        await world.settle([outcome(lease.lease_id, failed, ending=Ending.FAILED)])


async def test_no_rest_is_cut_short_while_a_later_target_can_serve(world):
    one = await world.account("one")
    api = await endpoint(world, "api", max_concurrency=1)
    await silent(world, one)
    world.clock.time += 6
    lease = await acquired(world)
    assert served(lease) == ("anthropic", DATED, "api")
    steps = decode(encode(world.leases.find(lease.lease_id).steps))
    told = [(step["step"], step["accountId"]) for step in steps if step["step"] in ("chose", "spared")]
    assert told == [("chose", one), ("spared", one), ("chose", api)]
    assert all(made.same for made in replay(encode(world.leases.find(lease.lease_id).steps)))
    assert not any(found.probe for found in world.seat(one).candidate.breakers.values()), "nobody tries it out"
    second = await acquired(world)
    assert served(second)[0] == "kiro", "the other one is full"
    assert chosen(world, second) == [("anthropic", DATED, "busy"), ("kiro", SONNET, one)]


async def test_of_targets_that_all_rest_the_first_is_tried_out(world):
    one, two = await world.account("one"), await world.account("two")
    await silent(world, one if (await acquired(world)).account_id == one else two)
    pair = Route("pair", Match.EXACT, (Target("kiro", SONNET, (two,)), Target("kiro", SONNET, (one,))))
    await world.routes.replace([pair])
    for account in (one, two):
        world.seat(account).candidate.breakers.clear()
        world.standings.rest(world.seat(account), Rest(Status.COOLING, "", Scope.ACCOUNT, world.clock.time + 60, "timeout"))
    world.clock.time += 15
    assert (await acquired(world, "pair")).account_id == two


@pytest.mark.parametrize("mode", ["smart", "priority", "balanced"])
async def test_other_kinds_than_kiro_serve_by_their_highest_priority(world, mode):
    await world.settings.put({"schedulingMode": mode})
    low = await endpoint(world, "low", "openai", "gpt-9")
    high = await endpoint(world, "high", "anthropic", "gpt-9", priority=100)
    assert (await acquired(world, "gpt-9")).account_id == high
    await world.accounts.update(low, {"priority": 101})
    assert (await acquired(world, "gpt-9")).account_id == low
    await world.accounts.disable(low)
    assert (await acquired(world, "gpt-9")).account_id == high
    await world.accounts.enable(low)
    await world.accounts.update(low, {"priority": 100})
    assert (await acquired(world, "gpt-9")).account_id == low, "equal ones in the order of kinds"
    world.provider.offers = (ModelFacts("gpt-9"),)
    kiro = await world.account("one", priority=-100)
    assert (await acquired(world, "gpt-9")).account_id == kiro


@pytest.mark.parametrize("pattern", ["api/" + DATED, "api/*", "API/claude-sonnet-4.5"])
async def test_a_key_for_the_models_of_one_account(world, pattern):
    await world.account("one")
    await endpoint(world, "other", priority=5)
    api = await endpoint(world, "api")
    _, secret = await world.keys.create(KeyDraft("team", allowed_models=(pattern,)))
    for model in ("api/" + DATED, DATED, SONNET, "anthropic/" + DATED):
        assert (await acquired(world, model, credential=secret)).account_id == api
    for model in ("other/" + DATED, "kiro/" + SONNET, "claude-haiku-4.5"):
        assert (await acquired(world, model, credential=secret)).reason is Reason.MODEL_NOT_ALLOWED
    await world.accounts.disable(api)
    assert (await acquired(world, SONNET, credential=secret)).reason is Reason.NO_ACCOUNT


async def test_nobody_is_told_of_models_that_are_not_theirs(world):
    await world.account("one")
    api = await endpoint(world, "api", "openai", "secret-project-model")
    await world.routes.replace([Route("secret-route", Match.EXACT, (Target("kiro", SONNET),))])
    _, some = await world.keys.create(KeyDraft("some", allowed_models=("claude-*",)))
    _, one = await world.keys.create(KeyDraft("one", allowed_account_ids=(api,)))
    assert (await acquired(world, "secret-project")).suggestions == ("secret-project-model", "secret-route")
    assert (await acquired(world, "secret-project", credential=some)).suggestions == ("secret-route",), "it leads to what is theirs"
    assert (await acquired(world, "secret-project", credential=one)).suggestions == ("secret-project-model",)
    assert "secret-route" not in (await acquired(world, "secret-rout", credential=one)).suggestions
    assert (await acquired(world, "claude-sonet-4.5", credential=some)).suggestions[0] == SONNET
    assert (await acquired(world, "secret-project", credential=f"{PROXY_KEY}:{TOKEN}")).suggestions == ("secret-route",)


@pytest.mark.parametrize("frees", ["kiro", "anthropic"])
async def test_a_request_waits_for_any_of_its_targets(frees):
    world = World(queue_seconds=5)
    await world.account("one", max_concurrency=1)
    await endpoint(world, "api", max_concurrency=1)
    taken = {lease.kind: lease for lease in [await acquired(world), await acquired(world)]}
    waiting = asyncio.create_task(acquired(world, request_id="req_2"))
    await world.idle()
    assert world.leasing.waiting == 1
    await world.settle([outcome(taken[frees].lease_id)])
    lease = await asyncio.wait_for(waiting, 2)
    assert lease.kind == frees
    vain = [step for step in chosen(world, lease) if step[2] == "busy"]
    assert len(vain) == (0 if frees == "kiro" else 1), "of all that it tried in vain the last try is left"
    await world.close()


async def test_the_dearest_target_is_reserved_and_what_served_is_booked(world):
    for kind, dollars in (("openai", 2.0), ("kiro", 99.0)):
        await world.price_store.add(Price(kind, f"{kind}/gpt-9", dollars, 10.0, 0.0, 0.0))
    await world.restart()
    await endpoint(world, "gpt", "openai", "gpt-9")
    await world.account("one")
    await world.routes.replace([GPT, Route("open", Match.EXACT, (Target("openai", "gpt-9"),))])
    plain, alone, chain = [await acquired(world, model) for model in (SONNET, "open", "gpt-9")]
    assert (alone.credits_reserved, chain.credits_reserved) == (0, plain.credits_reserved)
    assert plain.credits_reserved >= MILLION
    assert chain.kind == "openai"
    usage = Usage(input=1_000_000, output=100_000, input_source=Source.UPSTREAM, output_source=Source.UPSTREAM)
    await world.settle([outcome(chain.lease_id, Attempt(chain.account_id, "openai", "gpt-9"), usage=usage)])
    (entry,) = await world.rows()
    assert (entry.asked_model, entry.kind, entry.model, entry.outcome.usage.credits, entry.cost) == ("gpt-9", "openai", "gpt-9", 0.0, 3.0)


async def test_a_cap_in_credits_holds_for_a_chain_that_may_cost_some(world):
    await endpoint(world, "gpt", "openai", "gpt-9")
    await world.account("one")
    await world.routes.replace([GPT, Route("open", Match.EXACT, (Target("openai", "gpt-9"),))])
    _, secret = await world.keys.create(KeyDraft("team", limits=Limits(credits=Caps(total=1))))
    assert (await acquired(world, "gpt-9", credential=secret)).reason is Reason.QUOTA_EXHAUSTED
    assert isinstance(await acquired(world, "open", credential=secret), Lease)


async def test_a_target_that_nobody_offers_costs_nothing(world):
    await endpoint(world, "gpt", "openai", "gpt-9")
    await world.routes.replace([GPT])
    lease = await acquired(world, "gpt-9")
    assert (lease.kind, lease.credits_reserved) == ("openai", 0)
    assert chosen(world, lease) == [("openai", "gpt-9", lease.account_id)]


async def test_a_route_that_nobody_serves_is_known(world):
    await world.account("one")
    await world.routes.replace([Route("gpt-9", Match.EXACT, (Target("openai", ""),))])
    assert (await acquired(world, "gpt-9")).reason is Reason.NO_ACCOUNT
    refused = await acquired(world, "gpt-8")
    assert (refused.reason, refused.suggestions[0]) == (Reason.UNKNOWN_MODEL, "gpt-9")


async def test_a_reservation_tells_the_kind_and_the_window_of_who_is_likely_to_serve(world):
    """Not the largest window: a conversation that fits only there would not be short for who serves."""
    await world.account("one")
    large = await endpoint(world, "api", "openai", "gpt-4.1")
    window = world.catalogue.facts(Target("openai", "gpt-4.1")).context_window
    assert window > 200_000
    await world.routes.replace([Route("best", Match.EXACT, (Target("kiro", SONNET), Target("openai", "gpt-4.1")))])
    first = await acquired(world, "best", reserve_only=True)
    assert (first.kind, first.context_window) == ("kiro", 200_000)
    lease = await world.acquired(ask("best", lease_id=first.lease_id))
    assert (lease.kind, lease.context_window) == ("kiro", 200_000)

    world.seat(lease.account_id).stand(Standing(Status.NEEDS_LOGIN, "signed out"))
    second = await acquired(world, "best", reserve_only=True)
    assert (second.kind, second.context_window) == ("openai", window)
    lease = await world.acquired(ask("best", lease_id=second.lease_id))
    assert (lease.account_id, lease.context_window) == (large, window)


async def test_the_record_tells_the_chain_and_can_be_replayed(world):
    await world.account("one", max_concurrency=1)
    await endpoint(world, "api")
    await acquired(world)
    lease = await acquired(world, "claude-sonnet-4-5", request_id="req_2")
    await world.settle([outcome(lease.lease_id, Attempt(lease.account_id, "anthropic", DATED))])
    (entry,) = await world.rows()
    named, claimed, vain, chose = decode(entry.decision)
    assert (claimed["step"], vain["reason"], chose["accountId"]) == ("claimed", "busy", lease.account_id)
    assert (named["model"], named["route"]) == (SONNET, "")
    assert [(one["kind"], one["model"]) for one in named["targets"]] == [("kiro", SONNET), ("anthropic", DATED)]
    assert [(step["wish"]["kind"], [one["kind"] for one in step["candidates"]]) for step in (vain, chose)] == [
        ("kiro", ["kiro"]),
        ("anthropic", ["anthropic"]),
    ]
    assert [made.same for made in replay(entry.decision)] == [True, True]


async def test_a_move_after_a_restart_goes_on_along_the_chain(world):
    await world.account("one")
    await endpoint(world, "api")
    lease = await acquired(world)
    await world.restart()
    world.settling.hello("dp-1", [HeldLease(lease.lease_id, lease.key_id, lease.account_id, lease.model, lease.deadline)])
    again = await moved(world, lease, [lease.account_id])
    assert served(again) == ("anthropic", DATED, "api")
    assert again.lease_id == lease.lease_id


async def test_a_lease_that_nobody_settles_is_recorded_with_the_model_that_it_had(world):
    await world.account("one", max_concurrency=1)
    await endpoint(world, "api")
    leases = [await acquired(world), await acquired(world, request_id="req_2")]
    world.clock.time += 10_000
    await world.settling.expire()
    rows = await world.rows()
    assert (
        {(row.kind, row.model) for row in rows}
        == {(lease.kind, lease.model) for lease in leases}
        == {("kiro", SONNET), ("anthropic", DATED)}
    )


async def test_who_brings_an_account_along_is_served_by_it_alone(world):
    await endpoint(world, "gpt", "openai", "gpt-9")
    await world.routes.replace([GPT, Route("open", Match.EXACT, (Target("openai", "gpt-9"),))])
    own = {"credential": f"{PROXY_KEY}:{TOKEN}"}
    assert served(await acquired(world, "gpt-9", **own))[:2] == ("kiro", SONNET)
    assert served(await acquired(world, "claude-sonnet-4-5", **own))[:2] == ("kiro", SONNET)
    assert (await acquired(world, "open", **own)).reason is Reason.NO_ACCOUNT


async def test_a_check_looks_at_all_targets(world):
    key, _ = await world.keys.create(KeyDraft("team", allowed_models=("gpt-9",)))
    await world.account("one")
    await endpoint(world, "gpt", "openai", "gpt-9", disabled=True)
    await world.routes.replace([GPT])
    assert (await world.check(key.id, "gpt-9", "")).key_id == key.id
    assert (await done(world.leasing.check(key.id, SONNET, ""))).reason is Reason.MODEL_NOT_ALLOWED
