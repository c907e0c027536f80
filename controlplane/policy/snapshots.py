"""One choice as it is recorded: what it was made from and what came out, so that it can be made again.

Candidates change in place, so what matters of them is copied, at once in the shape in which it is
encoded at the end of the request: tuples by position, and what accounts have in common only once.
Numbers that `choose` reads are kept as they are, for only so the same comes out again. JSON has no
infinity; null stands for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from math import inf
from operator import attrgetter
from typing import Any

from controlplane.domain.account import Status
from controlplane.policy.breaker import Breaker
from controlplane.policy.exclusions import Exclusion
from controlplane.policy.scheduling import Candidate, Choice, Mode, NoCapacity, Wish

# The name of this arrangement: an arrangement that changes gets a new one, and old records keep theirs.
CHOSE = "chose-2"
# The same, with one more member of the wish: an account that is asked by force, which earlier releases do not know.
FORCED = "chose-3"

# What `choose` reads of a candidate, in the order of the tuples. TRAITS are alike among many accounts and change
# seldom; `offers` is whether the model that is wanted is among them. RECENT is kept only where use shall be even.
TRAITS = (
    "kind",
    "status",
    "until",
    "offers",
    "has_credential",
    "plan",
    "priority",
    "max_concurrency",
    "ceiling",
    "limit",
    "resets_at",
)
LIVE = ("id", "in_flight", "health", "health_at", "left", "latency", "warm_until", "latency_at")
RECENT = ("recent", "recent_at")
# LIVE by the name of the arrangement; a choice of any of these can be made again.
ARRANGEMENTS = {"chose-1": LIVE[:-1], CHOSE: LIVE, FORCED: LIVE}
BREAKER = tuple(one.name for one in fields(Breaker))

Record = Sequence[Any]
_breaker = attrgetter(*BREAKER)


def taken(
    candidates: Sequence[Candidate],
    wish: Wish,
    now: float,
    seed: int,
    mode: Mode,
    revision: int,
    made: Choice | NoCapacity,
) -> tuple[Any, ...]:
    """The choice that was just made, ready to be encoded."""
    model = wish.model
    kinds, which = _shared(
        [
            (
                one.kind,
                one.status,
                one.until,
                model in one.offers,
                one.has_credential,
                one.plan,
                one.priority,
                one.max_concurrency,
                one.ceiling,
                one.limit,
                one.resets_at,
            )
            for one in candidates
        ]
    )
    wanted = (model, wish.session, tuple(wish.excluded), tuple(wish.allowed), wish.kind, wish.account_id, wish.sticky)
    return (
        FORCED if wish.forced else CHOSE,
        revision,
        mode,
        now,
        seed,
        (*wanted, True) if wish.forced else wanted,
        kinds,
        which,
        [(one.id, one.in_flight, one.health, one.health_at, one.left, one.latency, one.warm_until, one.latency_at) for one in candidates],
        [(one.recent, one.recent_at) for one in candidates] if mode == Mode.BALANCED else (),
        [(place, _breakers(one, model)) for place, one in enumerate(candidates) if one.breakers],
        _result(made, candidates),
    )


def _shared(traits: list[tuple[Any, ...]]) -> tuple[Sequence[tuple[Any, ...]], Sequence[int]]:
    """The different ones, and for each which it is; nothing where all are alike."""
    if not traits or traits.count(traits[0]) == len(traits):
        return traits[:1], ()
    places: dict[tuple[Any, ...], int] = {}
    which = [places.setdefault(one, len(places)) for one in traits]
    return list(places), which


def _breakers(candidate: Candidate, model: str) -> list[tuple[Any, ...]]:
    """Those that concern the model."""
    return [_breaker(one) for one in candidate.breakers.values() if one.model in ("", model)]


def _result(made: Choice | NoCapacity, candidates: Sequence[Candidate]) -> Record:
    """The account's id, whether it is healing, what is probed; or None, the reason, and when that may change.
    Then the scores of all that were not excluded, in their order, and the exclusions.
    """
    out = _excluded(made.exclusions, candidates) if made.exclusions else ()
    if isinstance(made, NoCapacity):
        return None, made.reason, made.retry_at, (), out
    return made.candidate.id, made.healing, [(one.cause, one.model) for one in made.probes], made.scored, out


def _excluded(exclusions: Iterable[Exclusion], candidates: Sequence[Candidate]) -> Record:
    """By the candidate's place."""
    places = {one.id: place for place, one in enumerate(candidates)}
    return [(places[one.account_id], one.rule, one.until, one.value) for one in exclusions]


def rows(record: Record) -> list[dict[str, Any]]:
    """The inputs of each candidate by name, with `breakers` as a list of the same kind."""
    arrangement, _, _, _, _, _, kinds, which, live, recent, breakers, _ = record
    found = []
    for place, values in enumerate(live):
        traits = kinds[which[place] if which else 0]
        row = {**_named(TRAITS, traits), **_named(ARRANGEMENTS[arrangement], values), "breakers": []}
        found.append({**row, **_named(RECENT, recent[place])} if recent else row)
    for place, ones in breakers:
        found[place]["breakers"] = [_named(BREAKER, one) for one in ones]
    return found


def _named(names: Iterable[str], values: Iterable[Any]) -> dict[str, Any]:
    return {name: inf if value is None else value for name, value in zip(names, values, strict=True)}


def candidates(record: Record) -> list[Candidate]:
    """The candidates of a record, as far as `choose` looks at them."""
    # Until its time was kept, a latency was as good as new.
    return [_candidate({"latency_at": record[3], **row}, record[5][0]) for row in rows(record)]


def _candidate(row: Mapping[str, Any], model: str) -> Candidate:
    breakers = [Breaker(**one) for one in row["breakers"]]
    return Candidate(
        **{
            **row,
            "status": Status(row["status"]),
            "offers": {model} if row["offers"] else (),
            "breakers": {(one.cause, one.model): one for one in breakers},
        }
    )


def wish(record: Record) -> Wish:
    """The wish of a record."""
    return Wish(*record[5])
