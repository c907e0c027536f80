"""Limits of keys over REST: said, merged, cleared, read back with what was used."""

from typing import Any

import pytest

from controlplane.domain.limits import MILLION, Caps, Limits
from tests.controlplane.rest.world import World

FULL: dict[str, Any] = {
    "requests": {"minute": 60, "day": 1000, "month": 20_000, "total": 10**11},
    "tokens": {"minute": 100_000, "day": 0, "month": 10**11, "total": 5},
    "credits": {"minute": 10**5, "day": 0.000001, "month": 999_999_999.999999, "total": 12.5},
    "concurrency": 3,
}
UNITS = ("requests", "tokens", "credits")


async def changed(world: World, key_id: str, body: Any) -> dict[str, Any]:
    reply = await world.put(f"/api/keys/{key_id}", body)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_limits_are_read_as_they_were_said(world: World) -> None:
    made = await world.key("a", limits=FULL)
    assert made["limits"] == FULL
    assert made["creditLimit"] == 12.5
    assert world.services.keys.get(made["id"]).limits == Limits(
        Caps(60, 1000, 20_000, 10**11),
        Caps(100_000, 0, 10**11, 5),
        Caps(10**5 * MILLION, 1, 999_999_999_999_999, 12_500_000),
        3,
    )
    for unit in UNITS:
        for period, cap in FULL[unit].items():
            leaf = made["usage"][unit][period]
            assert (leaf["used"], leaf["reserved"], leaf["standby"], leaf["limit"], leaf["left"]) == (0, 0, 0, cap, cap)
    assert made["usage"]["requests"]["day"]["resetsAt"].startswith("2026-03-0")
    assert made["usage"]["requests"]["total"]["resetsAt"] is None
    assert made["usage"]["concurrency"] == {"used": 0, "reserved": 0, "standby": 0, "limit": 3, "left": 3, "resetsAt": None}


async def test_a_key_without_limits_is_counted_all_the_same(world: World) -> None:
    made = await world.key()
    assert (made["limits"], made["creditLimit"]) == ({}, None)
    for unit in UNITS:
        assert made["usage"][unit]["minute"] is None
        for period in ("day", "month", "total"):
            leaf = made["usage"][unit][period]
            assert (leaf["used"], leaf["limit"], leaf["left"]) == (0, None, None)
    assert made["usage"]["concurrency"]["limit"] is None
    assert made["stats"]["totalCost"] == 0


async def test_put_merges_leaf_by_leaf(world: World) -> None:
    key_id = (await world.key("a", limits={"requests": {"minute": 5, "day": 10}, "concurrency": 2}))["id"]
    assert (await changed(world, key_id, {"name": "b"}))["limits"] == {"requests": {"minute": 5, "day": 10}, "concurrency": 2}
    assert (await changed(world, key_id, {"limits": {}}))["limits"]["concurrency"] == 2
    after = await changed(world, key_id, {"limits": {"requests": {"day": None, "month": 7}, "credits": {"day": 1}}})
    assert after["limits"] == {"requests": {"minute": 5, "month": 7}, "credits": {"day": 1}, "concurrency": 2}
    after = await changed(world, key_id, {"limits": {"requests": None, "concurrency": None}})
    assert after["limits"] == {"credits": {"day": 1}}
    assert (await changed(world, key_id, {"limits": None}))["limits"] == {}
    assert (await world.get(f"/api/keys/{key_id}")).json()["limits"] == {}


async def test_the_credit_limit_is_the_total_of_credits(world: World) -> None:
    made = await world.key("a", creditLimit=10)
    assert made["limits"] == {"credits": {"total": 10}}
    key_id = made["id"]
    assert (await changed(world, key_id, {"limits": {"credits": {"total": 4.25}}}))["creditLimit"] == 4.25
    after = await changed(world, key_id, {"creditLimit": 5, "limits": {"credits": {"day": 1}}})
    assert after["limits"] == {"credits": {"day": 1, "total": 5}}
    after = await changed(world, key_id, {"creditLimit": None})
    assert (after["limits"], after["creditLimit"]) == ({"credits": {"day": 1}}, None)
    after = await changed(world, key_id, {"creditLimit": 6, "limits": {"credits": None}})
    assert after["limits"] == {"credits": {"total": 6}}
    after = await changed(world, key_id, {"creditLimit": 7, "limits": None})
    assert after["limits"] == {"credits": {"total": 7}}
    both = {"creditLimit": 8.5, "limits": {"credits": {"total": 8.5}}}
    assert (await changed(world, key_id, both))["creditLimit"] == 8.5


