"""Accounts to choose from: a plain one, one that rests, and any at all."""

import random
from typing import NamedTuple

from hypothesis import strategies as st

from controlplane.domain.account import Status
from controlplane.policy.breaker import Breaker
from controlplane.policy.scheduling import Candidate, Mode, Wish, session_hash

NOW = 1_700_000_000.0
DAY = 86_400.0
MODEL = "m"
OPUS = "claude-opus-4.5"


def candidate(id="a", **given):
    return Candidate(id, "kiro", **{"offers": {MODEL}, "health_at": NOW, "latency_at": NOW, **given})


def resting(seconds, *, since=0.0, model="", cause="throttled", **given):
    """A breaker that rests for so many seconds more, open since `since` seconds ago."""
    return {(cause, model): Breaker(cause, model, "it throttles", NOW - since, NOW + seconds, **given)}


class Case(NamedTuple):
    """All that `choose` is asked with."""

    pool: list[Candidate]
    wish: Wish
    now: float
    seed: int
    mode: Mode


def case(number):
    """Any case at all, by its number the same for ever: only `random()` is asked, whose numbers no release of
    Python changes. Drawn piece by piece by Hypothesis, hardly any pool would have somebody who fits.
    """
    chance = random.Random(number)

    def of(*values):
        return values[int(chance.random() * len(values))]

    def mostly(usual, *others):
        return of(*others) if chance.random() < 0.07 else usual

    def rest():
        since, until, probe = NOW - chance.random() * of(10, 100, 400), NOW + chance.random() * of(-30, 60, 200), mostly("", "ls_1")
        return Breaker(of("throttled", "cut"), of("", "", MODEL, OPUS), "it rests", since, until, of(1, 4), mostly(False, True), probe)

    def account(name, tired):
        rests = [rest() for _ in range(of(1, 1, 2) if chance.random() < tired else 0)]
        return Candidate(
            name,
            mostly("kiro", "openai"),
            priority=of(0, 0, 1, 2, -50, 30),
            max_concurrency=of(0, 3, 4),
            status=mostly(Status.ACTIVE, *Status),
            until=of(0.0, NOW - 500, NOW, NOW + 1000),
            health=of(100.0, chance.random() * 100),
            in_flight=int(chance.random() * 4),
            offers=mostly(frozenset({MODEL, OPUS}), frozenset(), {MODEL}),
            has_credential=mostly(True, False),
            warm_until=of(NOW - 1, NOW + 1000, float("inf")),
            breakers={(one.cause, one.model): one for one in rests},
            health_at=NOW - chance.random() * 1000,
            ceiling=mostly(0, 1, 3),
            plan=mostly("pro", "free", ""),
            left=mostly(chance.random() * 120, 0.0, -1.0, float("inf")),
            limit=of(0.0, 100.0),
            resets_at=of(0.0, NOW - 5, NOW + DAY, NOW + 40 * DAY),
            latency=of(0.0, chance.random() * 3, 60.0),
            recent=of(0.0, chance.random() * 50),
            recent_at=of(0.0, NOW - 100, NOW),
            latency_at=NOW - chance.random() * of(1, 1000, 10_000),
        )

    tired = of(0.0, 0.3, 1.0)
    pool = [account(name, tired) for name in "abcdefgh"[: of(0, 1, 2, 3, 4, 8)]]
    session = of(0, session_hash("s1"), session_hash("s2"))
    wish = Wish(
        of(MODEL, OPUS), session, mostly((), ["a"], {"a", "b"}), mostly((), ("a", "b"), frozenset("cdefgh")), mostly("", "kiro", "openai")
    )
    wish.account_id, wish.sticky = mostly("", "a"), of(True, False)
    return Case(pool, wish, NOW, int(chance.random() * 2**40), of(*Mode))


cases = st.integers(0, 2**40).map(case)
