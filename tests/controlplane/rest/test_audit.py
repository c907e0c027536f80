"""Who changed what, over REST."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.controlplane.rest.browsers import viewer
from tests.controlplane.rest.world import World, refresh_token

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
    await world.put("/api/settings", {"compressionTokens": 20_000, "compressionRatio": 0.15})
    await world.put("/api/settings", {"compressionTokens": None})
    second, first, *_ = await world.changes()
    assert (first["before"], first["after"]) == ({"compressionTokens": None}, {"compressionTokens": 20_000})
    assert (second["before"], second["after"]) == ({"compressionTokens": 20_000}, {"compressionTokens": None})


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


async def test_changes_at_once_make_a_chain(world: World) -> None:
    key = await world.key("a")
    price = (await world.post("/api/prices", {"model": "auto", "input": 1, "output": 0})).json()
    account = await world.account("a")
    await world.settled(account["id"])
    for path, field, values in (
        (f"/api/keys/{key['id']}", "name", ["b", "c", "d"]),
        (f"/api/prices/{price['id']}", "output", [1, 2, 3]),
        (f"/api/accounts/{account['id']}", "priority", [1, 2, 3]),
        ("/api/settings", "schedulingMode", ["balanced", "priority"]),
    ):
        await asyncio.gather(*(world.put(path, {field: value}) for value in values))
        noted = await world.changes(limit=len(values))
        links = {change["before"][field]: change["after"][field] for change in noted}
        assert len(links) == len(values), "each change began where another ended"
        assert len(links.keys() - links.values()) == 1, "only the first began with what none of them wrote"


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


async def test_viewers_are_told_nothing_of_what_they_may_not_read(world: World) -> None:
    """Neither of users, tokens and sessions, nor where others are."""
    for name in "ab":
        await world.key(name)
        await world.post("/api/tokens", {"name": name, "role": "viewer"})
    eve = await viewer(world)
    pages, cursor = [], None
    while not pages or cursor:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await eve.client.get("/api/audit", params=query)).json()
        pages.append(page["changes"])
        cursor = page["nextCursor"]
    assert [[change["action"] for change in page] for page in pages] == [["key.create"], ["key.create"]]
    assert {change["address"] for page in pages for change in page} == {""}
    for query in ({"action": "user"}, {"action": "token.create"}, {"action": "session"}, {"target": "session"}):
        assert (await eve.client.get("/api/audit", params=query)).json()["changes"] == []
    assert {change["action"] for change in await world.changes()} == {"key.create", "token.create", "user.create", "session.create"}


@pytest.mark.parametrize(
    ("query", "field"), [({"cursor": "x"}, "cursor"), ({"limit": 0}, "limit"), ({"target": "a\0b"}, "target"), ({"who": "x"}, "who")]
)
async def test_bad_queries(world: World, query: dict[str, Any], field: str) -> None:
    world.fails(await world.get("/api/audit", **query), 400, "invalid", field)


# ---- the audit log cannot be written


@pytest.fixture
def away(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Undo it, and the audit log can be written again."""

    async def failing(_change: object) -> None:
        raise ConnectionRefusedError("the database is away")

    with monkeypatch.context() as patch:
        audit: Any = world.services.audit
        patch.setattr(audit._store, "add", failing)
        yield patch


async def test_what_was_done_is_told_as_done_and_noted_later(world: World, away: pytest.MonkeyPatch) -> None:
    made = await world.key("a")
    path = f"/api/keys/{made['id']}"
    rotated = await world.post(f"{path}/rotate")
    assert rotated.status_code == 200
    assert world.services.keys.find(made["key"]) is None
    found = world.services.keys.find(rotated.json()["key"])
    assert found is not None
    assert found.id == made["id"]
    assert (await world.put(path, {"name": "b"})).json()["name"] == "b"
    assert (await world.put("/api/settings", {"schedulingMode": "priority"})).status_code == 200
    assert (await world.delete(path)).status_code == 204
    assert await world.changes() == []
    assert "headgate_audit_unwritten 5.0" in (await world.get("/metrics")).text
    away.undo()
    await world.services.audit.retry()
    assert [change["action"] for change in await world.changes()][::-1] == [
        "key.create",
        "key.rotate",
        "key.update",
        "settings.update",
        "key.delete",
    ]
    assert "headgate_audit_unwritten 0.0" in (await world.get("/metrics")).text


async def test_what_could_not_be_noted_any_more_is_not_done(world: World, away: pytest.MonkeyPatch) -> None:
    away.setattr("controlplane.service.audit.MOST", 1)
    made = await world.key("a")
    for reply in (
        await world.post("/api/keys", {"name": "b"}),
        await world.post(f"/api/keys/{made['id']}/rotate"),
        await world.post("/api/accounts", {"refreshToken": refresh_token("a")}),
    ):
        world.fails(reply, 503, "unavailable")
        assert int(reply.headers["retry-after"]) > 0
    assert (await world.get("/api/keys")).json()["total"] == 1
    assert world.services.keys.find(made["key"]) is not None
    away.undo()
    await world.services.audit.retry()
    assert (await world.post("/api/keys", {"name": "b"})).status_code == 201
