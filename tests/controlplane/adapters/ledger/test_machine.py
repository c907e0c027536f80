"""Anything in any order, against a model that is too simple to be wrong."""

import asyncio
import secrets
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from controlplane.adapters.ledger.memory import MemoryLedger
from controlplane.adapters.ledger.redis import RedisLedger
from controlplane.domain.limits import NO_LIMITS, Amounts, Booked, Denied, Full, Granted, Payer, Period, Place, Unit
from tests.controlplane.adapters.ledger.desk import Desk, Records, erase, key
from tests.controlplane.adapters.ledger.model import CAPS, Model, amount, ends, limit

# Ten minutes before a month ends.
BEGIN = 1_801_439_400_000
KEYS = ("k1", "k2")
# A few limits at a time, seldom of nothing, or hardly anything would ever be granted.
LIMIT_NAMES = [f"{unit.value}_{period.value}" for unit in Unit for period in Period]
LIMITS = st.builds(
    lambda concurrency, caps: key(concurrency=concurrency, **caps).limits,
    st.one_of(st.none(), st.none(), st.integers(0, 4)),
    st.dictionaries(st.sampled_from(LIMIT_NAMES), st.sampled_from([10, 30, 20, 15, 5, 3, 1, 0]), max_size=3),
)
AMOUNTS = st.builds(Amounts, st.integers(0, 1), st.integers(0, 4), st.integers(0, 4))
PLACES = st.one_of(st.none(), st.builds(Place, st.sampled_from("ab"), st.integers(0, 3)))
PICK = st.integers(0, 9)
PASSING = st.one_of(st.integers(1, 5000), st.sampled_from([60_000, 599_999, 3_600_000, 86_400_000]))


