"""What shortening did to requests, what it came to, and what it replaced."""

import logging

import pytest

from controlplane.domain.outcome import Compression
from controlplane.service.originals import OriginalsAway
from headgate.cli import explanation
from tests.controlplane.rest.world import World

TEXT = b'{"turns":[{"role":"user","parts":["MARKED"]}],"replacedBy":[]}'


async def test_a_request_tells_what_shortening_did_and_what_it_asked_for_that(world: World) -> None:
    await world.served("req_1", compression=Compression("incremental", 120, 80_000, 3000))
    await world.served("req_2", 1772323200260, cause="req_1")
    await world.served("req_3", 1772323200270, cause="req_1")
    await world.served("req_4", cause="req_0")
    row = (await world.get("/api/requests/req_1")).json()
    assert row["compression"] == {"how": "incremental", "replacedTurns": 120, "savedTokens": 80_000, "spentTokens": 3000}
    assert row["cause"] is None
    assert [one["requestId"] for one in row["summaries"]] == ["req_2", "req_3"]
    assert row["summaries"][0] == {
        "requestId": "req_2",
        "ending": "served",
        "accountId": "acc_2",
        "kind": "kiro",
        "model": "claude-sonnet-4.5",
        "durationMs": 900,
        "tokens": 22,
        "credits": 0.5,
        "cost": 0.25,
    }
    assert row["waterfall"][0] == {"name": "compression", "startMs": 0, "endMs": 1}
    said = explanation.text(row, {"id": "proxy"}, {})
    assert "120 turns by a summary, partly made for this request: 80,000 tokens less" in said
    assert "44 tokens, $0.5: req_2 (served), req_3 (served)" in said
    summary = (await world.get("/api/requests/req_2")).json()
    assert (summary["cause"], summary["compression"], summary["summaries"]) == ("req_1", None, [])
    assert "a summary for req_1" in explanation.text(summary, {"id": "proxy"}, {})


async def test_the_log_tells_the_gateways_own_requests_apart(world: World) -> None:
    await world.served("req_1", compression=Compression("late", spent_tokens=700))
    await world.served("req_2", 1772323200260, cause="req_1")
    for query, found in (
        ({}, [("req_2", "req_1"), ("req_1", None)]),
        ({"internal": "true"}, [("req_2", "req_1")]),
        ({"internal": "false"}, [("req_1", None)]),
        ({"cause": "req_1"}, [("req_2", "req_1")]),
        ({"cause": "req_2"}, []),
    ):
        rows = (await world.get("/api/requests", **query)).json()["requests"]
        assert [(row["requestId"], row["cause"]) for row in rows] == found, query
    assert rows == []
    (row,) = (await world.get("/api/requests", internal="false")).json()["requests"]
    assert row["compression"] == {"how": "late", "replacedTurns": 0, "savedTokens": 0, "spentTokens": 700}


async def test_sums_tell_what_was_saved_and_what_summaries_came_to(world: World) -> None:
    await world.served("req_1", compression=Compression("model", 120, 80_000, 22))
    await world.served("req_2", cause="req_1")
    (bucket,) = (await world.get("/api/usage", by="key")).json()["buckets"]
    assert (bucket["name"], bucket["requests"], bucket["counted"], bucket["input"], bucket["cost"]) == ("proxy", 1, 1, 20, 0.5)
    assert (bucket["savedTokens"], bucket["summaryTokens"]) == (80_000, 22)
    for stats in ((await world.get("/api/proxy/stats")).json()["stats"], (await world.services.usage.of("proxy"))["stats"]):
        assert (stats["totalRequests"], stats["successRequests"], stats["inputTokens"]) == (1, 1, 30)
        assert (stats["savedTokens"], stats["summaryTokens"]) == (80_000, 22)


async def test_what_was_replaced_is_passed_through_and_who_read_it_is_noted(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.originals.texts["req_1"] = TEXT
    caplog.set_level(logging.DEBUG)
    reply = await world.get("/api/requests/req_1/original")
    assert (reply.status_code, reply.content) == (200, TEXT)
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    (change,) = await world.changes()
    assert (change["action"], change["target"], change["actor"], change["address"]) == ("requests.original", "req_1", "admin", "127.0.0.1")
    assert (change["before"], change["after"]) == (None, None)
    assert "MARKED" not in caplog.text


@pytest.mark.parametrize("request_id", ["req_2", "%00", "%F0%9F%98%80"])
async def test_what_is_not_kept_is_404(world: World, request_id: str) -> None:
    world.fails(await world.get(f"/api/requests/{request_id}/original"), 404, "not_found")
    assert world.originals.asked in ([], [request_id])
    assert await world.changes() == []


async def test_a_summarizer_that_is_away_is_told_as_such(world: World) -> None:
    world.originals.texts["req_1"] = OriginalsAway()
    reply = await world.get("/api/requests/req_1/original")
    world.fails(reply, 503, "unavailable")
    assert "summarizer" in reply.json()["error"]["message"]
    assert int(reply.headers["retry-after"]) > 0
    assert await world.changes() == []


async def test_what_was_replaced_is_the_administrators(world: World) -> None:
    world.fails(await world.stranger.get("/api/requests/req_1/original"), 401, "unauthenticated")
    assert world.originals.asked == []


async def test_nothing_is_read_that_could_not_be_noted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.services.audit), "room", property(lambda _: False))
    world.fails(await world.get("/api/requests/req_1/original"), 503, "unavailable")
    assert world.originals.asked == []
