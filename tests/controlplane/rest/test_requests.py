"""The request log, against the real ledger."""

import json
import threading
from typing import Any

import pytest

from controlplane.domain.route import Target
from controlplane.policy import decisions
from controlplane.policy.routing import Named
from controlplane.policy.scheduling import Candidate, Mode, Wish, choose
from headgate.cli import explanation
from tests.controlplane.rest.world import ARN, START, World


async def test_a_request_in_full(world: World) -> None:
    await world.served("req_1")
    reply = await world.get("/api/requests/req_1")
    assert reply.status_code == 200
    row = reply.json()
    assert row["usage"] == {
        "input": 10,
        "cacheRead": 3,
        "cacheWrite": 2,
        "output": 7,
        "reasoning": 4,
        "credits": 0.5,
        "inputSource": "upstream",
        "outputSource": "estimated",
        "creditsSource": "upstream",
        "searches": 2,
    }
    expected = {
        "requestId": "req_1",
        "receivedAt": "2026-03-01T00:00:00.250000Z",
        "keyId": "proxy",
        "askedModel": "sonnet",
        "accountId": "acc_2",
        "kind": "kiro",
        "model": "claude-sonnet-4.5",
        "ending": "served",
        "status": 200,
        "error": None,
        "finishReason": "stop",
        "dialect": "anthropic",
        "streamed": True,
        "firstEventMs": 120,
        "durationMs": 900,
        "cost": 0.25,
        "dropped": ["$.metadata"],
        "compression": None,
        "cause": None,
        "summaries": [],
    }
    assert {name: row[name] for name in expected} == expected
    first, second = row["attempts"]
    assert (first["accountId"], first["fault"], first["status"], first["retryAfter"]) == ("acc_1", "throttled", 429, 8)
    assert (second["accountId"], second["fault"], second["startedMs"], second["endedMs"]) == ("acc_2", "", 50, 900)
    assert (first["endpoint"], first["endpoints"], first["learned"]) == ("", [], {})
    assert second["endpoint"] == "http://b.test"
    assert second["endpoints"] == [{"url": "http://a.test", "fault": "unreachable", "retryAfter": 3}]
    assert second["learned"] == {"profile_arn": ARN}
    assert (row["decision"], row["reproduced"]) == ([], [])
    assert [(span["name"], span["startMs"], span["endMs"]) for span in row["waterfall"]] == [
        ("attempt 1", 1, 40),
        ("attempt 2", 50, 900),
        ("first event", 120, 120),
        ("end", 900, 900),
    ]
    (brief,) = (await world.get("/api/requests")).json()["requests"]
    assert {name: row[name] for name in brief} == brief


async def test_why_it_was_served_where_it_was(world: World) -> None:
    pool = [
        Candidate("acc_1", "kiro", offers={"claude-sonnet-4.5"}),
        Candidate("acc_2", "kiro", offers={"claude-sonnet-4.5"}, max_concurrency=1),
    ]
    pool[0].priority = 5
    wish = Wish("claude-sonnet-4.5")
    first = decisions.chose(pool, wish, START, 7, Mode.SMART, decisions.REVISION, choose(pool, wish, START, 7, Mode.SMART))
    wish = Wish("claude-sonnet-4.5", excluded=("acc_1",))
    second = decisions.chose(pool, wish, START, 8, Mode.SMART, decisions.REVISION, choose(pool, wish, START, 8, Mode.SMART))
    steps = [decisions.named("sonnet", Named((Target("kiro", "claude-sonnet-4.5"),))), first, decisions.waited(0.005, 2), second]
    await world.served("req_1", decision=decisions.encode(steps))
    row = (await world.get("/api/requests/req_1")).json()
    assert [step["step"] for step in row["decision"]] == ["named", "chose", "waited", "chose"]
    assert [step["accountId"] for step in row["decision"] if step["step"] == "chose"] == ["acc_1", "acc_2"]
    assert row["decision"][3]["candidates"][0]["exclusion"]["rule"] == "excluded-by-request"
    assert row["reproduced"] == [{"same": True, "recorded": name, "recomputed": name} for name in ("acc_1", "acc_2")]
    assert [(span["name"], span["startMs"], span["endMs"]) for span in row["waterfall"]][:3] == [
        ("attempt 1", 1, 40),
        ("wait", 45, 50),
        ("attempt 2", 50, 900),
    ]
    # What `headgate explain` makes of this very answer.
    said = explanation.text(row, {"id": "proxy"}, {"acc_1": "mine"})
    assert "Chose mine for claude-sonnet-4.5 (smart, of 2, seed 7" in said
    assert "mine is out: excluded-by-request" in said
    assert "all 2 choices come out the same" in said