class Machine(RuleBasedStateMachine):
    """Every ledger is asked the same; each must answer what the model does."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = Model()
        self.ms = BEGIN
        self.number = 0
        # (lease id, key id, amounts) of leases that somebody knows, whether they are held or over.
        self.leases = []
        self.limits = dict.fromkeys(KEYS, NO_LIMITS)
        self.installation = NO_LIMITS
        self.desks = [Desk(ledger) for ledger in self.ledgers()]

    def ledgers(self):
        return [MemoryLedger()]

    def teardown(self):
        for desk in self.desks:
            self.runner.run(desk.ledger.close())
        self.runner.close()

    @property
    def now(self):
        return Fraction(self.ms, 1000)

    def ask(self, method, *arguments):
        """What all ledgers answer alike."""
        answers = []
        for desk in self.desks:
            desk.now = self.ms / 1000
            answers.append(self.runner.run(getattr(desk, method)(*arguments)))
        first, *others = answers
        for other in others:
            assert other == first
        return first

    def payers(self, key_id):
        return [Payer(key_id, self.limits[key_id]), Payer("all", self.installation)]

    def agrees(self, answer, expected):
        """Whether the answer is what the model expects of a claim."""
        if expected is None:
            assert answer is None
        elif expected == "full":
            assert isinstance(answer, Full)
        elif isinstance(expected, int):
            assert isinstance(answer, Granted), expected
            assert answer.in_flight == expected
        else:
            self.explains(answer, expected)

    def explains(self, denied, obstacles):
        assert isinstance(denied, Denied), obstacles
        told = (denied.payer_id, denied.unit, denied.period, denied.limit, denied.left, denied.retry_at)
        times = [float("inf") if retry is None else float(retry) for *_, retry in obstacles]
        longest = [
            (*rest, None if retry is None else float(retry))
            for *rest, retry in obstacles
            if (retry is None) == (max(times) == float("inf"))
        ]
        assert told in [each for each in longest if each[-1] in (None, max(times))]

    @initialize(one=LIMITS, two=LIMITS, installation=st.one_of(st.just(NO_LIMITS), LIMITS))
    def begin(self, one, two, installation):
        self.limits = {"k1": one, "k2": two}
        self.installation = installation

    def lease(self, pick):
        """One of the leases, rather a late one."""
        return self.leases[-1 - pick % len(self.leases)]

    @rule(key_id=st.sampled_from(KEYS), count=st.integers(1, 4), amounts=AMOUNTS, place=PLACES, seconds=st.integers(1, 1000))
    def reserve(self, key_id, count, amounts, place, seconds):
        made = [self.reserve_one(key_id, amounts, place, seconds) for _ in range(count)]
        self.leases += [(lease_id, key_id, amounts) for lease_id in made if lease_id in self.model.held]

    def reserve_one(self, key_id, amounts, place, seconds):
        self.number += 1
        lease_id, deadline = f"l{self.number}", self.ms // 1000 + seconds
        payers = self.payers(key_id)
        expected = self.model.reserve(lease_id, payers, amounts, deadline, place, self.now)
        answer = self.ask("reserve", lease_id, payers, amounts, place, deadline)
        self.agrees(answer, expected)
        if isinstance(answer, Granted):
            self.within(payers, amounts)
            self.shows(answer.windows, payers[0])
        return lease_id

    def within(self, payers, claimed):
        """Nothing was granted beyond a limit that stands against such a claim."""
        for payer, budget in zip(payers, self.ask("read", *payers), strict=True):
            for unit, period, leaf in budget.leaves:
                if leaf.limit is not None and (claimed.requests or unit is not Unit.REQUESTS):
                    assert leaf.used + leaf.reserved <= leaf.limit, (payer, unit, period)
            if claimed.requests and payer.limits.concurrency is not None:
                assert budget.concurrency.used <= payer.limits.concurrency

    def shows(self, windows, payer):
        shown = {(window.unit, window.period): (window.limit, window.left, window.resets_at) for window in windows}
        expected = {}
        for unit in (Unit.REQUESTS, Unit.TOKENS):
            minute = limit(payer.limits, unit, Period.MINUTE)
            if minute is not None:
                fill = self.model.fills[payer.id, unit]
                expected[unit, Period.MINUTE] = (minute, max(int(fill.now(self.now)), 0), float(fill.retry(minute, self.now)))
            for period in CAPS:
                most = limit(payer.limits, unit, period)
                if most is not None:
                    left = most - self.model.used(payer.id, unit, period, self.now) - self.model.reserved(payer.id, unit)
                    expected[unit, period] = (most, max(left, 0), ends(self.now)[period] or 0)
        assert shown == expected

    @precondition(lambda self: self.leases)
    @rule(pick=PICK, tokens=st.integers(0, 5))
    def extend(self, pick, tokens):
        lease_id, _, _ = self.lease(pick)
        self.agrees(self.ask("extend", lease_id, tokens), self.model.extend(lease_id, tokens, self.now))

    @precondition(lambda self: self.leases)
    @rule(pick=PICK, place=PLACES)
    def move(self, pick, place):
        lease_id, _, _ = self.lease(pick)
        self.agrees(self.ask("move", lease_id, place), self.model.move(lease_id, place))

    @precondition(lambda self: self.leases)
    @rule(pick=PICK, spent=AMOUNTS, late=st.booleans())
    def settle(self, pick, spent, late):
        """A lease ends; one that is over already may be booked late."""
        lease_id, key_id, _ = self.lease(pick)
        booked = self.ask("settle", lease_id, spent)
        expected = self.model.settle(lease_id, spent, self.now)
        if expected is not None:
            account, left, beyond = expected
            assert booked == Booked(True, account, left, Amounts(*beyond.values()))
            return
        assert booked == Booked(False)
        if late:
            self.model.book(lease_id, key_id, spent, self.now)
            self.ask("book", lease_id, spent, key_id)

    @precondition(lambda self: self.leases)
    @rule(pick=PICK, spent=AMOUNTS)
    def book(self, pick, spent):
        """What somebody settled when it was not held counts, and not again when it is settled though it is held."""
        lease_id, key_id, _ = self.lease(pick)
        self.model.book(lease_id, key_id, spent, self.now)
        self.ask("book", lease_id, spent, key_id)

    @precondition(lambda self: self.leases)
    @rule(pick=PICK, place=PLACES, seconds=st.integers(1, 1000))
    def restore(self, pick, place, seconds):
        lease_id, key_id, amounts = self.lease(pick)
        deadline = self.ms // 1000 + seconds
        expected = self.model.restore(lease_id, self.payers(key_id), amounts, deadline, place)
        assert self.ask("restore", lease_id, self.payers(key_id), amounts, place, deadline) == expected

    @precondition(lambda self: self.leases)
    @rule(pick=PICK, seconds=st.integers(1, 1000))
    def keep(self, pick, seconds):
        lease_id, _, _ = self.lease(pick)
        deadline = self.ms // 1000 + seconds
        if lease_id in self.model.held:
            self.model.held[lease_id].deadline = deadline
        self.ask("keep", [lease_id], deadline)

    @rule(passing=PASSING)
    def wait(self, passing):
        self.ms += passing

    @rule(passing=st.sampled_from([0, 1_000_000]))
    def expire(self, passing):
        """What a process held that is gone returns by its deadline."""
        self.ms += passing
        assert self.ask("expire") == sorted(self.model.expire(self.now))

    @rule(key_id=st.sampled_from(KEYS), limits=st.one_of(st.none(), LIMITS))
    def administrate(self, key_id, limits):
        self.limits[key_id] = limits or NO_LIMITS

    @invariant()
    def the_books_are_right(self):
        payers = [*(Payer(key_id, limits) for key_id, limits in self.limits.items()), Payer("all", self.installation)]
        for payer, budget in zip(payers, self.ask("read", *payers), strict=True):
            for unit, period, leaf in budget.leaves:
                if period is not Period.MINUTE:
                    used, reserved = self.model.used(payer.id, unit, period, self.now), self.model.reserved(payer.id, unit)
                    assert (leaf.used, leaf.reserved, leaf.limit) == (used, reserved, limit(payer.limits, unit, period))
                    assert leaf.resets_at == (ends(self.now)[period] or 0)
            assert budget.concurrency.used == self.model.open(payer.id)
            for unit in Unit:
                assert amount(budget.overrun, unit) == self.model.overrun.get((payer.id, unit), 0)
        assert self.ask("in_flight") == self.model.in_flight()


def test_memory_does_what_the_model_does():
    run_state_machine_as_test(Machine, settings=settings(max_examples=50, stateful_step_count=40))


def test_redis_does_what_memory_and_the_model_do(redis_url):
    class Both(Machine):
        def ledgers(self):
            self.prefix = f"headgate-test-{secrets.token_hex(6)}"
            return [MemoryLedger(), RedisLedger(redis_url, Records(), self.prefix)]

        def teardown(self):
            super().teardown()
            asyncio.run(erase(redis_url, self.prefix))

    run_state_machine_as_test(Both, settings=settings(max_examples=25, stateful_step_count=30))
