"""What speaks for each account that fits. Pure, and written for speed: it runs for every account at every
request, and is looked at for few.

In the smart score each part has a weight, and the sum decides:

    part        is                                                          worth
    health      what it was, recovered with time                            0 .. 1
    load        free places, against its limit                              1 .. 0, below 0 where it has no limit
    priority    what the administrator gave it, in steps                    0.2 a step, 25 steps at most
    allowance   its pace: the share that is left to the time that is left   -0.5 .. 0.5, 0 unknown; 0.5: twice as much
    latency     its first event against the fastest known of those that fit -0.3 .. 0, 0 unknown or long ago
    affinity    the session's own account                                   0.5, sticky 4
    cold        its token must be renewed first                             -0.25

The balanced score is made of load, of health below half and of sticky affinity; between equal ones
`turn` decides: who was given fewest requests lately.
"""

from collections.abc import Sequence
from math import log, log2
from typing import NamedTuple

from controlplane.policy.candidates import FULL_HEALTH, Candidate, health_now, latency_now, recent_now

# Accounts without a limit are taken to be full at this many requests, when loads are compared.
COMFORTABLE = 8
PRIORITY = 0.2  # each step, so that five steps outweigh an account's whole load or health
MOST_STEPS = 25
# An account that would waste its whole allowance comes before one that has half of its places free more.
ALLOWANCE = 0.5
PERIOD = 30 * 86_400.0  # seconds that an allowance is for
LATENCY = 0.3  # what an account that takes for ever loses; twice as long as the fastest is some third of it
EQUALLY_FAST = 1.25  # up to so many times the fastest is no difference: first events vary by more
# Affinity loses against an idle account once half of the account's places are taken: a warm prompt cache is
# worth about that.
AFFINITY = 0.5
# The same where leaving costs content: what a model's reasoning was signed with is worth nothing elsewhere. Loses
# only against an account with some thirty requests fewer.
STICKY = 4.0
COLD = 0.25  # a second or so
# Balanced: a session's own account is as good as one that was given half a request less.
OWN_TURN = 0.5
POOR_HEALTH = FULL_HEALTH / 2
# An odd constant whose product spreads every bit upwards, and 64 bits.
MIX = 0xFF51_AFD7_ED55_8CCD
MASK = 0xFFFF_FFFF_FFFF_FFFF
CHANCE = 2.0**-52  # 52 of these bits and a half are a number between 0 and 1, and never either
# A session makes its home at no account that is this many times slower than the fastest, or below this health.
SLOW = 2.0
ILL = 80.0
# How many times more or fewer sessions than others an account has because its allowance is ahead or short.
MOST_WEIGHT = 4.0


class Score(NamedTuple):
    """What spoke for an account. `sum` decides, between equal ones `turn`, then the seed. It is rounded, so
    that equal accounts tie.
    """

    account_id: str
    health: float
    load: float
    priority: float
    allowance: float
    latency: float
    affinity: float
    cold: float
    turn: float
    sum: float


# The same as a plain tuple and without the account: a fifth of the time to make.
Scored = tuple[float, float, float, float, float, float, float, float, float]


def home(fit: Sequence[Candidate], session: int, sticky: bool, now: float) -> str:
    """The session's own account, by weighted rendezvous hash: the rest of the pool may change without
    moving it. Who bears less or runs short is home to fewer. Slow and ill accounts are nobody's home, but for
    those whom leaving costs content.
    """
    if not session or len(fit) < 2:
        return ""
    known = [candidate.latency for candidate in fit if candidate.latency]
    fastest = min(known) if known else 0.0
    best, own = 0.0, ""
    for candidate in fit:
        if not sticky and (
            (candidate.latency > SLOW * fastest and latency_now(candidate, fastest, now) > SLOW * fastest)
            or (candidate.health < ILL and health_now(candidate, now) < ILL)
        ):
            continue
        # One multiplication mixes both names well enough for accounts of the same pool.
        chance = ((((session ^ candidate.salt) * MIX & MASK) >> 12) + 0.5) * CHANCE
        score = -_weight(candidate, now) / log(chance)
        if score > best:
            best, own = score, candidate.id
    return own


