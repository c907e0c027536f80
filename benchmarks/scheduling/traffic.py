"""What is asked: conversations by day and night, each a run of turns whose context grows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, pi
from random import Random

from benchmarks.scheduling.scenario import DAY, HOUR, OPUS, RATES, SONNET, Scenario

NIGHT = 0.25  # of the busiest hour, which is at 14:00
BUSIEST = 14 * HOUR
SHORTEST, LONGEST, USUAL = 5, 40, 12  # turns of a conversation
OPUS_SHARE = 0.2
REASONING_SHARE = 0.25  # of conversations: leaving the account would cost what it signed
PERSON_SHARE = 0.2  # of turns: a person answers; the others follow a tool's result
PREAMBLE, GROWTH = 8_000, 1_800  # tokens of the first request, and more with each turn
TOKENS_PER_SECOND = 50.0
SILENCE = 0.25  # spread of the time to the first event, of its logarithm


@dataclass(frozen=True, slots=True)
class Turn:
    """One request. `pause`: seconds after the answer before. `luck`: factor of the time to the first event."""

    pause: float
    context: int
    output: int
    luck: float
    credits: float

    @property
    def streaming(self) -> float:
        """Seconds from the first event to the last."""
        return self.output / TOKENS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation. `begins`: seconds after the simulation's beginning. `reasons`: its answers hold signed reasoning."""

    name: str
    begins: float
    model: str
    reasons: bool
    turns: Sequence[Turn]


def sessions(scenario: Scenario) -> list[Session]:
    """All conversations, by their beginning; the same for every mode."""
    chance = Random(f"{scenario.seed} beginnings")
    beginnings = sorted((*_by_day_and_night(scenario, chance), *_bursts(scenario, chance)))
    return [_session(f"{scenario.seed} session {number}", begins) for number, begins in enumerate(beginnings)]


def _by_day_and_night(scenario: Scenario, chance: Random) -> Iterator[float]:
    """A Poisson process, thinned to the hour's share."""
    busiest = scenario.sessions_per_day / DAY * 2 / (1 + NIGHT)
    moment = chance.expovariate(busiest)
    while moment < scenario.seconds:
        if chance.random() < share(moment):
            yield moment
        moment += chance.expovariate(busiest)


def _bursts(scenario: Scenario, chance: Random) -> Iterator[float]:
    for day in range(int(scenario.days)):
        for _ in range(scenario.bursts):
            moment = day * DAY + chance.uniform(8, 20) * HOUR
            yield from (moment + chance.uniform(0, 60) for _ in range(scenario.burst_sessions))


def share(moment: float) -> float:
    """How busy it is then, in comparison with the busiest hour."""
    return NIGHT + (1 - NIGHT) * (1 + cos(2 * pi * (moment - BUSIEST) / DAY)) / 2


def _session(name: str, begins: float) -> Session:
    chance = Random(name)
    model = OPUS if chance.random() < OPUS_SHARE else SONNET
    reasons = chance.random() < REASONING_SHARE
    turns = round(chance.triangular(SHORTEST, LONGEST, USUAL))
    return Session(name, begins, model, reasons, [_turn(chance, model, number) for number in range(turns)])


def _turn(chance: Random, model: str, number: int) -> Turn:
    mean = 60.0 if chance.random() < PERSON_SHARE else 4.0
    context = PREAMBLE + round(GROWTH * number * chance.uniform(0.8, 1.2))
    output = min(round(chance.lognormvariate(6.0, 0.9)), 8_000)
    spent = RATES[model] * (0.02 + context / 1_000_000 + output / 25_000)
    return Turn(chance.expovariate(1 / mean) if number else 0.0, context, output, chance.lognormvariate(0, SILENCE), round(spent, 6))
