"""The decision record of a request: every step by which it got its account, or did not.

Steps are cheap values while the request is under way; the record is encoded once, at its end. It holds
none of the client's text but the name it wrote for the model. What `decode` gives is what people read:

    step      members
    named     written, model, kind, accountId, route, targets: what the model's name means. `targets` with kind, model,
              accountIds (empty: any) are tried in this order; `model` is the first one's, `route` the name of the route
              that says so; `kind` and `accountId` are empty unless the name was limited to them
    claimed   requests, tokens, credits: what was to be reserved
    denied    payerId, unit, period (both null: concurrency), limit, left, retryAt
    chose     from the accounts of one target, the `kind` and `model` of its wish:
              revision, mode, at, seed, wish, accountId (null: nobody), healing, probes, reason, retryAt, candidates;
              a candidate has `id`, its inputs, and either `score` by parts or `exclusion` with rule, value, until
    spared    accountId: it is chosen only because its rest may be cut short, and a later target can serve without that
    full      accountId, inFlight: another process was faster there
    waited    seconds, behind: in line, behind so many
    renewed   accountId, seconds, ok: it waited for a token
    refused   reason, message

Times are ISO 8601 in UTC, null none; credits are whole ones with decimals; `left` is null where the account has no bound.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any

import msgspec

from controlplane.domain.limits import MILLION, Amounts, Denied, Unit
from controlplane.policy import scheduling, snapshots
from controlplane.policy.routing import Named
from controlplane.policy.scheduling import Candidate, Choice, Mode, NoCapacity, Wish
from controlplane.policy.scoring import Score
from controlplane.policy.snapshots import ARRANGEMENTS, Record

REVISION = scheduling.REVISION
# What a client writes as a model's name is kept up to here.
LONGEST_NAME = 128

Step = tuple[Any, ...]


def named(written: str, meant: Named) -> Step:
    return "named", written[:LONGEST_NAME], meant.targets[0].model, meant.kind, meant.account_id, meant.route, meant.told


def claimed(amounts: Amounts) -> Step:
    return "claimed", amounts.requests, amounts.tokens, amounts.credits


def denied(said: Denied) -> Step:
    return "denied", said.payer_id, said.unit, said.period, said.limit, said.left, said.retry_at


def chose(candidates: Sequence[Candidate], wish: Wish, now: float, seed: int, mode: Mode, revision: int, made: Choice | NoCapacity) -> Step:
    """What `choose` was given, and what it made of it; to be called at once, for candidates change."""
    return snapshots.taken(candidates, wish, now, seed, mode, revision, made)


def in_vain(step: Step) -> bool:
    """Whether it is a choice that found nobody."""
    return bool(step[0] in ARRANGEMENTS and step[-1][0] is None)


def spared(account_id: str) -> Step:
    """The choice before it was not used."""
    return "spared", account_id


def full(account_id: str, in_flight: int) -> Step:
    return "full", account_id, in_flight


def waited(seconds: float, behind: int) -> Step:
    return "waited", round(seconds, 3), behind


def renewed(account_id: str, seconds: float, ok: bool) -> Step:
    return "renewed", account_id, round(seconds, 3), ok


def refused(reason: str, message: str) -> Step:
    return "refused", reason, message


def encode(steps: Sequence[Step]) -> str:
    """The record's text, JSON."""
    return _encode(steps).decode()


def decode(text: str) -> list[dict[str, Any]]:
    """The steps for people, in their order; the empty text has none. A step that this release does not know has
    its name only. Raises ValueError for a text that is no record.
    """
    return [SHOWN[step[0]](step) if step[0] in SHOWN else {"step": step[0]} for step in _steps(text)]


