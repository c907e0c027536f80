"""What attempts say about accounts, and how those come back."""

import asyncio
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain.account import Account, AuthMethod, Credentials, Status
from controlplane.domain.outcome import EndpointFault
from controlplane.policy import breaker, cooldown
from controlplane.policy.breaker import PROBE_PATIENCE, State
from controlplane.policy.candidates import LATENCY_HALF, Wish
from controlplane.policy.ceiling import HOUR, RUN
from controlplane.policy.cooldown import Rest, Scope
from controlplane.policy.scheduling import Choice, choose, health_now
from controlplane.service.background import Background
from controlplane.service.ports import Standing, StoredAccount
from controlplane.service.roster import Roster
from controlplane.service.standing import Standings
from tests.controlplane.fakes import HAIKU, HOSTS, NOW, SONNET, FakeClock, MemoryAccounts, attempt

MODEL = SONNET.id


class Idle(Background):
    """Nobody stores anything."""

    def spawn(self, work, name):
        work.close()


@dataclass
class Pool:
    """One account, and what is said about it."""

    standings: Standings
    seat: object
    clock: FakeClock

    @property
    def breakers(self):
        return self.seat.candidate.breakers

    def says(self, fault="", lease_id="", **given):
        renewed, served, latency = given.pop("renewed", False), given.pop("served", not fault), given.pop("latency", None)
        said = attempt("acc_1", fault, **given)
        self.standings.attempted(self.seat, said, renewed=renewed, served=served, lease_id=lease_id, latency=latency)

    def probes(self, lease_id, model=MODEL):
        """A request that is let in, as the probe of whatever it may try; False: it is not."""
        made = choose([self.seat.candidate], Wish(model), self.clock.time, 0)
        if isinstance(made, Choice):
            self.standings.probe(self.seat, made.probes, lease_id)
        return isinstance(made, Choice)

    def switch(self, *, disabled):
        self.seat.account = replace(self.seat.account, disabled=disabled)
        self.seat.settle()

    def state(self, cause="throttled", model=""):
        return breaker.state(self.breakers.get((cause, model)), self.clock.time)

    def status(self):
        standing = self.seat.standing
        return Status.ACTIVE if 0 < standing.until <= self.clock.time else standing.status


def pool():
    clock, roster = FakeClock(), Roster(HOSTS)
    account = Account("acc_1", "kiro", "one", AuthMethod.SOCIAL)
    seat = roster.add(StoredAccount(account, Credentials("refresh", "access"), models=[SONNET, HAIKU], models_at=1))
    return Pool(Standings(MemoryAccounts(), clock, Idle()), seat, clock)


@pytest.fixture
def one():
    return pool()


def test_a_fault_opens_a_breaker_and_its_end_lets_one_request_try(one):
    one.says("throttled")
    assert (one.state(), one.status(), one.seat.standing.reason) == (State.OPEN, Status.COOLING, "the upstream throttles it")
    assert not one.probes("ls_1")
    one.clock.time += 10
    assert (one.state(), one.status()) == (State.HALF_OPEN, Status.ACTIVE)
    assert one.probes("ls_1")
    assert one.state() is State.PROBING
    assert not one.probes("ls_2"), "one at a time"


def test_a_probe_that_is_served_closes(one):
    one.says("throttled")
    one.clock.time += 10
    one.probes("ls_1")
    one.says(lease_id="ls_2")
    assert one.state() is State.PROBING, "that request began before the throttle"
    one.says(lease_id="ls_1")
    assert (one.breakers, one.seat.standing) == ({}, Standing())
    one.says("throttled")
    assert one.seat.standing.until == int(one.clock.time) + 10, "it starts from the beginning"


@pytest.mark.parametrize("fault", ["throttled", "unavailable", "cut", "forbidden", "corrupt"])
def test_a_probe_that_fails_of_anything_the_account_is_to_blame_for_opens_for_longer(one, fault):
    one.says("throttled")
    one.clock.time += 10
    one.probes("ls_1")
    one.says(fault, lease_id="ls_1")
    throttled = one.breakers["throttled", ""]
    assert (throttled.until, throttled.strikes, throttled.probe) == (one.clock.time + 20, 2, "")