@pytest.mark.parametrize("text", ["nonsense", "{}", "[1]"])
async def test_a_decision_that_cannot_be_read_hides_nothing_else(world: World, text: str) -> None:
    await world.served("req_1", decision=text)
    row = (await world.get("/api/requests/req_1")).json()
    assert (row["status"], row["decision"], row["reproduced"]) == (200, [], [])


async def test_pages_newest_first(world: World) -> None:
    for number in range(5):
        await world.served(f"req_{number}", received_at_ms=1772323200000 + number)
    seen, query = [], {"limit": 2}
    while True:
        page = (await world.get("/api/requests", **query)).json()
        seen += [row["requestId"] for row in page["requests"]]
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]
    assert seen == ["req_4", "req_3", "req_2", "req_1", "req_0"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"keyId": "proxy"}, 1),
        ({"keyId": "key_1"}, 0),
        ({"accountId": "acc_2"}, 1),
        ({"model": "claude-sonnet-4.5"}, 1),
        ({"ending": "served"}, 1),
        ({"ending": "cut"}, 0),
        ({"status": 200}, 1),
        ({"status": 500}, 0),
        ({"cause": "req_1"}, 0),
        ({"internal": "false"}, 1),
        ({"internal": "true"}, 0),
    ],
)
async def test_filters(world: World, query: dict[str, object], count: int) -> None:
    await world.served("req_1")
    assert len((await world.get("/api/requests", **query)).json()["requests"]) == count


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "9" * 40 + ".1"}, "cursor"),
        ({"ending": "gone"}, "ending"),
        ({"status": 99}, "status"),
        ({"status": "ok"}, "status"),
        ({"keyId": "a\0b"}, "keyId"),
        ({"key_id": "proxy"}, "key_id"),
        ({"limit": 501}, "limit"),
        ({"internal": "perhaps"}, "internal"),
        ({"cause": "a\0b"}, "cause"),
    ],
)
async def test_bad_queries(world: World, query: dict[str, object], field: str) -> None:
    world.fails(await world.get("/api/requests", **query), 400, "invalid", field)


@pytest.mark.parametrize("name", ["req_none", "%00", "a%00b", "%F0%9F%98%80", "x" * 5000])
async def test_what_is_not_there_is_404(world: World, name: str) -> None:
    world.fails(await world.get(f"/api/requests/{name}"), 404, "not_found")


async def test_figures_from_outside_may_be_absurd(world: World) -> None:
    await world.served("req_1", received_at_ms=9_000_000_000_000_000)
    assert (await world.get("/api/requests/req_1")).json()["receivedAt"] == "9999-12-31T23:59:59Z"


async def test_a_decision_is_read_in_a_thread_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a pool of hundreds it is long, and everybody else would wait."""
    threads: list[threading.Thread] = []
    read = decisions._steps

    def steps(text: str) -> Any:
        threads.append(threading.current_thread())
        return read(text)

    monkeypatch.setattr(decisions, "_steps", steps)
    account = await world.account()
    await world.served("req_1", decision=json.dumps([["refused", "x", account["id"]]]))
    assert (await world.get("/api/requests/req_1")).json()["decision"] == [{"step": "refused", "reason": "x", "message": account["id"]}]
    assert (await world.get(f"/api/accounts/{account['id']}/decisions")).json() == {"decisions": []}
    assert len(threads) >= 3
    assert threading.main_thread() not in threads
