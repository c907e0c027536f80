"""The time that calls take, as a client on the same machine sees it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from benchmarks.console.calls import Call
from benchmarks.console.history import ACTIONS, ACTORS, DAYS, MODELS, STATUSES, Names
from benchmarks.console.plane import Asker
from benchmarks.stack import Broken

PAGES, SIZE, STRIDE = 1000, 50, 500  # which page is a deep one, how long pages are, how far one step towards it goes


@dataclass(frozen=True)
class Figures:
    """Milliseconds."""

    p50: float
    p95: float


def measured(asker: Asker, calls: Sequence[Call], names: Names, now: int, times: int, rows: int) -> Mapping[str, Figures]:
    """By page and name of the call; a call that does not exist has none."""
    found = {}
    for call in calls:
        turns = [_values(names, now, turn, rows) for turn in range(times)]
        cursor = _deep(asker, _path(call.path, turns[0])) if call.deep else ""
        if asker.ask("GET", _path(call.path, turns[0]))[0] in (404, 405):
            continue
        taken = sorted(_timed(asker, _path(call.path, values) + cursor) for values in turns)
        found[f"{call.page}: {call.name}"] = Figures(taken[len(taken) // 2], taken[int(len(taken) * 0.95)])
    return found


def _timed(asker: Asker, path: str) -> float:
    began = time.perf_counter()
    status, answer = asker.ask("GET", path)
    taken = (time.perf_counter() - began) * 1000
    if status != 200:
        raise Broken(f"{path}: {status} {answer}")
    return taken


def _deep(asker: Asker, path: str) -> str:
    """Where the deep page begins, or the last one that is full."""
    cursor = ""
    for _ in range(PAGES * SIZE // STRIDE):
        _, answer = asker.ask("GET", path.replace(f"limit={SIZE}", f"limit={STRIDE}") + cursor)
        if not answer.get("nextCursor"):
            break
        cursor = f"&cursor={answer['nextCursor']}"
    return cursor


def _path(path: str, values: Mapping[str, Any]) -> str:
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", quote(str(value)))
    return path


def _values(names: Names, now: int, turn: int, rows: int) -> dict[str, Any]:
    """Another one of everything each time."""
    models = [model for kind in MODELS.values() for model in kind]
    hour = now - (turn * 7919) % (DAYS * 24) * 3600
    return {
        "key": names.keys[turn * 7 % len(names.keys)],
        "account": names.accounts[turn % len(names.accounts)][0],
        "model": models[turn * 5 % len(models)],
        "common": MODELS["kiro"][0],
        "kind": list(MODELS)[turn % len(MODELS)],
        "status": STATUSES[turn % len(STATUSES)],
        "request": f"req_{turn * 15_485_863 % rows:024x}",
        "from": _iso(hour - 3600),
        "to": _iso(hour),
        "actor": ACTORS[turn % len(ACTORS)],
        "action": ACTIONS[turn % len(ACTIONS)],
    }


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
