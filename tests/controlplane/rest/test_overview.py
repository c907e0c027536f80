"""The first page, over real services and a real database."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from controlplane.adapters.db.records import DatabaseRecords
from tests.controlplane.rest.world import START, World


async def test_before_anything_is_there(world: World) -> None:
    found = (await world.get("/api/overview")).json()
    assert found["firstRun"] == {"account": False, "key": False, "request": False}
    assert (found["accounts"], found["keys"], found["allowances"], found["spend"]) == ({}, {"total": 0, "enabled": 0}, [], [])
    assert (found["nextReturn"], found["runsOut"]) == (None, None)
    assert (found["openRequests"], found["waiting"], found["gaps"], found["backlog"]) == (0, 0, 0, 0)
    assert found["at"] == "2026-03-01T00:00:00Z"
    assert len(found["hours"]) == 24
    empty = {"served": 0, "failed": 0, "cut": 0, "cancelled": 0, "p50": None, "p95": None, "tokens": 0, "cost": 0}
    assert found["hours"][-1] == {"start": "2026-03-01T00:00:00Z", **empty}


async def test_with_a_key_an_account_and_a_request(world: World) -> None:
    account = await world.settled((await world.account("a", label="mine"))["id"])
    await world.get(f"/api/accounts/{account['id']}/usage")
    key = await world.key("team", limits={"tokens": {"day": 1000}, "credits": {"total": 2.5}})
    await world.key("off", enabled=False)
    await world.served("req_1")
    await world.served("req_2", cause="req_1")
    found = (await world.get("/api/overview", hours=2)).json()
    assert found["firstRun"] == {"account": True, "key": True, "request": True}
    assert (found["accounts"], found["keys"]) == ({"active": 1}, {"total": 2, "enabled": 1})
    first, last = found["hours"]
    assert (first["start"], first["served"], first["tokens"]) == ("2026-02-28T23:00:00Z", 0, 0)
    assert (last["served"], last["tokens"], last["cost"]) == (1, 44, 0.5)
    assert 91 <= last["p50"] <= last["p95"] <= 128
    (left,) = found["allowances"]
    assert (left["accountId"], left["label"], left["kind"], left["status"]) == (account["id"], "mine", "kiro", "active")
    assert (left["used"], left["limit"], left["perHour"], left["runsOutAt"]) == (1, 50, None, None)
    day, total = sorted(found["spend"], key=lambda one: one["period"])
    assert (day["keyId"], day["name"], day["unit"], day["period"], day["limit"]) == (key["id"], "team", "tokens", "day", 1000)
    assert (day["used"], day["reserved"], day["resetsAt"]) == (0, 0, "2026-03-02T00:00:00Z")
    assert (total["unit"], total["limit"], total["resetsAt"]) == ("credits", 2.5, None)


@pytest.mark.parametrize("hours", [0, 169, "x"])
async def test_spans_that_are_none(world: World, hours: object) -> None:
    world.fails(await world.get("/api/overview", hours=hours), 400, "invalid", "hours")


async def test_the_database_is_asked_little_whatever_it_holds(world: World) -> None:
    for number in range(5):
        await world.served(f"req_{number}")
    await world.key("team", limits={"tokens": {"day": 1000}})
    store = world.services.records._store
    assert isinstance(store, DatabaseRecords)
    asked: list[str] = []
    event.listen(store._engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert (await world.get("/api/overview", hours=168)).status_code == 200
    assert len([one for one in asked if one.startswith("SELECT")]) <= 3
    assert not [one for one in asked if "requests.received_at_ms" in one]


async def test_names_beside_the_ids(world: World) -> None:
    await world.served("req_1")
    (row,) = (await world.get("/api/requests")).json()["requests"]
    assert (row["keyId"], row["keyName"], row["accountId"], row["accountLabel"]) == ("proxy", "proxy", "acc_2", None)
    (row,) = (await world.get("/api/proxy/logs")).json()["logs"]
    assert row["keyName"] == "proxy"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "kiro"}, ["req_2", "req_1", "req_0"]),
        ({"kind": "openai"}, []),
        ({"requestId": "req_1"}, ["req_1"]),
        ({"requestId": "req_9"}, []),
        ({"from": "2026-03-01T00:00:01Z"}, ["req_2", "req_1"]),
        ({"from": "2026-03-01T00:00:01.001Z"}, ["req_2"]),
        ({"to": "2026-03-01T00:00:01Z"}, ["req_0"]),
        ({"from": "2026-03-01T01:00:01+01:00", "to": "2026-03-01T00:00:02Z"}, ["req_1"]),
        ({"from": "2026-03-01T00:00:01Z", "kind": "kiro", "model": "sonnet", "limit": 1}, ["req_2"]),
    ],
)
async def test_filters_of_the_request_list(world: World, query: dict[str, object], found: list[str]) -> None:
    for number in range(3):
        await world.served(f"req_{number}", received_at_ms=int(START * 1000) + number * 1000)
    assert datetime.fromtimestamp(START, UTC).isoformat() == "2026-03-01T00:00:00+00:00"
    rows = (await world.get("/api/requests", **query)).json()["requests"]
    assert [row["requestId"] for row in rows] == found


@pytest.mark.parametrize(("name", "value"), [("from", "yesterday"), ("to", "12"), ("from", "2026-03-01T00:00:00"), ("requestId", "a\0b")])
async def test_filters_that_are_none(world: World, name: str, value: str) -> None:
    world.fails(await world.get("/api/requests", **{name: value}), 400, "invalid", name)
