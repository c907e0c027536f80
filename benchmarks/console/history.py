"""A month of an installation that is in use: a million requests and what an administrator changed, as rows.

Everything comes from a seed and from the time it is made for; nothing is random twice.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from controlplane.adapters.db.rows import COLUMNS

DAYS = 30
DAY_SECONDS = 86_400
FAILED, CUT, CANCELLED = 0.03, 0.005, 0.01  # shares of all requests
RENAMED = 0.3  # asked for by another name than the upstream's
INTERNAL = 0.01  # made by the gateway itself
# A working day, in requests by the hour.
RHYTHM = (2, 1, 1, 1, 1, 2, 3, 5, 9, 12, 13, 12, 10, 11, 13, 13, 12, 10, 7, 6, 5, 4, 3, 2)
MODELS = {
    "kiro": ("claude-sonnet-4.5", "claude-haiku-4.5", "claude-opus-4.5", "claude-sonnet-4", "auto"),
    "openai": ("gpt-5", "gpt-5-mini", "glm-4.6", "qwen3-coder"),
    "anthropic": ("claude-sonnet-4-5", "claude-haiku-4-5"),
    "kimi-web": ("kimi-k2",),
}
ERRORS = ("upstream_error", "rate_limited", "no_account", "upstream_timeout")
STATUSES = (502, 429, 503, 504)
ACTIONS = [f"{what}.{done}" for what in ("account", "key", "route", "price", "user", "token") for done in ("create", "update", "delete")]
ACTIONS += ["key.rotate", "account.enable", "account.disable", "settings.update"]
ACTORS = ("admin", "alice", "bob", "token:deploy")
CHANGE = json.dumps({"name": "a key", "enabled": True, "limits": {"tokens": {"day": 1_000_000}}, "allowedModels": ["claude-*"]})


@dataclass(frozen=True)
class Names:
    """Who is in the records: keys by id, and accounts with their kind."""

    keys: Sequence[str]
    accounts: Sequence[tuple[str, str]]


def requests(names: Names, count: int, until: int, seed: int = 1) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of COLUMNS, oldest first, the last of them `until` (epoch seconds)."""
    chance = random.Random(seed)
    weights = list(accumulate(1 / (place + 2) for place in range(len(names.keys))))
    for number, at_ms in enumerate(_times(count, until, chance)):
        key = chance.choices(names.keys, cum_weights=weights)[0]
        yield _request(number, at_ms, key, chance.choice(names.accounts), chance)


def changes(count: int, until: int, targets: Sequence[str], seed: int = 2) -> Iterator[tuple[Any, ...]]:
    """Rows of the audit log: time, actor, address, action, target, its name, before, after."""
    chance = random.Random(seed)
    for number in range(count):
        at_ms = (until - 3 * DAYS * DAY_SECONDS) * 1000 + number * 3 * DAYS * DAY_SECONDS * 1000 // count
        action, target = chance.choice(ACTIONS), chance.choice(targets)
        yield at_ms, chance.choice(ACTORS), "10.0.0.7", action, target, f"called {target[-4:]}", CHANGE, CHANGE


def _times(count: int, until: int, chance: random.Random) -> Iterator[int]:
    """Epoch milliseconds that follow the rhythm of days."""
    hours = DAYS * 24
    first = until - DAYS * DAY_SECONDS
    weights = [RHYTHM[(first // 3600 + hour) % 24] for hour in range(hours)]
    made = 0
    for hour, sum_ in enumerate(accumulate(weights)):
        wanted = count * sum_ // sum(weights)
        yield from sorted((first + hour * 3600) * 1000 + chance.randrange(3_590_000) for _ in range(wanted - made))
        made = wanted


def _request(number: int, at_ms: int, key: str, account: tuple[str, str], chance: random.Random) -> tuple[Any, ...]:
    account_id, kind = account
    models = MODELS[kind]
    model = models[min(int(chance.expovariate(1.2)), len(models) - 1)]
    ending, status, error = _end(chance)
    served = status == 200
    first_ms = int(chance.lognormvariate(7.2, 0.7)) if served else None
    duration = (first_ms or 300) + chance.randrange(9000)
    fresh, cached, output = (chance.randrange(200, 6000), chance.randrange(60_000), chance.randrange(1500)) if served else (0, 0, 0)
    request_id = f"req_{number:024x}"
    attempts = [{"account_id": account_id, "kind": kind, "model": model, "started_ms": 2, "ended_ms": duration, "status": status}]
    values = {
        "lease_id": f"ls_{number:024x}",
        "request_id": request_id,
        "key_id": key,
        "account_id": account_id,
        "kind": kind,
        "asked_model": f"{model}-latest" if chance.random() < RENAMED else model,
        "model": model,
        "ending": ending,
        "status": status,
        "error": error,
        "finish_reason": "stop" if served else "",
        "received_at_ms": at_ms,
        "first_event_ms": first_ms,
        "duration_ms": duration,
        "dialect": "anthropic",
        "streamed": True,
        "input": fresh,
        "cache_read": cached,
        "cache_write": fresh // 2,
        "output": output,
        "reasoning": 0,
        "credits": round(output / 9000, 6),
        "input_source": 1,
        "output_source": 1,
        "attempts": json.dumps(attempts),
        "dropped": "[]",
        "searches": 0,
        "booked_at": (at_ms + duration) // 1000,
        "counted": served,
        "cost": output * 15e-6 + fresh * 3e-6,
        "credits_source": 1,
        "decision": DECISION,
        "cause": f"req_{number - 1:024x}" if chance.random() < INTERNAL else "",
        "compressed_how": "",
        "compressed_turns": 0,
        "saved_tokens": 0,
        "spent_tokens": 0,
    }
    return tuple(values[name] for name in COLUMNS)


def _end(chance: random.Random) -> tuple[str, int, str]:
    """Ending, status and error."""
    drawn = chance.random()
    if drawn < FAILED:
        which = chance.randrange(len(ERRORS))
        return "failed", STATUSES[which], ERRORS[which]
    if drawn < FAILED + CUT:
        return "cut", 200, "upstream_error"
    if drawn < FAILED + CUT + CANCELLED:
        return "cancelled", 499, ""
    return "served", 200, ""


# As long as that of a choice among nine accounts; nothing here reads it but its length.
DECISION = json.dumps([["chose", *[["acc_0123456789abcdef", "kiro", 100, 0.25, 1, 0.5, 12, "active", "in turn"] for _ in range(9)]]])
