"""What administrators do with accounts stands in the audit log, without any secret."""

import json

from controlplane.domain.errors import AccountSuspended, GrantRejected
from tests.controlplane.rest.world import World, refresh_token


async def test_an_accounts_life(world: World) -> None:
    made = await world.account("a", label="mine", priority=1, clientId="MARKED", clientSecret="MARKED-too")
    await world.settled(made["id"])
    path = f"/api/accounts/{made['id']}"
    await world.put(path, {"priority": 2, "label": "mine"})
    await world.put(path, {"refreshToken": refresh_token("b")})
    await world.settled(made["id"])
    for action in ("disable", "disable", "enable", "enable", "refresh", "verify"):
        await world.post(f"{path}/{action}")
    await world.delete(path)
    changes = (await world.changes(target=made["id"]))[::-1]
    assert [change["action"].removeprefix("account.") for change in changes] == [
        "create",
        "update",
        "update",
        "disable",
        "enable",
        "refresh",
        "verify",
        "delete",
    ]
    created, renamed, signed_in, disabled, enabled, *done, deleted = changes
    assert {change["targetName"] for change in changes} == {"mine"}
    assert created["after"].items() >= {"priority": 1, "refreshToken": "changed", "clientSecret": "changed", "clientId": "changed"}.items()
    assert not created["after"].keys() & {"status", "health", "inFlight", "allowance", "stats", "offeredModels", "breakers", "expiresAt"}
    assert (renamed["before"], renamed["after"]) == ({"priority": 1}, {"priority": 2})
    assert signed_in["after"]["refreshToken"] == "changed"
    on, off = {"disabled": False, "status": "active"}, {"disabled": True, "status": "disabled"}
    assert (disabled["before"], disabled["after"]) == (on, off)
    assert (enabled["before"], enabled["after"]) == (off, on)
    assert [(change["before"], change["after"]) for change in done] == [(None, None)] * 2
    assert (deleted["before"]["priority"], deleted["after"]) == (2, None)
    assert "MARKED" not in json.dumps(changes)


async def test_enabling_what_only_rested_is_a_change(world: World) -> None:
    made = await world.account("a")
    await world.settled(made["id"])
    world.provider.allowances = AccountSuspended("suspended")
    await world.post(f"/api/accounts/{made['id']}/verify")
    assert (await world.post(f"/api/accounts/{made['id']}/enable")).json()["status"] == "active"
    enabled, *_ = await world.changes()
    assert (enabled["action"], enabled["before"]["status"], enabled["after"]["status"]) == ("account.enable", "suspended", "active")
    assert "disabled" not in enabled["after"]


async def test_what_fails_is_noted_only_where_it_may_have_changed_something(world: World) -> None:
    made = await world.account("a")
    await world.settled(made["id"])
    world.provider.refreshes = GrantRejected("no longer valid")
    world.provider.allowances = AccountSuspended("suspended")
    world.fails(await world.post(f"/api/accounts/{made['id']}/refresh"), 502, "needs_login")
    await world.post("/api/accounts/acc_none/refresh")
    await world.post("/api/accounts", {"refreshToken": refresh_token("a")})
    await world.put(f"/api/accounts/{made['id']}", {"priority": "high"})
    await world.post(f"/api/accounts/{made['id']}/verify")
    assert [change["action"] for change in await world.changes()] == ["account.verify", "account.refresh", "account.create"]


async def test_an_import_is_one_entry_for_each_account(world: World) -> None:
    lines = [{"refreshToken": refresh_token(name), "label": name} for name in "aba"]
    assert (await world.post("/api/accounts/import", lines)).json()["created"] == 2
    second, first = await world.changes()
    assert (first["action"], first["targetName"], second["targetName"]) == ("account.import", "a", "b")
    assert first["after"]["hasRefreshToken"] is True
    assert first["after"]["refreshToken"] == "changed"
    assert "clientSecret" not in first["after"]
    assert "MARKED" not in json.dumps([first, second])
