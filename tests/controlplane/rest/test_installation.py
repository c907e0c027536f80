"""Routes about the installation, and what machines and people find at the door."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from controlplane.domain.compression import USUAL
from tests.controlplane.rest.world import World

SETTINGS = {
    "schedulingMode": "smart",
    "compressionEnabled": True,
    "compressionTokens": None,
    "compressionMessages": 200,
    "compressionKeep": 30,
    "compressionToolLookback": 8,
    "compressionBatchMessages": 20,
    "compressionBatchCharacters": 40_000,
    "compressionRatio": 0.15,
    "compressionTtlMinutes": 60,
    "compressionEntries": 500,
    "summaryModel": "claude-haiku-4.5",
    "compressionKeyTokensPerDay": 2_000_000,
    "compressionSeconds": 60,
    "compressionOriginalHours": 24,
}


async def test_status_and_health_tell_nothing_that_matters_to_strangers(world: World) -> None:
    world.clock.pass_(90)
    status = (await world.stranger.get("/api/proxy/status")).json()
    assert status == {"status": "running", "version": world.services.version, "uptime": 90, "accounts": {"total": 0, "available": 0}}
    assert (await world.stranger.get("/api/proxy/health")).json() == {"healthy": False, "accounts": {"total": 0, "available": 0}}
    await world.account("a")
    await world.account("b", disabled=True)
    assert (await world.stranger.get("/api/proxy/health")).json() == {"healthy": True, "accounts": {"total": 2, "available": 1}}
    world.reasons.append("the database does not answer")
    assert (await world.stranger.get("/api/proxy/health")).json()["healthy"] is False


async def test_stats(world: World) -> None:
    await world.account("a")
    await world.account("b", disabled=True)
    await world.served("req_1")
    stats = (await world.get("/api/proxy/stats")).json()
    assert stats["accounts"] == {"active": 1, "disabled": 1}
    assert (stats["openLeases"], stats["waiting"], stats["gaps"], stats["backlog"]) == (0, 0, 0, 0)
    assert stats["stats"] == {
        "totalRequests": 1,
        "successRequests": 1,
        "failedRequests": 0,
        "totalCredits": 0.5,
        "totalCost": 0.25,
        "inputTokens": 15,
        "outputTokens": 7,
        "savedTokens": 0,
        "summaryTokens": 0,
    }


async def test_settings(world: World) -> None:
    settings = (await world.get("/api/settings")).json()
    assert settings == SETTINGS | {"version": world.services.version}
    assert (await world.put("/api/settings", {"schedulingMode": "smart"})).json() == settings
    for mode in ("priority", "balanced"):
        assert (await world.put("/api/settings", {"schedulingMode": mode})).json() == settings | {"schedulingMode": mode}
        assert (await world.get("/api/settings")).json()["schedulingMode"] == mode
        assert world.services.settings.scheduling_mode == mode
    assert (await world.put("/api/settings", {"schedulingMode": None})).json() == settings
    assert (await world.put("/api/proxy/config", {})).json() == settings


async def test_settings_about_conversations(world: World) -> None:
    before = (await world.get("/api/settings")).json()
    changed = {"compressionTokens": 20_000, "compressionRatio": 0.2, "compressionEnabled": False, "summaryModel": "small"}
    assert (await world.put("/api/settings", changed)).json() == before | changed
    assert (await world.get("/api/settings")).json() == before | changed
    assert world.services.settings.compression == replace(USUAL, enabled=False, tokens=20_000, ratio=0.2, summary_model="small")
    # What was read can be sent back as it is, without the version.
    again = {name: value for name, value in (before | changed).items() if name != "version"}
    assert (await world.put("/api/proxy/config", again)).json() == before | changed
    assert (await world.put("/api/proxy/config", dict.fromkeys(changed))).json() == before


async def test_what_the_environment_switches_off_cannot_be_switched_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.services.settings, "_installed", replace(USUAL, enabled=False))
    assert (await world.get("/api/settings")).json()["compressionEnabled"] is False
    reply = await world.put("/api/settings", {"compressionEnabled": True})
    world.fails(reply, 400, "invalid", "compressionEnabled")
    assert "ENABLE_COMPRESSION=false" in reply.json()["error"]["message"]


async def test_their_ranges_are_in_the_document(world: World) -> None:
    schemas = (await world.stranger.get("/openapi.json")).json()["components"]["schemas"]
    ranges = {}
    for name, schema in schemas["SettingsBody"]["properties"].items():
        kind = schema["anyOf"][0]
        ranges[name] = (kind["type"], kind.get("minimum", kind.get("minLength")), kind.get("maximum", kind.get("maxLength")))
    assert ranges == {
        "schedulingMode": ("string", None, 200),
        "compressionEnabled": ("boolean", None, None),
        "compressionTokens": ("integer", 10_000, 1_000_000),
        "compressionMessages": ("integer", 20, 2000),
        "compressionKeep": ("integer", 4, 100),
        "compressionToolLookback": ("integer", 4, 20),
        "compressionBatchMessages": ("integer", 2, 20),
        "compressionBatchCharacters": ("integer", 10_000, 100_000),
        "compressionRatio": ("number", 0.05, 0.5),
        "compressionTtlMinutes": ("integer", 1, 60),
        "compressionEntries": ("integer", 10, 2000),
        "summaryModel": ("string", 1, 200),
        "compressionKeyTokensPerDay": ("integer", 0, 10**11),
        "compressionSeconds": ("integer", 5, 300),
        "compressionOriginalHours": ("integer", 0, 720),
    }
    told = schemas["SettingsRead"]["properties"]
    assert {
        name: kind.get("type") for name, kind in told.items() if name in ("compressionEnabled", "compressionRatio", "compressionKeep")
    } == {
        "compressionEnabled": "boolean",
        "compressionRatio": "number",
        "compressionKeep": "integer",
    }


@pytest.mark.parametrize("path", ["/api/settings", "/api/proxy/config"])
@pytest.mark.parametrize("body", [{"schedulingMode": "random"}, {"schedulingMode": 3}])
async def test_settings_that_are_none(world: World, path: str, body: object) -> None:
    world.fails(await world.put(path, body), 400, "invalid", "schedulingMode")


async def test_models(world: World) -> None:
    account = await world.account()
    await world.settled(account["id"])
    listed = (await world.get("/api/models")).json()
    (model,) = listed["models"]
    assert (listed["total"], listed["nextCursor"]) == (1, None)
    assert (model["kind"], model["id"], model["displayName"]) == ("kiro", "claude-sonnet-4.5", "Claude Sonnet 4.5")
    assert (model["contextWindow"], model["maxOutput"], model["rate"]) == (200000, 64000, 1.3)
    assert model["createdAt"].endswith("Z")
    assert isinstance(model["aliases"], list)


async def test_logs(world: World) -> None:
    assert (await world.get("/api/proxy/logs")).json() == {"logs": []}
    await world.served("req_1")
    (line,) = (await world.get("/api/proxy/logs")).json()["logs"]
    assert (line["requestId"], line["status"]) == ("req_1", 200)


async def test_health_and_readiness(world: World) -> None:
    assert (await world.stranger.get("/health")).json() == {"status": "healthy", "version": world.services.version}
    assert (await world.stranger.get("/ready")).json() == {"status": "ready", "reasons": []}
    world.reasons.append("the database does not answer")
    reply = await world.stranger.get("/ready")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
    assert reply.json() == {"status": "not ready", "reasons": ["the database does not answer"]}


async def test_metrics(world: World) -> None:
    await world.account()
    await world.served("req_1")
    reply = await world.stranger.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(reply.text)}
    accounts = {sample.labels["status"]: sample.value for sample in families["headgate_accounts"].samples}
    assert (accounts["active"], accounts["suspended"]) == (1, 0)
    tokens = {sample.labels["direction"]: sample.value for sample in families["headgate_ledger_tokens"].samples}
    assert tokens == {"input": 15, "output": 7}
    names = [line for line in reply.text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names))


async def test_headers_on_every_answer(world: World) -> None:
    for reply in (
        await world.get("/api/accounts"),
        await world.post("/api/accounts", {}),
        await world.stranger.get("/api/accounts"),
        await world.stranger.get("/nothing"),
        await world.stranger.get("/"),
        await world.stranger.get("/metrics"),
        await world.stranger.post("/health"),
    ):
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert (await world.get("/api/keys")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/nothing.txt", "/health/", "/api", "/api/nothing", "/api/accounts/", "/metrics/all"])
async def test_unknown_addresses(world: World, path: str) -> None:
    world.fails(await world.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PATCH", "/api/accounts", "GET, POST"), ("DELETE", "/health", "GET"), ("GET", "/api/accounts/a/refresh", "POST")],
)
async def test_methods_that_are_not_taken(world: World, method: str, path: str, allowed: str) -> None:
    reply = await world.ask(method, path)
    world.fails(reply, 405, "method_not_allowed")
    assert reply.headers["allow"] == allowed