@pytest.mark.parametrize(
    "says",
    [
        {"fault": ""},
        *(
            {"fault": fault}
            for fault in ("bad_request", "too_long", "empty", "overloaded", "model_unknown", "credential_rejected", "invented")
        ),
    ],
    ids=lambda says: says["fault"] or "client left",
)
def test_a_probe_that_says_nothing_leaves_the_next_request_to_probe(one, says):
    one.says("throttled")
    one.clock.time += 10
    one.probes("ls_1", HAIKU.id)
    one.says(**says, lease_id="ls_1", served=False, model=HAIKU.id)
    assert one.state() is State.PROBING
    one.standings.release(one.seat, "ls_2")
    assert one.state() is State.PROBING, "somebody else's place"
    one.standings.release(one.seat, "ls_1")
    assert one.state() is State.HALF_OPEN
    assert one.breakers["throttled", ""].strikes == 1
    assert one.probes("ls_3")


def test_a_probe_that_is_silent_for_long_makes_room_for_the_next(one):
    one.says("throttled")
    one.clock.time += 10
    one.probes("ls_1")
    one.clock.time += PROBE_PATIENCE - 1
    one.standings.tend(one.seat)
    assert not one.probes("ls_2")
    one.clock.time += 1
    one.standings.tend(one.seat)
    assert one.probes("ls_2")
    assert not one.probes("ls_3")
    one.standings.release(one.seat, "ls_2")
    assert one.probes("ls_3")
    one.says(lease_id="ls_1")
    assert one.breakers == {}, "what it says in the end still counts"


def test_a_late_probe_that_ends_without_a_word_is_forgotten(one):
    one.says("throttled")
    one.clock.time += 10
    one.probes("ls_1")
    one.clock.time += PROBE_PATIENCE
    one.standings.tend(one.seat)
    assert one.breakers["throttled", ""].overdue == ("ls_1",)
    one.standings.release(one.seat, "ls_1")
    assert one.breakers["throttled", ""].overdue == ()


def test_a_probe_that_fails_late_opens_again(one):
    one.says("throttled")
    one.clock.time += 10
    one.probes("ls_1")
    one.clock.time += PROBE_PATIENCE
    one.standings.tend(one.seat)
    one.probes("ls_2")
    one.says("timeout", lease_id="ls_1")
    assert (one.state(), one.breakers["throttled", ""].strikes) == (State.OPEN, 2)


def test_of_two_that_were_chosen_at_once_the_first_is_the_probe(one):
    one.says("throttled")
    one.clock.time += 10
    probes = choose([one.seat.candidate], Wish(MODEL), one.clock.time, 0).probes
    one.standings.probe(one.seat, probes, "ls_1")
    one.standings.probe(one.seat, probes, "ls_2")
    assert one.breakers["throttled", ""].probe == "ls_1"


def test_requests_that_were_under_way_together_are_one_fault(one):
    one.seat.candidate.in_flight = 10
    for number in range(10):
        one.says("throttled", lease_id=f"ls_{number}")
    assert one.breakers["throttled", ""].strikes == 1
    assert one.seat.standing.until == int(NOW) + 10
    assert one.seat.candidate.health == pytest.approx(70)
    assert one.seat.candidate.ceiling == 7
    one.clock.time += 10
    one.seat.candidate.in_flight = 0
    one.says("throttled", lease_id="ls_11")
    assert one.state() is State.HALF_OPEN
    one.probes("probe")
    one.says("throttled", lease_id="ls_12")
    assert (one.state(), one.seat.candidate.health) == (State.PROBING, pytest.approx(70)), "it is of the old occasion still"


def test_a_longer_wait_that_the_upstream_asks_for_meanwhile_is_believed(one):
    one.says("throttled")
    one.says("throttled", retry_after=60)
    one.says("throttled", retry_after=5)
    found = one.breakers["throttled", ""]
    assert (found.until, found.strikes, found.asked, one.seat.standing.until) == (NOW + 60, 1, True, int(NOW) + 60)


def test_single_mishaps_pass_and_a_success_between_them_forgives(one):
    for fault in ("cut", "cut", "", "cut", "cut"):
        one.says(fault)
    assert one.breakers == {}
    one.says("cut")
    assert one.state("cut") is State.OPEN
    assert one.seat.strikes == {}


def test_mishaps_far_apart_do_not_add_up(one):
    for _ in range(5):
        one.says("cut")
        one.clock.time += breaker.FORGIVEN_AFTER + 1
    assert one.breakers == {}


def test_an_attempt_that_nobody_saw_the_end_of_is_no_success(one):
    one.says("cut")
    one.says("cut")
    one.says(served=False)
    one.says("cut")
    assert one.state("cut") is State.OPEN


