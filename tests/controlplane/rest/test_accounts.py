"""The account routes, against the real services."""

import asyncio
from typing import Any

import pytest

from controlplane.domain.account import Allowance, Tokens
from controlplane.domain.errors import AccessRejected, AccountSuspended, CallForbidden, GrantRejected, ProviderUnavailable
from controlplane.domain.outcome import Attempt
from tests.controlplane.rest.world import ARN, CLIENT_SECRET, World, refresh_token


async def test_the_seeds_body_alone_makes_an_account_that_is_refreshed_at_once(world: World) -> None:
    reply = await world.post("/api/accounts", {"refreshToken": refresh_token("a")})
    assert reply.status_code == 201
    made = reply.json()
    assert made["kind"] == "kiro"
    assert made["authMethod"] == "social"
    assert made["hasRefreshToken"] is True
    assert made["disabled"] is False
    assert made["allowance"] is None
    assert made["stats"]["totalRequests"] == 0
    account = await world.settled(made["id"])
    assert account["hasAccessToken"] is True
    assert account["status"] == "active"
    assert account["expiresAt"].endswith("Z")
    assert account["profileArn"] == ARN
    assert world.provider.refreshed == [refresh_token("a")]


async def test_every_field_of_an_account(world: World) -> None:
    body = {
        "kind": "kiro",
        "label": " mine ",
        "refreshToken": refresh_token("a"),
        "authMethod": "idc",
        "clientId": "client",
        "clientSecret": CLIENT_SECRET,
        "region": "eu-west-1",
        "profileArn": ARN,
        "machineId": "01234567-89AB-cdef-0123-456789abcdef",
        "baseUrl": "http://127.0.0.1:9/",
        "models": ["a", "b", "a"],
        "priority": 3,
        "maxConcurrency": 2,
        "disabled": True,
        "proxyUrl": None,
    }
    reply = await world.post("/api/accounts", body)
    assert reply.status_code == 201
    made = reply.json()
    expected = {
        "label": "mine",
        "authMethod": "idc",
        "region": "eu-west-1",
        "profileArn": ARN,
        "machineId": "0123456789abcdef0123456789abcdef" * 2,
        "baseUrl": "http://127.0.0.1:9",
        "models": ["a", "b"],
        "priority": 3,
        "maxConcurrency": 2,
        "disabled": True,
        "status": "disabled",
    }
    assert {name: made[name] for name in expected} == expected
    assert (await world.get(f"/api/accounts/{made['id']}")).json() == made


async def test_put_merges_and_null_restores_the_default(world: World) -> None:
    made = await world.account(label="mine", priority=3, models=["a"])
    reply = await world.put(f"/api/accounts/{made['id']}", {"priority": 5, "models": None})
    assert reply.status_code == 200
    changed = reply.json()
    assert (changed["label"], changed["priority"], changed["models"]) == ("mine", 5, [])
    changed = (await world.put(f"/api/accounts/{made['id']}", {"label": None, "kind": "kiro"})).json()
    assert changed["label"].startswith("kiro-")
    assert (await world.put(f"/api/accounts/{made['id']}", {})).json()["priority"] == 5


async def test_new_credentials_are_a_new_sign_in(world: World) -> None:
    made = await world.account("a")
    await world.settled(made["id"])
    reply = await world.put(f"/api/accounts/{made['id']}", {"refreshToken": refresh_token("b")})
    assert reply.status_code == 200
    assert reply.json()["hasAccessToken"] is False
    await world.until(made["id"], lambda row: row["hasAccessToken"])
    assert world.provider.refreshed[-1] == refresh_token("b")


async def test_delete(world: World) -> None:
    made = await world.account()
    reply = await world.delete(f"/api/accounts/{made['id']}")
    assert (reply.status_code, reply.content) == (204, b"")
    world.fails(await world.get(f"/api/accounts/{made['id']}"), 404, "not_found")
    assert (await world.get("/api/accounts")).json() == {"accounts": [], "nextCursor": None, "total": 0}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/enable"),
        ("POST", "/disable"),
        ("POST", "/refresh"),
        ("POST", "/verify"),
        ("GET", "/usage"),
    ],
)
async def test_what_is_not_there_is_404(world: World, method: str, path: str) -> None:
    world.fails(await world.ask(method, f"/api/accounts/acc_none{path}", {} if method == "PUT" else None), 404, "not_found")


async def test_the_same_account_twice_is_409(world: World) -> None:
    await world.account("a", label="first")
    world.fails(await world.post("/api/accounts", {"refreshToken": refresh_token("a")}), 409, "duplicate", "refreshToken")
    world.fails(await world.post("/api/accounts", {"refreshToken": refresh_token("b"), "label": "FIRST"}), 409, "duplicate", "label")
    other = await world.account("c")
    world.fails(await world.put(f"/api/accounts/{other['id']}", {"refreshToken": refresh_token("a")}), 409, "duplicate", "refreshToken")


