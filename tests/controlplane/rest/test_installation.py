"""Routes about the installation, and what machines and people find at the door."""

import base64
import hashlib
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.controlplane.rest.world import World


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
    }


async def test_settings(world: World) -> None:
    settings = (await world.get("/api/settings")).json()
    assert settings == {"schedulingMode": "smart", "version": world.services.version}
    assert (await world.put("/api/settings", {"schedulingMode": "smart"})).json() == settings
    for mode in ("priority", "balanced"):
        assert (await world.put("/api/settings", {"schedulingMode": mode})).json() == settings | {"schedulingMode": mode}
        assert (await world.get("/api/settings")).json()["schedulingMode"] == mode
        assert world.services.settings.scheduling_mode == mode
    assert (await world.put("/api/settings", {"schedulingMode": None})).json() == settings
    assert (await world.put("/api/proxy/config", {})).json() == settings


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


async def test_the_page_stands_alone_under_a_strict_policy(world: World) -> None:
    reply = await world.stranger.get("/")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    page = reply.text
    assert world.services.version in page
    assert "{{" not in page
    assert 'href="/openapi.json"' in page
    assert "curl" in page
    assert not re.search(r"<script|<link|<img|style=|\bon\w+=|src=|https?://", page)
    policy = reply.headers["content-security-policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy


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


@pytest.mark.parametrize("path", ["/nothing", "/docs", "/redoc", "/api/nothing", "/api/accounts/", "/openapi"])
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