def test_causes_have_breakers_of_their_own(one):
    one.says("forbidden")
    one.says("throttled")
    assert (one.seat.standing.reason, one.seat.standing.until) == ("the upstream forbids it this request", int(NOW) + 300)
    one.clock.time += 10
    assert not one.probes("ls_1"), "the other one is open still"
    one.clock.time += 290
    one.probes("ls_1")
    one.says(lease_id="ls_1")
    assert one.breakers == {}, "both were tried out"


def test_a_model_s_breaker_keeps_only_that_model_out(one):
    one.says("model_unknown", model=MODEL)
    assert (one.status(), one.seat.candidate.health) == (Status.ACTIVE, 100)
    assert not one.probes("ls_1")
    assert one.probes("ls_1", HAIKU.id)
    one.says(model=HAIKU.id)
    one.clock.time += 300
    one.says(model=HAIKU.id)
    assert one.state("model_unknown", MODEL) is State.HALF_OPEN, "another model's success says nothing"
    one.probes("ls_2")
    one.says("model_unknown", lease_id="ls_2")
    assert (one.state("model_unknown", MODEL), one.breakers["model_unknown", MODEL].strikes) == (State.OPEN, 2)


def test_suspicion_rests_for_long_and_is_never_cut_short(one):
    one.says("throttled", retry_after=600)
    found = one.breakers["suspicious", ""]
    assert (found.until, found.asked, one.seat.standing.reason) == (NOW + 600, True, "the upstream suspects it")
    one.clock.time += 599
    assert not one.probes("ls_1")


@pytest.mark.parametrize(("fault", "heals"), [("throttled", True), ("forbidden", False)])
def test_which_rests_are_cut_short_when_nobody_else_is_left(one, fault, heals):
    one.says(fault)
    one.clock.time += (one.breakers[fault, ""].until - NOW) * 0.9
    assert one.probes("ls_1") is heals
    assert not one.probes("ls_2")
    one.says(lease_id="ls_1")
    assert (one.breakers == {}) is heals


def test_the_ceiling_is_three_quarters_of_what_was_under_way_and_grows_with_what_is_served(one):
    one.seat.candidate.in_flight = 8
    one.says("throttled")
    assert one.seat.candidate.ceiling == 6
    one.clock.time += 10
    one.probes("ls_1")
    one.says(lease_id="ls_1")
    for _ in range(RUN - 2):
        one.says()
    one.says("corrupt")
    for _ in range(RUN):
        assert one.seat.candidate.ceiling == 6, "a fault breaks the run"
        one.says()
    assert one.seat.candidate.ceiling == 7
    one.clock.time += HOUR
    one.standings.tend(one.seat)
    assert (one.seat.candidate.ceiling, one.seat.ceiling) == (0, None)


def test_health_recovers_with_time_and_losses_count_from_there(one):
    candidate = one.seat.candidate
    one.says("corrupt")
    one.clock.time += 300
    assert health_now(candidate, one.clock.time) == pytest.approx(85)
    one.says("corrupt")
    assert (candidate.health, candidate.health_at) == (pytest.approx(59.5), one.clock.time)
    one.says()
    assert candidate.health == pytest.approx(67.6)


def test_a_throttle_of_a_request_that_was_alone_leaves_room_for_others(one):
    one.seat.candidate.in_flight = 1
    one.says("throttled")
    assert (one.seat.candidate.ceiling, one.seat.ceiling) == (0, None)


async def test_what_holds_last_is_stored_last_however_long_each_commit_takes(one):
    """Two connections of a database may commit in any order; so no two saves of an account are under way at a time."""
    gates, stored, background = [asyncio.Event(), asyncio.Event()], [], Background()

    class Slow(MemoryAccounts):
        async def set_standing(self, account_id, standing):
            place = len(begun)
            begun.append(standing)
            await gates[place].wait()
            stored.append(standing)

    begun = []
    standings = Standings(Slow(), one.clock, background)
    for fault in ("throttled", "forbidden"):
        standings.attempted(one.seat, attempt("acc_1", fault), renewed=False)
    await asyncio.sleep(0)
    assert len(begun) == 1
    gates[1].set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert stored == []
    gates[0].set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert [len(each.breakers) for each in stored] == [2, 2]
    await background.close()