async def test_enable_and_disable(world: World) -> None:
    made = await world.account()
    assert (await world.post(f"/api/accounts/{made['id']}/disable")).json()["status"] == "disabled"
    assert (await world.post(f"/api/accounts/{made['id']}/enable")).json()["status"] == "active"


async def test_refresh_now(world: World) -> None:
    made = await world.account()
    await world.settled(made["id"])
    reply = await world.post(f"/api/accounts/{made['id']}/refresh")
    assert reply.status_code == 200
    assert len(world.provider.refreshed) == 2


@pytest.mark.parametrize(
    ("error", "status", "code", "standing"),
    [
        (GrantRejected("the refresh token is no longer valid"), 502, "needs_login", "needs-login"),
        (AccountSuspended("suspended"), 502, "suspended", "suspended"),
        (ProviderUnavailable("no answer", 2.5), 503, "provider_unavailable", None),
    ],
)
async def test_a_refresh_that_fails(world: World, error: Exception, status: int, code: str, standing: str | None) -> None:
    made = await world.account()
    await world.settled(made["id"])
    world.provider.refreshes = error
    reply = await world.post(f"/api/accounts/{made['id']}/refresh")
    world.fails(reply, status, code)
    assert reply.headers.get("retry-after") == ("3" if status == 503 else None)
    if standing:
        assert (await world.get(f"/api/accounts/{made['id']}")).json()["status"] == standing


async def test_verify_tells_and_sets_the_status(world: World) -> None:
    made = await world.account()
    await world.settled(made["id"])
    world.provider.allowances = AccountSuspended("Kiro has suspended this account")
    reply = await world.post(f"/api/accounts/{made['id']}/verify")
    assert reply.status_code == 200
    assert (reply.json()["valid"], reply.json()["error"]) == (False, "Kiro has suspended this account")
    assert reply.json()["account"]["status"] == "suspended"
    world.provider.allowances = Allowance(1, 50)
    reply = await world.post(f"/api/accounts/{made['id']}/verify")
    assert (reply.json()["valid"], reply.json()["error"], reply.json()["account"]["status"]) == (True, None, "active")


async def test_usage_asks_the_upstream(world: World) -> None:
    made = await world.account()
    world.provider.allowances = Allowance(12.5, 50, 1772323200, plan="Pro", overage=True)
    reply = await world.get(f"/api/accounts/{made['id']}/usage")
    assert reply.status_code == 200
    usage = reply.json()
    expected = {
        "used": 12.5,
        "limit": 50,
        "resetsAt": "2026-03-01T00:00:00Z",
        "plan": "Pro",
        "overage": True,
        "unit": "credit",
        "email": "",
    }
    assert {name: usage[name] for name in expected} == expected
    assert usage["checkedAt"].endswith("Z")
    assert (await world.get(f"/api/accounts/{made['id']}")).json()["allowance"] == usage
    world.provider.allowances = ProviderUnavailable("throttled", 7)
    reply = await world.get(f"/api/accounts/{made['id']}/usage")
    world.fails(reply, 503, "provider_unavailable")
    assert reply.headers["retry-after"] == "7"


async def test_usage_tells_when_it_runs_out(world: World) -> None:
    made = await world.account()
    await world.settled(made["id"])
    for used in (10, 15):
        world.provider.allowances = Allowance(used, 50, int(world.clock.now()) + 86_400)
        usage = (await world.get(f"/api/accounts/{made['id']}/usage")).json()
        world.clock.pass_(1800)
    assert usage["forecast"] == {"perHour": 10.0, "runsOutAt": "2026-03-01T04:00:00Z"}
    assert (await world.get(f"/api/accounts/{made['id']}")).json()["allowance"] == usage
    world.provider.allowances = Allowance(15.1, 50, int(world.clock.now()) + 3600)
    usage = (await world.get(f"/api/accounts/{made['id']}/usage")).json()
    assert usage["forecast"]["runsOutAt"] is None, "it lasts until the reset"


async def test_usage_says_that_an_account_is_exhausted(world: World) -> None:
    made = await world.account()
    await world.settled(made["id"])
    world.provider.allowances = Allowance(50, 50, int(world.clock.now()) + 3600)
    assert (await world.get(f"/api/accounts/{made['id']}/usage")).json()["used"] == 50
    seen = (await world.get(f"/api/accounts/{made['id']}")).json()
    assert (seen["status"], seen["until"]) == ("exhausted", "2026-03-01T01:00:00Z")