@pytest.mark.parametrize(("credit_limit", "total"), [(5, 6), (5, None), (None, 5), (0, None)])
async def test_two_different_credit_limits_are_none(world: World, credit_limit: Any, total: Any) -> None:
    made = await world.key()
    body = {"creditLimit": credit_limit, "limits": {"credits": {"total": total}}}
    world.fails(await world.put(f"/api/keys/{made['id']}", body), 400, "invalid", "creditLimit")


async def test_a_form_that_sends_every_field_makes_a_key(world: World) -> None:
    empty = {"minute": None, "day": None, "month": None, "total": None}
    first = await world.key("a", creditLimit=5, limits={"requests": empty, "tokens": None, "credits": empty, "concurrency": None})
    second = await world.key("b", creditLimit=None, limits={"credits": {**empty, "total": 5}})
    assert first["limits"] == second["limits"] == {"credits": {"total": 5}}
    world.fails(
        await world.post("/api/keys", {"name": "c", "creditLimit": 5, "limits": {"credits": {"total": 6}}}), 400, "invalid", "creditLimit"
    )


BAD: list[tuple[Any, str]] = [
    (5, "limits"),
    ([], "limits"),
    ({"minute": 5}, "limits.minute"),
    ({"requests": 5}, "limits.requests"),
    ({"requests": {"hour": 5}}, "limits.requests.hour"),
    ({"requests": {"day": -1}}, "limits.requests.day"),
    ({"requests": {"day": 1.5}}, "limits.requests.day"),
    ({"requests": {"day": "5"}}, "limits.requests.day"),
    ({"requests": {"day": True}}, "limits.requests.day"),
    ({"requests": {"day": 10**11 + 1}}, "limits.requests.day"),
    ({"tokens": {"minute": 10**30}}, "limits.tokens.minute"),
    ({"credits": {"total": -0.5}}, "limits.credits.total"),
    ({"credits": {"total": 0.0000001}}, "limits.credits.total"),
    ({"credits": {"total": 1.2345678}}, "limits.credits.total"),
    ({"credits": {"total": 10**9 + 1}}, "limits.credits.total"),
    ({"credits": {"total": 10**400}}, "limits.credits.total"),
    ({"credits": {"minute": 10**5 + 1}}, "limits.credits.minute"),
    ({"credits": {"day": "1"}}, "limits.credits.day"),
    ({"credits": {"day": False}}, "limits.credits.day"),
    ({"concurrency": 0}, "limits.concurrency"),
    ({"concurrency": 1.0}, "limits.concurrency"),
    ({"concurrency": {}}, "limits.concurrency"),
]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_limits_that_cannot_be(world: World, method: str) -> None:
    path = f"/api/keys/{(await world.key('z'))['id']}" if method == "PUT" else "/api/keys"
    for limits, field in BAD:
        reply = await world.ask(method, path, {"name": "a", "limits": limits})
        world.fails(reply, 400, "invalid", field)
        assert field.rpartition(".")[2] in reply.json()["error"]["message"]
    for number in (b"NaN", b"Infinity", b"1e400"):
        reply = await world.send(method, path, b'{"name": "a", "creditLimit": %s}' % number)
        world.fails(reply, 400, "invalid", "creditLimit")


async def test_lists_ask_the_ledger_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [await world.key(name, limits={"concurrency": place + 1}) for place, name in enumerate("abc")]
    usage: Any = world.services.usage
    asked: list[int] = []
    read = usage._ledger.read
    monkeypatch.setattr(usage._ledger, "read", lambda payers, now: asked.append(len(payers)) or read(payers, now))
    listed = (await world.get("/api/keys")).json()["keys"]
    assert {key["id"]: key["usage"]["concurrency"]["limit"] for key in listed} == {key["id"]: place + 1 for place, key in enumerate(made)}
    assert asked == [3]