async def test_a_restored_account_is_stored_as_it_is_then(one):
    begun, gate, background = [], asyncio.Event(), Background()

    class Slow(MemoryAccounts):
        async def set_standing(self, account_id, standing):
            begun.append(standing.status)
            await gate.wait()

    standings = Standings(Slow(), one.clock, background)
    standings.attempted(one.seat, attempt("acc_1", "throttled"), renewed=False)
    await asyncio.sleep(0)
    restoring = asyncio.create_task(standings.restore(one.seat))
    standings.attempted(one.seat, attempt("acc_1", "forbidden"), renewed=False)
    gate.set()
    await restoring
    for _ in range(10):
        await asyncio.sleep(0)
    assert begun[-1] is Status.ACTIVE
    assert (one.status(), one.breakers) == (Status.ACTIVE, {})
    await background.close()


def blamed(one, fault, lease_id="ls_1"):
    return one.standings.attempted(one.seat, attempt("acc_1", fault), renewed=False, lease_id=lease_id)


def test_a_pardon_undoes_what_the_fault_did(one):
    found = blamed(one, "forbidden")
    assert (one.status(), one.seat.candidate.health) == (Status.COOLING, pytest.approx(70))
    one.clock.time += 1
    one.standings.pardon(found)
    one.standings.pardon(found)
    assert (one.status(), one.breakers, health_now(one.seat.candidate, one.clock.time)) == (Status.ACTIVE, {}, pytest.approx(100))
    assert one.seat.tally.causes(one.clock.time) == {}
    blamed(one, "forbidden")
    assert one.seat.standing.until == int(one.clock.time) + 300, "it is the first again"


def test_a_pardoned_mishap_is_none_of_three_in_a_row(one):
    one.says("cut")
    found = blamed(one, "cut")
    one.standings.pardon(found)
    one.says("cut")
    assert one.breakers == {}
    found = blamed(one, "cut")
    assert one.state("cut") is State.OPEN
    one.standings.pardon(found)
    assert (one.breakers, one.seat.strikes["cut"][0]) == ({}, 2), "only the last is taken back"
    one.says("cut")
    assert one.state("cut") is State.OPEN


def test_a_pardoned_probe_leaves_the_next_request_to_probe(one):
    one.says("forbidden")
    one.says("throttled")
    one.clock.time += 300
    one.probes("ls_1")
    found = blamed(one, "forbidden")
    assert {each.strikes for each in one.breakers.values()} == {2}
    one.standings.pardon(found)
    assert {(each.strikes, each.probe) for each in one.breakers.values()} == {(1, "")}
    assert one.probes("ls_2")


def test_what_came_after_a_fault_outlasts_its_pardon(one):
    found = blamed(one, "forbidden")
    one.clock.time += 300
    one.probes("ls_2")
    one.says("forbidden", lease_id="ls_2")
    one.standings.pardon(found)
    assert one.breakers["forbidden", ""].strikes == 2
    late = blamed(one, "forbidden", "ls_3")
    tally, health = dict(one.seat.tally.causes(one.clock.time)), one.seat.candidate.health
    one.standings.pardon(late)
    assert (one.seat.tally.causes(one.clock.time), one.seat.candidate.health) == (tally, health), "it belongs to that occasion"


def test_what_was_withheld_counts_when_another_account_serves_unless_that_takes_long(one):
    for passed, state in ((61, State.CLOSED), (59, State.OPEN)):
        found = one.standings.withheld(one.seat, attempt("acc_1", "forbidden"), renewed=False)
        one.clock.time += passed
        one.standings.charge(found)
        one.standings.charge(found)
        assert one.state("forbidden") is state
    assert one.breakers["forbidden", ""].strikes == 1


def test_the_latency_is_smoothed(one):
    one.says(latency=2.0)
    one.says()
    one.says(latency=7.0)
    assert one.seat.candidate.latency == pytest.approx(1.6 + 5.4 * 0.2)
    assert one.seat.candidate.latency_at == NOW
    one.clock.time += 10 * LATENCY_HALF
    one.says(latency=1.0)
    assert (one.seat.candidate.latency, one.seat.candidate.latency_at) == (pytest.approx(1.0, abs=0.01), one.clock.time)


def test_an_account_that_is_out_for_something_graver_stays_so(one):
    one.standings.put(one.seat, Status.SUSPENDED, "locked")
    one.says("throttled")
    assert one.seat.standing == Standing(Status.SUSPENDED, "locked")
    one.standings.lift(one.seat, "the upstream throttles it")
    assert one.seat.standing == Standing(Status.SUSPENDED, "locked")