def choices(text: str) -> list[Record]:
    """The choices of the record as they are arranged (`snapshots.ARRANGEMENTS`). Raises ValueError for a text that is
    no record.
    """
    return [step for step in _steps(text) if step[0] in ARRANGEMENTS]


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded choice made again by the present rules: whether everything about it is the same, and who
    serves, or why nobody does, then and now.
    """

    same: bool
    recorded: str
    recomputed: str


def replay(text: str) -> list[Replay]:
    """Each choice of the record, made again from the record alone. Raises ValueError for a text that is none."""
    return [_again(record) for record in choices(text)]


def _again(record: Record) -> Replay:
    revision, mode, now, seed = record[1], Mode(record[2]), record[3], record[4]
    candidates, wish = snapshots.candidates(record), snapshots.wish(record)
    made = scheduling.choose(candidates, wish, now, seed, mode)
    anew = msgspec.json.decode(_encode(snapshots.taken(candidates, wish, now, seed, mode, revision, made)))
    return Replay(anew[-1] == record[-1], _brief(record[-1]), _brief(anew[-1]))


def _brief(result: Record) -> str:
    """Who serves, or why nobody does."""
    return str(result[0] or result[1])


def _steps(text: str) -> list[list[Any]]:
    return msgspec.json.decode(text, type=list[list[Any]]) if text else []


def _by_name(*names: str) -> Callable[[Record], dict[str, Any]]:
    return lambda step: dict(zip(("step", *names), step, strict=False))


def _named(step: Record) -> dict[str, Any]:
    """The previous release knew neither routes nor targets."""
    name, written, model, kind, account_id, route, targets = step if len(step) > 5 else (*step, "", [])
    shown = [{"kind": kind, "model": model, "accountIds": account_ids} for kind, model, account_ids in targets]
    return {"step": name, "written": written, "model": model, "kind": kind, "accountId": account_id, "route": route, "targets": shown}


def _claimed(step: Record) -> dict[str, Any]:
    return {"step": step[0], "requests": step[1], "tokens": step[2], "credits": step[3] / MILLION}


def _denied(step: Record) -> dict[str, Any]:
    name, payer_id, unit, period, limit, left, retry_at = step
    if unit == Unit.CREDITS:
        limit, left = limit / MILLION, left / MILLION
    return {"step": name, "payerId": payer_id, "unit": unit, "period": period, "limit": limit, "left": left, "retryAt": _moment(retry_at)}


def _chose(record: Record) -> dict[str, Any]:
    _, revision, mode, now, seed, wish, *_, result = record
    account_id, *told, _, _ = result
    healing, probes, reason, retry_at = (*told, None, None) if account_id is not None else (False, [], *told)
    return {
        "step": "chose",
        "revision": revision,
        "mode": mode,
        "at": _moment(now),
        "seed": seed,
        "wish": _wish(wish),
        "accountId": account_id,
        "healing": healing,
        "probes": [{"cause": cause, "model": model} for cause, model in probes],
        "reason": reason,
        "retryAt": _moment(retry_at),
        "candidates": _candidates(record),
    }


def _wish(wish: Record) -> dict[str, Any]:
    model, session, excluded, allowed, kind, account_id, sticky, *forced = wish
    # A number of 64 bits, which JSON's readers would round.
    name = f"{session:016x}" if session else None
    pins = {"kind": kind, "accountId": account_id}
    return {"model": model, "session": name, "excluded": excluded, "allowed": allowed, **pins, "sticky": sticky, "forced": bool(forced)}


def _candidates(record: Record) -> list[dict[str, Any]]:
    """Every candidate with its inputs, and its score or what put it out."""
    shown = [_inputs(row) for row in snapshots.rows(record)]
    *_, scores, exclusions = record[-1]
    for place, rule, until, value in exclusions:
        shown[place]["exclusion"] = {"rule": rule, "value": value, "until": _moment(until)}
    fit = [one for one in shown if "exclusion" not in one]
    for one, score in zip(fit, scores, strict=True):
        one["score"] = dict(zip(Score._fields[1:], score, strict=True))
    return shown


def _inputs(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = {_camel(name): _moment(value) if name in TIMES else (None if value == inf else value) for name, value in row.items()}
    return {**shown, "breakers": [_inputs(one) for one in row["breakers"]]} if "breakers" in row else shown


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _moment(seconds: float | None) -> str | None:
    """Epoch seconds in ISO 8601; none for 0 and for a time that no calendar has."""
    if not seconds or not 0 < seconds < END:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


END = 253_402_300_800.0  # the year 10000
TIMES = frozenset({"until", "health_at", "resets_at", "warm_until", "latency_at", "recent_at", "since", "probed_at"})

SHOWN: Mapping[str, Callable[[Record], dict[str, Any]]] = {
    "named": _named,
    "claimed": _claimed,
    "denied": _denied,
    **dict.fromkeys(ARRANGEMENTS, _chose),
    "spared": _by_name("accountId"),
    "full": _by_name("accountId", "inFlight"),
    "waited": _by_name("seconds", "behind"),
    "renewed": _by_name("accountId", "seconds", "ok"),
    "refused": _by_name("reason", "message"),
}

_encode = msgspec.json.Encoder().encode
