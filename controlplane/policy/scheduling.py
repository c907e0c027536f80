"""Which account serves a request. Pure: from the same candidates, wish, time, seed and mode the same choice.

Each rule that puts an account out has a name, so that a refusal can be explained; the parts of a
score are kept for the same reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from controlplane.policy.breaker import Breaker
from controlplane.policy.candidates import Candidate, Wish, given, health_now, places, recent_now, session_hash
from controlplane.policy.exclusions import Exclusion, Rule, by_standing, by_use, excluding, lacking, plainly_fit
from controlplane.policy.scoring import Score, Scored, balanced, home, smart

__all__ = [
    "REVISION",
    "Candidate",
    "Choice",
    "Exclusion",
    "Lack",
    "Mode",
    "NoCapacity",
    "Rule",
    "Score",
    "Wish",
    "choose",
    "excluding",
    "given",
    "health_now",
    "places",
    "recent_now",
    "session_hash",
]

# Which version of these rules: raised whenever `choose` would answer anything differently, so that an old
# record is not held against new rules.
REVISION = 3

# A rest may be cut short when nobody else is left: after so many seconds, and this share of it. What the
# upstream itself asked for is kept, and so is a longer rest than HEAL_LONGEST seconds: that has graver causes.
HEAL_AFTER = 5.0
HEAL_SHARE = 0.2
HEAL_LONGEST = 300.0


class Mode(StrEnum):
    """What an administrator wants of the choice.

    SMART weighs everything that is known. PRIORITY takes the highest priority that fits, and only among
    those weighs. BALANCED uses all accounts evenly.
    """

    SMART = "smart"
    PRIORITY = "priority"
    BALANCED = "balanced"


class Lack(StrEnum):
    """Why nobody serves."""

    BUSY = "busy"
    EXHAUSTED = "exhausted"
    NO_ACCOUNT = "no-account"


@dataclass(slots=True)
class Choice:
    """The account, and everything that led to it. `scored` has the scores of `fit`, in the same order.

    `probes`: breakers that the request tries out, half open ones or, where `healing`, open ones; its owner
    marks them with the lease.
    """

    candidate: Candidate
    fit: Sequence[Candidate]
    scored: Sequence[Scored]
    exclusions: Sequence[Exclusion]
    probes: Sequence[Breaker] = ()
    healing: bool = False

    @property
    def scores(self) -> Sequence[Score]:
        """The scores of all that could have served."""
        return [Score(candidate.id, *scored) for candidate, scored in zip(self.fit, self.scored, strict=True)]


@dataclass(slots=True)
class NoCapacity:
    """Nobody can serve. `retry_at`: epoch seconds when that may change, None where waiting does not help."""

    reason: Lack
    retry_at: float | None
    exclusions: Sequence[Exclusion]


def choose(candidates: Sequence[Candidate], wish: Wish, now: float, seed: int, mode: Mode = Mode.SMART) -> Choice | NoCapacity:
    """The best account; equal ones are told apart by `seed`. `now`: epoch seconds."""
    fit, exclusions = _sifted(candidates, wish, now)
    if not fit:
        return _healed(candidates, exclusions, wish, now) or _lack(exclusions, now)
    if mode == Mode.PRIORITY:
        fit = _foremost(fit, exclusions)
    own = home(fit, wish.session, wish.sticky, now) if wish.session else ""
    scored = (balanced if mode == Mode.BALANCED else smart)(fit, own, wish.sticky, now)
    sums = [score[-1] for score in scored]
    best = max(sums)
    # Mostly there is one.
    chosen = fit[sums.index(best) if sums.count(best) == 1 else _tie(scored, best, seed, mode)]
    # None of them is open or being probed, or the account would have been out, unless it was asked by force.
    return Choice(chosen, fit, scored, exclusions, _concerning(chosen, wish.model) if chosen.breakers else ())


def _tie(scored: Sequence[Scored], best: float, seed: int, mode: Mode) -> int:
    """The place of one of those that have the best sum."""
    tied = [place for place, score in enumerate(scored) if score[-1] == best]
    if mode == Mode.BALANCED:
        most = max(scored[place][-2] for place in tied)
        tied = [place for place in tied if scored[place][-2] == most]
    return tied[seed % len(tied)]


def _sifted(candidates: Sequence[Candidate], wish: Wish, now: float) -> tuple[list[Candidate], list[Exclusion]]:
    """Those that fit, and why the others do not, in their order."""
    fit: list[Candidate] = []
    exclusions: list[Exclusion] = []
    open_wish = not (wish.excluded or wish.allowed or wish.account_id or wish.forced)
    model, kind, without = wish.model, wish.kind, lacking(wish.model)
    for candidate in candidates:
        plain = open_wish and (not kind or candidate.kind == kind) and plainly_fit(candidate, model, without)
        exclusion = None if plain else excluding(candidate, wish, now)
        if exclusion is None:
            fit.append(candidate)
        else:
            exclusions.append(exclusion)
    return fit, exclusions


def _foremost(fit: Sequence[Candidate], exclusions: list[Exclusion]) -> list[Candidate]:
    """Those of the highest priority; the others join the exclusions."""
    top = max(candidate.priority for candidate in fit)
    foremost = []
    for candidate in fit:
        if candidate.priority == top:
            foremost.append(candidate)
        else:
            exclusions.append(Exclusion(candidate.id, Rule.OUTRANKED, 0.0, f"{candidate.priority} below {top}"))
    return foremost


def _healed(candidates: Sequence[Candidate], exclusions: Sequence[Exclusion], wish: Wish, now: float) -> Choice | None:
    """The account whose rest is cut short because nobody fits: of those that may be, the one that would be
    back first. None while a suitable account is being probed: one request at a time finds out.
    """
    found: tuple[Candidate, Exclusion] | None = None
    for candidate, exclusion in zip(candidates, exclusions, strict=True):
        if exclusion.rule not in BUSY:
            continue
        if any(one.probe for one in _concerning(candidate, wish.model)):
            return None
        if exclusion.rule in RESTING and _heals(candidate, wish, now) and (found is None or exclusion.until < found[1].until):
            found = candidate, exclusion
    if found is None:
        return None
    candidate, own = found
    others = [exclusion for exclusion in exclusions if exclusion is not own]
    scored = smart([candidate], "", sticky=False, now=now)
    return Choice(candidate, [candidate], scored, others, _concerning(candidate, wish.model), healing=True)


def _heals(candidate: Candidate, wish: Wish, now: float) -> bool:
    """Whether nothing but breakers that may be tried early stands against the account."""
    if by_standing(candidate, now) or by_use(candidate, wish):
        return False
    return all(_ripe(one, now) for one in _concerning(candidate, wish.model) if now < one.until)


def _ripe(one: Breaker, now: float) -> bool:
    rest = one.until - one.since
    return not one.asked and rest <= HEAL_LONGEST and now - one.since >= max(HEAL_AFTER, HEAL_SHARE * rest)


def _concerning(candidate: Candidate, model: str) -> Sequence[Breaker]:
    """The account's breakers that concern the model."""
    return [one for one in candidate.breakers.values() if one.model in ("", model)]


def _lack(exclusions: Sequence[Exclusion], now: float) -> NoCapacity:
    """The most hopeful reason among the accounts that were out."""
    for reason, rules, wait in HOPE:
        ends = [exclusion.until for exclusion in exclusions if exclusion.rule in rules]
        if ends:
            return NoCapacity(reason, min(end or now + wait for end in ends), exclusions)
    return NoCapacity(Lack.NO_ACCOUNT, None, exclusions)


RESTING = frozenset({Rule.COOLING, Rule.COOLING_MODEL})
BUSY = RESTING | {Rule.PROBING, Rule.FULL, Rule.TRIED}

# With the seconds to wait where no end is known. A place that is taken has none: a second is what a short
# answer takes. Allowances are looked up every quarter of an hour.
HOPE: Sequence[tuple[Lack, frozenset[Rule], int]] = (
    (Lack.BUSY, BUSY, 1),
    (Lack.EXHAUSTED, frozenset({Rule.EXHAUSTED}), 900),
)
