"""The summarizer's own pages."""

import json

import pytest
from prometheus_client import CollectorRegistry, Counter

from summarizer.status import Status


async def get(status, path, method="GET"):
    sent = []

    async def send(message):
        sent.append(message)

    await status({"type": "http", "method": method, "path": path}, None, send)
    start, body = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    if method != "HEAD":
        assert headers["content-length"] == str(len(body["body"]))
    return start["status"], headers["content-type"], body["body"]


def status_of(*reasons, registry=None):
    async def missing():
        return reasons

    return Status(registry or CollectorRegistry(), missing)


async def test_health_does_not_depend_on_readiness():
    assert await get(status_of("no gRPC"), "/health") == (200, "application/json", b'{"status":"ok"}')


async def test_ready_says_why_not():
    code, _, body = await get(status_of("no gRPC", "no database"), "/ready")
    assert (code, json.loads(body)) == (503, {"status": "not ready", "reasons": ["no gRPC", "no database"]})
    code, _, body = await get(status_of(), "/ready")
    assert (code, json.loads(body)) == (200, {"status": "ready", "mode": "normal"})


async def test_metrics_are_the_registry_s():
    registry = CollectorRegistry()
    Counter("apples", "Apples", registry=registry).inc(3)
    code, kind, body = await get(status_of(registry=registry), "/metrics")
    assert code == 200
    assert kind.startswith("text/plain")
    assert b"\napples_total 3.0\n" in body


@pytest.mark.parametrize(("method", "path", "code"), [("GET", "/", 404), ("POST", "/health", 405), ("HEAD", "/health", 200)])
async def test_everything_else(method, path, code):
    status, _, body = await get(status_of(), path, method)
    assert status == code
    assert (body == b"") == (method == "HEAD")