def test_a_rest_is_lifted_for_its_reason_only(one):
    one.standings.rest(one.seat, Rest(Status.COOLING, "the token", Scope.ACCOUNT, NOW + 30))
    one.says("throttled")
    one.standings.lift(one.seat, "the token")
    assert (one.seat.standing.reason, list(one.breakers)) == ("the upstream throttles it", [("throttled", "")])


async def test_restoring_forgets_all_that_was_held_against_it(one):
    one.seat.candidate.in_flight = 8
    one.says("throttled")
    one.says("model_unknown")
    one.says("cut")
    await one.standings.restore(one.seat)
    candidate = one.seat.candidate
    assert (one.seat.standing, one.breakers, one.seat.strikes, candidate.health, candidate.ceiling) == (Standing(), {}, {}, 100, 0)


def test_a_disabled_account_stays_out_whatever_is_said(one):
    one.switch(disabled=True)
    one.says("throttled")
    one.clock.time += 10
    assert not one.probes("ls_1")


def test_addresses_are_tried_in_a_learned_order(one):
    first, second = one.seat.urls
    failed = (EndpointFault(first, "throttled"), EndpointFault("https://elsewhere.test", "throttled"))
    one.standings.reached(one.seat, attempt("acc_1", endpoint=second, endpoints=failed))
    assert set(one.seat.endpoints.cooling) == {first}, "nothing is kept of addresses it does not have"
    assert one.seat.endpoints.order(one.seat.urls, NOW + 31) == (second, first)
    one.standings.reached(one.seat, attempt("acc_1", "bad_request", endpoint=first))
    assert one.seat.endpoints.order(one.seat.urls, NOW + 31) == (second, first), "what a failed attempt reached is no preference"


class Life:
    """An account in use by up to five requests; at most one of them probes a breaker, and none that is not there."""

    def __init__(self):
        self.one = pool()
        self.held = {}

    def acquire(self, number, model):
        one, now = self.one, self.one.clock.time
        if number in self.held:
            return
        # Exhausted, suspended, without a login or switched off: never, whatever its breakers say.
        grave = one.seat.candidate.status is not Status.ACTIVE and not 0 < one.seat.candidate.until <= now
        probed = any(found.probe for found in one.breakers.values() if found.model in ("", model))
        if one.probes(f"ls_{number}", model):
            assert not grave
            assert not probed
            one.seat.recover(now)
            self.held[number] = model

    def end(self, number, fault, retry_after):
        """A fault of None: the client left."""
        if number in self.held:
            model = self.held.pop(number)
            self.one.says(fault or "", f"ls_{number}", model=model, retry_after=retry_after, served=fault == "")
            self.one.standings.release(self.one.seat, f"ls_{number}")

    def check(self):
        trying = {lease_id for found in self.one.breakers.values() for lease_id in (found.probe, *found.overdue)}
        assert trying <= {"", *(f"ls_{number}" for number in self.held)}
        assert (self.one.seat.standing.status is Status.COOLING) <= any(not found.model for found in self.one.breakers.values())
        assert all(found.until <= self.one.clock.time + 6 * 3600 for found in self.one.breakers.values())


NUMBERS, MODELS = st.integers(0, 4), st.sampled_from([MODEL, HAIKU.id])
FAULTS = st.sampled_from(["", None, *(cause for cause in cooldown.TABLE if cause not in cooldown.OWN)])
EVENTS = st.one_of(
    st.tuples(st.just("acquire"), NUMBERS, MODELS),
    st.tuples(st.just("end"), NUMBERS, FAULTS, st.one_of(st.none(), st.integers(0, 5000))),
    st.tuples(st.just("wait"), st.integers(1, 2000)),
    st.tuples(st.just("tend")),
    st.tuples(st.just("switch")),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENTS, max_size=50))
def test_whatever_happens(events):
    """At most one probe, the standing follows the breakers, and nothing lasts for ever."""
    life = Life()
    one = life.one
    acts = {
        "acquire": life.acquire,
        "end": life.end,
        "wait": lambda seconds: setattr(one.clock, "time", one.clock.time + seconds),
        "tend": lambda: one.standings.tend(one.seat),
        "switch": lambda: one.switch(disabled=not one.seat.account.disabled),
    }
    for name, *given_ in events:
        acts[name](*given_)
        life.check()
    one.clock.time += 6 * 3600
    one.switch(disabled=False)
    for number in tuple(life.held):
        life.end(number, None, None)
    if one.seat.standing.status not in (Status.SUSPENDED, Status.NEEDS_LOGIN):
        assert one.probes("last")
