"""Tests of accounts, as they are told while they run."""

import asyncio
from contextlib import aclosing

import pytest

from controlplane.domain.errors import Absent, Invalid
from controlplane.domain.lease import Caller
from controlplane.domain.model import ModelFacts
from controlplane.domain.user import ADMIN_ID
from controlplane.service.passes import Passes
from controlplane.service.testing import (
    MOST,
    Answered,
    Complete,
    Done,
    Failed,
    GatewayAway,
    Refused,
    Said,
    Started,
    Trials,
    cheapest,
)


class FakeGateway:
    """Says what it is told, an exception is raised; a number is time that passes. `hold` keeps it from going on."""

    def __init__(self, clock):
        self.clock = clock
        self.answers = []
        self.asked = []
        self.closed = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def ask(self, credential, model, prompt, max_tokens):
        self.asked.append((credential, model))
        try:
            for answer in self.answers:
                if isinstance(answer, Exception):
                    raise answer
                if isinstance(answer, float):
                    self.clock.time += answer
                    continue
                yield answer
                await self.hold.wait()
        finally:
            self.closed += 1


@pytest.fixture
def gateway(world):
    return FakeGateway(world.clock)


@pytest.fixture
def trials(world, gateway):
    return Trials(world.accounts, Passes(world.vault, world.clock), gateway, world.clock)


async def heard(trials, trial):
    return [one async for one in trials.run(trial, ADMIN_ID)]


async def test_what_is_said_is_told_at_once_and_the_end_last(world, trials, gateway):
    await world.door.administration.load()
    made = await world.account("one")
    gateway.answers = [Answered(200, "req_1"), 0.5, Said("hm", reasoning=True), Said("Hel"), 1.0, Said("lo"), Complete()]
    trial = trials.trial(made, "claude-haiku-4.5")
    assert await heard(trials, trial) == [
        Started("claude-haiku-4.5", "req_1"),
        Said("hm", reasoning=True),
        Said("Hel"),
        Said("lo"),
        Done("req_1", 200, 1500, 500, "Hello"),
    ]
    ((credential, model),) = gateway.asked
    assert model == "one/claude-haiku-4.5", "no route leads elsewhere"
    said = world.identities.identify(Caller(credential))
    assert (said.allowed_account_ids, said.forced) == ((made,), True)
    world.clock.time += 121
    assert not hasattr(world.identities.identify(Caller(credential)), "forced")


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (
            [GatewayAway("the data plane at http://x cannot be reached")],
            Failed(None, None, "gateway_unreachable", "the data plane at http://x cannot be reached"),
        ),
        ([Answered(503, "req_1"), Refused("no_account", "nobody")], Failed("req_1", 503, "no_account", "nobody")),
        ([Answered(200, "req_1"), Said("Hel"), Refused("overloaded_error", "busy")], Failed("req_1", 200, "overloaded_error", "busy")),
        ([Answered(200, "req_1"), Said("Hel"), GatewayAway("it broke off")], Failed("req_1", 200, "gateway_unreachable", "it broke off")),
    ],
)
async def test_what_fails_is_told_last_and_once(world, trials, gateway, answers, told):
    gateway.answers = answers
    events = await heard(trials, trials.trial(await world.account("one")))
    assert events[-1] == told
    assert not any(isinstance(one, Done | Failed) for one in events[:-1])
    assert trials.room


async def test_an_answer_that_ends_too_early_is_no_success(world, trials, gateway):
    gateway.answers = [Answered(200, "req_1"), Said("Hel")]
    (*_, last) = await heard(trials, trials.trial(await world.account("one")))
    assert (last.request_id, last.code) == ("req_1", "answer_cut")


async def test_who_leaves_cancels_the_request(world, trials, gateway):
    gateway.answers = [Answered(200, "req_1"), Said("Hel"), Complete()]
    async with aclosing(trials.run(trials.trial(await world.account("one")), "alice")) as told:
        await anext(told)
        assert gateway.closed == 0
    assert gateway.closed == 1
    assert trials.room


async def test_only_so_many_run_at_a_time(world, trials, gateway):
    trial = trials.trial(await world.account("one"))
    gateway.answers = [Answered(200, "req_1"), Complete()]
    gateway.hold.clear()
    running = [asyncio.ensure_future(heard(trials, trial)) for _ in range(MOST)]
    await world.idle()
    assert not trials.room
    (last,) = await heard(trials, trial)
    assert last.code == "too_many_tests", "also for one that came in between"
    gateway.hold.set()
    for events in await asyncio.gather(*running):
        assert isinstance(events[-1], Done)
    assert trials.room


async def test_without_a_model_the_cheapest_is_asked(world, trials):
    world.provider.offers = (ModelFacts("a", rate=2.0), ModelFacts("b", rate=0.5), ModelFacts("c"))
    made = await world.account("one")
    assert trials.trial(made).model == "b"
    assert cheapest([ModelFacts("x"), ModelFacts("y")]) == "x"
    world.provider.offers = ()
    empty = await world.account("two")
    with pytest.raises(Invalid) as caught:
        trials.trial(empty)
    assert caught.value.field == "model"
    with pytest.raises(Absent):
        trials.trial("acc_none")
