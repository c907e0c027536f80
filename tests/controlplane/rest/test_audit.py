"""Who changed what, over REST."""

import json
from typing import Any

import pytest

from tests.controlplane.rest.world import World

VOLATILE = {"usage", "stats", "key"}


async def test_a_keys_life(world: World) -> None:
    made = await world.key("a", limits={"requests": {"day": 5}})
    world.clock.pass_(1)
    path = f"/api/keys/{made['id']}"
    await world.put(path, {"name": "b", "limits": {"requests": {"day": 6}}, "strict": False})
    second = (await world.post(f"{path}/rotate", {"graceSeconds": 60})).json()
    shown = (await world.get(path)).json()
    await world.delete(path)
    deleted, rotated, updated, created = await world.changes()
    assert [change["action"] for change in (created, updated, rotated, deleted)] == ["key.create", "key.update", "key.rotate", "key.delete"]
    for change in (created, updated, rotated, deleted):
        assert (change["actor"], change["address"], change["target"]) == ("admin", "127.0.0.1", made["id"])
    assert (created["at"], updated["at"]) == ("2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z")
    assert (created["targetName"], updated["targetName"]) == ("a", "b")
    assert created["before"] is None
    assert created["after"] == {name: value for name, value in made.items() if name not in VOLATILE}
    assert updated["before"] == {"name": "a", "limits": {"requests": {"day": 5}}}
    assert updated["after"] == {"name": "b", "limits": {"requests": {"day": 6}}}
    assert set(rotated["after"]) == {"prefix", "oldKeyUntil"}
    assert rotated["before"] == {"prefix": made["prefix"], "oldKeyUntil": None}
    assert deleted["before"] == {name: value for name, value in shown.items() if name not in VOLATILE}
    assert deleted["after"] is None
    told = json.dumps([created, updated, rotated, deleted])
    assert made["key"] not in told
    assert second["key"] not in told


async def test_settings_under_both_names(world: World) -> None:
    await world.put("/api/settings", {"schedulingMode": "priority"})
    await world.put("/api/proxy/config", {"schedulingMode": None})
    second, first = await world.changes()
    assert (first["action"], first["before"], first["after"]) == (
        "settings.update",
        {"schedulingMode": "smart"},
        {"schedulingMode": "priority"},
    )
    assert (second["before"], second["after"]) == ({"schedulingMode": "priority"}, {"schedulingMode": "smart"})


async def test_what_changed_nothing_or_was_refused_is_not_there(world: World) -> None:
    made = await world.key("a")
    path = f"/api/keys/{made['id']}"
    count = len(await world.changes())
    for method, where, body in (
        ("PUT", path, {}),
        ("PUT", path, {"name": "a", "limits": {}}),
        ("PUT", "/api/settings", {"schedulingMode": "smart"}),
        ("PUT", path, {"name": ""}),
        ("PUT", path, {"creditLimit": -1}),
        ("POST", "/api/keys", {"name": "a"}),
        ("POST", f"{path}/check", {"model": "x"}),
        ("DELETE", "/api/keys/key_none", None),
    ):
        await world.ask(method, where, body)
    assert len(await world.changes()) == count


async def test_the_address_is_the_callers_own(world: World) -> None:
    proxy = world.client("127.0.0.9")
    headers = {"authorization": world.authorization, "x-forwarded-for": "192.0.2.1, 2001:db8::7, 127.0.0.9"}
    assert (await proxy.post("/api/keys", headers=headers, json={"name": "a"})).status_code == 201
    nonsense = headers | {"x-forwarded-for": "<script>"}
    assert (await proxy.post("/api/keys", headers=nonsense, json={"name": "b"})).status_code == 201
    claimed = headers | {"x-forwarded-for": "192.0.2.1"}
    assert (await world.elsewhere.post("/api/keys", headers=claimed, json={"name": "c"})).status_code == 201
    assert [change["address"] for change in await world.changes()] == ["127.0.0.2", "unknown", "2001:db8::7"]


async def test_pages_and_filters(world: World) -> None:
    for name in "abc":
        made = await world.key(name)
    await world.delete(f"/api/keys/{made['id']}")
    await world.put("/api/settings", {"schedulingMode": "balanced"})
    first = (await world.get("/api/audit", limit=3)).json()
    second = (await world.get("/api/audit", limit=3, cursor=first["nextCursor"])).json()
    found = [change["action"] for change in first["changes"] + second["changes"]]
    assert found == ["settings.update", "key.delete", "key.create", "key.create", "key.create"]
    assert second["nextCursor"] is None
    counts = [
        ({"action": "key"}, 4),
        ({"action": "key.create"}, 3),
        ({"target": made["id"]}, 2),
        ({"actor": "admin"}, 5),
        ({"actor": "x"}, 0),
    ]
    for query, count in counts:
        assert len(await world.changes(**query)) == count


@pytest.mark.parametrize(
    ("query", "field"), [({"cursor": "x"}, "cursor"), ({"limit": 0}, "limit"), ({"target": "a\0b"}, "target"), ({"who": "x"}, "who")]
)
async def test_bad_queries(world: World, query: dict[str, Any], field: str) -> None:
    world.fails(await world.get("/api/audit", **query), 400, "invalid", field)


async def test_a_change_that_cannot_be_noted_is_not_told_as_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_change: object) -> None:
        raise ConnectionRefusedError("the database is away")

    audit: Any = world.services.audit
    monkeypatch.setattr(audit._store, "add", away)
    reply = await world.post("/api/keys", {"name": "a"})
    world.fails(reply, 503, "unavailable")
    assert "kg-" not in reply.text
