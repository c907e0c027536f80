"""An installation that has been in use for a day: accounts in every state, keys near and far from their limits, some
hundred requests. What it shows is made by real requests; only their times are moved back over the day.
"""

import contextlib
import http.client
import json
import random
import sqlite3
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.stack import PROXY_KEY, Stack, until

REQUESTS = 420
DAY_SECONDS = 24 * 3600
TOGETHER = 6
HOUR_MS = 3_600_000
# How busy each hour of a day is, beginning at midnight.
BUSY = (2, 1, 1, 1, 1, 2, 4, 9, 18, 26, 30, 28, 20, 24, 31, 33, 29, 24, 17, 13, 11, 9, 6, 4)
KEYS: tuple[dict[str, Any], ...] = (
    {"name": "Editor plug-in, Ada", "limits": {"tokens": {"day": 400_000}, "requests": {"minute": 60}}},
    {"name": "Nightly summaries", "limits": {"requests": {"day": 150}}},
    {"name": "Support desk", "limits": {"credits": {"month": 40}, "concurrency": 8}},
    {"name": "Command line, Grace", "limits": {"tokens": {"month": 9_000_000}}},
    {"name": "Evaluation runs", "expiresAt": "2030-01-01T00:00:00Z", "allowedModels": ["claude-haiku-4.5", "claude-sonnet-4.5"]},
    {"name": "Old laptop", "enabled": False},
)
PRICES = (
    {"model": "*sonnet*", "input": 3, "output": 15, "cacheRead": 0.3, "cacheWrite": 3.75},
    {"model": "*", "input": 1, "output": 5, "cacheRead": 0.1, "cacheWrite": 1.25},
)
QUESTIONS = (
    "What is a gateway for?",
    "Explain keyset paging to a colleague who knows SQL.",
    "Turn these notes into a release announcement: faster start, new console, fewer surprises.",
    "Why does my test pass alone and fail with the others?",
)
MODELS = (
    *["claude-sonnet-4.5"] * 4,
    "claude-haiku-4.5",
    "claude-opus-4.5",
    "anthropic/claude-sonnet-4-5",
    "openai/gpt-4.1-mini",
    "kimi-web/kimi-k2-instruct",
)


def lived_in(stack: Stack) -> None:
    """Fill a fresh stack, whose simulators are those of the demo."""
    chance = random.Random(8)
    _accounts(stack)
    for price in PRICES:
        stack.admin("POST", "/api/prices", price)
    keys = [stack.admin("POST", "/api/keys", each) for each in KEYS]
    usable = [made["key"] for made, given in zip(keys, KEYS, strict=True) if given.get("enabled", True)]
    asked = [(chance.choice([*usable, PROXY_KEY]), chance.choice(MODELS), chance.choice(QUESTIONS)) for _ in range(REQUESTS)]
    for status, times in ((500, 7), (429, 5)):
        stack.sim("POST", "fail", {"status": status, "times": times, "message": "try again later"})
    with ThreadPoolExecutor(TOGETHER) as threads:
        list(threads.map(lambda one: ask(stack, *one), asked))
    _states(stack)
    until(lambda: len(stack.admin("GET", "/api/requests?limit=500")["requests"]) > REQUESTS * 0.9, 20)
    spread(stack, chance)


def _accounts(stack: Stack) -> None:
    for label, used in (("Team Oslo", 212), ("Team Lisbon", 731), ("Research", 948), ("Spare", 40)):
        stack.add_account(label, used=used, limit=1000)
    stack.join("kimi-web", "Kimi site")
    stack.join("openai", "OpenAI, production")
    stack.join("anthropic", "Anthropic, evaluation")


def _states(stack: Stack) -> None:
    """One is disabled, one must sign in anew, one rests."""
    found = {each["label"]: each["id"] for each in stack.admin("GET", "/api/accounts")["accounts"]}
    stack.admin("POST", f"/api/accounts/{found['Spare']}/disable")
    lost = stack.sim("POST", "accounts", {})
    stack.admin("POST", "/api/accounts", {"label": "Contractor", "refreshToken": lost["refreshToken"][:-4] + "gone"})


def ask(stack: Stack, key: str, model: str, question: str) -> None:
    """One request, as its client sends it; some are refused, as in life."""
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": question}]}
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(f"{stack.gateway}/v1/chat/completions", json.dumps(body).encode(), headers)
    with contextlib.suppress(urllib.error.HTTPError, http.client.HTTPException), urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


# ---- back over the day


def spread(stack: Stack, chance: random.Random) -> None:
    """Move what was recorded back in time: each request to its moment, and what is summed up by the hour to that hour."""
    now = int(time.time() * 1000)  # noqa: TID251 - the clock of whoever looks at the pictures
    moments = sorted(_moment(chance, now) for _ in range(REQUESTS * 2))
    with contextlib.closing(sqlite3.connect(_database(stack), timeout=30)) as database, database:
        rows = database.execute("SELECT id FROM requests ORDER BY id DESC").fetchall()
        places = sorted(chance.sample(moments, min(len(rows), len(moments))), reverse=True)
        for (row,), at in zip(rows, places, strict=False):
            waited = round(chance.lognormvariate(6.6, 0.5))
            database.execute(
                "UPDATE requests SET received_at_ms = ?, booked_at = ?, first_event_ms = CASE WHEN first_event_ms IS NULL THEN NULL ELSE ? END,"
                " duration_ms = duration_ms + ? WHERE id = ?",
                (at, at // 1000, waited, waited * 3, row),
            )
        _sum_anew(database)


def _moment(chance: random.Random, now: int) -> int:
    """Some moment of the last day, likelier in its busy hours."""
    while True:
        at = now - chance.randrange(60_000, DAY_SECONDS * 1000)
        if chance.random() * max(BUSY) < BUSY[at // HOUR_MS % 24]:
            return at


def _sum_anew(database: sqlite3.Connection) -> None:
    """By the hour, as the control plane would have written it at the time. Sums by the day stay: limits read them."""
    database.execute("DELETE FROM rollups WHERE period = 'hour'")
    database.execute(
        """INSERT INTO rollups (period, start, key_id, account_id, kind, model, requests, success, failed, counted,
             input, cache_read, cache_write, output, credits, cost)
           SELECT 'hour', booked_at - booked_at % 3600, key_id, account_id, kind, model, count(*), sum(ending = 'served'),
             sum(ending = 'failed'), sum(counted), sum(input), sum(cache_read), sum(cache_write), sum(output),
             sum(round(credits * 1000000)), sum(cost) FROM requests GROUP BY 1, 2, 3, 4, 5, 6"""
    )
    from controlplane.policy.percentiles import bucket  # noqa: PLC0415 - the pictures alone need the control plane here

    database.create_function("bucket", 1, bucket)
    database.execute("DELETE FROM hours")
    database.execute(
        "INSERT INTO hours SELECT booked_at - booked_at % 3600, ending, bucket(first_event_ms), count(*),"
        " sum(input + cache_read + cache_write + output), sum(cost) FROM requests GROUP BY 1, 2, 3"
    )


def _database(stack: Stack) -> Path:
    return stack.data / "headgate.db"