def _weight(candidate: Candidate, now: float) -> float:
    """The account's share of sessions, 1 for an ordinary one: by what it bears, and by how its allowance keeps pace."""
    limit = candidate.max_concurrency
    weight = limit / COMFORTABLE if 0 < limit < COMFORTABLE else 1.0
    if candidate.limit and candidate.left > 0 and candidate.resets_at > now:
        weight *= min(max(candidate.left / candidate.limit * PERIOD / (candidate.resets_at - now), 1 / MOST_WEIGHT), MOST_WEIGHT)
    return weight


def smart(fit: Sequence[Candidate], own: str, sticky: bool, now: float) -> list[Scored]:
    """The score of each account; `own` is the session's."""
    worth = STICKY if sticky else AFFINITY
    known = [candidate.latency for candidate in fit if candidate.latency]
    fastest = min(known) if known else 0.0
    equal = fastest * EQUALLY_FAST
    scored: list[Scored] = []
    for candidate in fit:
        health = 1.0 if candidate.health == FULL_HEALTH else _health(candidate, now)
        load = _load(candidate) if candidate.ceiling else 1 - candidate.in_flight / (candidate.max_concurrency or COMFORTABLE)
        priority = PRIORITY * max(-MOST_STEPS, min(MOST_STEPS, candidate.priority)) if candidate.priority else 0.0
        allowance = _pace(candidate, now) if candidate.limit else 0.0
        latency = _slowness(candidate, fastest, now) if candidate.latency > equal else 0.0
        affinity = worth if candidate.id == own else 0.0
        cold = 0.0 if candidate.warm_until > now else -COLD
        total = round(health + load + priority + allowance + latency + affinity + cold, 6)
        scored.append((health, load, priority, allowance, latency, affinity, cold, 0.0, total))
    return scored


def balanced(fit: Sequence[Candidate], own: str, sticky: bool, now: float) -> list[Scored]:
    """The score of each account where use shall be even; `own` is the session's."""
    scored: list[Scored] = []
    for candidate in fit:
        ill = candidate.health < POOR_HEALTH and (health := health_now(candidate, now)) < POOR_HEALTH
        poor = round(health) / POOR_HEALTH - 1 if ill else 0.0
        load = _load(candidate)
        affinity = STICKY if sticky and candidate.id == own else 0.0
        turn = (OWN_TURN if candidate.id == own else 0.0) - (recent_now(candidate, now) if candidate.recent else 0.0)
        scored.append((poor, load, 0.0, 0.0, 0.0, affinity, 0.0, turn, round(poor + load + affinity, 6)))
    return scored


def _health(candidate: Candidate, now: float) -> float:
    """In whole hundredths: the last traces of a fault shall not keep equal accounts apart."""
    return round(health_now(candidate, now)) / FULL_HEALTH


def _slowness(candidate: Candidate, fastest: float, now: float) -> float:
    """What an account loses that was seen to be slower than equally fast."""
    latency, equal = latency_now(candidate, fastest, now), fastest * EQUALLY_FAST
    return _short(LATENCY * (equal / latency - 1)) if latency > equal else 0.0


def _load(candidate: Candidate) -> float:
    """The share of places that is free. As `candidates.places`, without the call."""
    limit, ceiling = candidate.max_concurrency, candidate.ceiling
    if ceiling and not 0 < limit < ceiling:
        limit = ceiling
    return 1 - candidate.in_flight / (limit or COMFORTABLE)


def _pace(candidate: Candidate, now: float) -> float:
    """Whether the allowance would be left over (above 0) or run short (below) if it were spent evenly."""
    ahead = candidate.resets_at - now
    if ahead <= 0:
        return 0.0
    left = candidate.left / candidate.limit if candidate.left < candidate.limit else 1.0
    if left <= 0:
        return -ALLOWANCE
    return _short(ALLOWANCE * max(-1.0, min(1.0, log2(left / (ahead / PERIOD if ahead < PERIOD else 1.0)))))


def _short(part: float) -> float:
    """Cut after four digits: what is less is no difference, and the record of the choice is shorter."""
    return int(part * 10_000) / 10_000