async def test_what_rests_an_account_and_how_well_it_does(world: World) -> None:
    made = await world.account()
    await world.settled(made["id"])
    new = (await world.get(f"/api/accounts/{made['id']}")).json()
    assert (new["breakers"], new["ceiling"], new["latencyMs"], new["health"]) == ([], None, None, 100)
    assert new["healthParts"] == {"successShare": None, "faults": {}}
    accounts: Any = world.services.accounts
    seat, standings = accounts._roster.seat(made["id"]), accounts._care.standings
    seat.candidate.in_flight = 6
    for fault, latency in (("", 1.5), ("throttled", None), ("model_unknown", None)):
        said = Attempt(made["id"], "kiro", "claude-sonnet-4.5", fault=fault)
        standings.attempted(seat, said, renewed=False, served=not fault, latency=latency)
    seen = (await world.get(f"/api/accounts/{made['id']}")).json()
    throttled = {
        "cause": "throttled",
        "model": None,
        "state": "open",
        "until": "2026-03-01T00:00:10Z",
        "reason": "the upstream throttles it",
    }
    unknown = {
        "cause": "model_unknown",
        "model": "claude-sonnet-4.5",
        "state": "open",
        "until": "2026-03-01T00:05:00Z",
        "reason": "the upstream does not offer it this model",
    }
    assert seen["breakers"] == [unknown, throttled]
    assert (seen["status"], seen["until"], seen["reason"]) == ("cooling", throttled["until"], throttled["reason"])
    assert seen["healthParts"] == {"successShare": 0.5, "faults": {"throttled": 1, "model_unknown": 1}}
    assert (seen["ceiling"], seen["latencyMs"], seen["health"]) == (4, 1500, 70)
    world.clock.pass_(10)
    seen = (await world.get(f"/api/accounts/{made['id']}")).json()
    assert (seen["status"], seen["reason"], seen["until"]) == ("active", "", None)
    assert [row["state"] for row in seen["breakers"]] == ["open", "half-open"]
    world.clock.pass_(290)
    assert (await world.get(f"/api/accounts/{made['id']}")).json()["health"] == 85
    assert (await world.post(f"/api/accounts/{made['id']}/enable")).json()["breakers"] == []


async def test_usage_of_an_account_whose_token_stays_refused(world: World) -> None:
    made = await world.account()
    await world.settled(made["id"])
    world.provider.allowances = AccessRejected("refused")
    world.fails(await world.get(f"/api/accounts/{made['id']}/usage"), 502, "access_rejected")


async def test_usage_that_the_account_may_not_ask_for_costs_no_token(world: World) -> None:
    made = await world.account()
    await world.settled(made["id"])
    before = (await world.get(f"/api/accounts/{made['id']}")).json()["expiresAt"]
    world.clock.pass_(5)
    world.provider.allowances = CallForbidden("not in its plan")
    world.fails(await world.get(f"/api/accounts/{made['id']}/usage"), 502, "call_forbidden")
    assert (await world.get(f"/api/accounts/{made['id']}")).json()["expiresAt"] == before


async def test_lists_are_cut_into_pages(world: World) -> None:
    for name in "abcde":
        await world.account(name, label=name)
        world.clock.pass_(1)
    seen, cursor = [], None
    for _ in range(3):
        reply = await world.get("/api/accounts", limit=2, **({"cursor": cursor} if cursor else {}))
        page = reply.json()
        assert page["total"] == 5
        seen += [row["label"] for row in page["accounts"]]
        cursor = page["nextCursor"]
    assert seen == list("abcde")
    assert cursor is None


async def test_lists_are_filtered_by_status(world: World) -> None:
    await world.account("a", label="on")
    await world.account("b", label="off", disabled=True)
    page = (await world.get("/api/accounts", status="disabled")).json()
    assert [row["label"] for row in page["accounts"]] == ["off"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"cursor": "!"}, "cursor"),
        ({"cursor": "_w"}, "cursor"),
        ({"status": "sleepy"}, "status"),
        ({"limits": 5}, "limits"),
    ],
)
async def test_bad_queries(world: World, query: dict[str, object], field: str) -> None:
    world.fails(await world.get("/api/accounts", **query), 400, "invalid", field)


async def test_creating_does_not_wait_for_the_provider(world: World) -> None:
    gate = asyncio.Event()
    world.provider.gate = gate
    made = await asyncio.wait_for(world.account(), 2)
    assert made["hasAccessToken"] is False
    gate.set()
    await world.settled(made["id"])


async def test_an_access_token_alone_is_an_account(world: World) -> None:
    reply = await world.post("/api/accounts", {"accessToken": "aoa" + "x" * 50})
    assert reply.status_code == 201
    assert (reply.json()["hasRefreshToken"], reply.json()["hasAccessToken"]) == (False, True)


async def test_an_api_key_is_an_account(world: World) -> None:
    reply = await world.post("/api/accounts", {"apiKey": "ksk_" + "x" * 40})
    assert reply.status_code == 201
    assert reply.json()["authMethod"] == "api-key"


async def test_a_rotated_token_is_used_next(world: World) -> None:
    world.provider.refreshes = Tokens("access-1", 3600, refresh_token("rotated"))
    made = await world.account("a")
    await world.settled(made["id"])
    await world.post(f"/api/accounts/{made['id']}/refresh")
    assert world.provider.refreshed == [refresh_token("a"), refresh_token("rotated")]
