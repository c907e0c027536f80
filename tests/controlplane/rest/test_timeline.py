"""An account's past over REST."""

from typing import Any

import pytest

from controlplane.domain.account import Status
from controlplane.domain.errors import GrantRejected
from controlplane.policy import decisions
from controlplane.policy.candidates import Candidate, Wish
from controlplane.policy.scheduling import Mode, choose
from controlplane.service.ports import Standing
from tests.controlplane.rest.world import World


async def events(world: World, account_id: str, **query: Any) -> dict[str, Any]:
    await world.services.timeline.tend()
    reply = await world.get(f"/api/accounts/{account_id}/timeline", **query)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_what_happened_and_who_did_what_in_the_order_of_time(world: World) -> None:
    made = await world.account()
    await world.settled(made["id"])
    seat = world.services.timeline._roster.seat(made["id"])
    world.clock.pass_(60)
    seat.stand(Standing(Status.EXHAUSTED, "its allowance is spent", int(world.clock.time) + 60))
    await world.services.timeline.tend()
    world.clock.pass_(1)
    await world.put(f"/api/accounts/{made['id']}", {"priority": 3, "label": "b"})
    world.clock.pass_(1)
    world.provider.refreshes = GrantRejected("the refresh token is dead")
    await world.post(f"/api/accounts/{made['id']}/refresh")
    found = (await events(world, made["id"]))["events"]
    assert len({one["id"] for one in found}) == len(found)
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)
    assert {"status", "refresh", "change"} == {one["type"] for one in found}
    assert {
        (one["type"], one["reason"], one["ok"]) for one in found if one["at"] == "2026-03-01T00:01:02Z" and one["type"] == "refresh"
    } == {("refresh", "the refresh token is dead", False)}
    plain = [{name: value for name, value in one.items() if name != "id"} for one in found]
    nothing: dict[str, Any] = {"status": None, "reason": "", "until": None, "ok": None, "actor": None, "action": None}
    assert {
        **nothing,
        "at": "2026-03-01T00:01:00Z",
        "type": "status",
        "status": "exhausted",
        "reason": "its allowance is spent",
        "until": "2026-03-01T00:02:00Z",
    } in plain
    assert {
        **nothing,
        "at": "2026-03-01T00:01:01Z",
        "type": "change",
        "reason": "label, priority",
        "actor": "admin",
        "action": "account.update",
    } in plain
    assert {**nothing, "at": "2026-03-01T00:00:00Z", "type": "change", "actor": "admin", "action": "account.create"} in plain
    assert {**nothing, "at": "2026-03-01T00:00:00Z", "type": "refresh", "ok": True} in plain


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_miss_nothing_where_both_meet(world: World, limit: int) -> None:
    made = await world.account()
    await world.settled(made["id"])
    seat = world.services.timeline._roster.seat(made["id"])
    # All at the same time.
    for number in range(3):
        await world.put(f"/api/accounts/{made['id']}", {"priority": number + 1})
        seat.stand(Standing(Status.SUSPENDED, f"for the {number}. time"))
        await world.services.timeline.tend()
    every = (await events(world, made["id"]))["events"]
    assert len(every) >= 8
    seen, cursor = [], None
    while True:
        page = await events(world, made["id"], limit=limit, **({"cursor": cursor} if cursor else {}))
        seen += page["events"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == every


async def test_how_the_account_fared(world: World) -> None:
    one, other = await world.account("a", label="one"), await world.account("b", label="other")
    at, wish = world.clock.time, Wish("m")
    pool = [
        Candidate(one["id"], "kiro", offers={"m"}, max_concurrency=1, in_flight=1, health_at=at),
        Candidate(other["id"], "kiro", offers={"m"}, health_at=at),
    ]
    step = decisions.chose(pool, wish, at, 0, Mode.SMART, 1, choose(pool, wish, at, 0, Mode.SMART))
    await world.served("req_1", int(at * 1000), decisions.encode([step]))
    await world.served("req_2", int(at * 1000) + 1)
    (line,) = (await world.get(f"/api/accounts/{one['id']}/decisions")).json()["decisions"]
    winner = {"accountId": other["id"], "label": "other"}
    assert line == {
        "requestId": "req_1",
        "receivedAt": "2026-03-01T00:00:00Z",
        "askedModel": "sonnet",
        "result": "excluded",
        "rule": "concurrency-full",
        "value": "1 of 1",
        "score": None,
        "winner": winner,
        "ending": "served",
    }
    (line,) = (await world.get(f"/api/accounts/{other['id']}/decisions")).json()["decisions"]
    assert (line["result"], line["rule"], line["value"], line["winner"]) == ("chosen", None, None, winner)
    assert line["score"] > 0
    await world.delete(f"/api/accounts/{other['id']}")
    (line,) = (await world.get(f"/api/accounts/{one['id']}/decisions")).json()["decisions"]
    assert line["winner"] == {"accountId": other["id"], "label": None}


@pytest.mark.parametrize("what", ["timeline", "decisions"])
async def test_accounts_that_are_none(world: World, what: str) -> None:
    world.fails(await world.get(f"/api/accounts/acc_x/{what}"), 404, "not_found")


async def test_cursors_that_are_none(world: World) -> None:
    made = await world.account()
    world.fails(await world.get(f"/api/accounts/{made['id']}/timeline", cursor="x"), 400, "invalid", "cursor")
